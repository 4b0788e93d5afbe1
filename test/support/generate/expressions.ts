/** Random well-typed expressions as source text. Every compound expression stands in parentheses. */
import { INT_MAX, INT_MIN, type Type } from "@polity/runtime/layout.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { generateLiteral } from "./literals.ts";
import { expand, isSameType, narrow, type Place } from "./places.ts";
import type { Random } from "./random.ts";
import type { Schema } from "./schema.ts";

export interface Context {
  /** Makes conditions; handed in, since conditions and expressions contain each other. */
  readonly condition: (context: Context, depth: number) => string;
  readonly random: Random;
  readonly schema: Schema;
  readonly places: readonly Place[];
  readonly functions: readonly GeneratedFunction[];
  /** Shared by one whole rule. */
  readonly rule: {
    variables: number;
    /** Paths whose absence the condition asks about: the rule may have to say `@absent_ok` for them. */
    readonly absences: Set<string>;
  };
}

export interface GeneratedFunction {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly type: Type }[];
  readonly result: Type;
  /** Paths from its parameters whose absence the body asks about. */
  readonly absences: ReadonlySet<string>;
}

export const BOOL: Type = { kind: "bool" };
export const INT: Type = { kind: "int", min: INT_MIN, max: INT_MAX };
export const DECIMAL: Type = { kind: "decimal", min: INT_MIN, max: INT_MAX };
export const TIMESTAMP: Type = { kind: "timestamp" };
export const DURATION: Type = { kind: "duration" };

/** An expression of this type; undefined where nothing has it, as for records that no place holds. */
export function generateExpression(context: Context, type: Type, depth: number): string | undefined {
  const { random } = context;
  if (type.kind === "bool" && depth > 0 && random.chance(0.7)) return context.condition(context, depth);
  if (depth > 0 && random.chance(0.1)) {
    const choice = generateChoice(context, type, depth - 1);
    if (choice !== undefined) return choice;
  }
  if (depth > 0 && random.chance(0.15)) {
    const applied = generateApplication(context, type, depth - 1);
    if (applied !== undefined) return applied;
  }
  if (random.chance(0.2)) {
    const otherwise = generateOtherwise(context, type, depth - 1);
    if (otherwise !== undefined) return otherwise;
  }
  if (depth > 0 && random.chance(0.6)) {
    const compound = generateCompound(context, type, depth - 1);
    if (compound !== undefined) return compound;
  }
  const place = placeOf(context, type);
  if (place !== undefined && random.chance(0.75)) return place.text;
  return generateLiteral(random, type, context.schema) ?? place?.text;
}

/** `if c then a else b`, sometimes with what the condition proves. */
function generateChoice(context: Context, type: Type, depth: number): string | undefined {
  const { random, places, schema } = context;
  const optional = places.filter((place) => place.type.kind === "optional" && place.isPath);
  const otherwise = generateExpression(context, type, depth);
  if (optional.length > 0 && random.chance(0.3)) {
    const place = random.pick(optional);
    context.rule.absences.add(place.text);
    const value = generateExpression(
      { ...context, places: narrow(places, place, schema.types) },
      type,
      depth,
    );
    const [word, first, last] = random.chance(0.5)
      ? ["present", value, otherwise]
      : ["absent", otherwise, value];
    if (first === undefined || last === undefined) return undefined;
    return `(if ${place.text} is ${word} then ${first} else ${last})`;
  }
  const value = generateExpression(context, type, depth);
  if (value === undefined || otherwise === undefined) return undefined;
  return `(if ${context.condition(context, depth)} then ${value} else ${otherwise})`;
}

function generateApplication(context: Context, type: Type, depth: number): string | undefined {
  const fitting = context.functions.filter(({ result }) => isSameType(result, type));
  if (fitting.length === 0) return undefined;
  const { name, parameters, absences } = context.random.pick(fitting);
  const given: string[] = [];
  for (const parameter of parameters) {
    const argument = generateExpression(context, parameter.type, depth);
    if (argument === undefined) return undefined;
    given.push(argument);
    for (const path of absences) {
      if (path.startsWith(`${parameter.name}.`)) {
        context.rule.absences.add(argument + path.slice(parameter.name.length));
      }
    }
  }
  return `${name}(${given.join(", ")})`;
}

export function placeOf(context: Context, type: Type): Place | undefined {
  const fitting = context.places.filter((place) => isSameType(place.type, type));
  return fitting.length === 0 ? undefined : context.random.pick(fitting);
}

function generateCompound(context: Context, type: Type, depth: number): string | undefined {
  const { random } = context;
  const part = (of: Type) => generateExpression(context, of, depth);
  const binary = (left: Type, op: string, right: Type) => {
    const operand = part(right);
    // What always divides by zero is refused by the checker.
    const divides = op === "/" || op === "%";
    const isZero = divides && /^(?:0|0\.0|0s)$/.test(operand ?? "");
    return `(${part(left)} ${op} ${isZero ? NOT_ZERO[right.kind] : operand})`;
  };
  switch (type.kind) {
    case "int":
      if (random.chance(0.1)) return generateLocal(context, part(TIMESTAMP));
      if (random.chance(0.1)) return `(-${part(INT)})`;
      if (random.chance(0.15)) return binary(DURATION, "/", DURATION);
      if (random.chance(0.2)) return generateCount(context, depth) ?? binary(INT, "+", INT);
      if (random.chance(0.2)) return generateAggregate(context, INT, depth);
      if (random.chance(0.15)) return generateSize(context);
      return binary(INT, random.pick(ARITHMETIC), INT);
    case "decimal":
      if (random.chance(0.25)) return `(-${part(DECIMAL)})`;
      if (random.chance(0.15)) return generateAggregate(context, DECIMAL, depth);
      return binary(DECIMAL, random.pick(ARITHMETIC), DECIMAL);
    case "timestamp":
      return random.pick([
        () => "now",
        () => generateAggregate(context, TIMESTAMP, depth),
        () => binary(TIMESTAMP, random.pick(["+", "-"]), DURATION),
        () => binary(DURATION, "+", TIMESTAMP),
      ])();
    case "duration":
      return random.pick([
        () => `(-${part(DURATION)})`,
        () => generateAggregate(context, DURATION, depth),
        () => binary(TIMESTAMP, "-", TIMESTAMP),
        () => `age(${part(TIMESTAMP)})`,
        () => binary(DURATION, random.pick(["+", "-", "%"]), DURATION),
        () => binary(DURATION, random.pick(["*", "/"]), INT),
        () => binary(INT, "*", DURATION),
      ])();
    case "bool":
    case "string":
    case "path":
    case "shaped":
    case "enum":
    case "record":
    case "entity":
    case "ref":
    case "optional":
    case "list":
    case "set":
    case "map":
    case "entry":
    case "json":
      return undefined;
    default:
      return unreachable(type);
  }
}

const ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin", "Asia/Kolkata"];

function generateLocal({ random }: Context, time: string | undefined): string {
  const part = random.pick(["year", "month", "day", "hour", "minute", "second", "weekday"]);
  const offset = random.pick(["+00:00", "-18:00", "+05:45", "+14:00"]);
  const place = random.chance(0.6) ? `in("${random.pick(ZONES)}")` : `at("${offset}")`;
  return `${time}.${place}.${part}`;
}

const NOT_ZERO: Readonly<Record<string, string>> = { int: "7", decimal: "1.5", duration: "1500ms" };

const ARITHMETIC = ["+", "-", "*", "/", "%"] as const;

function generateOtherwise(context: Context, type: Type, depth: number): string | undefined {
  const optional = placeOf(context, { kind: "optional", of: type });
  const otherwise = generateExpression(context, type, depth);
  if (optional === undefined || otherwise === undefined) return undefined;
  if (optional.isPath) context.rule.absences.add(optional.text);
  return `(${optional.text} ?? ${otherwise})`;
}

function generateCount(context: Context, depth: number): string | undefined {
  return generateQuantifier(context, "count", depth);
}

function generateSize(context: Context): string | undefined {
  const collection = collectionOf(context);
  return collection === undefined ? undefined : `${collection.text}.size`;
}

/** `sum(v in xs: …)`; the least and greatest of what may be empty have a default. */
function generateAggregate(context: Context, type: Type, depth: number): string | undefined {
  const { random, rule } = context;
  const over = collectionOf(context);
  if (over === undefined) return undefined;
  const op = random.pick(type.kind === "timestamp" ? ["min", "max"] : ["sum", "sum", "min", "max"]);
  const text = `v${rule.variables}`;
  rule.variables += 1;
  const variable: Place = { text, type: memberOf(over.type), isFact: over.isFact, isPath: false };
  const body = generateExpression(within(context, variable), type, depth);
  if (body === undefined) return undefined;
  if (over.isPath && over.type.min === 0) rule.absences.add(over.text);
  const aggregate = `${op}(${text} in ${over.text}: ${body})`;
  if (op === "sum" || over.type.min > 0) return aggregate;
  return `(${aggregate} ?? ${generateExpression(context, type, Math.min(depth, 1))})`;
}

type CollectionPlace = Place & { readonly type: Extract<Type, { readonly min: number }> };

function collectionOf({ random, places }: Context): CollectionPlace | undefined {
  const isCollection = (place: Place): place is CollectionPlace =>
    place.type.kind === "list" || place.type.kind === "set" || place.type.kind === "map";
  const fitting = places.filter(isCollection);
  return fitting.length === 0 ? undefined : random.pick(fitting);
}

/** `any(v in xs: …)` over some list or set in sight. */
export function generateQuantifier(context: Context, op: string, depth: number): string | undefined {
  const over = collectionOf(context);
  if (over === undefined) return undefined;
  if (op === "all" && over.isPath && over.type.min === 0) context.rule.absences.add(over.text);
  const text = `v${context.rule.variables}`;
  context.rule.variables += 1;
  const variable: Place = { text, type: memberOf(over.type), isFact: over.isFact, isPath: false };
  const body = context.condition(within(context, variable), depth);
  return `${op}(${text} in ${over.text}: ${body})`;
}

function memberOf(type: CollectionPlace["type"]): Type {
  return type.kind === "map" ? { kind: "entry", of: type.of } : type.of;
}

function within(context: Context, variable: Place): Context {
  const seen = expand(variable, context.schema.types, 1);
  // Weighted, so that bodies speak of their variable.
  return { ...context, places: [...context.places, ...seen, ...seen, ...seen] };
}
