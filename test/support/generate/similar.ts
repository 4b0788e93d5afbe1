/** Random policies of many rules that have few shapes: rules of one shape differ in their constants only. */
import { type Field, SHAPE_BYTES, type Type } from "@polity/runtime/layout.ts";
import type { Diagnostic } from "../../../compiler/diagnostic.ts";
import { generateCondition } from "./conditions.ts";
import { constantsOf, type Spread } from "./constants.ts";
import { generateDefinitions } from "./definitions.ts";
import { complete, printHead } from "./program.ts";
import { createRandom, type Random } from "./random.ts";
import { generateRule, type World } from "./rules.ts";
import { generateSchema, type Schema } from "./schema.ts";
import { printSchema } from "./schema-text.ts";
import { generateErring, generateTests } from "./typical.ts";

/** More than may bind is refused: only the first rules of a shape impose something. */
const OBLIGING_MAX = 12;

export function generateSimilarProgram(random: Random): string {
  const isAlike = random.chance(0.25);
  const schema = withFewActions(complete(random, withUsualFields(random, generateSchema(random))), isAlike);
  const kind = random.chance(0.15) ? "guard" : "policy";
  const head = [...printHead(random, kind), ...printSchema(schema)];
  const definitions = generateDefinitions(random, schema);
  const shapes = isAlike ? 1 : random.between(1, 5);
  const each = Math.floor(random.pick(isAlike ? [40, 280, 300] : [20, 20, 40, 80, 150, 300]) / shapes);
  const rules: string[] = [];
  for (let shape = 0; shape < shapes; shape += 1) {
    const condition = random.pick(isAlike ? ALIKE : VARIED);
    const world: World = { kind, schema, definitions, condition, absentOk: 1 };
    const spread = isAlike ? "same" : random.chance(0.3) ? random.pick<Spread>(["few", "many"]) : undefined;
    rules.push(...generateShape(random, world, `s${shape}`, each, spread));
  }
  return `${[...head, ...definitions.lines, ...random.shuffle(rules)].join("\n")}\n`;
}

const ALIKE = [generateTests, generateErring, generateErring];
const VARIED = [
  generateTests,
  generateTests,
  generateTests,
  generateTests,
  generateErring,
  generateCondition,
];

/** So that all rules can fire together. */
function withFewActions(schema: Schema, isAlike: boolean): Schema {
  return isAlike ? { ...schema, actions: schema.actions.slice(0, 1) } : schema;
}

/** Each rule is made with the same numbers, but for its constants. */
function generateShape(
  random: Random,
  world: World,
  name: string,
  count: number,
  spread: Spread | undefined,
): readonly string[] {
  const seed = random.below(2 ** 31);
  const isMixed = random.chance(0.2);
  const silent: World = { ...world, schema: { ...world.schema, obligations: [] } };
  return Array.from({ length: count }, (_, row) => {
    const constants = constantsOf(seed, row, spread);
    const own = row < OBLIGING_MAX ? world : silent;
    const rule = generateRule({ ...createRandom(seed), constants }, own, `${name}_${row}`);
    const turnsShadow = isMixed && random.chance(0.2) && !rule.startsWith("shadow ");
    return turnsShadow ? `shadow ${rule}` : rule;
  });
}

const RULE = /^(?:shadow )?(?:allow|hold|deny|quarantine|terminate) s\d+_/gm;

/** The program without the rules that the checker refused; null where something else is wrong. */
export function withoutRefused(text: string, diagnostics: readonly Diagnostic[]): string | null {
  const starts = [...text.matchAll(RULE)].map(({ index }) => index);
  const refused = new Set<number>();
  for (const { severity, span } of diagnostics) {
    if (severity === "error") refused.add(starts.findLastIndex((start) => start <= span.start));
  }
  if (refused.has(-1) || refused.size === starts.length) return null;
  const kept = starts.map((start, at) => (refused.has(at) ? "" : text.slice(start, starts[at + 1])));
  return text.slice(0, starts[0]) + kept.join("");
}

/** Of types that rules like to compare with constants, so that no action lacks them. */
function withUsualFields(random: Random, schema: Schema): Schema {
  const entity: Type = { kind: "entity", name: random.pick([...schema.types.entities.keys()]) };
  const text: Type = { kind: "string", id: false, bytesMax: 64 };
  const usual: readonly Field[] = [
    { name: "q0", type: text },
    { name: "q1", type: { kind: "string", id: true, bytesMax: 64 } },
    { name: "q2", type: { kind: "int", min: 0n, max: 1_000n } },
    { name: "q3", type: { kind: "decimal", min: 0n, max: 10_000_000n } },
    { name: "q4", type: { kind: "enum", name: random.pick([...schema.types.enums.keys()]) } },
    { name: "q5", type: entity },
    { name: "q6", type: { kind: "path", bytesMax: 256 } },
    { name: "q7", type: { kind: "shaped", shape: "host", bytesMax: SHAPE_BYTES.get("host") ?? 0 } },
    { name: "q8", type: { kind: "set", of: text, min: 0, max: 8 } },
    { name: "q9", type: { kind: "optional", of: text } },
  ];
  const actions = schema.actions.map(({ name, fields }) => {
    return { name, fields: [...fields, ...random.some(usual, 0.5)] };
  });
  return { ...schema, actions };
}
