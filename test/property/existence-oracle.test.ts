/**
 * Whoever names somebody unknown gains nothing by it, nor does who asks for a row that is not there: an
 * entity or a row that leaves the facts, while everything else stays, makes no refused request be answered
 * more kindly, unless a rule says `@absent_ok`.
 */
import type { Verdict } from "@polity/runtime/decision.ts";
import { expect, test } from "vitest";
import { type Facts, loadFacts } from "../../compiler/interpret/facts.ts";
import { interpret } from "../../compiler/interpret/interpret.ts";
import { compile } from "../../compiler/pipeline.ts";
import { generateFacts } from "../support/generate/facts.ts";
import { generateProgram } from "../support/generate/program.ts";
import { createRandom } from "../support/generate/random.ts";
import { generateRequest, OWN_DIGEST } from "../support/generate/requests.ts";

const RANKS: Readonly<Record<Verdict, number>> = { allow: 0, hold: 1, deny: 2, quarantine: 2, terminate: 2 };
const SEED = 20_261_123;

test("generated policies", () => {
  let tried = 0;
  for (let program = 0; program < 3_000; program += 1) {
    const text = generateProgram(createRandom(SEED, program), 0);
    // A quantifier over rows finds what is there: nobody is the worse for a row that nobody has.
    if (!/exists\(|tab0\[/.test(text) || text.includes(" in tab0:")) continue;
    const { value: checked } = compile({ file: "generated.pol", text });
    if (checked === null) continue;
    const facts = generateFacts(createRandom(SEED, program, 1), checked);
    const loaded = loadFacts(checked, facts.json);
    if (!loaded.ok) continue;
    const without = facts.json.entities.flatMap((_, at): Facts[] => {
      const less = loadFacts(checked, { ...facts.json, entities: facts.json.entities.toSpliced(at, 1) });
      return less.ok ? [less.facts] : [];
    });
    for (const [name, rows] of Object.entries(facts.json.tables ?? {})) {
      for (const at of rows.keys()) {
        const less = loadFacts(checked, { ...facts.json, tables: { [name]: rows.toSpliced(at, 1) } });
        if (less.ok) without.push(less.facts);
      }
    }
    for (let n = 0; n < 20; n += 1) {
      const request = { ...generateRequest(facts.source), digest: OWN_DIGEST };
      const before = interpret(checked, loaded.facts, request);
      if (before.verdict === "allow") continue;
      for (const less of without) {
        const after = interpret(checked, less, request);
        tried += 1;
        const shown = `${before.verdict} became ${after.verdict} by ${after.rules.join(", ")}\n${text}`;
        expect(RANKS[after.verdict], shown).toBeGreaterThanOrEqual(RANKS[before.verdict]);
      }
    }
  }
  expect(tried).toBeGreaterThan(2_000);
});
