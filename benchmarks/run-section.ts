/** A section: each of its cases in a process of its own, which this one starts and listens to. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, whyInstall } from "./install.ts";
import { describeMachine } from "./machine.ts";
import { PEERS, versionOf } from "./peers/all.ts";
import type { Report } from "./report.ts";
import type { Case, Measured, Options, Section } from "./section.ts";
import { judge } from "./targets.ts";

/** Why the peers are not there, or null; tried once. */
const peers: { lack: string | null | undefined } = { lack: undefined };

/** One case after the other; what one lacks or gets wrong keeps none of the others from being measured. */
export function runSection(
  section: Section,
  options: Options,
  engines: readonly string[],
  say: (text: string) => void,
): Report {
  const cases = section.cases(options).filter(({ engine }) => engines.includes(engine));
  const machine = describeMachine();
  const folder = mkdtempSync(join(tmpdir(), "polity-bench-"));
  const rows: Measured[] = [];
  const notRun = new Map<string, string>();
  const failed: Case[] = [];
  try {
    say(`${section.name}: preparing …`);
    child("prepare", section.name, folder, JSON.stringify(options));
    for (const [index, one] of cases.entries()) {
      const why = whyNot(one.engine, say);
      if (why !== null) {
        notRun.set(one.engine, why);
        continue;
      }
      say(`${section.name}: ${one.row}, ${one.engine} (${index + 1} of ${cases.length}) …`);
      try {
        const found = child("run", section.name, folder, JSON.stringify(options), one.row, one.engine);
        rows.push(...(JSON.parse(found) as Measured[]).map(withVersion));
      } catch {
        failed.push(one);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    section: section.name,
    machine,
    date: new Date().toISOString().slice(0, 10),
    seed: options.seed,
    quick: options.isQuick,
    rows: judge(rows),
    not_run: [...notRun].map(([engine, why]) => ({ engine, why })),
    failed,
  };
}

function withVersion(row: Measured): Measured {
  const peer = PEERS.find(({ name }) => name === row.engine);
  if (peer === undefined) return row;
  const form = `${peer.package} ${versionOf(peer)}, ${peer.form}`;
  return { ...row, note: row.note === undefined ? form : `${form}; ${row.note}` };
}

/** Why an engine cannot be asked here, or null. */
function whyNot(engine: string, say: (text: string) => void): string | null {
  const peer = PEERS.find(({ name }) => name === engine);
  if (peer === undefined) return null;
  return bringPeers(say) ?? peer.missing?.() ?? null;
}

function bringPeers(say: (text: string) => void): string | null {
  if (peers.lack !== undefined) return peers.lack;
  const reason = whyInstall();
  if (reason !== null) say(`${reason}; installing the other engines (80 MB) …`);
  const isThere = reason === null || install();
  peers.lack = isThere ? null : "could not be installed; npm ci --prefix benchmarks/peers says why";
  return peers.lack;
}

function child(...args: readonly string[]): string {
  return execFileSync(process.execPath, [join(import.meta.dirname, "child.ts"), ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    stdio: ["ignore", "pipe", "inherit"],
  });
}
