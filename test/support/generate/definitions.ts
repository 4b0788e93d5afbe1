/** Random constants, functions and `let`, and the places that name them. */
import type { Type } from "@polity/runtime/layout.ts";
import { generateCondition } from "./conditions.ts";
import {
  BOOL,
  type Context,
  DECIMAL,
  DURATION,
  type GeneratedFunction,
  generateExpression,
  INT,
  TIMESTAMP,
} from "./expressions.ts";
import { generateLiteral } from "./literals.ts";
import { expand, type Place } from "./places.ts";
import { printType } from "./print-type.ts";
import type { Random } from "./random.ts";
import type { Schema } from "./schema.ts";

export interface Definitions {
  readonly lines: readonly string[];
  readonly constants: readonly Place[];
  readonly functions: readonly GeneratedFunction[];
}

const STRING: Type = { kind: "string", id: false, bytesMax: 1_024 };

export function generateDefinitions(random: Random, schema: Schema): Definitions {
  const lines: string[] = [];
  const constants: Place[] = [];
  for (let n = random.between(0, 3); n > 0; n -= 1) {
    const type = random.pick([INT, DECIMAL, TIMESTAMP, DURATION, STRING]);
    const literal = generateLiteral(random, type, schema) ?? "";
    // A whole number would be an int where nothing says otherwise, and by a zero nothing is divided.
    if (/^[(]?-?(?:0|0\.0|0s)[)]?$/.test(literal) || (type.kind === "decimal" && !literal.includes(".")))
      continue;
    lines.push(`const k${n} = ${literal}`);
    constants.push({ text: `k${n}`, type, isFact: true, isPath: false });
  }
  const functions: GeneratedFunction[] = [];
  for (let n = random.between(0, 3); n > 0; n -= 1) {
    const { line, made } = generateFunction(random, schema, `g${n}`, constants, functions);
    if (line === undefined) continue;
    lines.push(line);
    functions.push(made);
  }
  return { lines: random.shuffle(lines), constants, functions };
}

function generateFunction(
  random: Random,
  schema: Schema,
  name: string,
  constants: readonly Place[],
  functions: readonly GeneratedFunction[],
): { readonly line: string | undefined; readonly made: GeneratedFunction } {
  const entity: Type = { kind: "entity", name: random.pick([...schema.types.entities.keys()]) };
  const types = [INT, DECIMAL, TIMESTAMP, DURATION, STRING, BOOL, entity, entity];
  const parameters = ["x", "y", "z"]
    .slice(0, random.between(0, 3))
    .map((letter) => ({ name: `${name}${letter}`, type: random.pick(types) }));
  const result = random.pick([BOOL, BOOL, INT, DECIMAL, TIMESTAMP, DURATION]);
  const rule = { variables: 0, absences: new Set<string>() };
  const places = [
    { text: "now", type: TIMESTAMP, isFact: false, isPath: false },
    ...constants,
    ...parameters.flatMap(({ name: text, type }) =>
      expand({ text, type, isFact: false, isPath: true }, schema.types),
    ),
  ];
  const context: Context = { condition: generateCondition, random, schema, places, functions, rule };
  const body = generateExpression(context, result, random.between(1, 2));
  const list = parameters.map((parameter) => `${parameter.name}: ${printType(parameter.type)}`).join(", ");
  const line = body === undefined ? undefined : `fn ${name}(${list}) -> ${printType(result)} = ${body}`;
  return { line, made: { name, parameters, result, absences: rule.absences } };
}

/** The clauses, and the context of what follows them. */
export function generateLets(context: Context): {
  readonly lets: readonly string[];
  readonly inner: Context;
} {
  const { random } = context;
  const lets: string[] = [];
  let inner = context;
  for (let n = random.below(3); n > 0 && random.chance(0.5); n -= 1) {
    const type = random.pick([BOOL, INT, DECIMAL, TIMESTAMP, DURATION]);
    const value = generateExpression(inner, type, random.between(1, 2));
    if (value === undefined) continue;
    lets.push(`  let l${n} = ${value}`);
    const place: Place = { text: `l${n}`, type, isFact: true, isPath: false };
    inner = { ...inner, places: [...inner.places, place, place, place] };
  }
  return { lets, inner };
}
