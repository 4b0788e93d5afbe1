/** The laws of policy sets (laws.md), tried on every set of up to three members, and on random ones. */
import { judgeSet } from "@polity/compiler/interpret/set.ts";
import { type Code, type Obligation, VERDICT_NUMBERS, type Verdict } from "@polity/runtime/decision.ts";
import { outcomeOf } from "@polity/runtime/index.ts";
import { type Decision, denied } from "@polity/runtime/result.ts";
import { combine, type MemberAnswer, type SetDecision } from "@polity/runtime/set-combine.ts";
import fc from "fast-check";
import { expect, test } from "vitest";

type Part = Omit<MemberAnswer, "name">;

function answered(
  verdict: Verdict,
  code: Code,
  granted: boolean,
  obligations: readonly Obligation[] = [],
): Decision {
  const rules = code === "rule" ? ["r"] : [];
  return { ...denied("no_rule"), verdict, code, granted, rules, rulesTotal: rules.length, obligations };
}

const RESTRICTING: readonly Verdict[] = ["hold", "deny", "quarantine", "terminate"];

/** Everything that a member can answer, errors and refusals before any rule included. */
const ENFORCING: readonly Part[] = [
  { kind: "policy", shadow: false, decision: answered("allow", "rule", true) },
  ...RESTRICTING.map(
    (verdict): Part => ({ kind: "policy", shadow: false, decision: answered(verdict, "rule", true) }),
  ),
  { kind: "policy", shadow: false, decision: answered("deny", "no_rule", false) },
  { kind: "policy", shadow: false, decision: answered("deny", "error.overflow", true) },
  { kind: "policy", shadow: false, decision: denied("host.trap") },
  { kind: "guard", shadow: false, decision: answered("allow", "rule", false) },
  ...RESTRICTING.map(
    (verdict): Part => ({ kind: "guard", shadow: false, decision: answered(verdict, "rule", false) }),
  ),
  { kind: "guard", shadow: false, decision: denied("facts.stale") },
];

const SETS: readonly (readonly Part[])[] = [
  ...ENFORCING.map((a) => [a]),
  ...ENFORCING.flatMap((a) => ENFORCING.map((b) => [a, b])),
  ...ENFORCING.flatMap((a) => ENFORCING.flatMap((b) => ENFORCING.map((c) => [a, b, c]))),
];

function answerOf(parts: readonly Part[]): SetDecision {
  return combine(parts.map((part, at) => ({ ...part, name: `m${at}` })));
}

/** Permitted, held, refused. */
function strictness({ verdict }: SetDecision): number {
  return Math.min(VERDICT_NUMBERS[verdict], VERDICT_NUMBERS.deny);
}

const restricts = ({ decision }: Part) => decision.verdict !== "allow";
const grants = ({ kind, decision }: Part) => kind === "policy" && decision.granted;

test("P1: permitted exactly where every policy grants, there is one, and nobody restricts", () => {
  for (const parts of SETS) {
    const policies = parts.filter(({ kind }) => kind === "policy");
    const isPermitted = policies.length > 0 && policies.every(grants) && !parts.some(restricts);
    const { verdict, granted } = answerOf(parts);
    expect(verdict === "allow").toBe(isPermitted);
    expect(granted).toBe(policies.length > 0 && policies.every(grants));
  }
});

test("P2: a guard that is added, or a policy beside another, never permits more", () => {
  for (const parts of SETS.filter((set) => set.length < 3)) {
    const before = strictness(answerOf(parts));
    const hasPolicy = parts.some(({ kind }) => kind === "policy");
    for (const added of ENFORCING.filter(({ kind }) => kind === "guard" || hasPolicy)) {
      expect(strictness(answerOf([...parts, added]))).toBeGreaterThanOrEqual(before);
    }
  }
});

test("P3: what is removed never refuses more, but for the last that grants", () => {
  for (const parts of SETS) {
    const before = strictness(answerOf(parts));
    for (const removed of parts) {
      const rest = parts.filter((part) => part !== removed);
      if (grants(removed) && !rest.some(grants)) continue;
      // Copies of one part are removed together, which says no less.
      expect(strictness(answerOf(rest))).toBeLessThanOrEqual(before);
    }
  }
});

test("P4: a shadow member changes nothing but what is reported", () => {
  for (const parts of SETS.filter((set) => set.length < 3)) {
    const { members: _, ...before } = answerOf(parts);
    for (const shadow of ENFORCING) {
      const { members, ...after } = answerOf([...parts, { ...shadow, shadow: true }]);
      expect(after).toEqual(before);
      expect(members).toHaveLength(parts.length + 1);
    }
  }
});

const obligation = fc.record({
  name: fc.constantFrom("a", "ab", "b"),
  when: fc.constantFrom("before", "after", "advice"),
  arguments: fc.dictionary(
    fc.constantFrom("x", "y"),
    fc.oneof(fc.nat(3), fc.constantFrom("ﬀ", "😀", "10", "9")),
  ),
});

const member = fc
  .record({
    part: fc.constantFrom(...ENFORCING),
    shadow: fc.boolean(),
    rules: fc.uniqueArray(fc.constantFrom("a", "b", "c_d", "Z"), { maxLength: 3 }),
    errors: fc.uniqueArray(fc.constantFrom("e", "f"), { maxLength: 2 }),
    obligations: fc.array(obligation, { maxLength: 3 }),
  })
  .map(({ part, shadow, rules, errors, obligations }): Part => {
    const listed = errors.map((rule) => ({ rule, kind: "range" as const }));
    const totals = { rulesTotal: rules.length, errorsTotal: errors.length };
    return { ...part, shadow, decision: { ...part.decision, rules, errors: listed, obligations, ...totals } };
  });

test("P4 and P5: in any order the same, and as the reference has it", () => {
  fc.assert(
    fc.property(
      fc.array(member, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      (parts, keys) => {
        const named = parts.map((part, at) => ({ ...part, name: `m${at}` }));
        const order = new Map(named.map((one) => [one.name, keys.next().value as number]));
        const shuffled = [...named].sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
        const combined = combine(named);
        expect(combine(shuffled)).toEqual(combined);
        const { verdict, code, granted, rules, errors, obligations } = combined;
        const members = shuffled.map((one) => ({ ...one, outcome: outcomeOf(one.decision) }));
        expect(judgeSet(members)).toEqual({ verdict, code, granted, rules, errors, obligations });
      },
    ),
    { numRuns: 1_000 },
  );
});
