/** The rows of a snapshot's tables: each whole, no key twice, not too many of one kind. */
import { canonicalFields, compareKeys, memberKey } from "./canonical-fields.ts";
import { hasBadPath } from "./facts-paths.ts";
import { type FactsCode, type FactsRefusal, faultOf, refusal } from "./facts-refusal.ts";
import { parseJson } from "./json.ts";
import { canonicalOf } from "./path.ts";
import { type Node, OP, type Plan } from "./plan.ts";

/** What a policy says about a table. */
export interface TableSchema {
  readonly name: string;
  readonly columns: Plan;
  /** Columns of the key, as their places in the plan. */
  readonly key: readonly number[];
  readonly per: number;
  readonly max: number;
}

export interface Row {
  /** Values by the columns of the plan, in canonical form. */
  readonly values: readonly unknown[];
  readonly key: readonly (bigint | string)[];
}

type Members = Readonly<Record<string, unknown>>;

const CODES: Readonly<Record<string, FactsCode>> = {
  "input.missing": "facts.missing_attribute",
  "input.unknown_field": "facts.unknown_attribute",
  "input.out_of_range": "facts.out_of_range",
  "input.too_large": "facts.too_large",
};

/** By table, in the order given. */
export function readTables(
  schemas: readonly TableSchema[],
  given: Members,
): readonly (readonly Row[])[] | FactsRefusal {
  for (const name of Object.keys(given)) {
    if (schemas.some((table) => table.name === name)) continue;
    return refusal("facts.unknown_table", `the policy has no table ${JSON.stringify(name)}`, null);
  }
  const tables: Row[][] = [];
  for (const table of schemas) {
    const raw = Object.hasOwn(given, table.name) ? given[table.name] : [];
    if (!Array.isArray(raw)) return refusal("facts.invalid", `${table.name}: the rows are a list`, null);
    const rows: Row[] = [];
    for (const [at, item] of raw.entries()) {
      const row = readRow(table, item, at);
      if ("code" in row) return row;
      rows.push(row);
    }
    tables.push(rows);
  }
  return tables;
}

/** `at` counts from 0. */
export function readRow({ name, columns, key }: TableSchema, raw: unknown, at: number): Row | FactsRefusal {
  const read = canonicalFields(columns, raw);
  if (!read.ok) {
    const fault = faultOf("column", read.path, read.code);
    return refusal(CODES[read.code] ?? "facts.invalid", `row ${at + 1} of ${name}: ${fault}`, null);
  }
  if (hasBadPath(columns, raw)) return refusal("facts.invalid", `row ${at + 1} of ${name}: no path`, null);
  const parsed = parseJson(read.json);
  const members = parsed.ok ? (parsed.value as Members) : {};
  const values = columns.names.map((column) => members[column]);
  return { values, key: key.map((column) => keyOf(columns.nodes[column]!, values[column])) };
}

/** By which rows are sorted; shaped text in the form that rules see. */
function keyOf(node: Node, value: unknown): bigint | string {
  const isShaped = node.op === OP.path || node.op === OP.shaped;
  if (isShaped) return canonicalOf(node, String(value)) ?? "";
  return memberKey(node, value) ?? "";
}

/** The rows in the order of their keys. */
export function sortRows(table: TableSchema, rows: readonly Row[]): readonly Row[] | FactsRefusal {
  const { name, key, per, max } = table;
  const sorted = [...rows].sort((a, b) => compareRows(a, b, key.length));
  for (const [at, row] of sorted.entries()) {
    if (at === 0 || compareRows(sorted[at - 1]!, row, key.length) !== 0) continue;
    return refusal("facts.duplicate_key", `${name}: two rows of the key ${keyText(row, key.length)}`, null);
  }
  for (const [at, row] of sorted.entries()) {
    if (at < max || compareRows(sorted[at - max]!, row, per) !== 0) continue;
    const message = `${name}: more than ${max} rows that begin with ${keyText(row, per)}`;
    return refusal("facts.too_many_rows", message, null);
  }
  return sorted;
}

function compareRows(a: Row, b: Row, count: number): number {
  for (let at = 0; at < count; at += 1) {
    const order = compareKeys(a.key[at]!, b.key[at]!);
    if (order !== 0) return order;
  }
  return 0;
}

function keyText({ key }: Row, count: number): string {
  return key
    .slice(0, count)
    .map((part) => (typeof part === "string" ? JSON.stringify(part) : String(part)))
    .join(", ");
}
