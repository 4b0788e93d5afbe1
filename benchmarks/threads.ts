/**
 * How many decisions a second do threads make? Each with an instance and requests of its own, or asked by one
 * thread that has all the requests (runtime/pool.ts). Two policies: a small rule, and a pattern on long text.
 */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Host } from "@polity/runtime/host.ts";
import { type DecisionPool, openPool } from "@polity/runtime/pool.ts";
import { type SharedEvaluator, shareHost } from "@polity/runtime/share.ts";
import { requests } from "./access.ts";
import { buildPolicy, buildText } from "./build.ts";
import { HEADER } from "./header.ts";
import { median } from "./measure.ts";
import { openPolity } from "./open-polity.ts";
import { type Case, type Measured, type Options, POLITY, type Section } from "./section.ts";

const ACCESS = join(import.meta.dirname, "../examples/access/policy.pol");
const LONG = `polity 1
policy benchmark.long version 1
action read { text: string max 65_536 }
allow plain on read unless text matches /.*(secret|password)[0-9]{3}/
`;

/** What one thread is asked in one round; a long text takes hundreds of times as long. */
const WORKS = new Map<string, { readonly file: string; readonly count: number }>([
  ["small", { file: "access.wasm", count: 400_000 }],
  ["long", { file: "long.wasm", count: 2_000 }],
]);
const WAYS = ["own-1", "own-2", "pool-1", "pool-2"] as const;

export const section: Section = {
  name: "threads",
  title: "Threads: each with its own requests, and one that asks the others",
  cases: () =>
    [...WORKS.keys()].flatMap((work) =>
      WAYS.map((way) => ({ row: `threads-${work}-${way}`, engine: POLITY })),
    ),
  async prepare(folder) {
    await buildPolicy(ACCESS, join(folder, "access.wasm"));
    await buildText("long.pol", LONG, join(folder, "long.wasm"));
  },
  run,
};

/** What threads are asked, in turns. */
export function threadRequests(work: string, seed: number): readonly { action: string; fields: object }[] {
  if (work === "small") return requests(seed).map((fields) => ({ action: "access", fields }));
  const text = (at: number) => `line ${at} of a long text\n`.repeat(600);
  return Array.from({ length: 16 }, (_, at) => ({ action: "read", fields: { text: text(at + seed) } }));
}

async function run(one: Case, folder: string, options: Options): Promise<readonly Measured[]> {
  const [, work = "", way = "", threads = ""] = /^threads-(\w+)-(\w+)-(\d)$/.exec(one.row) ?? [];
  const { file, count } = WORKS.get(work)!;
  const host = await openPolity(join(folder, file));
  const times = options.isQuick ? count / 100 : count;
  const rounds = options.isQuick ? 2 : 9;
  const opened = await (way === "own" ? openOwn : openAsked)(
    host,
    Number(threads),
    work,
    options.seed,
    times,
  );
  // The first ones are for the engines to warm up.
  for (let round = 0; round < 3; round += 1) await opened.round();
  const found: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const from = performance.now();
    const decisions = await opened.round();
    found.push(((performance.now() - from) * 1e6) / decisions);
  }
  opened.end();
  const ns = median(found);
  const note = `${Math.round(1e9 / ns).toLocaleString("en")} decisions a second, all threads together`;
  const nothing = { p99_ns: null, ratio_to_hand: null };
  return [{ ...one, mode: "varied", figure: "encode-and-decide", median_ns: ns, ...nothing, note }];
}

/** Answers how many decisions were made. */
interface Opened {
  readonly round: () => Promise<number>;
  readonly end: () => void;
}

const FILE = new URL("./threads-thread.ts", import.meta.url);

export interface ThreadWork {
  readonly shared: SharedEvaluator;
  readonly work: string;
  readonly seed: number;
  readonly times: number;
}

/** One of the threads is this one. */
async function openOwn(
  host: Host,
  threads: number,
  work: string,
  seed: number,
  times: number,
): Promise<Opened> {
  const workerData: ThreadWork = { shared: shareHost(host)!, work, seed, times };
  const workers = Array.from({ length: threads }, () => new Worker(FILE, { workerData }));
  const heard = (worker: Worker) =>
    new Promise<number>((done, failed) => {
      worker.once("message", done);
      worker.once("error", failed);
    });
  await Promise.all(workers.map(heard));
  return {
    async round() {
      const all = workers.map(heard);
      for (const worker of workers) worker.postMessage("go");
      return (await Promise.all(all)).reduce((a, b) => a + b, 0);
    },
    end: () => void workers.map((worker) => worker.terminate()),
  };
}

async function openAsked(
  host: Host,
  threads: number,
  work: string,
  seed: number,
  times: number,
): Promise<Opened> {
  const pool: DecisionPool = openPool(shareHost(host)!, {
    threads,
    start: ({ hear, gone }) => {
      const worker = new Worker(FILE);
      worker.on("message", hear).on("error", gone).on("exit", gone);
      return { send: (message) => worker.postMessage(message), end: () => void worker.terminate() };
    },
  });
  const all = threadRequests(work, seed);
  function* some() {
    for (let at = 0; at < times; at += 1) yield all[at % all.length]!;
  }
  return {
    async round() {
      let decided = 0;
      for await (const answer of pool.decideMany(some(), HEADER)) {
        if (!answer.ok || answer.decision.code.startsWith("host.")) throw new Error("not decided");
        decided += 1;
      }
      return decided;
    },
    end: pool.close,
  };
}
