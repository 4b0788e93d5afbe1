/**
 * Runs one case of the specification on both engines and says what was not as the page has it. The page is right
 * or the code is: this file decides nothing, it compares.
 */
import { type EngineName, openEngine } from "@polity/cli/engines.ts";
import { readRequest } from "@polity/cli/request.ts";
import { requestNamer } from "@polity/cli/request-digest.ts";
import { runTests, type TestResult } from "@polity/cli/run-tests.ts";
import type { Checked } from "@polity/compiler/checked.ts";
import type { Diagnostic } from "@polity/compiler/diagnostic.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { positionAt } from "@polity/compiler/source.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import { renderReason } from "@polity/runtime/render.ts";
import type { SpecCase, SpecRequest } from "./spec-page.ts";

const ENGINES: readonly EngineName[] = ["wasm", "reference"];

export interface CaseResult {
  /** Rows of tests and requests, on both engines each. */
  readonly rows: number;
  /** One for each thing that is not as expected, with file and line; empty: passed. */
  readonly failures: readonly string[];
}

export async function runCase(spec: SpecCase): Promise<CaseResult> {
  const { value, diagnostics } = compile({ file: "policy.pol", text: spec.program });
  const failures = diagnosticFailures(spec, diagnostics);
  if (value === null) return { rows: 0, failures };
  for (const result of await runTests(value, ENGINES)) failures.push(...testFailures(spec, result));
  failures.push(...(await requestFailures(spec, value)));
  return { rows: value.tests.length + spec.requests.length, failures };
}

function at(spec: SpecCase, line: number): string {
  return `${spec.file}:${line} (${spec.heading})`;
}

// ---- diagnostics

/** Exactly the expected ones must come, each on its line and under its text. */
function diagnosticFailures(spec: SpecCase, diagnostics: readonly Diagnostic[]): string[] {
  const found = diagnostics.map(({ severity, code, span, message }) => {
    const line = spec.line + positionAt(spec.program, span.start).line;
    const underlined = JSON.stringify(spec.program.slice(span.start, span.end));
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

// ---- tests in the program

function testFailures(spec: SpecCase, { test, failures, answers }: TestResult): string[] {
  if (failures.length === 0) return [];
  const line = spec.line + positionAt(spec.program, test.span.start).line;
  const said = answers.map(({ engine, answer }) => `${engine}: ${textOf(answer)}`);
  return [[`${at(spec, line)}: test "${test.title}": ${failures.join("; ")}`, ...said].join("\n  ")];
}

// ---- requests beside the program

async function requestFailures(spec: SpecCase, checked: Checked): Promise<string[]> {
  if (spec.requests.length === 0) return [];
  const answers: { readonly engine: EngineName; readonly outcomes: readonly Outcome[] }[] = [];
  for (const engine of ENGINES) {
    const { load } = await openEngine(engine, checked);
    const loaded = await load(spec.facts ?? { entities: [] });
    if ("refusal" in loaded)
      return [`${at(spec, spec.line)}: ${engine} refuses the facts: ${textOf(loaded)}`];
    const outcomes = spec.requests.map(({ request }) => {
      const { result } = readRequest(withDigests(checked, request), checked.readsTrust);
      return "deny" in result ? refusedByForm(result.deny) : loaded.decide(result);
    });
    answers.push({ engine, outcomes });
  }
  return spec.requests.flatMap((wanted, index) => {
    const said = answers.map(({ engine, outcomes }) => ({ engine, outcome: outcomes[index] as Outcome }));
    const isMet = said.every(({ outcome }) => isAsExpected(checked, wanted, outcome));
    const isOne = new Set(said.map(({ outcome }) => textOf(outcome))).size === 1;
    if (isMet && isOne) return [];
    const lines = said.map(({ engine, outcome }) => `${engine}: ${textOf(outcome)} ${textOf(told(outcome))}`);
    return [[`${at(spec, wanted.line)}: expected ${expectation(wanted)}`, ...lines].join("\n  ")];
  });
}

/** An approval that does not say for which request is for this one. */
function withDigests(checked: Checked, request: SpecRequest["request"]): unknown {
  const { action, fields, approvals } = request;
  if (!Array.isArray(approvals)) return request;
  const named = requestNamer(checked.types, checked.actions)(String(action), fields);
  const digest = named?.ok ? named.digest : undefined;
  return { ...request, approvals: approvals.map((approval: object) => ({ request: digest, ...approval })) };
}

function refusedByForm(code: Outcome["code"]): Outcome {
  return { verdict: "deny", code, granted: false, rules: [], errors: [], reasons: [], notes: [] };
}

function isAsExpected(checked: Checked, wanted: SpecRequest, outcome: Outcome): boolean {
  const match = /^(\w+)(?: by ([\w, ]+))?(?: with ([\w.]+))?$/.exec(wanted.expect);
  if (match === null) return false;
  const [, verdict, rules, code] = match;
  const verdicts = new Map(checked.rules.map((rule) => [rule.name, rule.verdict]));
  const fired = outcome.rules.filter((name) => verdicts.get(name) === verdict).join(", ");
  const { reasons, notes } = told(outcome);
  return (
    outcome.verdict === verdict &&
    (rules === undefined || fired === rules) &&
    (code === undefined || outcome.code === code) &&
    (wanted.reasons === null || textOf(reasons) === textOf(wanted.reasons)) &&
    (wanted.notes === null || textOf(notes) === textOf(wanted.notes))
  );
}

function told({ reasons, notes }: Outcome): { readonly reasons: string[]; readonly notes: string[] } {
  return { reasons: reasons.map(renderReason), notes: notes.map(renderReason) };
}

function expectation({ expect, reasons, notes }: SpecRequest): string {
  return [expect, reasons === null ? "" : textOf({ reasons }), notes === null ? "" : textOf({ notes })].join(
    " ",
  );
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner));
}
