/** What a log of many entries costs whoever opens, proves and checks it. */
import { join } from "node:path";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { generateKey, nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { encodeTlogProof } from "@polity/lineage/tlog-proof.ts";
import { verifyProof } from "@polity/lineage/verify-proof.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { fill, filledRows, indexAll, indexMore } from "./lineage-lag.ts";
import { killWriter, type Opened, openApart, signerOf } from "./lineage-reopen.ts";
import { openLog } from "./lineage-stores.ts";
import { median, timingOf } from "./measure.ts";
import { random } from "./random.ts";
import type { Case, Measured, Options } from "./section.ts";
import { digits } from "./targets.ts";

/** As many entries of some 300 bytes, all of them under a checkpoint, written and closed. */
export async function runLog(one: Case, folder: string, options: Options): Promise<readonly Measured[]> {
  const size = Number(/\d+$/.exec(one.row)?.[0]);
  const dir = join(folder, one.row);
  const { privatePem } = generateKey();
  const signer = signerOf(privatePem);
  const filled = await fill(dir, signer, size);
  const rows: Measured[] = [];
  const row = (name: string, figure: Measured["figure"], found: Partial<Measured>): void => {
    const nothing = { median_ns: null, p99_ns: null, ratio_to_hand: null };
    rows.push({ row: `${name}-${size}`, engine: one.engine, mode: "once", figure, ...nothing, ...found });
  };
  for (const [name, figure, found] of filledRows(filled, size)) row(name, figure, found);
  for (const [name, figure, found] of await opening(dir, privatePem, size, options)) row(name, figure, found);
  const from = performance.now();
  const verified = await verifyLog(dir, signer.publicKey, nodeCrypto);
  const ns = (performance.now() - from) * 1e6;
  if (!verified.ok) throw verified.error;
  row("fsck", "check", { median_ns: ns, units: size, note: `${digits((size * 1e9) / ns)} entries a second` });
  const indexed = await indexAll(dir, signer);
  row("index", "load", {
    median_ns: indexed,
    units: size,
    note: `from nothing: ${digits((size * 1e9) / indexed)} entries a second`,
  });
  const { ns: lagNs, behind } = await indexMore(dir, signer, options.isQuick ? 500 : 10_000);
  row("index-lag", "load", {
    median_ns: lagNs,
    units: behind,
    note: `after a checkpoint over ${digits(behind)} more entries, until the index has them all`,
  });
  for (const [name, figure, found] of await proofs(dir, signer, size, options)) row(name, figure, found);
  return rows;
}

/** Enough that some seconds of them are under no checkpoint, where the disk is slow. */
const KILLED_AFTER = 60_000;

type Found = readonly [name: string, figure: Measured["figure"], found: Partial<Measured>];

/** Once it was closed, and once its writer was killed. */
async function opening(
  dir: string,
  privatePem: string,
  size: number,
  { isQuick }: Options,
): Promise<readonly Found[]> {
  const times = isQuick ? 1 : 3;
  const closed = Array.from({ length: times }, () => openApart(dir, privatePem));
  const killed: Opened[] = [];
  for (let at = 0; at < times; at += 1) {
    await killWriter(dir, privatePem, isQuick ? 1_000 : KILLED_AFTER);
    killed.push(openApart(dir, privatePem));
  }
  const first = "in a fresh process, from opening the folder to the first entry that is durable";
  const uncovered = digits(Math.max(...killed.map((one) => one.uncovered)));
  const memory = "what the process takes more than before it opened the log";
  const bytesOf = (some: readonly Opened[]) => median(some.map(({ bytes }) => bytes));
  const timesOf = (some: readonly Opened[]) => timingOf(some.map(({ ns }) => ns));
  return [
    ["open", "load", { ...timesOf(closed), units: size, note: first }],
    ["open", "memory", { bytes: bytesOf(closed), note: memory }],
    [
      "reopen",
      "load",
      {
        ...timesOf(killed),
        units: size,
        note: `the same after kill -9 under load, with up to ${uncovered} entries under no checkpoint`,
      },
    ],
    ["reopen", "memory", { bytes: bytesOf(killed), note: memory }],
  ];
}

// ---- proofs

const PROOFS = 2_000;

async function proofs(
  dir: string,
  signer: Signer,
  size: number,
  options: Options,
): Promise<readonly Found[]> {
  const store = await openLog(dir, signer);
  const note = await store.checkpoint();
  const next = random(options.seed);
  const count = options.isQuick ? 20 : PROOFS;
  const made: Proven[] = [];
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const index = Math.floor(next() * size);
    const from = performance.now();
    made.push(await prove(store, index, note));
    times.push((performance.now() - from) * 1e6);
  }
  await store.close();
  return [
    ["prove", "prove", { ...timingOf(times), mode: "varied", note: "entry and proof file, of any entry" }],
    ["verify", "check", { ...checked(made, signer.publicKey, nodeCrypto), mode: "varied" }],
    [
      "verify-portable",
      "check",
      {
        ...checked(made.slice(0, 100), signer.publicKey, portableCrypto),
        mode: "varied",
        note: "as a browser",
      },
    ],
  ];
}

interface Proven {
  readonly record: Uint8Array;
  readonly proof: Uint8Array;
}

async function prove(store: LogStore, index: number, checkpoint: string): Promise<Proven> {
  const size = Number(checkpoint.split("\n")[1]);
  const record = await store.entry(index);
  if (record === null) throw new Error(`there is no entry ${index}`);
  const hashes = await store.inclusionProof(index, size);
  const proof = encodeTlogProof({ index, hashes, checkpoint, extra: null });
  return { record, proof: new TextEncoder().encode(proof) };
}

function checked(made: readonly Proven[], key: PublicKey, crypto: typeof nodeCrypto) {
  const times = made.map(({ proof, record }) => {
    const from = performance.now();
    const result = verifyProof(proof, record, [key], crypto);
    const ns = (performance.now() - from) * 1e6;
    if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
    return ns;
  });
  return timingOf(times);
}
