/**
 * A process of its own that uses a log; a test starts it, reads its lines and may kill it. Arguments: what to
 * do, and the log's folder. It cannot import what needs a test runner.
 */
import { execFileSync } from "node:child_process";
import { writeSync } from "node:fs";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { LogError, type LogStore, type Receipt } from "@polity/lineage/store.ts";
import { ORIGIN, signerOf } from "./lineage-log.ts";
import { entryOfSize, nthEntry } from "./log-entries.ts";

const [task = "", dir = "", detail = ""] = process.argv.slice(2);
const MOUNT = "mount";
const signer = signerOf(new Uint8Array(32).fill(1));

/** At once: nothing may be lost in a buffer when this process is killed. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const open = () =>
  openFileLog(dir, { origin: ORIGIN, signer, crypto: nodeCrypto, create: true, checkpointMs: 0 });

async function opened() {
  const result = await open();
  if (result.ok) return result;
  say(result.error.code);
  process.exit(1);
}

/** Appends for ever, some hundred at a time; each acknowledged entry is a line: index, seq, leaf hash. */
async function load(): Promise<void> {
  const { store, nextSeq } = await opened();
  const tell = (seq: number) => (receipt: Receipt) => say(`${receipt.index} ${seq} ${receipt.leafHash}`);
  for (let round = 0; ; round += 1) {
    const waiting: Promise<void>[] = [];
    for (let count = 0; count < 1 + ((round * 37) % 150); count += 1) {
      const seq = nextSeq("n");
      const { entry, opening } = nthEntry(seq);
      waiting.push(store.append(entry, opening).then(tell(seq)));
    }
    if (round % 5 === 4) await store.checkpoint();
    await Promise.all(waiting);
  }
}

/** Appends large entries until one is refused, and says what else works then. */
async function fill(): Promise<void> {
  const { store, nextSeq } = await opened();
  const code = await untilRefused(store, nextSeq);
  say(`refused ${code} at ${store.size}`);
  say(`refused ${await store.append(entryOfSize(store.size, 60_000)).catch(codeOf)}`);
  const signed = await store.checkpoint().catch(codeOf);
  say(`signed ${signed.split("\n")[1] ?? signed}`);
  let read = 0;
  for (let index = 0; index < store.size; index += 1) if ((await store.entry(index)) !== null) read += 1;
  say(`read ${read}`);
  await store.close();
  if (detail !== "") execFileSync(MOUNT, ["-o", `remount,size=${detail}`, dir]);
}

async function untilRefused(store: LogStore, nextSeq: (node: string) => number): Promise<string> {
  for (;;) {
    const batch = Array.from({ length: 3 }, () => store.append(entryOfSize(nextSeq("n"), 60_000)));
    const settled = await Promise.allSettled(batch);
    const refused = settled.find((result) => result.status === "rejected");
    if (refused !== undefined) return codeOf(refused.reason);
  }
}

function codeOf(error: unknown): string {
  return error instanceof LogError ? error.code : String(error);
}

/** Holds the log open until its input ends. */
async function hold(): Promise<void> {
  const { store } = await opened();
  say("open");
  for await (const _ of process.stdin);
  await store.close();
}

/** Reads all there is, without writing. */
async function read(): Promise<void> {
  const result = await openFileLog(dir, { origin: null, signer: null, crypto: nodeCrypto, create: false });
  if (!result.ok) return say(result.error.code);
  let count = 0;
  while ((await result.store.entry(count)) !== null) count += 1;
  say(`read ${count}`);
  await result.store.close();
}

const TASKS: ReadonlyMap<string, () => Promise<void>> = new Map([
  ["load", load],
  ["fill", fill],
  ["hold", hold],
  ["read", read],
]);

await TASKS.get(task)!();
