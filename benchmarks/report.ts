/** What a run of the benchmark found, and how it is shown. */
import { median, type Row } from "./measure.ts";
import type { RuntimeSize } from "./runtime-size.ts";
import { table } from "./table.ts";

export interface Result {
  readonly name: string;
  /** Of the package; empty for ours. */
  readonly version: string;
  readonly form: string;
  readonly engine: Row;
  /** The rule by hand, in the same process: the ratio to it carries over to other machines. */
  readonly hand: Row;
}

export interface Report {
  readonly question: string;
  readonly seed: number;
  readonly date: string;
  readonly machine: string;
  readonly moduleBytes: number;
  readonly rows: readonly Result[];
  readonly notRun: readonly { readonly name: string; readonly why: string }[];
  /** Engines that gave a wrong answer or ended; the run as a whole has failed then. */
  readonly failed: readonly string[];
  readonly runtime: { readonly aimBytes: number; readonly rows: readonly RuntimeSize[] };
}

export function render(report: Report): string {
  const { seed, machine, moduleBytes, date, rows, notRun, failed, runtime } = report;
  const head = ["", "", "", "median", "p99 of 100", "by hand", "ratio"];
  const lines = rows.map((row) => [
    row.name,
    row.version,
    row.form,
    `${row.engine.medianNs.toFixed(0)} ns`,
    `${row.engine.p99Ns.toFixed(0)} ns`,
    `${row.hand.medianNs.toFixed(1)} ns`,
    `${ratioOf(row).toFixed(1)} x`,
  ]);
  const sizes = runtime.rows.map(({ what, minifiedBytes, gzippedBytes }) => [
    what,
    kib(minifiedBytes),
    kib(gzippedBytes),
  ]);
  return [
    `\nThe rule with 5 fields: 512 varied requests, seed ${seed}; module ${moduleBytes} bytes`,
    `${machine}; ${date}\n`,
    `${table([head, ...lines], 3)}`,
    ...notRun.map(({ name, why }) => `${name}: not run: ${why}`),
    ...failed.map((name) => `${name}: FAILED`),
    `\nThe runtime in a browser; gzipped it is meant to stay under ${kib(runtime.aimBytes)}\n`,
    `${table([["", "minified", "gzipped"], ...sizes], 1)}\n`,
  ].join("\n");
}

/** Lines that say how ours stands beside the others, by the ratio to the rule by hand, and beside its aim. */
export function judge({ rows, runtime }: Report): string {
  const size = runtime.rows[0];
  const isAbove = size !== undefined && size.gzippedBytes > runtime.aimBytes;
  return `${judgeSpeed(rows)}\nThe runtime is ${isAbove ? "ABOVE" : "within"} its aim.`;
}

function judgeSpeed(rows: readonly Result[]): string {
  const ours = rows.find(({ name }) => name === "polity");
  const others = rows.filter(({ name }) => name !== "polity");
  if (ours === undefined || others.length === 0) return "Nothing to compare.";
  const faster = others.filter((row) => ratioOf(row) < ratioOf(ours));
  if (faster.length === 0) return `Polity beats every peer in the table (${others.length}).`;
  const names = faster.map((row) => `${row.name} (${ratioOf(row).toFixed(1)} x)`).join(", ");
  const beaten = others.length - faster.length;
  return `Polity (${ratioOf(ours).toFixed(1)} x) beats ${beaten} of ${others.length} rows; faster: ${names}.`;
}

/** The middle one of the ratios of the rounds. */
function ratioOf({ engine, hand }: Result): number {
  return median(engine.roundsNs.map((ns, round) => ns / (hand.roundsNs[round] ?? Number.NaN)));
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
