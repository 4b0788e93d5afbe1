/** Results of tests as text for people and as data for tools. */
import type { Checked } from "@polity/compiler/checked.ts";
import type { Explanation } from "@polity/compiler/interpret/explain.ts";
import type { Span } from "@polity/compiler/source.ts";
import { type LineIndex, positionIn } from "./line-index.ts";
import type { TestResult } from "./run-tests.ts";
import { columns } from "./table.ts";
import type { Paint } from "./terminal.ts";
import { valueText } from "./value-text.ts";
import { visible } from "./words.ts";

/** Longer conditions are cut: the line says where to read them. */
const CONDITION_MAX = 80;

/** A table of all tests; below a failed one, what was wrong and a line for every rule of its action. */
export function renderResults(
  checked: Checked,
  results: readonly TestResult[],
  lines: LineIndex,
  paint: Paint,
): string {
  const rows = columns(
    results.map(({ test, row, rows, failures }) => [
      failures.length === 0 ? "ok" : "FAILED",
      rows === 1 ? visible(test.title) : `${visible(test.title)} (${row} of ${rows})`,
      test.action,
      `line ${positionIn(lines, test.span.start).line}`,
      expectationText(test.expect),
    ]),
  );
  const text: string[] = [];
  for (const [at, { test, failures, explanations }] of results.entries()) {
    const row = rows[at] ?? "";
    const isGood = failures.length === 0;
    text.push(`  ${row.replace(/^\S+/, (word) => paint(isGood ? "good" : "error", word))}`);
    if (isGood) continue;
    for (const failure of failures) text.push(`      ${visible(failure)}`);
    for (const line of columns(
      explanations.map((each) => explanationCells(checked, test.action, each, lines)),
    )) {
      text.push(`        ${line}`);
    }
  }
  return `${text.join("\n")}\n`;
}

/** What `--json` prints for one test. */
export function resultData(checked: Checked, result: TestResult, lines: LineIndex) {
  const { test, row, rows, failures, explanations, answers } = result;
  return {
    title: test.title,
    row,
    rows,
    action: test.action,
    line: positionIn(lines, test.span.start).line,
    passed: failures.length === 0,
    expected: test.expect,
    answers: answers.map(({ engine, answer }) =>
      "refusal" in answer
        ? { engine, refusal: answer.refusal }
        : { engine, verdict: answer.verdict, code: answer.code, rules: answer.rules, errors: answer.errors },
    ),
    failures,
    rules: explanations.map((each) => explanationData(checked, test.action, each, lines)),
  };
}

function expectationText({ verdict, rules, code }: TestResult["test"]["expect"]): string {
  if (rules !== null) return `${verdict} by ${rules.join(", ")}`;
  return code === null ? verdict : `${verdict} with ${code}`;
}

/** `not fired  deny over_limit  line 40: amount > agent.limit  (amount = 5, agent.limit = 10)` */
function explanationCells(
  checked: Checked,
  action: string,
  explanation: Explanation,
  lines: LineIndex,
): string[] {
  const { rule, verdict, result } = explanation;
  const data = explanationData(checked, action, explanation, lines);
  const values = data.values.map(({ path, value }) => `${path} = ${value}`);
  const why = [
    data.condition === null ? "always" : `line ${data.line}: ${data.clause} ${shortened(data.condition)}`,
    ...(values.length === 0 ? [] : [`(${values.join(", ")})`]),
  ];
  return [resultText(result), `${verdict} ${rule}`, why.join("  ")];
}

function resultText(result: Explanation["result"]): string {
  switch (result) {
    case "fired":
    case "not fired":
      return result;
    case "released":
      return "fired, approved";
    default:
      return `error ${result}`;
  }
}

function explanationData(checked: Checked, action: string, explanation: Explanation, lines: LineIndex) {
  const { rule, verdict, result, span, values } = explanation;
  return {
    rule,
    verdict,
    result,
    line: span === null ? null : positionIn(lines, span.start).line,
    clause: span === null ? null : clauseOf(checked, action, rule, span),
    condition: span === null ? null : lines.text.slice(span.start, span.end),
    values: values.map(({ path, type, value }) => ({ path, value: valueText(value, type, checked.types) })),
  };
}

/** In an `unless` it is the truth of a part that keeps a rule from firing. */
function clauseOf(checked: Checked, action: string, name: string, span: Span): "when" | "unless" {
  const rule = checked.rules.find((each) => each.name === name);
  const unless = rule?.cases.find((each) => each.action === action)?.unless ?? null;
  return unless !== null && unless.span.start <= span.start ? "unless" : "when";
}

function shortened(condition: string): string {
  const line = visible(condition.replace(/\s+/g, " "));
  return line.length > CONDITION_MAX ? `${line.slice(0, CONDITION_MAX - 1)}…` : line;
}
