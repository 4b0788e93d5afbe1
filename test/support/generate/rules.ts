/** Random rules as source text. */
import type { Field, Type } from "@polity/runtime/layout.ts";
import { type Definitions, generateLets } from "./definitions.ts";
import { BOOL, type Context, DECIMAL, DURATION, generateExpression, INT, TIMESTAMP } from "./expressions.ts";
import { generateLiteral } from "./literals.ts";
import { generateObliges } from "./obligations.ts";
import { absencePath, expand, isSameType, type Place } from "./places.ts";
import type { Random } from "./random.ts";
import type { Schema } from "./schema.ts";

export type Kind = "policy" | "guard";

/** What the rules of one program share. */
export interface World {
  readonly kind: Kind;
  readonly schema: Schema;
  readonly definitions: Definitions;
  /** Makes the conditions. */
  readonly condition: Context["condition"];
  /** The probability that a rule says `@absent_ok` for every path whose absence it asks about. */
  readonly absentOk: number;
  /** The probability that a rule that may be is on all actions. */
  readonly everywhere?: number;
}

/** A rule that shows the values of many expressions, so that a wrong one cannot hide behind the verdict. */
export function generateProbe(random: Random, world: World, action: string): string {
  const { schema, definitions, kind, condition } = world;
  const { constants, functions } = definitions;
  const fields = schema.actions.find(({ name }) => name === action)?.fields ?? [];
  const rule = { variables: 0, absences: new Set<string>() };
  const places = [...placesOf(schema, fields), ...constants];
  const context = { condition, random, schema, places, functions, rule };
  const holes: string[] = [];
  for (let n = random.between(3, 8); n > 0; n -= 1) {
    const type = random.pick([BOOL, BOOL, BOOL, INT, DECIMAL, DECIMAL, TIMESTAMP, DURATION, DURATION]);
    const hole = generateExpression(context, type, random.between(1, 3));
    if (hole !== undefined) holes.push(`{${hole}}`);
  }
  const verdict = kind === "guard" ? "deny" : "allow";
  return `${verdict} probe_${action} on ${action}\n  always\n  note "${holes.join(" ")}"`;
}

const VERDICTS = [
  "allow",
  "allow",
  "allow",
  "allow",
  "hold",
  "hold",
  "deny",
  "deny",
  "quarantine",
  "terminate",
];

export function generateRule(random: Random, world: World, name: string): string {
  const { schema, definitions, kind, condition, absentOk } = world;
  const { constants, functions } = definitions;
  const anyVerdict = random.pick(kind === "guard" ? VERDICTS.slice(4) : VERDICTS);
  const needsSubject = anyVerdict === "quarantine" || anyVerdict === "terminate";
  const verdict = needsSubject && schema.subject === null ? "deny" : anyVerdict;
  const isEverywhere = verdict !== "allow" && random.chance(world.everywhere ?? 0.2);
  const actions = random.shuffle(schema.actions).slice(0, random.chance(0.7) ? 1 : 2);
  const fields = isEverywhere ? [] : commonFields(actions.map((action) => action.fields));
  const rule = { variables: 0, absences: new Set<string>() };
  const places = [...placesOf(schema, fields), ...constants];
  const outer: Context = { condition, random, schema, places, functions, rule };
  const { lets, inner: named } = generateLets(outer);
  const { witness, inner: context } = generateWitness(named);
  const clauses = [...lets, ...witness, ...generateClauses(context)];
  if (verdict === "hold") clauses.push(generateUntil(named));
  if (random.chance(0.5)) clauses.push(`  because ${generateTemplate(context, false)}`);
  if (random.chance(0.4)) clauses.push(`  note ${generateTemplate(context, true)}`);
  if (verdict !== "hold") clauses.push(...generateObliges(context, schema.obligations));
  const isSilent = random.chance(absentOk);
  const absences = new Set([...rule.absences].map(absencePath));
  for (const path of isSilent ? absences : []) clauses.push(`  @absent_ok(${path}, "generated")`);
  const on = isEverywhere ? "*" : actions.map((action) => action.name).join(", ");
  if (random.chance(0.2)) clauses.push(`  @severity(${random.pick(["high", '"a b"', "7"])}) @owner`);
  const shadow = random.chance(0.15) ? "shadow " : "";
  return [`${shadow}${verdict} ${name} on ${on}`, ...clauses].join("\n");
}

/** Fields that all these actions declare, with the same kind of type. */
function commonFields(lists: readonly (readonly Field[])[]): readonly Field[] {
  const [first = [], ...rest] = lists;
  const isIn = (field: Field) => (fields: readonly Field[]) =>
    fields.some(({ name, type }) => name === field.name && isSameType(type, field.type));
  return first.filter((field) => rest.every(isIn(field)));
}

export function placesOf(schema: Schema, fields: readonly Field[]): readonly Place[] {
  const { subject, shared, types } = schema;
  const all: Field[] = [...fields, ...fields, ...shared];
  if (subject !== null) all.push({ name: subject.field, type: { kind: "entity", name: subject.entity } });
  const roots: Place[] = [
    { text: "now", type: TIMESTAMP, isFact: false, isPath: false },
    { text: "trust", type: INT, isFact: false, isPath: false },
  ];
  for (const { name, type } of all) roots.push({ text: name, type, isFact: false, isPath: true });
  for (const { name, type } of schema.settings) roots.push({ text: name, type, isFact: true, isPath: false });
  return roots.flatMap((place) => expand(place, types));
}

/** `for any w in xs`, sometimes over two collections of one type. */
function generateWitness(context: Context): { readonly witness: readonly string[]; readonly inner: Context } {
  const { random, places, schema } = context;
  const collections = places.filter(({ type }) => type.kind === "set" || type.kind === "list");
  const over = collections.length > 0 && random.chance(0.25) ? random.pick(collections) : undefined;
  if (over === undefined || !("of" in over.type)) return { witness: [], inner: context };
  const { of } = over.type;
  const others = places.filter(
    ({ type, text }) =>
      (type.kind === "set" || type.kind === "list") && isSameType(type.of, of) && text !== over.text,
  );
  const other = others.length > 0 && random.chance(0.5) ? random.pick(others) : over;
  const overs = other === over ? over.text : `${over.text}, ${other.text}`;
  const place: Place = { text: "w", type: of, isFact: over.isFact || other.isFact, isPath: false };
  const seen = expand(place, schema.types, 1);
  return {
    witness: [`  for any w in ${overs}`],
    inner: { ...context, places: [...places, ...seen, ...seen] },
  };
}

function generateClauses(context: Context): string[] {
  const { random } = context;
  const shape = random.below(10);
  if (shape === 0) return ["  always"];
  const clauses: string[] = [];
  if (shape < 8) clauses.push(`  when ${context.condition(context, random.between(1, 4))}`);
  if (shape > 5) clauses.push(`  unless ${context.condition(context, random.between(1, 3))}`);
  return clauses;
}

function generateUntil(context: Context): string {
  const { random, schema } = context;
  const inFacts = [...schema.types.entities].flatMap(([name, { fromRequest }]) =>
    fromRequest ? [] : [name],
  );
  const type: Type = { kind: "entity", name: random.pick(inFacts) };
  const group = random.chance(0.7)
    ? generateLiteral(random, type, schema)
    : generateExpression(context, type, 0);
  const count = random.chance(0.4) ? "2 of " : "";
  return `  until approved by ${count}${group} within ${random.pick(["15m", "1h", "1s", "30d"])}`;
}

/** `because` may name request fields and constants only. */
function generateTemplate(context: Context, isNote: boolean): string {
  const { random } = context;
  const places = context.places.filter(
    ({ isFact, text }) => isNote || (!isFact && text !== "now" && text !== "trust"),
  );
  const shown = places.filter(
    ({ type }) => !["record", "optional", "list", "set", "map", "entry", "json"].includes(type.kind),
  );
  let text = random.constants?.("text") ?? random.pick(["", "why: ", "é😀 ", "100% "]);
  for (let n = random.between(0, 3); n > 0 && shown.length > 0; n -= 1) {
    const { type, text: path } = random.pick(shown);
    const isCompound = ["int", "decimal", "duration", "timestamp"].includes(type.kind) && random.chance(0.5);
    const hole = isCompound ? generateExpression({ ...context, places }, type, 2) : path;
    if (hole !== undefined && (isNote || isPlainHole(hole)))
      text += `{${hole}}${random.pick(["", " and ", ", "])}`;
  }
  return `"${text}"`;
}

/** Without what the caller does not know. */
function isPlainHole(text: string): boolean {
  return !/\b(?:now|age|trust|if|in|any|all|count|exists|set\d+|tab\d+|g\d+)\b/.test(text);
}
