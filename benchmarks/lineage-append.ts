/** How many decisions a second become durable, and how long each waits for that. */
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { nodeCrypto, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { recordHost } from "@polity/lineage/recorded-host.ts";
import { type Answered, type EntryBody, openRecorder, type Recorder } from "@polity/lineage/recorder.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Host } from "@polity/runtime/host.ts";
import { type Access, requests } from "./access.ts";
import { HEADER } from "./header.ts";
import { type BenchStore, freshSigner, nowhere, openLog, openSqlite } from "./lineage-stores.ts";
import { median, quantile } from "./measure.ts";
import type { Case, Measured, Options } from "./section.ts";
import { digits } from "./targets.ts";

export const SQLITE = "node-sqlite";
export const DISK = "disk";

interface Way {
  readonly writers: number;
  /** Of each writer: it goes on once one of them is durable. */
  readonly outstanding: number;
  readonly mode: "strict" | "relaxed";
  /** Entries a second that come whatever becomes of them; null: as fast as it goes. */
  readonly perSecond: number | null;
}

export const WAYS: ReadonlyMap<string, Way> = new Map([
  ["append-1", { writers: 1, outstanding: 1, mode: "strict", perSecond: null }],
  ["append-8", { writers: 8, outstanding: 1, mode: "strict", perSecond: null }],
  ["append-64", { writers: 64, outstanding: 1, mode: "strict", perSecond: null }],
  ["append-64x16", { writers: 64, outstanding: 16, mode: "strict", perSecond: null }],
  ["append-64x16-at-40000", { writers: 64, outstanding: 16, mode: "strict", perSecond: 40_000 }],
  ["append-64x16-at-10000", { writers: 64, outstanding: 16, mode: "strict", perSecond: 10_000 }],
  ["append-relaxed-1", { writers: 1, outstanding: 1, mode: "relaxed", perSecond: null }],
  ["append-relaxed-8", { writers: 8, outstanding: 1, mode: "relaxed", perSecond: null }],
  ["append-relaxed-64", { writers: 64, outstanding: 1, mode: "relaxed", perSecond: null }],
  ["append-relaxed-64x16", { writers: 64, outstanding: 16, mode: "relaxed", perSecond: null }],
  ["append-outcome-64x16", { writers: 64, outstanding: 16, mode: "strict", perSecond: null }],
  ["append-outcome-64x16-at-40000", { writers: 64, outstanding: 16, mode: "strict", perSecond: 40_000 }],
]);

/** What came of a decision: an entry that commits to no request. All other rows write decisions. */
const isOutcome = (row: string) => row.startsWith("append-outcome");
const OUTCOME: EntryBody = {
  kind: "outcome",
  decision: "0190a6c5-2b7e-7c3d-9f00-5d1c2e3f4a5b",
  status: "succeeded",
  result: null,
  note: null,
};

const NOWHERE = "nowhere";

/** These ask the host, too, instead of having asked before. */
export const DECIDING = new Map<string, string>([
  ["decide-and-append-64x16", "append-64x16"],
  ["decide-and-record", NOWHERE],
]);

/** Answers once an entry is durable, or in a relaxed log once it was taken. */
type Work = (at: number) => Promise<unknown>;

export async function runAppend(one: Case, folder: string, options: Options): Promise<readonly Measured[]> {
  const wayName = DECIDING.get(one.row) ?? one.row;
  const way = WAYS.get(wayName) ?? { writers: 1, outstanding: 64, mode: "strict" as const, perSecond: null };
  const isNowhere = wayName === NOWHERE;
  const store = isNowhere ? nowhere() : await openStore(one, folder);
  const limits = { waitingMax: 16_384, waitingCharactersMax: 64 * 1024 * 1024 };
  const settings = { node: "n", nextSeq: 0, ports: nodeRecording, mode: way.mode, ...limits };
  const asked = requests(options.seed);
  const loaded = await loadUnsigned(readFileSync(join(folder, "access.wasm")), { sha256: nodeCrypto.sha256 });
  if (!loaded.ok) throw new Error(loaded.message);
  const { host } = loaded;
  let recorder: Pick<Recorder, "counts" | "close">;
  let work: Work;
  if (DECIDING.has(one.row)) {
    const recorded = recordHost(host, store, settings);
    recorder = recorded;
    work = async (at) => {
      const { problem } = await recorded.decide({
        action: "access",
        fields: asked[at % asked.length],
        header: HEADER,
      });
      if (problem !== null) throw problem;
    };
  } else {
    const only = openRecorder(store, settings);
    const answers = asked.map((fields) => answerOf(host, fields));
    recorder = only;
    work = isOutcome(one.row)
      ? () => only.append(OUTCOME)
      : (at) => only.decision(answers[at % answers.length]!);
  }
  const found =
    way.perSecond === null
      ? await drive(way, work, options, way.mode === "relaxed" || isNowhere)
      : await paced(way, way.perSecond, work, options);
  const cpu = found.cpuShare;
  await recorder.close();
  const { written, refused } = recorder.counts();
  await store.close();
  const rest = { ...one, mode: "varied", p99_ns: null, ratio_to_hand: null } as const;
  const notes = [
    `${digits(1e9 / median(found.roundsNs))} entries a second`,
    `${Math.round(cpu * 100)} % of one core`,
  ];
  if (way.mode === "relaxed")
    notes.push(`${digits((refused / (refused + written)) * 100)} % left out, counted in gaps`);
  const append = {
    ...rest,
    figure: "append",
    median_ns: median(found.roundsNs),
    note: notes.join(", "),
  } as const;
  if (found.acksNs.length === 0) return [append];
  const ack = { median_ns: median(found.acksNs), p99_ns: quantile(found.acksNs, 0.99) };
  const taken = way.mode === "relaxed" ? { note: "until it was durable, for which no caller waits" } : {};
  return [append, { ...rest, figure: "ack", ...ack, ...taken }];
}

async function openStore(one: Case, folder: string): Promise<BenchStore> {
  const name = join(folder, `${one.row}-${one.engine}`);
  return one.engine === SQLITE ? openSqlite(`${name}.sqlite`) : openLog(name, freshSigner());
}

function answerOf(host: Host, fields: Access): Answered {
  const named = host.request("access", fields);
  if (!named.ok) throw new Error(named.code);
  return {
    requestId: null,
    decision: host.decide("access", fields, HEADER),
    policy: { name: host.manifest.policy.name, evaluator: host.evaluator },
    facts: host.facts,
    action: "access",
    request: named,
    header: HEADER,
  };
}

// ---- driving it

interface Found {
  /** Nanoseconds of an entry, round by round. */
  readonly roundsNs: readonly number[];
  /** From the call to the acknowledgement. */
  readonly acksNs: readonly number[];
  /** Of the processor, while it was timed. */
  readonly cpuShare: number;
}

const WARM_MS = 1_000;
const ROUND_MS = 1_000;
const ROUNDS = 5;

/** Everybody appends the next one as soon as one of theirs is durable. */
async function drive(
  { writers, outstanding }: Way,
  work: Work,
  { isQuick }: Options,
  isEager: boolean,
): Promise<Found> {
  const acks: number[] = [];
  let done = 0;
  let isTimed = false;
  let isOver = false;
  async function write(): Promise<void> {
    for (let at = 0; !isOver; at += 1) {
      const from = performance.now();
      await work(at);
      done += 1;
      if (isTimed) acks.push((performance.now() - from) * 1e6);
      // Where nobody waits for a disk, clocks and disks have to be let on.
      if (isEager && at % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const all = Array.from({ length: writers * outstanding }, write);
  await sleep(isQuick ? 50 : WARM_MS);
  isTimed = true;
  const rounds: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let round = 0; round < (isQuick ? 2 : ROUNDS); round += 1) {
    const [from, before] = [performance.now(), done];
    do await sleep(isQuick ? 50 : ROUND_MS);
    while (done === before);
    rounds.push(((performance.now() - from) * 1e6) / (done - before));
  }
  const cpuShare = shareOf(cpu, start);
  isOver = true;
  await Promise.all(all);
  return { roundsNs: rounds, acksNs: acks, cpuShare };
}

/** Entries come evenly; a writer that has as many outstanding as it may leaves one out. */
async function paced(way: Way, perSecond: number, work: Work, { isQuick }: Options): Promise<Found> {
  const acks: number[] = [];
  const most = way.writers * way.outstanding;
  let waiting = 0;
  let sent = 0;
  let done = 0;
  const [warmMs, timedMs] = isQuick ? [50, 100] : [WARM_MS, ROUNDS * ROUND_MS];
  const begin = performance.now();
  let timedFrom = 0;
  let cpu = process.cpuUsage();
  const send = async (at: number, isTimed: boolean) => {
    const from = performance.now();
    await work(at);
    waiting -= 1;
    if (!isTimed) return;
    done += 1;
    acks.push((performance.now() - from) * 1e6);
  };
  for (let now = 0; now < warmMs + timedMs || done === 0; now = performance.now() - begin) {
    const isTimed = now >= warmMs;
    if (isTimed && timedFrom === 0) {
      timedFrom = performance.now();
      cpu = process.cpuUsage();
    }
    for (; sent < (now / 1000) * perSecond; sent += 1) {
      if (waiting >= most) continue;
      waiting += 1;
      void send(sent, isTimed);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const cpuShare = shareOf(cpu, timedFrom);
  const ns = ((performance.now() - timedFrom) * 1e6) / done;
  while (waiting > 0) await sleep(1);
  return { roundsNs: [ns], acksNs: acks, cpuShare };
}

function shareOf(before: NodeJS.CpuUsage, fromMs: number): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - fromMs);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What the disk says to 4 KiB written and synced, beneath everything else here. */
export function runDisk(one: Case, folder: string, { isQuick }: Options): readonly Measured[] {
  const file = openSync(join(folder, "sync"), "w");
  const bytes = new Uint8Array(4_096).fill(7);
  const found: number[] = [];
  for (let at = 0; at < (isQuick ? 50 : 2_000); at += 1) {
    writeSync(file, bytes);
    const from = performance.now();
    fdatasyncSync(file);
    found.push((performance.now() - from) * 1e6);
  }
  closeSync(file);
  const timing = { median_ns: median(found), p99_ns: quantile(found, 0.99) };
  const note = "fdatasync after 4 KiB: no store that keeps its word is faster for a single writer";
  return [{ ...one, mode: "once", figure: "ack", ...timing, ratio_to_hand: null, note }];
}
