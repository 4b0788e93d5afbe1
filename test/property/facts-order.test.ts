/** The order in which facts are given changes no byte of what a decision is made from, nor any decision. */
import { buildFacts } from "@polity/runtime/facts.ts";
import { readFactsLines } from "@polity/runtime/facts-lines.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { makeProgram } from "@polity/runtime/program.ts";
import { expect, test } from "vitest";
import { lower } from "../../compiler/3-lower/lower.ts";
import { compile } from "../../compiler/pipeline.ts";
import { generateFacts } from "../support/generate/facts.ts";
import { generateProgram } from "../support/generate/program.ts";
import { createRandom } from "../support/generate/random.ts";

const VERSIONS = { compiler: "test", assembler: "test" };

test("entities, rows and settings in any order, in one text or in lines, give one block", () => {
  let tables = 0;
  for (let program = 0; program < 250; program += 1) {
    const random = createRandom(20_261_124, program);
    const { value: checked } = compile({ file: "generated.pol", text: generateProgram(random) });
    if (checked === null) continue;
    const { facts: schema } = makeProgram(lower(checked, VERSIONS).manifest);
    const { json } = generateFacts(random, checked);
    const rows = Object.entries(json.tables ?? {});
    const shuffled = {
      ...(rows.length > 0 && {
        tables: Object.fromEntries(rows.map(([name, all]) => [name, random.shuffle(all)])),
      }),
      ...(json.settings && { settings: Object.fromEntries(Object.entries(json.settings).reverse()) }),
      entities: random.shuffle(json.entities),
    };
    const [one, other] = [json, shuffled].map((facts) => buildFacts(schema, JSON.stringify(facts), sha256));
    if (one?.ok !== true || other?.ok !== true) continue;
    if (rows.some(([, all]) => all.length > 1)) tables += 1;
    const lines = random.shuffle([
      ...json.entities.map((entity) => JSON.stringify(entity)),
      ...rows.flatMap(([table, all]) => all.map((row) => JSON.stringify({ table, row }))),
      ...Object.entries(json.settings ?? {}).map(([setting, value]) => JSON.stringify({ setting, value })),
    ]);
    const reader = readFactsLines(schema);
    expect(reader.push(new TextEncoder().encode(lines.join("\n")))).toBeNull();
    const read = reader.finish(one.digest);
    expect(read).toEqual(one.block);
    // The tag names the file, whose bytes differ.
    for (const { block } of [one, other]) block.fill(0, 24, 32);
    expect(other.block).toEqual(one.block);
  }
  expect(tables).toBeGreaterThan(20);
});
