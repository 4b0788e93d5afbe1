import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "../../compiler/1-parse/parse.ts";
import { check } from "../../compiler/2-check/check.ts";
import type { Program } from "../../compiler/ast.ts";
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
import { generateProgram } from "../support/generate/program.ts";
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

describe("whatever the program is", () => {
  test("the checker answers, and twice the same", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (seed) => {
        const random = createRandom(seed);
        const text = generateProgram(random);
        const source = { file: "p.pol", text };
        const broken = breakSomewhere(random, parse(source).value) as Program;
        for (const program of [parse(source).value, broken]) {
          const first = check(source, program);
          const second = check(source, program);
          expect(second).toEqual(first);
          if (first.value === null && !hasGap(program)) expect(hasErrors(first.diagnostics)).toBe(true);
          if (hasErrors(first.diagnostics)) expect(first.value).toBeNull();
          // Places of a broken tree come from all over the source.
          if (program === broken) continue;
          for (const { span } of first.diagnostics) expect(span.start).toBeLessThan(span.end);
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** One node of the tree becomes a copy of another node that stands in a list or field of the same name. */
function breakSomewhere(random: Random, root: unknown): unknown {
  const donors = new Map<string, unknown[]>();
  visit(root, (key, value) => donors.set(key, [...(donors.get(key) ?? []), value]));
  const keys = [...donors.keys()].filter((key) => (donors.get(key)?.length ?? 0) > 1);
  if (keys.length === 0) return root;
  const key = random.pick(keys);
  const from = random.pick(donors.get(key) ?? []);
  const to = random.pick(donors.get(key) ?? []);
  return replace(root, to, from);
}

function visit(node: unknown, see: (key: string, value: unknown) => void): void {
  if (typeof node !== "object" || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (typeof value === "object" && value !== null && key !== "span")
      see(Array.isArray(node) ? "[]" : key, value);
    visit(value, see);
  }
}

/** Only nodes of one shape change places, so that the tree stays one that a parser could give. */
function replace(node: unknown, to: unknown, from: unknown): unknown {
  if (node === to && shape(from) === shape(to)) return from;
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map((item) => replace(item, to, from));
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, replace(value, to, from)]));
}

function shape(node: unknown): string {
  if (Array.isArray(node)) return node.map(shape).slice(0, 1).join();
  if (typeof node !== "object" || node === null) return typeof node;
  const kind = "kind" in node ? String(node.kind) : "";
  const isTemplateText = kind === "text" && "text" in node;
  return EXPRESSIONS.has(kind) && !isTemplateText ? "expression" : `${kind}:${Object.keys(node).join()}`;
}

const EXPRESSIONS = new Set([
  "name",
  "bool",
  "int",
  "text",
  "entity",
  "select",
  "call",
  "not",
  "binary",
  "quantifier",
]);

function hasGap(program: Program): boolean {
  return program.policy === null || JSON.stringify(program, withoutBigints).includes('"kind":"missing"');
}

function withoutBigints(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

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
