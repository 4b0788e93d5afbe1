/** Which rules, and which parts of their conditions, the tests of a policy have shown both ways. */
import type { Checked, Rule } from "@polity/compiler/checked.ts";
import type { Observation } from "@polity/compiler/interpret/observe.ts";
import { type Part, partsOf } from "@polity/compiler/interpret/parts.ts";
import type { Span } from "@polity/compiler/source.ts";
import { type LineIndex, positionIn } from "./line-index.ts";
import { columns } from "./table.ts";
import type { Paint } from "./terminal.ts";
import { plural, visible } from "./words.ts";

export interface RuleCoverage {
  readonly rule: Rule;
  readonly fired: number;
  readonly notFired: number;
  /** Fired in one test and not in another; one that says `always` can only fire. */
  readonly isCovered: boolean;
  readonly parts: readonly PartCoverage[];
}

interface PartCoverage {
  readonly clause: Part["clause"];
  readonly span: Span;
  /** In how many tests it alone kept the rule from firing. */
  readonly alone: number;
}

/** By rule. `observations` are those of all tests. */
export function coverageOf(checked: Checked, observations: readonly Observation[]): readonly RuleCoverage[] {
  return checked.rules.map((rule) => {
    const own = observations.filter((each) => each.rule === rule.name);
    const fired = own.filter(({ result }) => result === "fired").length;
    const notFired = own.filter(({ result }) => result === "not fired").length;
    const parts = writtenParts(rule).map(({ clause, part: { span } }) => {
      return { clause, span, alone: own.filter(({ alone }) => alone !== null && isSame(alone, span)).length };
    });
    const isCovered = fired > 0 && (notFired > 0 || parts.length === 0);
    return { rule, fired, notFired, isCovered, parts };
  });
}

/** The same in every case of the rule, so that each is listed once. */
function writtenParts(rule: Rule): readonly Part[] {
  const parts = new Map<string, Part>();
  for (const one of rule.cases) {
    for (const each of partsOf(one)) {
      parts.set(`${each.clause} ${each.part.span.start} ${each.part.span.end}`, each);
    }
  }
  return [...parts.values()];
}

function isSame(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}

/** `covered: 3 of 4 rules, 5 of 7 conditions` */
export function coverageLine(coverage: readonly RuleCoverage[]): string {
  const rules = coverage.filter(({ isCovered }) => isCovered).length;
  const parts = coverage.flatMap((each) => each.parts);
  const decided = parts.filter(({ alone }) => alone > 0).length;
  const conditions = parts.length === 0 ? "" : `, ${decided} of ${plural(parts.length, "condition")}`;
  return `covered: ${rules} of ${plural(coverage.length, "rule")}${conditions}`;
}

/** A line for each rule, and below it one for each part of its condition. */
export function renderCoverage(coverage: readonly RuleCoverage[], lines: LineIndex, paint: Paint): string {
  const rows = coverage.flatMap(({ rule, fired, notFired, isCovered, parts }) => [
    [
      isCovered ? "covered" : "MISSED",
      `${rule.verdict} ${rule.name}`,
      `line ${positionIn(lines, rule.span.start).line}`,
      `fired in ${plural(fired, "test")}, not in ${notFired}`,
    ],
    ...parts.map(({ clause, span, alone }) => [
      alone > 0 ? "covered" : "MISSED",
      `  ${clause} ${visible(lines.text.slice(span.start, span.end).replace(/\s+/g, " "))}`,
      `line ${positionIn(lines, span.start).line}`,
      alone > 0 ? `decided alone in ${plural(alone, "test")}` : "never decided alone",
    ]),
  ]);
  const text = columns(rows).map((line) => {
    const word = /^\S+/.exec(line)?.[0] ?? "";
    return `  ${paint(word === "covered" ? "good" : "error", word)}${line.slice(word.length)}\n`;
  });
  return text.join("");
}

/** What `--json` prints. */
export function coverageData(coverage: readonly RuleCoverage[], lines: LineIndex) {
  return coverage.map(({ rule, fired, notFired, isCovered, parts }) => ({
    rule: rule.name,
    verdict: rule.verdict,
    line: positionIn(lines, rule.span.start).line,
    covered: isCovered,
    fired,
    not_fired: notFired,
    conditions: parts.map(({ clause, span, alone }) => ({
      clause,
      condition: lines.text.slice(span.start, span.end),
      line: positionIn(lines, span.start).line,
      covered: alone > 0,
      decided_alone: alone,
    })),
  }));
}
