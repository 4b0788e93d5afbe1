/** Random conditions: expressions of type bool. */
import type { Shape, Type } from "@polity/runtime/layout.ts";
import { BOOL, type Context, generateExpression, generateQuantifier, placeOf } from "./expressions.ts";
import { generateCollection, generateLiteral, PATHS, PATTERNS, SHAPED_TEXTS, TEXTS } from "./literals.ts";
import { generatePattern } from "./patterns.ts";
import { isSameType, known, narrow, type Place } from "./places.ts";
import { printText } from "./print-type.ts";
import { generateBelowAny, generateDurations, generateMembersOrder, generatePart } from "./rare.ts";
import { generateLookup, generateRowsTest } from "./tables.ts";
import { KEYS } from "./values.ts";

type Maker = (context: Context, depth: number) => string | undefined;

/** At least a literal. */
export function generateCondition(context: Context, depth: number): string {
  if (depth <= 0) return generateComparison(context, 0) ?? "true";
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const made = context.random.pick(MAKERS)(context, depth - 1);
    if (made !== undefined) return made;
  }
  return generateComparison(context, depth) ?? "true";
}

function generateNot(context: Context, depth: number): string {
  return `(not ${generateCondition(context, depth)})`;
}

function generateJunction(context: Context, depth: number): string {
  const op = context.random.pick(["and", "and", "or"]);
  const left = generateCondition(context, depth);
  return `(${left} ${op} ${generateCondition(context, depth)})`;
}

/** `x is present and …`, `x is absent or …`: the rest may use what is in `x`. */
function generateNarrowed(context: Context, depth: number): string | undefined {
  const place = pickPlace(context, ({ type, isPath }) => type.kind === "optional" && isPath);
  if (place === undefined) return undefined;
  context.rule.absences.add(place.text);
  const places = narrow(context.places, place, context.schema.types);
  const added = places.filter(({ text }) => text.startsWith(place.text));
  const narrowed = { ...context, places: [...places, ...added, ...added] };
  const rest = generateCondition(narrowed, depth);
  return context.random.chance(0.5)
    ? `(${place.text} is present and ${rest})`
    : `(${place.text} is absent or ${rest})`;
}

/** `exists(x) and …`, `not exists(x) or …`: the rest may use what is known of `x`. */
function generateExistence(context: Context, depth: number): string | undefined {
  const { random, schema } = context;
  const place = pickPlace(context, ({ type, isPath }) => type.kind === "ref" && isPath);
  if (place === undefined || place.type.kind !== "ref") return undefined;
  context.rule.absences.add(place.text);
  if (random.chance(0.2)) return random.pick([`exists(${place.text})`, `(not exists(${place.text}))`]);
  const added = known(place, schema.types);
  const places = [...context.places, ...added, ...added];
  const groups = [place.type.name, ...(schema.types.entities.get(place.type.name)?.groups ?? [])];
  const group = generateLiteral(random, { kind: "entity", name: random.pick(groups) }, schema);
  const rest = random.chance(0.4)
    ? `(${place.text} ${random.pick(["in", "not in"])} ${group})`
    : generateCondition({ ...context, places }, depth);
  return random.chance(0.5)
    ? `(exists(${place.text}) and ${rest})`
    : `((not exists(${place.text})) or ${rest})`;
}

/** By id: a reference and an entity, in any order, and among others. */
function generateReference(context: Context): string | undefined {
  const { random, schema } = context;
  const ref = pickPlace(context, ({ type }) => type.kind === "ref");
  if (ref === undefined || ref.type.kind !== "ref") return undefined;
  const type: Type = { kind: "entity", name: ref.type.name };
  const many = pickPlace(
    context,
    ({ type: of }) => (of.kind === "set" || of.kind === "list") && isSameType(of.of, type),
  );
  if (many !== undefined && random.chance(0.5)) return `${many.text}.has(${ref.text})`;
  const other = placeOf(context, type)?.text ?? generateLiteral(random, type, schema);
  const op = random.pick(["==", "!="]);
  return random.chance(0.5) ? `(${ref.text} ${op} ${other})` : `(${other} ${op} ${ref.text})`;
}

function generatePresence(context: Context): string | undefined {
  const place = pickPlace(context, ({ type }) => type.kind === "optional");
  if (place === undefined) return undefined;
  if (place.isPath) context.rule.absences.add(place.text);
  return `(${place.text} is ${context.random.pick(["present", "absent"])})`;
}

function generateComparison(context: Context, depth: number): string | undefined {
  const { random } = context;
  const place = pickPlace(context, ({ type }) => type.kind !== "optional" && type.kind !== "json");
  if (place === undefined) return undefined;
  const { type } = place;
  if (type.kind === "bool" && random.chance(0.4)) return place.text;
  const isOrdered = hasOrder(context, type);
  const op = random.pick(isOrdered ? ["<", "<=", ">", ">=", "==", "!="] : ["==", "!="]);
  const left = random.chance(0.45) ? place.text : generateExpression(context, type, depth);
  if (type.kind === "list" || type.kind === "set") return generateSameCollections(context, place, op);
  const right = generateExpression(context, type, depth);
  return left === undefined || right === undefined ? undefined : `(${left} ${op} ${right})`;
}

function hasOrder({ schema }: Context, type: Type): boolean {
  if (type.kind === "enum") return schema.ordered.has(type.name);
  return ["int", "decimal", "timestamp", "duration"].includes(type.kind);
}

function generateSameCollections(context: Context, { text, type }: Place, op: string): string | undefined {
  const other = placeOf(context, type);
  if (context.random.chance(0.5) && other !== undefined) return `(${text} ${op} ${other.text})`;
  if (type.kind !== "set" && type.kind !== "list") return undefined;
  const literal = generateCollection(context.random, type.of, context.schema, type.kind);
  return literal === undefined ? undefined : `(${text} ${op} ${literal})`;
}

/** `x in xs` for plain values, `xs.has(x)` for entities. */
function generateMember(context: Context, depth: number): string | undefined {
  const { random } = context;
  const op = random.pick(["in", "in", "not in"]);
  const collection = pickPlace(context, ({ type }) => type.kind === "list" || type.kind === "set");
  if (collection !== undefined && random.chance(0.6) && "of" in collection.type) {
    const { of } = collection.type;
    if (of.kind === "shaped" && COVERED.has(of.shape)) return undefined;
    const member = generateExpression(context, of, depth);
    if (member === undefined || of.kind === "record") return undefined;
    return of.kind === "entity"
      ? `${collection.text}.has(${member})`
      : `(${member} ${op} ${collection.text})`;
  }
  const place = pickPlace(context, ({ type }) => PLAIN.has(type.kind));
  if (place === undefined) return undefined;
  const literal = generateCollection(random, place.type, context.schema);
  return literal === undefined ? undefined : `(${place.text} ${op} ${literal})`;
}

function generateHas(context: Context): string | undefined {
  const { random, rule } = context;
  const map = pickPlace(context, ({ type }) => type.kind === "map" || type.kind === "json");
  if (map === undefined) return undefined;
  if (map.isPath) rule.absences.add(map.text);
  if (map.type.kind === "json") return `${map.text}.has(${random.pick(['"a"', '"a", "b"', '"😀"', '"é"'])})`;
  const text = pickPlace(context, ({ type }) => type.kind === "string");
  const key = text !== undefined && random.chance(0.3) ? text.text : printText(random.pick(KEYS));
  return `${map.text}.has(${key})`;
}

/** Two sets of one type: of two places, or of a place and a literal. */
function generateSets(context: Context): string | undefined {
  const { random, rule } = context;
  const set = pickPlace(context, ({ type }) => type.kind === "set");
  if (set === undefined || set.type.kind !== "set") return undefined;
  const others = context.places.filter(({ type }) => isSameType(type, set.type));
  const op = random.pick(["subset_of", "overlaps", "disjoint_from"]);
  const place = others.length > 1 && random.chance(0.6) ? random.pick(others) : undefined;
  const other = place?.text ?? generateCollection(random, set.type.of, context.schema);
  if (other === undefined) return undefined;
  for (const side of [set, place]) {
    const mayBeEmpty = side !== undefined && side.type.kind === "set" && side.type.min === 0;
    if (op !== "overlaps" && mayBeEmpty && side.isPath) rule.absences.add(side.text);
  }
  return random.chance(0.5) ? `(${set.text} ${op} ${other})` : `(${other} ${op} ${set.text})`;
}

const PLAIN: ReadonlySet<string> = new Set([
  "bool",
  "int",
  "decimal",
  "timestamp",
  "duration",
  "string",
  "path",
  "shaped",
  "enum",
]);

const COVERED: ReadonlyMap<Shape, Shape> = new Map([
  ["host_pattern", "host"],
  ["cidr", "ip"],
]);

/** A host in a pattern, an address in a network: of facts, or literals. */
function generateCovered(context: Context): string | undefined {
  const { random, schema } = context;
  const op = random.pick(["in", "in", "not in"]);
  const isCovered = (type: Type) => type.kind === "shaped" && [...COVERED.values()].includes(type.shape);
  const of = pickPlace(context, ({ type }) => isCovered(type));
  if (of?.type.kind !== "shaped") return undefined;
  const { shape } = of.type;
  const isCover = (type: Type) => type.kind === "shaped" && COVERED.get(type.shape) === shape;
  const fact = pickPlace(
    context,
    ({ type, isFact }) => isFact && isCover("min" in type && "of" in type ? type.of : type),
  );
  if (fact !== undefined && random.chance(0.7)) return `(${of.text} ${op} ${fact.text})`;
  const by: Type = { kind: "shaped", shape: shape === "host" ? "host_pattern" : "cidr", bytesMax: 300 };
  const literal = random.chance(0.4)
    ? generateLiteral(random, by, schema)
    : generateCollection(random, by, schema, random.pick(["list", "set"]));
  return `(${of.text} ${op} ${literal})`;
}

function generateBetween(context: Context, depth: number): string | undefined {
  const place = pickPlace(context, ({ type }) => hasOrder(context, type));
  if (place === undefined) return undefined;
  const ends = [1, 2].map(() => generateExpression(context, place.type, depth));
  return `(${place.text} ${context.random.pick(["in", "not in"])} ${ends.join("..")})`;
}

/** An entity in a group, or in one of a set of groups. */
function generateBelow(context: Context): string | undefined {
  const { random, schema } = context;
  const entity = pickPlace(context, ({ type }) => type.kind === "entity");
  if (entity === undefined || entity.type.kind !== "entity") return undefined;
  const op = random.pick(["in", "in", "not in"]);
  const groups = [entity.type.name, ...(schema.types.entities.get(entity.type.name)?.groups ?? [])];
  const group: Type = { kind: "entity", name: random.pick(groups) };
  const many = pickPlace(
    context,
    ({ type }) => (type.kind === "set" || type.kind === "list") && isSameType(type.of, group),
  );
  if (many !== undefined && random.chance(0.5)) return `(${entity.text} ${op} ${many.text})`;
  const several = random.chance(0.2) ? generateCollection(random, group, schema) : undefined;
  if (several !== undefined) return `(${entity.text} ${op} ${several})`;
  const one = placeOf(context, group)?.text;
  const literal = generateLiteral(random, group, schema) ?? one;
  if (literal === undefined) return undefined;
  return `(${entity.text} ${op} ${random.chance(0.5) ? (one ?? literal) : literal})`;
}

const STRING: Type = { kind: "string", id: false, bytesMax: 1_024 };
const SOUGHT = ["matches", "contains"] as const;

function generateTextTest(context: Context): string | undefined {
  const { random } = context;
  const text = pickPlace(context, ({ type }) => type.kind === "string");
  if (text === undefined) return undefined;
  const fact = pickPlace(context, ({ type, isFact }) => type.kind === "string" && isFact);
  const isFact = fact !== undefined && random.chance(0.3);
  if (random.chance(0.35)) return `(${text.text} ${random.pick(SOUGHT)} ${generatePattern(random, 3)})`;
  const op = random.pick(["starts_with", "ends_with", "like", "like", ...SOUGHT]);
  const pool = op === "like" ? [...PATTERNS, ...TEXTS] : TEXTS;
  const literal = random.constants?.(STRING, context.schema) ?? printText(random.pick(pool));
  const pattern = isFact ? fact.text : literal;
  return op === "like" || op === "matches" || op === "contains"
    ? `(${text.text} ${op} ${pattern})`
    : `${text.text}.${op}(${pattern})`;
}

function generateWithin(context: Context): string | undefined {
  const { random } = context;
  const isHost = random.chance(0.5);
  const fits = (type: Type) =>
    isHost ? type.kind === "shaped" && type.shape === "host" : type.kind === "path";
  const path = pickPlace(context, ({ type }) => fits(type));
  if (path === undefined) return undefined;
  const fact = pickPlace(context, ({ type, isFact }) => fits(type) && isFact);
  const isFact = fact !== undefined && random.chance(0.5);
  if (isHost) return `${path.text}.within(${isFact ? fact.text : printText(random.pick(SHAPED_TEXTS.host))})`;
  return `${path.text}.within(${isFact ? fact.text : printText(context.random.pick(PATHS))})`;
}

function generateAnyAll(context: Context, depth: number): string | undefined {
  return generateQuantifier(context, context.random.pick(["any", "all"]), depth);
}

function generateBool(context: Context, depth: number): string | undefined {
  return context.random.chance(0.2) ? generateExpression(context, BOOL, Math.min(depth, 1)) : undefined;
}

function pickPlace(context: Context, accept: (place: Place) => boolean): Place | undefined {
  const fitting = context.places.filter(accept);
  return fitting.length === 0 ? undefined : context.random.pick(fitting);
}

const MAKERS: readonly Maker[] = [
  generateNot,
  generateJunction,
  generateJunction,
  generateNarrowed,
  generateExistence,
  generateLookup,
  generateRowsTest,
  generateReference,
  generateNarrowed,
  generatePresence,
  generateComparison,
  generateComparison,
  generateComparison,
  generateMember,
  generateMember,
  generateSets,
  generateHas,
  generateBetween,
  generateBelow,
  generateBelow,
  generateTextTest,
  generateTextTest,
  generateWithin,
  generateWithin,
  generateCovered,
  generateCovered,
  generateAnyAll,
  generateAnyAll,
  generateBool,
  generateMembersOrder,
  generateMembersOrder,
  generateMembersOrder,
  generateMembersOrder,
  generateSets,
  generateDurations,
  generatePart,
  generatePart,
  generateExistence,
  generateExistence,
  generateBelowAny,
];
