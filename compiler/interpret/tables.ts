/** Tables: their rows in the facts, and those with given values in the key (spec 7.5.2). */
import { recordFields, type Table } from "@polity/runtime/layout.ts";
import type { Checked, Value } from "../checked.ts";
import { isDenial } from "./denial.ts";
import type { Facts, Refusal } from "./facts.ts";
import { decodeFields, resolveFields } from "./input.ts";
import { ownData, readItems } from "./objects.ts";
import { compareMembers, isEqual } from "./values.ts";

export interface TableRows {
  readonly table: Table;
  readonly rows: readonly Row[];
}

type Row = ReadonlyMap<string, Value>;

/** `raw` is `{ grant: [{ agent, tool, rows }] }` (spec 7.5.2). */
export function readTables({ types }: Checked, raw: unknown): ReadonlyMap<string, TableRows> | Refusal {
  const given = raw === undefined ? new Map<string, unknown>() : ownData(raw);
  if (given === undefined) return refused("facts.invalid", "`tables` is not an object");
  const { tables: declared = [] } = types;
  for (const name of given.keys()) {
    if (!declared.some((table) => table.name === name)) {
      return refused("facts.unknown_table", "the policy has no such table");
    }
  }
  const tables = new Map<string, TableRows>();
  for (const table of declared) {
    const items = readItems(given.has(table.name) ? given.get(table.name) : [], Number.POSITIVE_INFINITY);
    if (isDenial(items)) return refused("facts.invalid", "the rows of a table are a list");
    const rows: Row[] = [];
    for (const item of items) {
      const row = readRow(item, table, types);
      if ("code" in row) return row;
      rows.push(row);
    }
    tables.set(table.name, { table, rows: rows.sort((a, b) => compareRows(a, b, table.key)) });
  }
  return tables;
}

function readRow(raw: unknown, { name }: Table, types: Checked["types"]): Row | Refusal {
  const columns = recordFields(name, types);
  const written = decodeFields(raw, columns, types);
  const row = isDenial(written) ? written : resolveFields(written, columns, types);
  if (!isDenial(row)) return row;
  switch (row.deny) {
    case "input.missing":
      return refused("facts.missing_attribute", "a column is missing");
    case "input.unknown_field":
      return refused("facts.unknown_attribute", "a column is not declared");
    case "input.out_of_range":
      return refused("facts.out_of_range", "a column is out of its range");
    case "input.too_large":
      return refused("facts.too_large", "a column is too large");
    default:
      return refused("facts.invalid", "a column is not of its type");
  }
}

function refused(code: Refusal["code"], message: string): Refusal {
  return { code, message, entity: null };
}

function compareRows(a: Row, b: Row, columns: readonly string[]): number {
  for (const column of columns) {
    const order = compareMembers(a.get(column), b.get(column));
    if (order !== 0) return order;
  }
  return 0;
}

/** No two rows have one key, and no more rows than declared agree in its first columns (spec 7.5.3). */
export function checkKeys({ table, rows }: TableRows): Refusal | null {
  const { key, per, max } = table;
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    if (before !== undefined && compareRows(before, row, key) === 0) {
      return refused("facts.duplicate_key", "two rows of one key");
    }
  }
  for (const [index, row] of rows.entries()) {
    const earlier = rows[index - max];
    if (earlier !== undefined && compareRows(earlier, row, key.slice(0, per)) === 0) {
      return refused("facts.too_many_rows", "too many rows agree in the first columns of the key");
    }
  }
  return null;
}

/** The rows whose key begins with these values, in the order of the key (spec 7.5.4, 7.5.5). */
export function rowsWith({ tables }: Facts, name: string, values: readonly Value[]): readonly Row[] {
  const found = tables.get(name);
  if (found === undefined) return [];
  const { table, rows } = found;
  return rows.filter((row) => values.every((value, at) => isEqual(row.get(table.key[at] ?? ""), value)));
}
