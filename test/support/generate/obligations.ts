/** Rules that impose obligations: arguments that fit, or nearly. */
import type { Type } from "@polity/runtime/layout.ts";
import type { GeneratedObligation } from "./declared-obligations.ts";
import { type Context, generateExpression, placeOf } from "./expressions.ts";
import { generateCollection } from "./literals.ts";
import { isSameType } from "./places.ts";
import { printDecimal } from "./print-type.ts";

/** Clauses of one rule; none where an argument has no value in sight. */
export function generateObliges(context: Context, obligations: readonly GeneratedObligation[]): string[] {
  const { random } = context;
  if (obligations.length === 0 || random.chance(0.5)) return [];
  const clauses: string[] = [];
  for (let n = random.between(1, 2); n > 0; n -= 1) {
    const { name, parameters } = random.pick(obligations);
    const args: string[] = [];
    for (const parameter of random.shuffle(parameters)) {
      if (parameter.type.kind === "optional" && random.chance(0.3)) continue;
      const value = generateArgument(context, parameter.type);
      if (value === undefined) return clauses;
      args.push(`${parameter.name}: ${value}`);
    }
    clauses.push(`  oblige ${name}${args.length === 0 ? "" : ` { ${args.join(", ")} }`}`);
  }
  return clauses;
}

function generateArgument(context: Context, type: Type): string | undefined {
  const { random, schema } = context;
  const exact = context.places.filter(
    (place) => JSON.stringify(place.type, plain) === JSON.stringify(type, plain),
  );
  if (type.kind === "optional") {
    if (exact.length > 0 && random.chance(0.6)) return random.pick(exact).text;
    return generateArgument(context, type.of);
  }
  if (exact.length > 0 && random.chance(0.6)) return random.pick(exact).text;
  if (type.kind === "list" || type.kind === "set") {
    const sized = context.places.filter((place) => isSameType(place.type, type));
    if (sized.length > 0 && random.chance(0.4)) return random.pick(sized).text;
    if (type.min <= 1 && type.max >= 4 && isFree(type.of))
      return generateCollection(random, type.of, schema, type.kind);
    return exact[0]?.text;
  }
  if (type.kind === "record") return placeOf(context, type)?.text;
  if (type.kind === "string" || type.kind === "path") return placeOf(context, type)?.text ?? '"/"';
  const value = generateExpression(context, type, random.between(0, 2));
  return value !== undefined && isNumber(value) ? (boundOf(type) ?? value) : value;
}

/** Any literal of the type fits. */
function isFree(type: Type): boolean {
  return type.kind === "bool" || type.kind === "enum" || type.kind === "entity" || type.kind === "timestamp";
}

/** Literals and constants, which must fit. */
function isNumber(text: string): boolean {
  return /^\(?-?[\d.]+\)?$|^k\d/.test(text);
}

function boundOf(type: Type): string | undefined {
  if (type.kind === "int") return String(type.max);
  return type.kind === "decimal" ? printDecimal(type.max) : undefined;
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
