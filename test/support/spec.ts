/**
 * Runs one case of the specification on both engines and says what was not as the page has it. The page
 * is right or the code is: this file decides nothing, it compares.
 */

import type { Checked, Test } from "@polity/compiler/checked.ts";
import { filesIn } from "@polity/compiler/files.ts";
import { type Compiled, compile } from "@polity/compiler/pipeline.ts";
import { fileAt, positionAt } from "@polity/compiler/source.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import { renderReason } from "@polity/runtime/render.ts";
import { readRequest } from "../../cli/request.ts";
import { denied } from "../../compiler/interpret/verdict.ts";
import { type Answers, type BothEngines, openEngines, questionOf } from "./both-engines.ts";
import type { SpecCase, SpecRequest } from "./spec-page.ts";
import { runSetCase } from "./spec-sets.ts";

export interface CaseResult {
  /** Rows of tests and requests, on both engines each. */
  readonly rows: number;
  /** One for each thing that is not as expected, with file and line; empty: passed. */
  readonly failures: readonly string[];
}

export async function runCase(spec: SpecCase): Promise<CaseResult> {
  if (spec.members.length > 0) return runSetCase(spec);
  const beside = new Map(spec.imported.map(({ file, text }) => [file, text]));
  const compiled = compile({ file: "policy.pol", text: spec.program }, filesIn(beside));
  const { value: checked } = compiled;
  const failures = diagnosticFailures(spec, compiled);
  if (checked === null) return { rows: 0, failures };
  const open = await openEngines(checked);
  for (const test of checked.tests) {
    const engines = await open(test.facts);
    const line = spec.line + positionAt(spec.program, test.span.start).line;
    failures.push(
      ...("refused" in engines ? [`${at(spec, line)}: ${engines.refused}`] : askTest(engines, test, line)),
    );
  }
  if (spec.requests.length > 0) {
    const engines = await open(spec.facts ?? { entities: [] });
    if ("refused" in engines)
      return { rows: 0, failures: [...failures, `${at(spec, spec.line)}: ${engines.refused}`] };
    failures.push(...spec.requests.flatMap((wanted) => askRequest(engines, wanted)));
  }
  for (const { line, code, facts } of spec.refusals) {
    const engines = await open(facts);
    const said = "refused" in engines ? engines.refused : "taken";
    if (said !== code) failures.push(`${at(spec, line)}: expected facts to be refused with ${code}: ${said}`);
  }
  return { rows: checked.tests.length + spec.requests.length + spec.refusals.length, failures };

  function askTest(engines: BothEngines, test: Test, line: number): string[] {
    const answers = engines.answer(
      questionOf(test, engines.digestOf(test.action, test.fields, carriedBy(test))),
    );
    const { verdict, rules, code } = test.expect;
    const by = rules === null ? "" : ` by ${rules.join(", ")}`;
    const wanted = { ...NOTHING_SAID, expect: `${verdict}${by}${code === null ? "" : ` with ${code}`}` };
    return answerFailures(spec, line, checked as Checked, wanted, answers);
  }

  function askRequest(engines: BothEngines, wanted: SpecRequest): string[] {
    const { result } = readRequest(withDigests(engines, wanted.request), (checked as Checked).readsTrust);
    const answers = "deny" in result ? bothSay(denied(result.deny)) : engines.ask(result);
    return answerFailures(spec, wanted.line, checked as Checked, wanted, answers);
  }
}

const NOTHING_SAID = { reasons: null, notes: null, shadow: null, obligations: null };

function at(spec: SpecCase, line: number): string {
  return `${spec.file}:${line} (${spec.heading})`;
}

// ---- diagnostics

/** Exactly the expected ones must come, each on its line and under its text. */
function diagnosticFailures(spec: SpecCase, { source, diagnostics }: Compiled<unknown>): string[] {
  const found = diagnostics.map(({ severity, code, span, message }) => {
    const { file, start } = fileAt(source, span.start);
    const fence = spec.imported.find((one) => one.file === file) ?? spec;
    const line = fence.line + positionAt(source.text.slice(start), span.start - start).line;
    const underlined = JSON.stringify(source.text.slice(span.start, span.end));
    return { line, text: `${severity}: ${code} ${underlined}`, message };
  });
  const expected = spec.diagnostics.map(({ line, severity, code, underlined }) => {
    return { line, text: `${severity}: ${code} ${JSON.stringify(underlined)}` };
  });
  const missing = expected.filter((one) => !found.some((other) => isSame(one, other)));
  const surplus = found.filter((one) => !expected.some((other) => isSame(one, other)));
  return [
    ...missing.map(({ line, text }) => `${at(spec, line)}: expected ${text}`),
    ...surplus.map(({ line, text, message }) => `${at(spec, line)}: unexpected ${text}: ${message}`),
  ];
}

interface Placed {
  readonly line: number;
  readonly text: string;
}

function isSame(a: Placed, b: Placed): boolean {
  return a.line === b.line && a.text === b.text;
}

// ---- answers

type Wanted = Pick<SpecRequest, "expect" | "reasons" | "notes" | "shadow" | "obligations">;

/** Both engines must say the same, and what is expected. */
function answerFailures(
  spec: SpecCase,
  line: number,
  checked: Checked,
  wanted: Wanted,
  { wasm, reference, released }: Answers,
): string[] {
  const isOne = textOf(wasm) === textOf(reference);
  if (isOne && isAsExpected(checked, wanted, wasm, released)) return [];
  const said = [`wasm: ${shown(wasm)}`, `reference: ${isOne ? "the same" : shown(reference)}`];
  return [[`${at(spec, line)}: expected ${expectation(wanted)}`, ...said].join("\n  ")];
}

function shown(outcome: Outcome): string {
  const { verdict, code, rules, errors, shadow } = outcome;
  const erring = errors.map(({ rule, kind }) => `${rule}: ${kind}`);
  const { obligations } = outcome;
  return textOf({ verdict, code, rules, errors: erring, shadow, ...told(outcome), obligations });
}

/** An approval that does not say for which request is for this one. */
/** Undefined: nothing. */
function carriedBy({ carried }: Test): unknown {
  return carried.length === 0 ? undefined : carried;
}

function withDigests(engines: BothEngines, request: SpecRequest["request"]): unknown {
  const { action, fields, entities, approvals } = request;
  if (!Array.isArray(approvals)) return request;
  const digest = engines.digestOf(String(action), fields, entities);
  return { ...request, approvals: approvals.map((approval: object) => ({ request: digest, ...approval })) };
}

function bothSay(outcome: Outcome): Answers {
  return { wasm: outcome, reference: outcome, released: new Set() };
}

/** Rules are those that the verdict rests on: a released hold fired, but is none of them. */
function isAsExpected(
  checked: Checked,
  wanted: Wanted,
  outcome: Outcome,
  released: ReadonlySet<string>,
): boolean {
  const match = /^(\w+)(?: by ([\w, ]+))?(?: with ([\w.]+))?$/.exec(wanted.expect);
  if (match === null) return false;
  const [, verdict, rules, code] = match;
  const verdicts = new Map(checked.rules.map((rule) => [rule.name, rule.verdict]));
  const fired = outcome.rules.filter((name) => verdicts.get(name) === verdict && !released.has(name));
  const { reasons, notes } = told(outcome);
  const isRefused = outcome.verdict !== "allow" && outcome.verdict !== "hold";
  if (verdict === "refused") return isRefused && (outcome.code === "rule" || outcome.code === "no_rule");
  return (
    outcome.verdict === verdict &&
    (rules === undefined || fired.join() === rules.split(", ").sort().join()) &&
    (code === undefined || outcome.code === code) &&
    (wanted.reasons === null || textOf(reasons) === textOf(wanted.reasons)) &&
    (wanted.shadow === null || textOf(outcome.shadow ?? []) === textOf(wanted.shadow)) &&
    (wanted.notes === null || textOf(notes) === textOf(wanted.notes)) &&
    (wanted.obligations === null || textOf(outcome.obligations) === textOf(wanted.obligations))
  );
}

function told({ reasons, notes }: Outcome): { readonly reasons: string[]; readonly notes: string[] } {
  return {
    reasons: reasons.map(({ parts }) => renderReason(parts)),
    notes: notes.map(({ parts }) => renderReason(parts)),
  };
}

function expectation({ expect, reasons, notes, obligations }: Wanted): string {
  const said = [
    reasons === null ? "" : textOf({ reasons }),
    notes === null ? "" : textOf({ notes }),
    obligations === null ? "" : textOf({ obligations }),
  ];
  return [expect, ...said].filter((part) => part !== "").join(" ");
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner));
}
