/** A section's results, for people and for machines. */
import type { Row } from "./section.ts";
import { table } from "./table.ts";
import { digits, time } from "./targets.ts";

/** What `benchmarks/results/<section>.json` says. */
export interface Report {
  readonly section: string;
  /** Processor, memory, system and engine. */
  readonly machine: string;
  readonly date: string;
  readonly seed: number;
  /** Short times: the figures mean nothing. */
  readonly quick: boolean;
  readonly rows: readonly Row[];
  /** The other engines that were measured, as they were asked. */
  readonly engines: readonly {
    readonly engine: string;
    readonly package: string;
    readonly version: string;
    readonly form: string;
  }[];
  /** Engines that are not on this machine, with the reason. */
  readonly not_run: readonly { readonly engine: string; readonly why: string }[];
  /** Processes that ended without an answer. */
  readonly failed: readonly { readonly row: string; readonly engine: string }[];
}

const HEAD = ["", "engine", "requests", "figure", "median", "p99", "by hand", "target", ""];

export function render(report: Report, title: string): string {
  const { rows, engines, not_run, failed } = report;
  const lines = rows.map((row, at) => lineOf(row, rows[at - 1]?.row));
  return [
    `\n${title}\n`,
    table([HEAD, ...lines], 4),
    ...notesOf(rows),
    ...engines.map((each) => `${each.engine}: ${each.package} ${each.version}, ${each.form}`),
    ...not_run.map(({ engine, why }) => `${engine}: not run: ${why}`),
    ...failed.map(({ row, engine }) => `${row}, ${engine}: FAILED, its process ended`),
    "",
  ].join("\n");
}

/** The name of a row stands only where it begins. */
function lineOf(row: Row, before: string | undefined): readonly string[] {
  const { engine, mode, figure, median_ns, p99_ns, ratio_to_hand, target, met } = row;
  const name = row.row === before ? "" : row.row;
  const [median, p99] = [amountOf(row), p99_ns === null ? "" : time(p99_ns)];
  const ratio = ratio_to_hand === null ? "" : `${digits(ratio_to_hand)} ×`;
  const mark = met === null ? "" : met ? "✓" : "✗";
  if (row.isWrong) return [name, engine, mode, figure, "differs", "", "", target ?? "", mark];
  return [name, engine, mode, figure, median, median_ns === null ? "" : p99, ratio, target ?? "", mark];
}

/** Nanoseconds or bytes, whatever the row is about. */
export function amount({ median_ns, bytes }: Row): number | null {
  return median_ns ?? bytes ?? null;
}

/** Time or bytes, and in brackets for each of what it goes through. */
export function amountOf({ median_ns, bytes, units }: Row): string {
  const whole = median_ns !== null ? time(median_ns) : bytes === undefined ? "" : size(bytes);
  if (units === undefined || units <= 1) return whole;
  const each = median_ns !== null ? time(median_ns / units) : size((bytes ?? 0) / units);
  return `${whole} (${each} each)`;
}

export function size(bytes: number): string {
  if (bytes < 10_000) return `${digits(bytes)} B`;
  return bytes < 10 * 1_024 ** 2 ? `${digits(bytes / 1_024)} KiB` : `${digits(bytes / 1_024 ** 2)} MiB`;
}

/** What several rows have to say is said once. */
function notesOf(rows: readonly Row[]): readonly string[] {
  const notes = new Map<string, Set<string>>();
  for (const { row, engine, note } of rows) {
    for (const part of note?.split("; ") ?? []) {
      const engines = notes.get(`${row}\n${part}`) ?? new Set();
      notes.set(`${row}\n${part}`, engines.add(engine));
    }
  }
  return [...notes].map(
    ([key, engines]) => `${key.split("\n")[0]}, ${[...engines].join(", ")}: ${key.split("\n")[1]}`,
  );
}

/** The last lines of a run: what is met, and what is not. */
export function summary(reports: readonly Report[]): string {
  const judged = reports.flatMap(({ rows }) => rows).filter(({ met }) => met !== null);
  const missed = judged.filter(({ met }) => met === false);
  const lines = missed.map((row) => `  ${row.row}, ${row.figure}: ${amountOf(row)}, target ${row.target}`);
  return [`${judged.length - missed.length} of ${judged.length} targets met`, ...lines].join("\n");
}
