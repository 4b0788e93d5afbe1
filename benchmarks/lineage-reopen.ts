/**
 * What it takes to go on with a log, in a process of its own: after its writer closed it, and after its
 * writer was killed with entries on the disk that no checkpoint covers.
 */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { nodeRecording, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { openRecorder } from "@polity/lineage/recorder.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { openLog } from "./lineage-stores.ts";

export interface Opened {
  /** Nanoseconds from opening the folder to the first entry that is durable. */
  readonly ns: number;
  /** What the process takes more than before. */
  readonly bytes: number;
  /** Entries that were found and that no checkpoint covered. */
  readonly uncovered: number;
}

interface Task {
  readonly do: "open" | "write";
  readonly dir: string;
  readonly privatePem: string;
}

export function signerOf(privatePem: string): Signer {
  const made = nodeSigner(privatePem);
  if (!made.ok) throw new Error(made.message);
  return made.signer;
}

export function openApart(dir: string, privatePem: string): Opened {
  const task: Task = { do: "open", dir, privatePem };
  const said = execFileSync(process.execPath, [import.meta.filename], {
    input: JSON.stringify(task),
    encoding: "utf8",
  });
  return JSON.parse(said) as Opened;
}

/** A writer that goes as fast as it can, until so many entries are durable: then `kill -9`. */
export function killWriter(dir: string, privatePem: string, count: number): Promise<void> {
  const task: Task = { do: "write", dir, privatePem };
  const child = spawn(process.execPath, [import.meta.filename], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(task));
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    if (Number(line) >= count) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve();
      else reject(new Error(`the writer ended by itself: ${code}`));
    });
  });
}

// ---- in that process

/** One entry is written, so that it is ready to go on and not only to read. */
async function openHere({ dir, privatePem }: Task): Promise<Opened> {
  const signer = signerOf(privatePem);
  const node = nodeRecording.uuid();
  const [, covered] = readFileSync(join(dir, "public", "checkpoint"), "utf8").split("\n");
  const before = process.memoryUsage.rss();
  const from = performance.now();
  const store = await openLog(dir, signer);
  const uncovered = store.size - Number(covered);
  const recorder = openRecorder(store, { node, nextSeq: 0, ports: nodeRecording, mode: "strict" });
  await recorder.append({ kind: "heartbeat", checkpoint: null });
  const ns = (performance.now() - from) * 1e6;
  const bytes = Math.max(1, process.memoryUsage.rss() - before);
  await store.checkpoint();
  await store.close();
  return { ns, bytes, uncovered };
}

const OUTSTANDING = 1_024;

async function writeOn({ dir, privatePem }: Task): Promise<void> {
  const store = await openLog(dir, signerOf(privatePem));
  const node = nodeRecording.uuid();
  const recorder = openRecorder(store, { node, nextSeq: 0, ports: nodeRecording, mode: "strict" });
  const event = { kind: "event", name: "tool.called", phase: "ok", event: "e", digest: null } as const;
  for (let written = OUTSTANDING; ; written += OUTSTANDING) {
    await Promise.all(Array.from({ length: OUTSTANDING }, () => recorder.append(event)));
    process.stdout.write(`${written}\n`);
  }
}

if (import.meta.main) {
  let input = "";
  for await (const piece of process.stdin) input += piece;
  const task = JSON.parse(input) as Task;
  if (task.do === "write") await writeOn(task);
  else process.stdout.write(JSON.stringify(await openHere(task)));
}
