/**
 * What do decisions over a resident graph of entities cost? Three applications, after the workload with which
 * Cedar's authors compare it with other languages (OOPSLA 2024), beside cedar-wasm and rules by hand.
 */
import { join } from "node:path";
import { buildPolicy } from "./build.ts";
import { type Comparison, compare, wrongRow } from "./compare.ts";
import { HEADER } from "./header.ts";
import { type Effort, effortOf, median, timingOf } from "./measure.ts";
import { makeSlicer, openCedar } from "./oopsla/cedar.ts";
import { GDRIVE, GDRIVE_QUIRK } from "./oopsla/gdrive.ts";
import { GITHUB } from "./oopsla/github.ts";
import type { App, Graph } from "./oopsla/graph.ts";
import { TINYTODO } from "./oopsla/tinytodo.ts";
import { type Asked, byHandOf, makeWorld, type World } from "./oopsla/world.ts";
import { decideOnly, openInstanceOf, openPolity, writersOf } from "./open-polity.ts";
import { BY_HAND, type Case, type Measured, type Options, POLITY, type Section } from "./section.ts";

const APPS: readonly App[] = [GDRIVE, GDRIVE_QUIRK, GITHUB, TINYTODO];
const COUNTS = [5, 10, 15, 20, 30, 40, 50];
const CEDAR = "cedar-wasm";
const ENGINES = [BY_HAND, POLITY, CEDAR];

/** Medians in microseconds for N = 5 and N = 50, decision only, of graphs whose shared edges lead nowhere. */
const ELSEWHERE: readonly (readonly [engine: string, app: string, at5: number, at50: number])[] = [
  ["sapl-published", "gdrive-quirk", 0.23, 0.36],
  ["sapl-published", "github", 0.45, 0.66],
  ["sapl-published", "tinytodo", 0.22, 0.25],
  ["cedar-native-published", "gdrive-quirk", 5.1, 5.8],
  ["cedar-native-published", "github", 10.7, 11.3],
  ["cedar-native-published", "tinytodo", 5.7, 5.8],
  ["opa-published", "gdrive-quirk", 27, 295],
  ["opa-published", "github", 91, 897],
  ["opa-published", "tinytodo", 31, 172],
];

const PUBLISHED: readonly Measured[] = ELSEWHERE.flatMap(([engine, app, at5, at50]) => {
  const same = { engine, mode: "varied", figure: "decide", p99_ns: null, ratio_to_hand: null } as const;
  const note = "published, on another machine";
  return [
    { row: `oopsla-${app}-5`, ...same, median_ns: at5 * 1e3, note },
    { row: `oopsla-${app}-50`, ...same, median_ns: at50 * 1e3, note },
  ];
});

export const section: Section = {
  name: "oopsla",
  title: "Three applications with their graphs of entities (OOPSLA 2024), N of each kind",
  cases: ({ isQuick }) =>
    APPS.flatMap(({ name }) =>
      (isQuick ? [5, 50] : COUNTS).flatMap((count) =>
        ENGINES.map((engine) => ({ row: `oopsla-${name}-${count}`, engine })),
      ),
    ),
  published: () => PUBLISHED,
  async prepare(folder) {
    for (const policy of new Set(APPS.map((app) => app.policy))) {
      await buildPolicy(join(import.meta.dirname, "oopsla", `${policy}.pol`), join(folder, `${policy}.wasm`));
    }
  },
  run,
};

async function run(one: Case, folder: string, options: Options): Promise<readonly Measured[]> {
  const [, name, count] = /^oopsla-(.+)-(\d+)$/.exec(one.row) ?? [];
  const app = APPS.find((each) => each.name === name);
  if (app === undefined) throw new Error(`no application is called ${name}`);
  const isSmall = options.isQuick || (one.engine === CEDAR && !options.isFull);
  const [graphs, requests] = isSmall ? [10, 50] : [200, 500];
  const world = makeWorld(app, Number(count), graphs, requests, options.seed);
  const byHand = byHandOf(app, world);
  const allowed = world.requests.filter(byHand).length;
  const rate = ((allowed / world.requests.length) * 100).toFixed(1);
  const note = `${rate} % of ${world.requests.length} requests to ${graphs} graphs allowed`;
  const order = staying(graphs, requests);
  const comparison = { ...one, requests: world.requests, byHand, note, order };
  if (one.engine === CEDAR) return runCedar(app, world, comparison, options);
  if (one.engine === BY_HAND) return compare(comparison, effortOf(options));
  return runPolity(join(folder, `${app.policy}.wasm`), world, comparison, options);
}

/** Answers are compared for every graph; every tenth is timed, each by itself, as a service has one. */
const TIMED_EVERY = 10;

/** Of 20 graphs, of which each has the rules by hand beside it, varied and repeated. */
const OF_A_GRAPH: Effort = { rounds: 1, seconds: 0.04, sampleSeconds: 0.008, batchesMax: 200, batchesMs: 20 };

async function runPolity(
  wasm: string,
  { graphs }: World,
  comparison: Comparison<Asked>,
  options: Options,
): Promise<readonly Measured[]> {
  const loads: number[] = [];
  const timed: (readonly Measured[])[] = [];
  const effort = options.isQuick ? effortOf(options) : OF_A_GRAPH;
  const writers = await writersOf(wasm);
  const note = `${comparison.note}; each answer is that of the rules by hand`;
  for (const [number, graph] of graphs.entries()) {
    const facts = factsOf(graph);
    const from = performance.now();
    const host = await openPolity(wasm, facts, writers);
    loads.push((performance.now() - from) * 1e6);
    const requests = comparison.requests.filter((asked) => asked.graph === number);
    const ask = ({ action, fields }: Asked) => host.decide(action, fields, HEADER).verdict === "allow";
    const decide = decideOnly(await openInstanceOf(wasm, facts), (asked: Asked) => asked);
    const { order: _, ...rest } = { ...comparison, note, requests, ask, decide };
    const wrong = wrongRow(rest);
    if (wrong !== null) return [wrong];
    if (number % TIMED_EVERY === 0) timed.push(compare(rest, effort));
  }
  const load = {
    row: comparison.row,
    engine: POLITY,
    mode: "once",
    figure: "load",
    ratio_to_hand: null,
  } as const;
  return [...together(timed), { ...load, ...timingOf(loads) }];
}
/** How often the requests about a graph are asked before those about the next one. */
const PASSES = 8;

/** By hand too, one graph after the other. */
function staying(graphs: number, requests: number): readonly number[] {
  return Array.from({ length: graphs }, (_, graph) =>
    Array.from({ length: PASSES * requests }, (_, at) => graph * requests + (at % requests)),
  ).flat();
}

/** The middle graph's figures. */
function together(timed: readonly (readonly Measured[])[]): readonly Measured[] {
  const middle = (at: number, of: (row: Measured) => number | null) =>
    median(timed.map((rows) => of(rows[at]!) ?? Number.NaN));
  return (timed[0] ?? []).map((row, at) => ({
    ...row,
    median_ns: middle(at, ({ median_ns }) => median_ns),
    p99_ns: middle(at, ({ p99_ns }) => p99_ns),
    ratio_to_hand: middle(at, ({ ratio_to_hand }) => ratio_to_hand),
  }));
}

function factsOf(entities: Graph): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ entities }));
}

async function runCedar(
  app: App,
  { graphs }: World,
  { row, engine, byHand, requests, note = "" }: Comparison<Asked>,
  options: Options,
): Promise<readonly Measured[]> {
  const slicers = graphs.map((graph) => makeSlicer(app, graph));
  const sliced = requests.map((asked) => ({ ...slicers[asked.graph]!(asked), request: asked }));
  const compared = `${note}; each answer is that of the rules by hand`;
  const wanted = (each: { readonly request: Asked }) => byHand(each.request);
  const ask = await openCedar(app);
  return compare({ row, engine, note: compared, requests: sliced, byHand: wanted, ask }, effortOf(options));
}
