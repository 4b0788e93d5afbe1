/** Random well-typed policies as source text. */
import { withCarried } from "./carried.ts";
import { generateCondition } from "./conditions.ts";
import { generateDefinitions } from "./definitions.ts";
import { generateErringRule } from "./erring.ts";
import type { Random } from "./random.ts";
import { generateProbe, generateRule, type Kind, type World } from "./rules.ts";
import { generateSchema, type Schema } from "./schema.ts";
import { printSchema } from "./schema-text.ts";
import { generateSettings } from "./settings.ts";
import { withTables } from "./tables.ts";

/**
 * Source text. The checker refuses some of them, mostly for what an absent field would grant: `absentOk` is
 * the probability that a rule says `@absent_ok` for every path whose absence it asks about. `erring`: that
 * there are rules which err at a place that their name tells.
 */
export function generateProgram(random: Random, absentOk = 0.95, erring = 0): string {
  const schema = complete(random, generateSchema(random));
  const kind = random.chance(0.1) ? "guard" : "policy";
  const parts = [...printHead(random, kind), ...printSchema(schema)];
  const definitions = generateDefinitions(random, schema);
  parts.push(...definitions.lines);
  const world: World = { kind, schema, definitions, condition: generateCondition, absentOk };
  const count = random.between(1, 8);
  for (let n = 0; n < count; n += 1) parts.push(generateRule(random, world, `r${n}`));
  for (const { name } of schema.actions) {
    if (random.chance(0.4)) parts.push(generateProbe(random, world, name));
  }
  parts.push(...generateErringRules(random, world, erring));
  return `${parts.join("\n")}\n`;
}

export function generateErringRules(random: Random, world: World, probability: number): readonly string[] {
  if (!random.chance(probability)) return [];
  return Array.from({ length: random.between(1, 3) }, (_, at) => generateErringRule(random, world, at));
}

/** With settings, tables and entities that come with requests, or without. */
export function complete(random: Random, declared: Schema): Schema {
  const filled = withTables(random, { ...declared, settings: generateSettings(random, declared) });
  return withCarried(random, filled);
}

export function printHead(random: Random, kind: Kind): readonly string[] {
  return [
    "polity 1",
    `${kind} generated.p version ${random.between(0, 9)}`,
    ...(random.chance(0.3) ? ["valid 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z"] : []),
    ...(random.chance(0.3) ? [`containment within ${random.pick(["30s", "1s", "5m"])}`] : []),
  ];
}
