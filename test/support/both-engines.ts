/** The compiled evaluator and the reference interpreter side by side, for tests that compare them. */
import type { Checked, Test } from "@polity/compiler/checked.ts";
import { explain } from "@polity/compiler/interpret/explain.ts";
import { loadFacts } from "@polity/compiler/interpret/facts.ts";
import { answerCounting, interpret } from "@polity/compiler/interpret/interpret.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import { type Host, outcomeOf } from "@polity/runtime/index.ts";

export interface Question {
  readonly action: string;
  readonly fields: unknown;
  readonly entities?: unknown;
  readonly header: Header;
}

/** What each engine says to one question. */
export interface Answers {
  readonly wasm: Outcome;
  readonly reference: Outcome;
  /** The `hold` rules that fired and have their approvals, as the reference explains it. */
  readonly released: ReadonlySet<string>;
}

export interface BothEngines {
  readonly ask: (question: Question) => Answers;
  /** What the file itself says, which for a guard is not what it decides alone. */
  readonly answer: (question: Question) => Answers;
  /** `sha256:` and 64 hex digits; null where what is asked is no request. */
  readonly digestOf: (action: string, fields: unknown, entities?: unknown) => string | null;
}

/** Takes facts as JSON's values, which both engines must take or refuse alike; throws where they do not. */
export type OpenFacts = (facts: unknown) => Promise<BothEngines | { readonly refused: string }>;

/** Assembles once; facts can be loaded many times. */
export async function openEngines(checked: Checked): Promise<OpenFacts> {
  const { wasm } = await buildEvaluator(checked);
  return async (facts) => {
    const hosted = await loadUnsigned(wasm, { facts: JSON.stringify(facts), obligations: "any" });
    const loaded = loadFacts(checked, facts);
    if (hosted.ok && loaded.ok) return both(checked, hosted.host, loaded.facts);
    const said = [hosted.ok ? "taken" : hosted.code, loaded.ok ? "taken" : loaded.refusal.code];
    if (said[0] !== said[1]) throw new Error(`the engines disagree about the facts: ${said.join(" and ")}`);
    return { refused: said[0] ?? "" };
  };
}

type Facts = Parameters<typeof interpret>[1];

function both(checked: Checked, host: Host, facts: Facts): BothEngines {
  const digestOf = (action: string, fields: unknown, entities?: unknown): string | null => {
    const named = host.request(action, fields, entities);
    return named.ok ? named.digest : null;
  };
  return {
    digestOf,
    ask: askBy(host.decide, interpret),
    answer: askBy(host.answer, (...asked) => answerCounting(...asked).outcome),
  };

  function askBy(decide: Host["decide"], refer: typeof interpret): BothEngines["ask"] {
    return ({ action, fields, header, entities }) => {
      const request = { action, fields, header, entities, digest: digestOf(action, fields, entities) };
      const explained = explain(checked, facts, request);
      return {
        wasm: outcomeOf(decide(action, fields, header, entities)),
        reference: refer(checked, facts, request),
        released: new Set(explained.filter(({ result }) => result === "released").map(({ rule }) => rule)),
      };
    };
  }
}

/** Only where no rule reads it: the checker asks for trust where one does. */
const TRUST_UNREAD = 1_000;

/** A row of a test block as a question: what it does not say is free and current. */
export function questionOf({ action, fields, carried, header }: Test, digest: string | null): Question {
  const now = Number(header.nowMs);
  const approvals = header.approvals.map(({ approver, askedMs, givenMs }) => {
    return { request: digest ?? "", approver, askedAt: Number(askedMs), givenAt: Number(givenMs) };
  });
  const current = { now, policyFrom: now, policyUntil: now, factsUntil: now };
  const containment = { state: header.containment, readAt: now };
  return {
    action,
    fields,
    ...(carried.length > 0 && { entities: carried }),
    header: { ...current, containment, trust: header.trust ?? TRUST_UNREAD, approvals },
  };
}
