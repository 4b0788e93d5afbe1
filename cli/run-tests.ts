/** Runs the tests written in a policy, and says as data what came of each. */
import type { Checked, Test } from "@polity/compiler/checked.ts";
import { type Explanation, explain } from "@polity/compiler/interpret/explain.ts";
import { loadFacts } from "@polity/compiler/interpret/facts.ts";
import { type Observation, observe } from "@polity/compiler/interpret/observe.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Builder } from "./builder.ts";
import {
  type EngineName,
  type EngineRequest,
  type FactsRefusal,
  openEngine,
  refusalText,
} from "./engines.ts";
import { type RequestNamer, requestNamer } from "./request-digest.ts";

export interface TestResult {
  readonly test: Test;
  /** From 1: which row of its block, and of how many. */
  readonly row: number;
  readonly rows: number;
  readonly answers: readonly TestAnswer[];
  /** What was expected and did not come, one sentence each; empty: passed. */
  readonly failures: readonly string[];
  /** Of a failed test: every rule of the action; empty where the request is denied before any rule. */
  readonly explanations: readonly Explanation[];
  /** What it shows of every rule of the action, for coverage. */
  readonly observations: readonly Observation[];
}

export interface TestAnswer {
  readonly engine: EngineName;
  readonly answer: Outcome | { readonly refusal: FactsRefusal };
}

/** In the order of the source. An engine is opened once, as one is slow; facts are loaded for each test. */
export async function runTests(
  checked: Checked,
  engines: readonly EngineName[],
  builder: Builder,
): Promise<readonly TestResult[]> {
  if (checked.tests.length === 0) return [];
  const nameRequest = requestNamer(checked.types, checked.actions);
  const opened = await Promise.all(engines.map((engine) => openEngine(engine, checked, builder)));
  const results: TestResult[] = [];
  for (const [at, test] of checked.tests.entries()) {
    const { facts } = test;
    const request = requestOf(test, nameRequest);
    const answers: TestAnswer[] = [];
    for (const { engine, load } of opened) {
      const loaded = await load(facts);
      answers.push({ engine, answer: "refusal" in loaded ? loaded : loaded.answer(request) });
    }
    const { explanations, observations } = insight(checked, facts, request);
    const failures = failuresOf(checked, test, answers, explanations);
    const shown = failures.length > 0 ? explanations : [];
    results.push({ test, ...rowOf(checked.tests, at), answers, failures, explanations: shown, observations });
  }
  return results;
}

interface TestRequest extends EngineRequest {
  readonly digest: string | null;
}

function requestOf(test: Test, nameRequest: RequestNamer): TestRequest {
  const { nowMs, trust, containment, approvals } = test.header;
  const now = Number(nowMs);
  const entities = test.carried.length === 0 ? {} : { entities: test.carried };
  const named = nameRequest(test.action, test.fields, entities.entities);
  const digest = named.ok ? named.digest : null;
  const header: Header = {
    now,
    policyFrom: now,
    policyUntil: now,
    factsUntil: now,
    containment: { state: containment, readAt: now },
    trust: trust ?? TRUST_WITHOUT_A_WORD,
    approvals: approvals.map(({ approver, askedMs, givenMs }) => ({
      // A request without a digest is denied for what is wrong in it, whatever its approvals say.
      request: digest ?? NO_REQUEST,
      approver,
      askedAt: Number(askedMs),
      givenAt: Number(givenMs),
    })),
  };
  return { action: test.action, fields: test.fields, header, digest, ...entities };
}

/** Only where no rule reads it: the checker asks for trust where one does. */
const TRUST_WITHOUT_A_WORD = 1_000;

const NO_REQUEST = `sha256:${"0".repeat(64)}`;

function insight(
  checked: Checked,
  facts: unknown,
  request: TestRequest,
): Pick<TestResult, "explanations" | "observations"> {
  const loaded = loadFacts(checked, facts);
  if (!loaded.ok) return { explanations: [], observations: [] };
  return {
    explanations: explain(checked, loaded.facts, request),
    observations: observe(checked, loaded.facts, request),
  };
}

function failuresOf(
  checked: Checked,
  test: Test,
  answers: readonly TestAnswer[],
  explanations: readonly Explanation[],
): readonly string[] {
  // A released hold fired, but it is not what the verdict rests on.
  const released = new Set(
    explanations.filter(({ result }) => result === "released").map(({ rule }) => rule),
  );
  const deciding = checked.rules.filter(
    ({ name, verdict }) => verdict === test.expect.verdict && !released.has(name),
  );
  const names = new Set(deciding.map(({ name }) => name));
  const failures = new Set(answers.flatMap(({ answer }) => failureOf(test, answer, names) ?? []));
  if (new Set(answers.map(({ answer }) => textOf(answer))).size > 1) {
    failures.add(`the engines disagree, a bug in pol: ${answers.map(disagreement).join(", ")}`);
  }
  return [...failures];
}

/** `deciding`: the rules that the expected verdict can rest on. */
function failureOf(
  { expect }: Test,
  answer: TestAnswer["answer"],
  deciding: ReadonlySet<string>,
): string | null {
  if ("refusal" in answer) return `its facts are refused: ${refusalText(answer.refusal)}`;
  const { verdict, code } = answer;
  if (expect.verdict === "refused") return refusalFailure(answer);
  if (verdict !== expect.verdict) return `expected ${expect.verdict}, got ${verdict} (${code})`;
  if (expect.code !== null && code !== expect.code) {
    return `expected ${verdict} with ${expect.code}, got ${verdict} with ${code}`;
  }
  if (expect.rules === null) return null;
  const rules = answer.rules.filter((name) => deciding.has(name));
  if (rules.join() === expect.rules.join()) return null;
  const got = rules.length === 0 ? `with ${code}` : `by ${rules.join(", ")}`;
  return `expected ${verdict} by ${expect.rules.join(", ")}, got ${verdict} ${got}`;
}

/** Refused by the rules: a request that was no good one says nothing about them. */
function refusalFailure({ verdict, code }: Outcome): string | null {
  const isRefused = verdict !== "allow" && verdict !== "hold";
  const isJudged = code === "rule" || code === "no_rule";
  return isRefused && isJudged ? null : `expected refused by the rules, got ${verdict} (${code})`;
}

function disagreement({ engine, answer }: TestAnswer): string {
  return `${engine} says ${textOf(answer)}`;
}

function textOf(answer: TestAnswer["answer"]): string {
  return JSON.stringify(answer, (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}

/** The rows of one block follow each other and have their title in common. */
function rowOf(tests: readonly Test[], at: number): Pick<TestResult, "row" | "rows"> {
  const title = tests[at]?.title;
  let first = at;
  while (tests[first - 1]?.title === title && first > 0) first -= 1;
  let last = at;
  while (tests[last + 1]?.title === title) last += 1;
  return { row: at - first + 1, rows: last - first + 1 };
}
