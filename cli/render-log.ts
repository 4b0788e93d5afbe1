/** What was found in a log or a proof, for people as lines and for programs as JSON's values. */
import type { DecisionEntry, Entry } from "@polity/lineage/entry.ts";
import type { LogSummary } from "@polity/lineage/file-store/verify.ts";
import type { LogTally } from "@polity/lineage/verify-tiles.ts";
import type { Proven } from "./check-proof.ts";
import type { Head } from "./log-folder.ts";
import { columns } from "./table.ts";
import { timeText } from "./time-option.ts";
import { plural, visible } from "./words.ts";

export function logLines({ origin, size, root, time, kinds, verdicts, ...rest }: LogSummary): string[] {
  const { commitments, openings } = rest;
  return columns([
    ["log", origin],
    ["entries", size === 0 ? "none" : `${size}: ${kindCounts(kinds)}`],
    ...(verdicts.size === 0 ? [] : [["decisions", counts(verdicts)]]),
    ...(time === null ? [] : [["time", `${timeText(time.fromMs)} to ${timeText(time.toMs)}`]]),
    ...(commitments === 0
      ? []
      : [["requests", `${commitments} committed to, ${openings} of them can be opened`]]),
    ["root", root],
  ]);
}

export function logSummary({ time, kinds, verdicts, ...rest }: LogSummary) {
  const { origin, size, root, commitments, openings, warnings } = rest;
  return {
    origin,
    size,
    root,
    time: time === null ? null : { from: timeText(time.fromMs), to: timeText(time.toMs) },
    kinds: Object.fromEntries(kinds),
    verdicts: Object.fromEntries(verdicts),
    commitments,
    openings,
    warnings,
  };
}

/** What verifying a published log found. */
export function tallyLines(tally: LogTally): string[] {
  const { origin, size, from, root, time, kinds, verdicts, commitments } = tally;
  const read = size - from;
  const entries =
    from === 0 ? `${size}: ${kindCounts(kinds)}` : `${size}, of which ${from} were verified before`;
  return columns([
    ["log", origin],
    ["entries", size === 0 ? "none" : entries],
    ...(from === 0 ? [] : [["new", read === 0 ? "none" : `${read}: ${kindCounts(kinds)}`]]),
    ...(verdicts.size === 0 ? [] : [["decisions", counts(verdicts)]]),
    ...(time === null ? [] : [["time", `${timeText(time.fromMs)} to ${timeText(time.toMs)}`]]),
    ...(commitments === 0 ? [] : [["requests", `${commitments} committed to`]]),
    ["root", root],
  ]);
}

export function tallySummary({ origin, size, from, root, time, kinds, verdicts, commitments }: LogTally) {
  return {
    origin,
    size,
    root,
    from,
    time: time === null ? null : { from: timeText(time.fromMs), to: timeText(time.toMs) },
    kinds: Object.fromEntries(kinds),
    verdicts: Object.fromEntries(verdicts),
    commitments,
  };
}

/** `3 decisions, 1 outcome` */
function kindCounts(kinds: ReadonlyMap<string, number>): string {
  return [...kinds].map(([kind, count]) => plural(count, kind)).join(", ");
}

/** `3 allow, 1 deny` */
function counts(map: ReadonlyMap<string, number>): string {
  return [...map].map(([name, count]) => `${count} ${name}`).join(", ");
}

export function provenLines({ origin, index, size, leafHash, entry, opened, ...rest }: Proven): string[] {
  const cosigned = rest.cosignatures.map(({ key, timeSeconds }, at) => [
    at === 0 ? "cosigned" : "",
    `${timeText(timeSeconds * 1000)} by ${key.name}`,
  ]);
  const erased = opened === null || opened.erased.length === 0 ? [] : [["erased", opened.erased.join(", ")]];
  return columns([
    ...entryRows(entry),
    ["log", origin],
    ["entry", `${index} of ${size}, leaf ${leafHash}`],
    ...cosigned,
    ...(opened === null ? [] : [["request", opened.request]]),
    ...erased,
  ]).map(visible);
}

export function provenSummary({ origin, index, size, leafHash, entry, opened, cosignatures }: Proven) {
  const { kind, id, at, node, seq } = entry;
  const said = { kind, id, at: timeText(at), node, seq };
  const decided = entry.kind === "decision" ? decisionSummary(entry) : {};
  const request = opened === null ? {} : { request: JSON.parse(opened.request), erased: opened.erased };
  const by = cosignatures.map(({ key: { name }, timeSeconds }) => ({
    name,
    at: timeText(timeSeconds * 1000),
  }));
  const cosigned = by.length === 0 ? {} : { cosigned: by };
  return { origin, index, size, leaf: leafHash, ...cosigned, entry: { ...said, ...decided }, ...request };
}

function decisionSummary({ verdict, code, action, requestId, members, facts }: DecisionEntry) {
  const evaluators = members.map(({ policy, evaluator }) => ({ policy, evaluator }));
  return { verdict, code, action, requestId, evaluators, facts };
}

function entryRows(entry: Entry): string[][] {
  return [
    ...(entry.kind === "decision" ? decisionRows(entry) : [["kind", entry.kind]]),
    ["at", timeText(entry.at)],
    ["node", `${entry.node}, number ${entry.seq}`],
    ["id", entry.id],
  ];
}

function decisionRows({ verdict, code, action, requestId, members, facts }: DecisionEntry): string[][] {
  return [
    ["decision", `${verdict} (${code})`],
    ["action", action ?? "none"],
    ...(requestId === null ? [] : [["request id", requestId]]),
    ...members.flatMap(({ policy, evaluator, rules, rulesTotal }) => [
      ["evaluator", `${policy} ${evaluator}`],
      ["rules", rulesText(rules, rulesTotal)],
    ]),
    ...(facts === null ? [] : [["facts", facts]]),
  ];
}

const RULES_SHOWN_MAX = 8;

function rulesText(rules: readonly string[], total: number): string {
  if (total === 0) return "none";
  const shown = rules.slice(0, RULES_SHOWN_MAX);
  const more = total - shown.length;
  return `${shown.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
}

/** A checkpoint, as indented lines. */
export function headLines({ origin, size, root, cosigners }: Head): string {
  const rows = [
    ["log", origin],
    ["checkpoint", plural(size, "entry", "entries")],
    ["root", root],
    ...(cosigners.length === 0 ? [] : [["cosigned", `by ${visible(cosigners.join(", "))}`]]),
  ];
  return columns(rows)
    .map((line) => `  ${line}\n`)
    .join("");
}
