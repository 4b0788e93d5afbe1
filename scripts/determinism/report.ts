/** The outcome as a page of text. */
import { CODE_NUMBERS, VERDICT_NUMBERS } from "@polity/runtime/decision.ts";
import { columns } from "../../cli/table.ts";
import type { Compared, Difference, EngineReport } from "./compare.ts";
import type { JobPolicy } from "./job.ts";

export interface Report extends Compared {
  readonly seed: number;
  readonly count: number;
  readonly policies: readonly JobPolicy[];
}

const SHORT = 16;
/** Where verdicts begin in a tally. */
const VERDICTS_FROM = 40;

export function render(report: Report): string {
  const { seed, count, policies, tallies, engines, differences } = report;
  const lines = [
    `${grouped(count)} frames from seed ${seed}, decided by ${policies.length} evaluators:`,
    "",
    ...columns(policies.map(({ name, digest }) => [name, digest])).map(indented),
    "",
    ...columns(engineRows(engines)),
    "",
    ...tallyLines(tallies),
    ...hashLines(engines),
    ...differences.flatMap(differenceLines),
    conclusion(report),
  ];
  return `${lines.join("\n")}\n`;
}

function engineRows(engines: readonly EngineReport[]): readonly (readonly string[])[] {
  const rows = engines.map(({ name, status, version, why, frames, ms, hashes }) => {
    const what = status === "ran" ? hashes.map(({ sha256 }) => sha256.slice(0, SHORT)).join("  ") : why;
    const time = status === "not run" ? "" : `${(ms / 1_000).toFixed(1)} s`;
    return [name, version, status, status === "not run" ? "" : grouped(frames), time, what];
  });
  return [["engine", "version", "", "frames", "time", "hash at each checkpoint"], ...rows];
}

/** What was decided, so that nobody has to believe that the frames were good ones. */
function tallyLines(tallies: readonly (readonly number[])[]): readonly string[] {
  const totals = (tallies[0] ?? []).map((_, at) => tallies.reduce((sum, tally) => sum + (tally[at] ?? 0), 0));
  const told = (numbers: Readonly<Record<string, number>>, from: number) =>
    Object.entries(numbers)
      .map(
        ([name, number]) => [name, from + number < totals.length ? (totals[from + number] ?? 0) : 0] as const,
      )
      .filter(([, total]) => total > 0)
      .map(([name, total]) => `${name} ${grouped(total)}`)
      .join(", ");
  if (totals.length === 0) return [];
  return [`verdicts: ${told(VERDICT_NUMBERS, VERDICTS_FROM)}`, `codes: ${told(CODE_NUMBERS, 0)}`, ""];
}

/** The hashes in full, where all that came so far agree. */
function hashLines(engines: readonly EngineReport[]): readonly string[] {
  const byPlace = Map.groupBy(
    engines.flatMap(({ hashes }) => hashes),
    ({ after }) => after,
  );
  const rows = [...byPlace]
    .sort(([a], [b]) => a - b)
    .flatMap(([after, hashes]) => {
      const different = new Set(hashes.map(({ sha256 }) => sha256));
      const [only = ""] = different;
      if (different.size > 1) return [[`after ${grouped(after)}`, `${different.size} different hashes`]];
      return [
        [`after ${grouped(after)}`, only, hashes.length === 1 ? "one engine" : `${hashes.length} engines`],
      ];
    });
  return rows.length === 0 ? [] : [...columns(rows), ""];
}

function differenceLines({ after, hashes, first }: Difference): readonly string[] {
  const lines = [
    `DIFFERENT after ${grouped(after)} frames:`,
    ...hashes.map(({ sha256, engines }) => `  ${sha256}  ${engines.join(", ")}`),
  ];
  if (first === null) return [...lines, ""];
  const { policy, index, engines, frame, results } = first;
  return [
    ...lines,
    `first on frame ${grouped(index)} of ${policy}, between ${engines.join(" and ")}:`,
    `  frame   ${frame}`,
    ...engines.map((engine, at) => `  ${engine}  ${results[at] || "cannot be shown"}`),
    "",
  ];
}

function conclusion({ engines, differences }: Report): string {
  const count = (status: EngineReport["status"]) => engines.filter((one) => one.status === status).length;
  const [ran, absent, failed] = [count("ran"), count("not run"), count("failed")];
  const rest = `${absent > 0 ? `, ${absent} not run` : ""}${failed > 0 ? `, ${failed} failed` : ""}`;
  if (differences.length > 0) return `${ran} engines, and they differ${rest}`;
  if (ran < 2) return `${ran === 1 ? "one engine" : "no engine"}: nothing to compare${rest}`;
  return `${ran} engines, equal at every checkpoint${rest}`;
}

function grouped(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

function indented(line: string): string {
  return `  ${line}`;
}
