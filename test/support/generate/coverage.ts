/** What a run of the fuzzer has reached, so that a generator that stopped making something is noticed. */
import { CODE_NUMBERS, type Outcome } from "@polity/runtime/decision.ts";
import type { Checked, Expr } from "../../../compiler/checked.ts";
import { increment } from "./counts.ts";
import { ERROR_ROWS, errorRows } from "./erring.ts";
import { INJECTED_ROWS } from "./injected.ts";
import { expressionsOf } from "./literals-of.ts";
import { SET_ROWS } from "./set-coverage.ts";

export interface Coverage {
  /** How many expressions of each sort stood in rules that were judged. */
  readonly nodes: Map<string, number>;
  readonly codes: Map<string, number>;
  readonly verdicts: Map<string, number>;
  /** Other things that must happen. */
  readonly events: Map<string, number>;
  /** Where errors arose. */
  readonly errors: Map<string, number>;
  readonly sets: Map<string, number>;
  /** What was done to evaluators, and the answer. */
  readonly injected: Map<string, number>;
}

export function emptyCoverage(): Coverage {
  return {
    nodes: zeros(NODES),
    codes: zeros(CODES),
    verdicts: zeros(VERDICTS),
    events: zeros(EVENTS),
    errors: zeros(ERROR_ROWS),
    sets: zeros(SET_ROWS),
    injected: zeros(INJECTED_ROWS),
  };
}

function zeros(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name) => [name, 0]));
}

const VERDICTS = ["allow", "hold", "deny", "quarantine", "terminate"];

const EVENTS = [
  "granted but restricted",
  "released by approvals",
  "reason",
  "note",
  "hole that erred",
  "obligation of an allow",
  "obligation of a refusal",
  "obligation with arguments",
  "argument out of range",
  "facts refused",
  "frame by a generated writer",
  "shadow",
  "more rules fired than are listed",
  "more rules erred than are listed",
  "rules judged a request with entities",
];

/** Those that this version can lead to. */
const ELSEWHERE = /^(?:error\.(?:cold|full|type)|host\.log_[a-z]+)$/;
const CODES = Object.keys(CODE_NUMBERS).filter((code) => !ELSEWHERE.test(code));

/** Rules of each list of a decision. */
const LISTED_MAX = 256;

/** Parts of shaped text. */
const PARTS: readonly string[] = [
  ...["scheme", "host", "port", "path", "query"].map((name) => `url.${name}`),
  ...["registry", "repository", "tag", "digest"].map((name) => `image.${name}`),
  ...["path.segments", "email.local", "email.domain", "host.ip", "ip.version"],
];

const NODES: readonly string[] = [
  ...[
    "literal",
    "field",
    "now",
    "trust",
    "setting",
    "lookup",
    "rows",
    "variable",
    "attribute",
    "proved",
    "coalesce",
    "choose",
    "not",
    "and",
    "or",
  ],
  ...[
    "presence present",
    "presence absent",
    "equal",
    "equal not",
    "member",
    "member not",
    "between",
    "between not",
  ],
  ...["below", "below not", "below_any", "below_any not", "path_within", "exists", "resolved", "reference"],
  ...["host_within", "covered", "covered not", ...PARTS],
  ...["<", "<=", ">", ">="].flatMap((op) => [`order ${op}`, `members ${op}`]),
  ...["+", "-", "*", "/", "%"].flatMap((op) => [`int ${op}`, `decimal ${op}`]),
  ...[
    "duration +",
    "duration -",
    "duration %",
    "shift +",
    "shift -",
    "gap -",
    "scale *",
    "scale /",
    "ratio /",
  ],
  ...["int", "decimal", "duration"].map((kind) => `negate ${kind}`),
  ...["starts_with", "ends_with", "like", "contains"].map((op) => `text ${op}`),
  ...["matches", "contains"].map((op) => `pattern ${op}`),
  ...["any", "all", "count"].map((op) => `quantifier ${op}`),
  ...["sum", "min", "max"].map((op) => `aggregate ${op}`),
  ...["subset_of", "overlaps", "disjoint_from"].map((op) => `sets ${op}`),
  "size",
  "at",
  ...["string", "int", "decimal", "bool", "size", "has"].map((op) => `accessor ${op}`),
  "quantifier over a map",
  "age",
  "local",
];

function nodeName(expr: Expr): string {
  if (expr.kind === "attribute" && expr.of.type.kind === "path") return `path.${expr.name}`;
  if (expr.kind === "attribute" && expr.of.type.kind === "shaped")
    return `${expr.of.type.shape}.${expr.name}`;
  if (expr.kind === "presence") return `presence ${expr.present ? "present" : "absent"}`;
  if (expr.kind === "order" && expr.left.type.kind === "enum") return `members ${expr.op}`;
  if (expr.kind === "quantifier" && expr.over.type.kind === "map") return "quantifier over a map";
  if (expr.kind === "accessor") return `accessor ${expr.op}`;
  if (expr.kind === "aggregate" || expr.kind === "sets") return `${expr.kind} ${expr.op}`;
  if (expr.kind === "order" || expr.kind === "quantifier") return `${expr.kind} ${expr.op}`;
  if (expr.kind === "arithmetic") return `${expr.meaning} ${expr.op}`;
  if (expr.kind === "negate") return `negate ${expr.type.kind}`;
  if (expr.kind === "text_test") return `text ${expr.op}`;
  if (expr.kind === "pattern_test") return `pattern ${expr.op}`;
  return "negated" in expr && expr.negated ? `${expr.kind} not` : expr.kind;
}

/** Notes the nodes of a program of which the rules of these actions were judged. */
export function coverProgram(coverage: Coverage, checked: Checked, judged: ReadonlySet<string>): void {
  for (const { action, expr } of expressionsOf(checked)) {
    if (judged.has(action)) increment(coverage.nodes, nodeName(expr));
  }
}

/** Answers whether rules were judged at all. */
export function coverOutcome(coverage: Coverage, outcome: Outcome, checked: Checked): boolean {
  const { verdict, code, granted, rules, reasons, notes } = outcome;
  increment(coverage.codes, code);
  increment(coverage.verdicts, verdict);
  if (granted && verdict !== "allow") increment(coverage.events, "granted but restricted");
  const isHold = (name: string) =>
    checked.rules.some((rule) => rule.name === name && rule.verdict === "hold");
  if (verdict === "allow" && rules.some(isHold)) increment(coverage.events, "released by approvals");
  if (reasons.length > 0) increment(coverage.events, "reason");
  if (notes.length > 0) increment(coverage.events, "note");
  if (outcome.shadow !== undefined) increment(coverage.events, "shadow");
  const parts = [...reasons, ...notes].flatMap((reason) => reason.parts);
  if (parts.some((part) => typeof part === "object" && part.kind === "error")) {
    increment(coverage.events, "hole that erred");
  }
  for (const row of errorRows(outcome)) increment(coverage.errors, row);
  const { obligations, errors } = outcome;
  if (rules.length === LISTED_MAX) increment(coverage.events, "more rules fired than are listed");
  if (errors.length === LISTED_MAX) increment(coverage.events, "more rules erred than are listed");
  if (obligations.length > 0) {
    const isRefusal = verdict !== "allow" && verdict !== "hold";
    increment(coverage.events, isRefusal ? "obligation of a refusal" : "obligation of an allow");
  }
  if (obligations.some((one) => Object.keys(one.arguments).length > 0)) {
    increment(coverage.events, "obligation with arguments");
  }
  if (errors.some(({ kind }) => kind === "range")) increment(coverage.events, "argument out of range");
  return code === "rule" || code === "no_rule" || code.startsWith("error.");
}

/** Adds what another part of a run has reached. */
export function addCoverage(coverage: Coverage, other: Coverage): void {
  for (const key of Object.keys(coverage) as (keyof Coverage)[]) {
    for (const [name, times] of other[key]) coverage[key].set(name, (coverage[key].get(name) ?? 0) + times);
  }
}

export function missing(coverage: Coverage): readonly string[] {
  const all = Object.values(coverage).flatMap((counts: ReadonlyMap<string, number>) => [...counts]);
  return all.filter(([, count]) => count === 0).map(([name]) => name);
}

const COLUMNS_MAX = 108;

export function renderCoverage(coverage: Coverage): string {
  const lines: string[] = [];
  for (const [title, counts] of Object.entries(coverage) as [string, ReadonlyMap<string, number>][]) {
    lines.push(`${title}:`);
    const width = Math.max(...[...counts].map(([name, count]) => `${name} ${count}`.length)) + 2;
    const columns = Math.max(1, Math.floor(COLUMNS_MAX / width));
    const cells = [...counts].map(([name, count]) => `${name} ${count}`.padEnd(width));
    for (let at = 0; at < cells.length; at += columns) {
      lines.push(
        `  ${cells
          .slice(at, at + columns)
          .join("")
          .trimEnd()}`,
      );
    }
  }
  return lines.join("\n");
}
