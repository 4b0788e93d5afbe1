/** Random tables, their rows, and conditions about them. */
import type { Field, Table, Type } from "@polity/runtime/layout.ts";
import { type Context, generateExpression, placeOf } from "./expressions.ts";
import { generateLiteral } from "./literals.ts";
import { expand, type Place } from "./places.ts";
import { printType } from "./print-type.ts";
import type { Random } from "./random.ts";
import type { Schema } from "./schema.ts";
import { generateFields, type Source } from "./values.ts";

/** The schema with a table or none: its rows are records of its name. */
export function withTables(random: Random, schema: Schema): Schema {
  if (random.chance(0.6)) return schema;
  const { types } = schema;
  const key = Array.from({ length: random.between(1, 3) }, (_, at): Field => {
    return { name: `c${at}`, type: keyType(random, schema) };
  });
  const others = random.pick([...types.entities.values()]).attributes.slice(0, 3);
  const columns = [...others, ...key];
  const per = random.between(1, key.length);
  const max = random.chance(0.5) ? 64 : random.between(1, 3);
  const table: Table = { name: "tab0", key: key.map(({ name }) => name), per: max === 64 ? 1 : per, max };
  return {
    ...schema,
    types: { ...types, records: new Map([...types.records, [table.name, columns]]), tables: [table] },
  };
}

function keyType(random: Random, { types }: Schema): Type {
  const entity = random.pick([...types.entities.keys()]);
  return random.pick<Type>([
    { kind: "int", min: -5n, max: 100n },
    { kind: "bool" },
    { kind: "string", id: false, bytesMax: 1_024 },
    { kind: "enum", name: random.pick([...types.enums.keys()]) },
    { kind: "entity", name: entity },
    { kind: "entity", name: entity },
    { kind: "ref", name: entity },
  ]);
}

export function printTable({ name, key, per, max }: Table, columns: readonly Field[]): string {
  const fields = columns.map((column) => `${column.name}: ${printType(column.type)}`).join(", ");
  const most = max === 64 ? "" : ` max ${max} per ${key.slice(0, per).join(", ")}`;
  return `table ${name} { ${fields} } key ${key.join(", ")}${most}`;
}

/** In any order, no key twice, and not too many of one kind. */
export function generateRows(source: Source, { name, key, per, max }: Table): readonly unknown[] {
  const { random, checked } = source;
  const columns = checked.types.records.get(name) ?? [];
  const rows: Record<string, unknown>[] = [];
  const text = (row: Record<string, unknown>, count: number) =>
    JSON.stringify(key.slice(0, count).map((column) => String(row[column])));
  for (let n = random.between(0, 8); n > 0; n -= 1) {
    const row = generateFields(source, columns);
    const isTwice = rows.some((other) => text(other, key.length) === text(row, key.length));
    if (isTwice || rows.filter((other) => text(other, per) === text(row, per)).length >= max) continue;
    rows.push(row);
  }
  return rows;
}

// ---- conditions

/** What a key can be asked for: a path or a literal. */
function keyText(context: Context, type: Type): string | undefined {
  const place = context.random.chance(0.7) ? placeOf(context, type) : undefined;
  if (place?.isPath === true) return place.text;
  return generateLiteral(context.random, type, context.schema);
}

function typeOf({ schema }: Context, table: Table, column: string | undefined): Type {
  const columns = schema.types.records.get(table.name) ?? [];
  return columns.find(({ name }) => name === column)?.type ?? { kind: "bool" };
}

/** `tab0[a, b] is present and …` */
export function generateLookup(context: Context, depth: number): string | undefined {
  const { random, schema } = context;
  const table = schema.types.tables?.[0];
  if (table === undefined) return undefined;
  const keys = table.key.map((column) => keyText(context, typeOf(context, table, column)));
  if (keys.includes(undefined)) return undefined;
  context.rule.absences.add(table.name);
  const text = `${table.name}[${keys.join(", ")}]`;
  if (random.chance(0.2)) return `(${text} is ${random.pick(["present", "absent"])})`;
  const rest = context.condition(withRow(context, text, table), depth);
  return random.chance(0.6) ? `(${text} is present and ${rest})` : `(${text} is absent or ${rest})`;
}

/** `any(v in tab0: v.c0 == a and …)` */
export function generateRowsTest(context: Context, depth: number): string | undefined {
  const { random, schema } = context;
  const table = schema.types.tables?.[0];
  if (table === undefined) return undefined;
  const op = random.pick(["any", "all", "count"]);
  const variable = `v${context.rule.variables}`;
  context.rule.variables += 1;
  const fixed = table.key.slice(0, random.between(table.per, table.key.length)).map((column) => {
    const value = generateExpression(context, typeOf(context, table, column), 0);
    return value === undefined ? undefined : `${variable}.${column} ${op === "all" ? "!=" : "=="} ${value}`;
  });
  if (fixed.includes(undefined)) return undefined;
  if (op === "all") context.rule.absences.add(table.name);
  const rest = context.condition(withRow(context, variable, table), depth);
  const body = [...fixed, rest].join(op === "all" ? " or " : " and ");
  const test = `${op}(${variable} in ${table.name}: ${body})`;
  return op === "count" ? `(${test} ${random.pick([">", ">="])} ${random.between(1, 2)})` : test;
}

function withRow(context: Context, text: string, { name }: Table): Context {
  const row: Place = { text, type: { kind: "record", name }, isFact: true, isPath: false };
  const seen = expand(row, context.schema.types, 1);
  return { ...context, places: [...context.places, ...seen, ...seen] };
}
