/** Many rules of one kind: at the bounds of lists, of sets, and of what makes a family. */

import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import { buildFacts } from "@polity/runtime/facts.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { openInstance } from "@polity/runtime/instance.ts";
import { makeProgram } from "@polity/runtime/program.ts";
import { describe, expect, test } from "vitest";
import { byHandOf, callsOf, KINDS as MEASURED, policyOf, rulesOf } from "../../benchmarks/rules/policies.ts";
import { lower } from "../../compiler/3-lower/lower.ts";
import { layTables } from "../../compiler/4-emit/family-data.ts";
import { emitAssemblyScript } from "../../compiler/evaluator.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { HEADER } from "../support/asking.ts";
import { compiled } from "../support/compiled.ts";
import { type Engine, type LoadedEngine, referenceEngine, wasmEngines } from "../support/generate/engines.ts";
import type { GeneratedRequest } from "../support/generate/requests.ts";

const VERSIONS = { compiler: "compiler", assembler: "assembler" };

/** A policy on one text, one number and a set, whose rules tests write. */
const PLAIN = `polity 1
policy test.plain version 1
entity Agent
action act { tool: string max 16, amount: int 0..100_000, agent: Agent }
`;
const PLAIN_FACTS = {
  entities: [
    { type: "Agent", id: "a" },
    { type: "Agent", id: "b" },
  ],
};

function plainRules(count: number, ruleOf: (name: string, n: number) => string): string[] {
  return Array.from({ length: count }, (_, n) => ruleOf(`r${String(n).padStart(5, "0")}`, n));
}

function asked(tool: string, amount = 5): GeneratedRequest {
  return { action: "act", fields: { tool, amount, agent: "a" }, header: HEADER };
}

/** What all engines answer to each. */
async function outcomes(
  rules: readonly string[],
  requests: readonly GeneratedRequest[],
): Promise<readonly Outcome[]> {
  const checked = compiled(`${PLAIN}${rules.join("\n")}\n`);
  const reference = await ready(referenceEngine(checked), PLAIN_FACTS);
  const expected = requests.map((one) => reference.decide(one));
  const [engines] = await wasmEngines([{ checked }], 1);
  for (const [name, engine] of engines ?? []) {
    const loaded = await ready(engine, PLAIN_FACTS);
    expect(
      requests.map((one) => loaded.decide(one)),
      name,
    ).toEqual(expected);
  }
  return expected;
}

describe("many rules of one kind", () => {
  test("all fire: the smallest ids are listed, with their reasons in order", async () => {
    const rules = plainRules(
      700,
      (name, n) => `deny ${name} on act when amount < ${(n * 7919) % 700} because "at {amount}"`,
    );
    const [none, half, all] = await outcomes(rules, [asked("x", 700), asked("x", 350), asked("x", 0)]);
    expect(none?.rules).toEqual([]);
    expect(half?.rules.length).toBe(256);
    expect(all?.rules[0]).toBe("r00001");
    expect(all?.reasons.length).toBe(256);
    expect([...(all?.rules ?? [])].sort()).toEqual(all?.rules);
  });

  test("more than 256 err, in any order", async () => {
    const rules = plainRules(
      600,
      (name, n) => `deny ${name} on act when amount < ${(n * 7919) % 600} and 9 / (amount - 3) > ${n}`,
    );
    const [erring] = await outcomes(rules, [asked("x", 3)]);
    expect(erring?.errors.length).toBe(256);
    expect(erring?.code).toBe("error.divide");
  });

  test("the same constants twice, sets that overlap, constants that nobody asks for", async () => {
    const rules = [
      ...plainRules(20, (name, n) => `allow ${name} on act when tool == "t${n % 5}"`),
      ...plainRules(
        20,
        (name, n) => `deny set_${name} on act when tool in {"t${n % 3}", "t${3 + (n % 7)}", "x"}`,
      ),
      ...plainRules(
        20,
        (name, n) => `deny big_${name} on act when tool in {${setOf40(n)}} and amount > ${n}`,
      ),
    ];
    const [t0, x, unknown] = await outcomes(rules, [asked("t0"), asked("x"), asked("unknown")]);
    expect(t0?.rules.filter((name) => name.startsWith("r")).length).toBe(4);
    expect(x?.rules.filter((name) => name.startsWith("set")).length).toBe(20);
    expect(unknown?.code).toBe("no_rule");
  });

  test("writing them in another order changes no answer and no byte of the tables", async () => {
    const rules = plainRules(
      30,
      (name, n) => `allow ${name} on act when tool == "t${n % 4}" and amount < ${n * 3}`,
    );
    const shuffled = [...rules].sort((a, b) => (a.slice(-3) < b.slice(-3) ? -1 : 1));
    const requests = [asked("t0"), asked("t1", 50), asked("t2", 89)];
    expect(await outcomes(shuffled, requests)).toEqual(await outcomes(rules, requests));
    const text = (written: readonly string[]) =>
      emitAssemblyScript(compiled(`${PLAIN}${written.join("\n")}`));
    const withoutLines = (emitted: string) => emitted.replaceAll(/, line \d+/g, "");
    expect(withoutLines(text(shuffled))).toBe(withoutLines(text(rules)));
    expect(await tablesOf(shuffled)).toEqual(await tablesOf(rules));
  });

  test("rules on all actions share their rows, unless an action has rules of its own", async () => {
    const text = (actions: number) => `polity 1
guard test.stars version 1
every action { tool: string max 16 }
${Array.from({ length: actions }, (_, n) => `action a${n} { x: int 0..${n} }`).join("\n")}
${plainRules(40, (name, n) => `deny ${name} on * when tool == "t${n}"`).join("\n")}
${plainRules(9, (name, n) => `deny own_${name} on a0 when tool == "own${n}"`).join("\n")}
`;
    const checked = compiled(text(4));
    const [engines] = await wasmEngines([{ checked }], 1);
    const reference = await ready(referenceEngine(checked), { entities: [] });
    for (const [name, engine] of engines ?? []) {
      const loaded = await ready(engine, { entities: [] });
      for (const action of ["a0", "a1", "a3"]) {
        for (const tool of ["t0", "t39", "own3", "other"]) {
          const one = { action, fields: { tool, x: 0 }, header: HEADER };
          expect(loaded.decide(one), `${name} ${action} ${tool}`).toEqual(reference.decide(one));
        }
      }
    }
    const bytes = (count: number) => layTables(lower(compiled(text(count)), VERSIONS)).bytes.length;
    expect(bytes(20)).toBe(bytes(2));
  });

  test("seven stay functions of their own, eight become rows", () => {
    const text = (count: number) => {
      const rules = plainRules(count, (name, n) => `allow ${name} on act when tool == "t${n}"`);
      return emitAssemblyScript(compiled(`${PLAIN}${rules.join("\n")}`));
    };
    expect(text(7)).toContain("function rule6_0__r00006");
    expect(text(8)).not.toContain("function rule");
    expect(text(8)).toContain("allow r00000 and 7 more of its kind: test.pol, line 5");
  });

  test.each([
    ["found through the index", (n: number) => `agent == Agent::"a${n}"`],
    ["in a column", (n: number) => `not (agent in Agent::"a${n}")`],
    ["in a set in a column", (n: number) => `not (agent in {Agent::"a0", Agent::"b${n}"})`],
  ])("an entity that only a row names must be in the facts: %s", async (_, condition) => {
    const rules = plainRules(9, (name, n) => `deny ${name} on act when ${condition(n)}`);
    const text = `${PLAIN}${rules.join("\n")}`.replace("entity Agent", "entity Agent in Agent");
    const { wasm, manifest } = await buildEvaluator(compiled(text));
    const { facts: schema } = makeProgram(manifest);
    const named = manifest.entityLiterals.map(({ id }) => ({ type: "Agent", id }));
    expect(named.length).toBeGreaterThan(8);
    const load = (entities: readonly unknown[]) => {
      // A host that checks nothing: the evaluator has to.
      const built = buildFacts({ ...schema, literals: [] }, JSON.stringify({ entities }), sha256);
      if (!built.ok) throw new Error(built.refusal.message);
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm.slice()));
      const facts = { block: built.block, tag: built.digest.slice(0, 8) };
      const opened = openInstance(exports, makeProgram(manifest), facts, sha256);
      return "failed" in opened ? opened.failed : "loaded";
    };
    expect(load(named)).toBe("loaded");
    for (const [at] of named.entries()) expect(load(named.toSpliced(at, 1))).toBe("facts");
  });

  test("thousands of them, five kinds mixed, as tables in JavaScript have it", async () => {
    const rules = rulesOf(MEASURED["five-shapes"], 3_000, 7);
    const { wasm } = await buildEvaluator(compiled(policyOf(rules)));
    const loaded = await loadUnsigned(wasm);
    if (!loaded.ok) throw new Error(loaded.message);
    const byHand = byHandOf(rules);
    const calls = callsOf(rules, 3_000, 7);
    const allowed = calls.filter(byHand).length;
    expect(allowed).toBeGreaterThan(300);
    expect(allowed).toBeLessThan(2_700);
    for (const call of calls) {
      expect(loaded.host.decide("call", call, HEADER).verdict === "allow", JSON.stringify(call)).toBe(
        byHand(call),
      );
    }
  });
});

/** What lies where tables begin, and how much of it is not zero. */
async function tablesOf(rules: readonly string[]): Promise<Uint8Array> {
  const { wasm } = await buildEvaluator(compiled(`${PLAIN}${rules.join("\n")}`));
  const { memory } = new WebAssembly.Instance(new WebAssembly.Module(wasm.slice())).exports;
  const bytes = new Uint8Array((memory as WebAssembly.Memory).buffer.slice(1_024, 3_072));
  expect(bytes.filter((byte) => byte !== 0).length).toBeGreaterThan(100);
  return bytes;
}

function setOf40(n: number): string {
  return Array.from({ length: 40 }, (_, k) => `"t${n + k}"`).join(", ");
}

async function ready(engine: Engine, facts: unknown): Promise<LoadedEngine> {
  const loaded = await engine.load(facts);
  if ("refused" in loaded) throw new Error(JSON.stringify(loaded));
  return loaded;
}
