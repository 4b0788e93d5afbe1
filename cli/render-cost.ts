/** What actions cost at most, and what restricts them, as text for people and as data for tools. */
import { coverageOf } from "@polity/compiler/2-check/coverage.ts";
import { type FamilyCost, familyCosts } from "@polity/compiler/3-lower/family-costs.ts";
import type { Checked } from "@polity/compiler/checked.ts";
import { type Cost, costs, limitsOf } from "@polity/compiler/pipeline.ts";
import { fileAt, type Span } from "@polity/compiler/source.ts";
import { positionIn } from "./line-index.ts";
import { type Finding, lineAt, placeData, sourceText } from "./render-diagnostic.ts";
import { memoryData, memoryText } from "./render-manifest.ts";
import { columns } from "./table.ts";
import type { Paint } from "./terminal.ts";
import { sizeText, visible } from "./words.ts";

/** A policy without errors. */
export interface Sound {
  readonly checked: Checked;
  readonly finding: Finding;
}

/** Longer expressions are cut: the line says where to read them. */
const EXPRESSION_MAX = 60;

export function costText(sound: Sound, paint: Paint): string {
  const families = familyCosts(sound.checked);
  const both = [
    stepsText(sound, paint),
    instanceText(sound, paint),
    ...(families.length === 0 ? [] : [familiesText(families, sound, paint)]),
  ];
  return both.join("\n");
}

function instanceText({ checked, finding }: Sound, paint: Paint): string {
  return `${paint("strong", `memory of ${visible(finding.path)}`)}\n  ${memoryText(limitsOf(checked))}\n`;
}

/** Rules that are rows of a table, and what is looked at of it. */
function familiesText(families: readonly FamilyCost[], { finding }: Sound, paint: Paint): string {
  const text = (span: Span) => visible(sourceText(finding, span).replace(/\s+/g, " "));
  const rows = families.map(({ action, first, rules, index, sortedBy, rowsMax }) => [
    action,
    String(rules),
    first,
    index.map(text).join(", ") || "-",
    sortedBy === null ? "-" : text(sortedBy),
    index.length === 0 ? `${rowsMax}, ${sortedBy === null ? "linear" : "but sorted"}` : String(rowsMax),
  ]);
  const head = ["action", "rules", "first", "found by", "sorted by", "rows looked at, at most"];
  return table(`rules of ${visible(finding.path)} that differ in constants alone`, [head, ...rows], paint);
}

function stepsText({ checked, finding }: Sound, paint: Paint): string {
  const rows = costs(checked).map((cost) => [
    cost.action,
    String(cost.decodeSteps + cost.ruleSteps),
    String(cost.decodeSteps),
    String(cost.ruleSteps),
    sizeText(cost.frameBytesMax),
    culpritText(cost, { checked, finding }),
  ]);
  const head = ["action", "steps", "reading", "rules", "frame", "most of the rules' steps"];
  return table(`cost of ${visible(finding.path)}`, [head, ...rows], paint);
}

/** In a file that is imported, with its name. */
function placeText({ source }: Checked, finding: Finding, span: Span): string {
  const { file, start } = fileAt(source, span.start);
  const line = lineAt(finding, span) - (start === 0 ? 0 : positionIn(finding.lines, start).line - 1);
  return start === 0 ? `line ${line}` : `${visible(file)} line ${line}`;
}

function culpritText({ culprit }: Cost, { checked, finding }: Sound): string {
  if (culprit === null) return "";
  const text = visible(sourceText(finding, culprit.span).replace(/\s+/g, " "));
  const shown = text.length > EXPRESSION_MAX ? `${text.slice(0, EXPRESSION_MAX - 1)}…` : text;
  return `${culprit.steps} in ${culprit.rule}, ${placeText(checked, finding, culprit.span)}: ${shown}`;
}

/** As a diagnostic's place, in the file in which it stands. */
function placed({ source }: Checked, finding: Finding, span: Span) {
  const { file, start } = fileAt(source, span.start);
  const before = start === 0 ? 0 : positionIn(finding.lines, start).line - 1;
  const { line, endLine, ...place } = placeData(finding, span);
  const name = start === 0 ? place.file : file;
  return { ...place, file: name, line: line - before, endLine: endLine - before };
}

/** Steps are text: they may be more than JavaScript can count exactly. */
export function costData({ checked, finding }: Sound) {
  const text = (span: Span) => sourceText(finding, span);
  return {
    file: finding.path,
    actions: costs(checked).map(({ action, decodeSteps, ruleSteps, frameBytesMax, culprit }) => ({
      action,
      steps: String(decodeSteps + ruleSteps),
      decodeSteps: String(decodeSteps),
      ruleSteps: String(ruleSteps),
      frameBytesMax,
      culprit:
        culprit === null
          ? null
          : { rule: culprit.rule, steps: String(culprit.steps), ...placed(checked, finding, culprit.span) },
    })),
    memory: memoryData(limitsOf(checked)),
    families: familyCosts(checked).map(({ index, sortedBy, ...family }) => {
      return { ...family, index: index.map(text), sortedBy: sortedBy === null ? null : text(sortedBy) };
    }),
  };
}

export function coverageText({ checked, finding }: Sound, paint: Paint): string {
  const rows = coverageOf(checked).map(({ action, rules }) => [
    action,
    ["hold", "deny", "quarantine", "terminate"]
      .flatMap((verdict) => {
        const names = [...rules].find(([one]) => one === verdict)?.[1] ?? [];
        return names.length === 0 ? [] : [`${verdict} ${names.join(", ")}`];
      })
      .join("; ") || "none",
  ]);
  return table(
    `restricting rules of ${visible(finding.path)}`,
    [["action", "restricted by"], ...rows],
    paint,
  );
}

export function coverageData({ checked, finding }: Sound) {
  return {
    file: finding.path,
    actions: coverageOf(checked).map(({ action, rules }) => ({ action, rules: Object.fromEntries(rules) })),
  };
}

function table(title: string, rows: readonly (readonly string[])[], paint: Paint): string {
  const lines = columns(rows).map((line) => `  ${line}`);
  const [head = "", ...rest] = lines;
  return `${[paint("strong", title), paint("faint", head), ...rest].join("\n")}\n`;
}
