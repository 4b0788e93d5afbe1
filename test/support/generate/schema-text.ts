/** A schema as source text. */
import type { Field } from "@polity/runtime/layout.ts";
import { printObligation } from "./declared-obligations.ts";
import { printType } from "./print-type.ts";
import type { Schema } from "./schema.ts";
import { printTable } from "./tables.ts";

export function printSchema({
  settings,
  types,
  ordered,
  subject,
  shared,
  actions,
  obligations,
}: Schema): readonly string[] {
  const lines: string[] = [];
  for (const [name, members] of types.enums) {
    const isOrdered = ordered.has(name);
    lines.push(`${isOrdered ? "ordered " : ""}enum ${name} { ${members.join(isOrdered ? " < " : ", ")} }`);
  }
  const tables = new Map((types.tables ?? []).map((table) => [table.name, table]));
  for (const [name, fields] of types.records) {
    const table = tables.get(name);
    lines.push(table === undefined ? `record ${name} ${printFields(fields)}` : printTable(table, fields));
  }
  for (const [name, { groups, attributes, fromRequest }] of types.entities) {
    const within = groups.length === 0 ? "" : ` in ${groups.join(", ")}`;
    const from = fromRequest === true ? " from request" : "";
    lines.push(`entity ${name}${within}${from} ${printFields(attributes)}`);
  }
  for (const { name, type, value } of settings) {
    lines.push(`setting ${name}: ${printType(type)} = ${value}`);
  }
  if (subject !== null) lines.push(`subject ${subject.field}: ${subject.entity}`);
  if (shared.length > 0) lines.push(`every action ${printFields(shared)}`);
  for (const obligation of obligations) lines.push(printObligation(obligation));
  for (const { name, fields } of actions) lines.push(`action ${name} ${printFields(fields, SOURCES)}`);
  return lines;
}

/** Some fields say who vouches for them, which changes nothing. */
const SOURCES: ReadonlyMap<string, string> = new Map([
  ["f1", " from host"],
  ["f2", " from agent"],
]);

function printFields(fields: readonly Field[], sources: ReadonlyMap<string, string> = new Map()): string {
  const printed = fields.map(({ name, type }) => `${name}: ${printType(type)}${sources.get(name) ?? ""}`);
  return `{ ${printed.join(", ")} }`;
}
