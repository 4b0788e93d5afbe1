/** What replay finds, as it is found: a log may have more of it than fits into memory. */
import type { ReplayedSet, ReplayFinding, ReplaySummary } from "@polity/lineage/replay.ts";
import type { ChangedVerdict, ComparisonSummary } from "@polity/lineage/replay-with.ts";
import type { ReplayedLog } from "./replay-log.ts";
import { columns } from "./table.ts";
import { paintFor, write } from "./terminal.ts";
import { timeText } from "./time-option.ts";
import { plural, visible } from "./words.ts";

export interface ReplayReport {
  readonly finding: (finding: ReplayFinding) => Promise<void>;
  readonly changed: (changed: ChangedVerdict) => Promise<void>;
  readonly replayed: (summary: ReplaySummary, sets: readonly ReplayedSet[]) => Promise<void>;
  readonly compared: (summary: ComparisonSummary, path: string) => Promise<void>;
}

export function openReplayReport(dir: string, log: ReplayedLog, json: boolean): ReplayReport {
  return json ? jsonReport(log) : textReport(dir, log);
}

// ---- for programs

/** One object, whose list is written row by row. */
function jsonReport({ origin, size, root, isVerified }: ReplayedLog): ReplayReport {
  let listed = 0;
  const list = async (row: object) => {
    await write(`${listed === 0 ? '{"listed":[' : ","}${JSON.stringify(row)}`);
    listed += 1;
  };
  const end = (ok: boolean, summary: object) => {
    const rest = JSON.stringify({ ok, origin, size, root, verified: isVerified, ...summary }).slice(1);
    return write(`${listed === 0 ? '{"listed":[' : ""}],${rest}\n`);
  };
  return {
    finding: (finding) => list({ kind: "wrong", ...finding }),
    changed: ({ at, ...changed }) => list({ kind: "changed", ...changed, at: timeText(at) }),
    replayed: (summary, sets) => end(summary.findings === 0, { ...summary, sets }),
    compared: (summary) => end(isUnchanged(summary), summary),
  };
}

function isUnchanged({ findings, changed, compared }: ComparisonSummary): boolean {
  return findings === 0 && changed === 0 && compared > 0;
}

// ---- for people

/** So many rows wait for each other, to be as wide as the widest. */
const TABLE_ROWS = 500;
const FINDINGS_SHOWN = 50;

function textReport(dir: string, log: ReplayedLog): ReplayReport {
  const paint = paintFor("out");
  const rows: (readonly string[])[] = [];
  let shown = 0;
  const flush = async () => {
    const lines = columns(rows.splice(0)).map((line) => `  ${visible(line)}\n`);
    if (lines.length > 0) await write(lines.join(""));
  };
  const end = async (said: string, isGood: boolean, figures: readonly (readonly string[])[]) => {
    await flush();
    if (shown > FINDINGS_SHOWN) await write(`  and ${shown - FINDINGS_SHOWN} more: --json lists them\n`);
    const lines = columns(figures).map((line) => `  ${line}\n`);
    const head = `${visible(dir)}: ${paint(isGood ? "good" : "error", said)}`;
    await write(`${head}\n${lines.join("")}`);
  };
  return {
    async finding({ index, code, message }) {
      shown += 1;
      if (shown <= FINDINGS_SHOWN) rows.push([`entry ${index}`, code, message]);
      if (rows.length >= TABLE_ROWS) await flush();
    },
    async changed({ index, at, requestId, action, logged, other }) {
      const before = `${logged.verdict} (${logged.code})`;
      const after = `${other.verdict} (${other.code})`;
      rows.push([`entry ${index}`, timeText(at), requestId ?? "", action, `${before} -> ${after}`]);
      if (rows.length >= TABLE_ROWS) await flush();
    },
    replayed: (summary, sets) =>
      end(replayedText(summary), summary.findings === 0, [...replayedRows(log, summary), ...setRows(sets)]),
    compared: (summary, path) =>
      end(comparedText(summary, path), isUnchanged(summary), comparedRows(log, summary)),
  };
}

function replayedText({ decisions, findings }: ReplaySummary): string {
  if (findings > 0) return `${plural(findings, "entry does", "entries do")} not come out again`;
  return decisions === 0 ? "nothing was decided" : "every decision comes out again";
}

function logRows({ origin, root, isVerified }: ReplayedLog): (readonly string[])[] {
  return [
    ["log", origin],
    ["root", isVerified ? `${root}, as it was signed` : `${root}; nobody looked who signed it: --key does`],
  ];
}

function replayedRows(log: ReplayedLog, summary: ReplaySummary): readonly (readonly string[])[] {
  const { entries, decisions, same, unread, unasked, erased, findings } = summary;
  return [
    ...logRows(log),
    ["entries", `${entries}, ${plural(decisions, "decision")}`],
    ["same", `${same}, to the last byte`],
    ...optional("unread", unread, "no request that could be judged, and denied"),
    ...optional("unasked", unasked, "denied by the host itself"),
    ...optional("erased", erased, "not replayable: the request was erased"),
    ...optional("wrong", findings, "see above"),
  ];
}

const SETS_SHOWN = 8;

/** Whoever keeps the log can name any set that they made: who signed it is for others to say. */
function setRows(sets: readonly ReplayedSet[]): readonly (readonly string[])[] {
  const rows = sets
    .slice(0, SETS_SHOWN)
    .map(({ digest, epoch, decisions }) => [
      "set",
      `${digest}, epoch ${epoch}, ${plural(decisions, "decision")}`,
    ]);
  if (sets.length > SETS_SHOWN) rows.push(["", `and ${sets.length - SETS_SHOWN} more: --json lists them`]);
  if (sets.length > 0) rows.push(["", "pol bundle verify says who signed it"]);
  return rows;
}

function comparedText({ changed, compared, apart, findings }: ComparisonSummary, path: string): string {
  if (findings > 0) return `${plural(findings, "entry", "entries")} could not be decided by ${visible(path)}`;
  if (compared === 0 && apart > 0)
    return `${visible(path)} has no part in any decision: --member names whose`;
  return changed === 0 ? "no verdict changes" : `${plural(changed, "verdict changes", "verdicts change")}`;
}

function comparedRows(log: ReplayedLog, summary: ComparisonSummary): readonly (readonly string[])[] {
  const { entries, decisions, compared, changed, otherwise, apart, unasked, erased, findings } = summary;
  return [
    ...logRows(log),
    ["entries", `${entries}, ${plural(decisions, "decision")}`],
    ["compared", String(compared)],
    ["changed", String(changed)],
    ...optional("otherwise", otherwise, "the same verdict by other rules, or with other obligations"),
    ...optional("apart", apart, "decided without this policy"),
    ...optional("unasked", unasked, "no evaluator was asked"),
    ...optional("erased", erased, "not replayable: the request was erased"),
    ...optional("wrong", findings, "see above"),
  ];
}

function optional(name: string, count: number, says: string): readonly (readonly string[])[] {
  return count === 0 ? [] : [[name, `${count}: ${says}`]];
}
