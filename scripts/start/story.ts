/** Governed execution, lived through once: what happened is told by the log, in the end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { enforce } from "@polity/governor/answers.ts";
import type { Execution } from "@polity/governor/governor.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { folderSource, publicFolder } from "@polity/lineage/node/folder-source.ts";
import { openTiles } from "@polity/lineage/open-tiles.ts";
import { type ReadEntry, readEntries } from "@polity/lineage/read-entries.ts";
import { makeReplay, type ReplaySummary } from "@polity/lineage/replay.ts";
import { wasmPanels } from "@polity/lineage/replay-panel.ts";
import { encodeTlogProof } from "@polity/lineage/tlog-proof.ts";
import { makeEntryTree } from "../../cli/entry-tree.ts";
import { treeLines } from "../../cli/render-tree.ts";
import { openArtefacts } from "../../cli/replay-artefacts.ts";
import { openReplayed } from "../../cli/replay-log.ts";
import type { Paint } from "../../cli/terminal.ts";
import type { Told } from "./client.ts";
import { provedBy } from "./evidence.ts";
import { type Desk, openDesk } from "./governed.ts";

export interface Lived {
  /** What happened, in order: what was tried, and what the agent was told. */
  readonly told: readonly (readonly [string, string])[];
  readonly tree: readonly string[];
  /** Of the entry that contained the agent: what a stranger can tell. */
  readonly proved: string;
  readonly replayed: ReplaySummary;
}

const LONG_MS = 60_000;

/** `server` is the public one; null: a small local one. */
export async function live(wasm: Uint8Array, paint: Paint, server: string | null): Promise<Lived> {
  const folder = mkdtempSync(join(tmpdir(), "polity-story-"));
  try {
    const desk = await openDesk(folder, wasm);
    const told = await act(desk, server);
    await desk.close();
    const { lines, proved } = await readBack(desk, paint);
    return { told, tree: lines, proved, replayed: await replay(desk) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function act(desk: Desk, server: string | null): Promise<Lived["told"]> {
  const { governor, desk: at } = desk;
  const told: [string, string][] = [];
  const local = fileURLToPath(import.meta.resolve("./local-server.ts"));
  const command = { command: process.execPath, args: [server ?? local, at], isQuiet: true };
  const writer = await begin(desk, "writer", "tell the customers when we ship", null);
  const client = await desk.client(writer, command);
  const tell = (what: string, { isError, text }: Told) => {
    const [first = ""] = text.trim().split(". ");
    told.push([what, isError ? first : `done: ${first.replace(at, "the desk")}`]);
  };
  tell("reads notes.txt", await client.call("read_text_file", { path: join(at, "notes.txt") }));
  const draft = { path: join(at, "draft.txt"), content: "We ship on Friday." };
  tell("writes draft.txt", await client.call("write_file", draft));
  const letter = { ...draft, path: join(at, "outbox", "letter.txt") };
  tell("writes outbox/letter.txt", await client.call("write_file", letter));
  const [pending] = governor.approvals();
  if (pending === undefined) throw new Error("a held call waits for approval");
  await desk.approve(pending);
  told.push([
    "",
    `User::"edith" approves ${pending.requestDigest.slice(0, 19)}…, signed with a key of her own`,
  ]);
  tell("writes it again", await client.call("write_file", letter));
  const helper = await begin(desk, "helper", "sum up the notes", writer.id);
  const { started, ended } = summarise(helper, join(at, "notes.txt"));
  await started;
  told.push(['hands on to Agent::"helper"', "which works on a summary, for a minute"]);
  tell("reads /etc/passwd", await client.call("read_text_file", { path: "/etc/passwd" }));
  await client.session.closed;
  told.push(["", `the writer is stopped: ${why(writer)}`]);
  told.push(["", `the helper is stopped in the middle of its work: ${await ended}`]);
  const again = await governor.begin(beginning("writer", "try again", null));
  told.push(["begins anew", again.ok ? "done" : `refused: ${again.code}: ${again.message}`]);
  return told;
}

const beginning = (id: string, purpose: string, parent: string | null) => {
  return { agent: { type: "Agent", id }, purpose, parent, zone: null, attestation: null };
};

async function begin({ governor }: Desk, id: string, purpose: string, parent: string | null) {
  const begun = await governor.begin(beginning(id, purpose, parent));
  if (!begun.ok) throw new Error(`${begun.code}: ${begun.message}`);
  return begun.execution;
}

/** Takes its time, unless it is stopped; says what came of it. */
function summarise(execution: Execution, path: string) {
  let start = () => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const run = async () => {
    const answer = await execution.authorize({ action: "summarise", fields: { path } });
    return enforce(answer, {
      allow: ({ signal }) => {
        start();
        return untilStopped(signal);
      },
      refuse: ({ code }) => {
        start();
        return `refused: ${code}`;
      },
    });
  };
  return { started, ended: run().catch(() => why(execution)) };
}

function untilStopped(signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve("it was done"), LONG_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

function why({ signal }: Execution): string {
  const { code } = (signal.reason ?? {}) as { readonly code?: string };
  return signal.aborted ? `${code}` : "nobody has stopped it";
}

/** The log as a tree, and a proof of the entry that says who was contained. */
async function readBack({ log, releaser }: Desk, paint: Paint) {
  const options = { keys: releaser.trust.keys, crypto: nodeCrypto };
  const opened = await openTiles(folderSource(await publicFolder(log)), options);
  if (!opened.ok) throw opened.error;
  const { tree, note: checkpoint } = opened.log;
  const entries = makeEntryTree<ReadEntry>();
  let contained: ReadEntry | null = null;
  for await (const read of readEntries(tree, 0)) {
    entries.add(read);
    if (read.entry.kind === "containment") contained ??= read;
  }
  if (contained === null) throw new Error("nobody was contained");
  const { index, bytes: record } = contained;
  const hashes = await tree.inclusionProof(index);
  const proof = encodeTlogProof({ index, hashes, checkpoint, extra: null });
  const lines = entries.roots.flatMap((root) => [...treeLines(root, 2, paint)]);
  return { lines, proved: provedBy(releaser, { proof, record }) };
}

/** Every decision once more, from what lies in the log's folder alone. */
async function replay({ log, releaser }: Desk): Promise<ReplaySummary> {
  const { sha256 } = nodeCrypto;
  const replayed = await openReplayed(log, { keys: releaser.trust.keys, crypto: nodeCrypto });
  const { next, end, summary } = makeReplay({
    open: wasmPanels(await openArtefacts(log, [], []), sha256),
    sha256,
  });
  for await (const entries of replayed.entries()) for (const entry of entries) await next(entry);
  end();
  if (summary.findings > 0) throw new Error("a decision was not replayed as it was made");
  return summary;
}
