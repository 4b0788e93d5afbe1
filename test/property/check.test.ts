import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "../../compiler/1-parse/parse.ts";
import { check } from "../../compiler/2-check/check.ts";
import type { Checked } from "../../compiler/checked.ts";
import { hasErrors } from "../../compiler/diagnostic.ts";
import { loadFacts } from "../../compiler/interpret/facts.ts";
import { interpret } from "../../compiler/interpret/interpret.ts";
import {
  dropEach,
  dropEachFact,
  generateFacts,
  generateFields,
  generateRule,
  HEAD,
  type Json,
} from "../support/absence-policies.ts";
import { createRandom, type Random } from "../support/generate/random.ts";

const NOW = 1_795_000_000_000;

describe("absence never grants", () => {
  test("no accepted policy becomes more permissive when something optional is left out", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (seed) => {
        const random = createRandom(seed);
        const rules = acceptedRules(random, 3);
        const text = HEAD + rules.join("");
        const checked = checkedOf(text);
        expect(checked, text).not.toBeNull();
        if (checked !== null) judge(random, checked, text);
      }),
      { numRuns: 300 },
    );
  });
});

function acceptedRules(random: Random, count: number): readonly string[] {
  const rules: string[] = [];
  while (rules.length < count) {
    const rule = generateRule(random, `r${rules.length}`);
    if (checkedOf(HEAD + rule) !== null) rules.push(rule);
  }
  return rules;
}

function checkedOf(text: string): Checked | null {
  const source = { file: "p.pol", text };
  const parsed = parse(source);
  if (hasErrors(parsed.diagnostics)) throw new Error(`${text}\n${parsed.diagnostics[0]?.message}`);
  return check(source, parsed.value).value;
}

function judge(random: Random, checked: Checked, text: string): void {
  for (let n = 0; n < 6; n++) {
    const facts = generateFacts(random);
    const fields = generateFields(random);
    const before = rank(checked, facts, fields);
    for (const less of dropEach(fields)) {
      if (rank(checked, facts, less) > before) throw new Error(shown(text, [facts, fields, less]));
    }
    for (const less of dropEachFact(facts)) {
      if (rank(checked, less, fields) > before) throw new Error(shown(text, [fields, facts, less]));
    }
  }
}

/** Permitted, held, refused. */
function rank(checked: Checked, facts: { readonly entities: readonly Json[] }, fields: Json): number {
  const loaded = loadFacts(checked, facts);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal));
  const header = {
    now: NOW,
    policyFrom: NOW,
    policyUntil: NOW,
    factsUntil: NOW,
    containment: { state: "free", readAt: NOW },
    trust: 500,
    approvals: [],
  } as const;
  const digest = `sha256:${"a".repeat(64)}`;
  const { verdict } = interpret(checked, loaded.facts, { action: "go", fields, header, digest });
  return verdict === "allow" ? 2 : verdict === "hold" ? 1 : 0;
}

function shown(text: string, values: readonly unknown[]): string {
  return [text, ...values.map((value) => JSON.stringify(value))].join("\n");
}
