/** A section: each of its cases in a process of its own, which this one starts and listens to. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { install, whyInstall } from "./install.ts";
import { describeMachine } from "./machine.ts";
import { PEERS, versionOf } from "./peers/all.ts";
import type { Report } from "./report.ts";
import type { Case, Measured, Options, Section } from "./section.ts";
import { judge } from "./targets.ts";

type Say = (text: string) => void;

/** One case after the other; what one lacks or gets wrong keeps none of the others from being measured. */
export async function runSection(
  section: Section,
  cases: readonly Case[],
  options: Options,
  say: Say,
): Promise<Report> {
  const machine = describeMachine();
  const folder = mkdtempSync(join(tmpdir(), "polity-bench-"));
  const found = new Map<Case, readonly Measured[]>();
  const notRun = new Map<string, string>();
  const failed: Case[] = [];
  const waiting = [...cases.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, one] = next;
      const why = whyNot(one.engine, say);
      if (why !== null) {
        notRun.set(one.engine, why);
        continue;
      }
      say(`${section.name}: ${one.row}, ${one.engine} (${index + 1} of ${cases.length}) …`);
      const rows = await child(
        say,
        "run",
        section.name,
        folder,
        JSON.stringify(options),
        one.row,
        one.engine,
      );
      const measured = rows === null ? [] : (JSON.parse(rows) as Measured[]);
      if (measured.length === 0) failed.push(one);
      else found.set(one, measured);
    }
  };
  try {
    say(`${section.name}: preparing …`);
    const isReady = await child(say, "prepare", section.name, folder, JSON.stringify(options));
    if (isReady === null) failed.push(...waiting.splice(0).map(([, one]) => one));
    // Side by side only where no figure is to be believed.
    const workers = options.isQuick ? availableParallelism() : 1;
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const published = section.published?.(options).filter(({ row }) => cases.some((one) => one.row === row));
  const rows = inOrder([...cases.flatMap((one) => found.get(one) ?? []), ...(published ?? [])]);
  const judged = judge(rows);
  return {
    section: section.name,
    machine,
    date: new Date().toISOString().slice(0, 10),
    seed: options.seed,
    quick: options.isQuick,
    rows: options.isQuick ? judged.map((row) => ({ ...row, met: null })) : judged,
    engines: describeEngines(rows),
    not_run: [...notRun].map(([engine, why]) => ({ engine, why })),
    failed,
  };
}

/** Row after row as the cases name them, and published figures behind what was measured. */
function inOrder(rows: readonly Measured[]): readonly Measured[] {
  const byRow = new Map<string, Measured[]>();
  for (const row of rows) byRow.set(row.row, [...(byRow.get(row.row) ?? []), row]);
  return [...byRow.values()].flat();
}

/** The packages of those that were measured. */
function describeEngines(rows: readonly Measured[]): Report["engines"] {
  const measured = new Set(rows.map(({ engine }) => engine));
  const those = PEERS.filter(({ name }) => measured.has(name));
  return those.map((peer) => {
    return { engine: peer.name, package: peer.package, version: versionOf(peer), form: peer.form };
  });
}

/** Why an engine cannot be asked here, or null. */
function whyNot(engine: string, say: Say): string | null {
  const peer = PEERS.find(({ name }) => name === engine);
  if (peer === undefined) return null;
  return bringPeers(say) ?? peer.missing?.() ?? null;
}

/** Tried once. */
const peers: { lack: string | null | undefined } = { lack: undefined };

/** Why the peers are not there, or null. */
function bringPeers(say: Say): string | null {
  if (peers.lack !== undefined) return peers.lack;
  const reason = whyInstall();
  if (reason !== null) say(`${reason}; installing the other engines (80 MB) …`);
  const isThere = reason === null || install();
  peers.lack = isThere ? null : "could not be installed; npm ci --prefix benchmarks/peers says why";
  return peers.lack;
}

const execute = promisify(execFile);

/** What it prints; null where it ended badly. */
async function child(say: Say, ...args: readonly string[]): Promise<string | null> {
  const script = join(import.meta.dirname, "child.ts");
  try {
    const { stdout } = await execute(process.execPath, [script, ...args], { maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    say((error as { readonly stderr?: string }).stderr ?? String(error));
    return null;
  }
}
