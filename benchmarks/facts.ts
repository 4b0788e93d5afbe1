/**
 * What do facts cost, from thirty entities to a million? Building them from JSON Lines, loading what was
 * built, their room in memory, and decisions about entities that nobody asked about lately.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { loadUnsigned, openUnsigned } from "@polity/runtime/authoring.ts";
import { aboutOf, encodeFactsFile } from "@polity/runtime/facts-file.ts";
import { readFactsLines } from "@polity/runtime/facts-lines.ts";
import type { Host } from "@polity/runtime/host.ts";
import { buildText } from "./build.ts";
import { driveByHand } from "./drive-by-hand.ts";
import { HEADER } from "./header.ts";
import { median, timingOf } from "./measure.ts";
import { type Writers, writersOf } from "./open-polity.ts";
import { BY_HAND, type Case, type Measured, type Options, POLITY, type Section } from "./section.ts";
import { DRIVE_POLICY, type DriveRequest, driveLines, driveRequests, entitiesOf } from "./shared-drive.ts";

/** Of users, as of groups, documents and folders. */
const COUNTS = new Map([
  ["facts-30", 5],
  ["facts-1000", 167],
  ["facts-100000", 16_667],
  ["facts-1000000", 166_667],
]);

const { sha256 } = nodeCrypto;
/** As files are read. */
const PIECE_BYTES = 1 << 16;
const BATCH = 256;

export const section: Section = {
  name: "facts",
  title: "Entities in memory: a graph of shared documents",
  cases: ({ isQuick }) =>
    [...COUNTS.keys()]
      .filter((row) => !isQuick || row !== "facts-1000000")
      .flatMap((row) => [BY_HAND, POLITY].map((engine) => ({ row, engine }))),
  prepare: (folder) => buildText("drive.pol", DRIVE_POLICY, join(folder, "drive.wasm")),
  async run(one, folder, options) {
    const count = COUNTS.get(one.row)!;
    if (one.engine === BY_HAND) return [decideRow(one, count, options, null)];
    const lines = Buffer.from(`${[...driveLines(count, options.seed)].join("\n")}\n`);
    const path = join(folder, "drive.wasm");
    const wasm = new Uint8Array(readFileSync(path));
    const { row: built, file } = await build(one, count, wasm, lines, options);
    const { rows, host } = await load(one, count, wasm, file, await writersOf(path), options);
    return [decideRow(one, count, options, host), built, ...rows];
  },
};

const ONCE = { mode: "once", ratio_to_hand: null } as const;

async function build(one: Case, count: number, wasm: Uint8Array, lines: Uint8Array, options: Options) {
  const evaluator = await openUnsigned(wasm);
  if ("code" in evaluator) throw new Error(evaluator.message);
  const { manifest, program } = evaluator;
  const took: number[] = [];
  let file = new Uint8Array(0);
  for (let round = 0; round < (options.isQuick ? 2 : 5); round += 1) {
    const from = performance.now();
    const reader = readFactsLines(program.facts);
    for (let at = 0; at < lines.length; at += PIECE_BYTES) reader.push(lines.subarray(at, at + PIECE_BYTES));
    const digest = sha256(lines);
    const block = reader.finish(digest);
    if ("code" in block) throw new Error(`${block.code}: ${block.message}`);
    file = new Uint8Array(encodeFactsFile(aboutOf(manifest), block, digest, sha256));
    took.push((performance.now() - from) * 1e6);
  }
  const units = entitiesOf(count);
  const note = `from ${Math.round(lines.length / units)} bytes of JSON an entity`;
  const row: Measured = { ...one, ...ONCE, figure: "build", ...timingOf(took), units, note };
  return { row, file };
}

async function load(
  one: Case,
  count: number,
  wasm: Uint8Array,
  file: Uint8Array,
  writers: Writers,
  options: Options,
) {
  const host = await openHost(wasm, file, writers);
  const took: number[] = [];
  for (let round = 0; round < (options.isQuick ? 3 : 9); round += 1) {
    const from = performance.now();
    const replaced = await host.replace({ facts: { block: file } });
    took.push((performance.now() - from) * 1e6);
    if (!replaced.ok) throw new Error(replaced.message);
  }
  const units = entitiesOf(count);
  const rows: Measured[] = [
    { ...one, ...ONCE, figure: "load", ...timingOf(took), units, note: "with the sum of what was built" },
  ];
  const bytes = addedBytes(wasm, file);
  // Where there are few, all else that the process does is more.
  if (units >= 100_000) {
    const note = "what loading adds to the process, beside the block";
    rows.push({ ...one, ...ONCE, figure: "memory", median_ns: null, p99_ns: null, bytes, units, note });
  }
  return { rows, host };
}

/** In a process of its own: nothing that was there before makes room. */
function addedBytes(wasm: Uint8Array, file: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), "polity-facts-"));
  try {
    const paths = [join(folder, "drive.wasm"), join(folder, "drive.pfacts")] as const;
    writeFileSync(paths[0], wasm);
    writeFileSync(paths[1], file);
    return Number(execFileSync(process.execPath, [import.meta.filename, ...paths], { encoding: "utf8" }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openHost(wasm: Uint8Array, file: Uint8Array, writers: Writers = []): Promise<Host> {
  const loaded = await loadUnsigned(wasm, { facts: { block: file }, sha256, spare: false, writers });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  return loaded.host;
}

/**
 * Requests are new each time, as they come over a network: their text is at hand, whom they are about is not.
 * By hand and ours take turns with the same batches; where the answers differ, nothing counts.
 */
function decideRow(one: Case, count: number, options: Options, host: Host | null): Measured {
  const byHand = driveByHand(driveLines(count, options.seed));
  const ours = ({ action, fields }: DriveRequest) => host!.decide(action, fields, HEADER).verdict === "allow";
  const [hand, engine]: [number[], number[]] = [[], []];
  const rounds = options.isQuick ? 60 : 1_500;
  for (let round = 0; round < rounds; round += 1) {
    const requests = driveRequests(count, options.seed + 1 + round, BATCH);
    if (host === null || round % 2 === 0) hand.push(timeBatch(requests, byHand));
    else engine.push(timeBatch(requests, ours));
    const wrong = host === null ? -1 : requests.findIndex((request) => byHand(request) !== ours(request));
    if (wrong !== -1) throw new Error(`another answer than by hand: ${JSON.stringify(requests[wrong])}`);
  }
  const figures = timingOf(host === null ? hand : engine);
  const note = "whom a request is about was not asked about lately";
  return {
    ...one,
    mode: "varied",
    figure: "encode-and-decide",
    ...figures,
    ratio_to_hand: figures.median_ns / median(hand),
    note,
  };
}

function timeBatch(requests: readonly DriveRequest[], answer: (request: DriveRequest) => boolean): number {
  const from = performance.now();
  let allowed = 0;
  for (const request of requests) if (answer(request)) allowed += 1;
  const ns = ((performance.now() - from) * 1e6) / requests.length;
  // So that no answer is unused.
  return allowed < 0 ? 0 : ns;
}

if (import.meta.main) {
  const [wasm, file] = process.argv.slice(2).map((path) => readFileSync(path));
  const before = process.memoryUsage.rss();
  const host = await openHost(wasm!, file!);
  const bytes = process.memoryUsage.rss() - before;
  // Alive until here.
  process.stdout.write(String(host.facts === "" ? 0 : bytes));
}
