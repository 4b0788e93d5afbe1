/** A policy set of compiled evaluators and the reference meaning of it side by side. */
import type { Checked } from "@polity/compiler/checked.ts";
import { decideSet, type Judge } from "@polity/compiler/interpret/set.ts";
import { loadSetFacts } from "@polity/compiler/interpret/set-facts.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadSetUnsigned } from "@polity/runtime/authoring.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import { outcomeOf, type SetDecision, type SetHost } from "@polity/runtime/index.ts";
import type { Question } from "./both-engines.ts";

export interface MemberProgram {
  readonly name: string;
  readonly checked: Checked;
  readonly shadow?: boolean;
}

export interface BothSets {
  /** Throws where the two disagree. */
  readonly ask: (question: Question) => SetDecision;
  /** Of the evaluators alone; the facts of the reference stay. */
  readonly host: SetHost;
}

export type OpenedSets = BothSets | { readonly refused: string; readonly message: string };

const built = new WeakMap<Checked, Promise<Uint8Array>>();

/** Assembled once, however often facts are loaded. */
function wasmOf(checked: Checked): Promise<Uint8Array> {
  const known = built.get(checked) ?? buildEvaluator(checked).then(({ wasm }) => wasm);
  built.set(checked, known);
  return known;
}

/** Facts are JSON's values; throws where one takes what the other refuses, or for another reason. */
export async function openBothSets(members: readonly MemberProgram[], facts: unknown): Promise<OpenedSets> {
  const modules = await Promise.all(
    members.map(async ({ name, checked, shadow = false }) => {
      return { name, shadow, wasm: await wasmOf(checked) };
    }),
  );
  const text = JSON.stringify(facts);
  const opened = await loadSetUnsigned(modules, { facts: text, obligations: "any" });
  if (!opened.ok && !opened.code.startsWith("facts.")) {
    return { refused: opened.code, message: opened.message };
  }
  const loaded = loadSetFacts(members, facts);
  if (!opened.ok || !loaded.ok) {
    const [wasm, reference] = [
      opened.ok ? "taken" : `${opened.code} ${opened.member}`,
      loaded.ok ? "taken" : `${loaded.refusal.code} ${loaded.member}`,
    ];
    if (wasm !== reference) throw new Error(`the engines disagree about facts: ${wasm} and ${reference}`);
    return opened.ok ? { refused: "", message: "" } : { refused: opened.code, message: opened.message };
  }
  const judges = members.map(({ name, checked, shadow = false }): Judge => {
    return { name, checked, shadow, facts: loaded.facts.get(name)! };
  });
  return { host: opened.set, ask: (question) => askBoth(opened.set, judges, question) };
}

function askBoth(host: SetHost, judges: readonly Judge[], question: Question): SetDecision {
  const { action, fields, header, entities } = question;
  const decision = host.decide(action, fields, header, entities);
  const named = host.request(action, fields, entities);
  const digest = named.ok ? named.digest : null;
  const expected = decideSet(judges, { action, fields, header, entities, digest });
  const { rulesTotal, errorsTotal } = decision;
  const members = decision.members.map(({ name, kind, shadow, decision: own }) => {
    return { name, kind, shadow, ...totalled(outcomeOf(own), own.rulesTotal, own.errorsTotal) };
  });
  const said = textOf({ ...totalled(outcomeOf(decision), rulesTotal, errorsTotal), members });
  const wanted = textOf({
    ...totalled(expected.outcome, expected.rulesTotal, expected.errorsTotal),
    members: expected.members.map((one) => {
      const { name, kind, shadow, outcome } = one;
      return { name, kind, shadow, ...totalled(outcome, one.rulesTotal, one.errorsTotal) };
    }),
  });
  if (said !== wanted) throw new Error(`wasm: ${said}\nreference: ${wanted}`);
  return decision;
}

function totalled(
  { shadow: shadowRules = [], ...outcome }: Outcome,
  rulesTotal: number,
  errorsTotal: number,
) {
  const errors = outcome.errors.map(({ rule, kind }) => ({ rule, kind }));
  const { verdict, code, granted, rules, reasons, notes, obligations } = outcome;
  const judged = { verdict, code, granted, rules, errors, reasons, notes, obligations };
  return { ...judged, shadowRules, rulesTotal, errorsTotal };
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner));
}
