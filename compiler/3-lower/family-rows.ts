/** Rows of a family: constants in columns, rules that want the same in buckets. */
import type { Types } from "@polity/runtime/layout.ts";
import type { Expr, Value } from "../checked.ts";
import type { IrExpr } from "../ir.ts";
import type { IrBucket, IrColumn, IrRow } from "../ir-families.ts";
import { type Family, type Relative, within } from "./families.ts";
import type { Plan, PlannedPart } from "./family-plan.ts";
import { collectionLiteral, entityLiteral, type LiteralPool, textLiteral } from "./literals.ts";
import { heldAs, memberBits } from "./machine.ts";

const ID_BYTES = 4;

/** Where the constants of rows stand, and how they are written there. */
export interface Columns {
  readonly rowBytes: number;
  readonly idOffset: number;
  readonly columns: readonly IrColumn[];
  /** What takes the place of a literal. */
  readonly exprs: ReadonlyMap<Expr, IrExpr>;
  readonly cellsOf: (rule: Relative) => readonly bigint[];
}

type Held = Extract<IrExpr, { kind: "column" }>["held"];

interface Wanted {
  readonly literals: Expr[];
  readonly constant: number;
  readonly held: Held;
  readonly isEntity: boolean;
  readonly cells: readonly bigint[];
}

/** Only for constants that are still read: those of the index are not. */
export function layColumns(family: Family, plan: Plan, pool: LiteralPool): Columns {
  const wanted = wantedBy(family, plan, pool);
  const sized = wanted.map((one) => ({ ...one, bytes: bytesOf(one) }));
  const widest = Math.max(ID_BYTES, ...sized.map(({ bytes }) => bytes));
  const exprs = new Map<Expr, IrExpr>();
  const columns: IrColumn[] = [];
  const cells: (readonly bigint[])[] = [];
  let offset = 0;
  let idOffset = 0;
  // From the widest to the narrowest, so that each is aligned.
  for (const bytes of [8, 4, 2, 1] as const) {
    if (bytes === ID_BYTES) {
      idOffset = offset;
      offset += ID_BYTES;
    }
    for (const one of sized) {
      if (one.bytes !== bytes) continue;
      columns.push({ offset, bytes, isAddress: one.held === "slot" });
      cells.push(one.cells);
      const column: IrExpr = { kind: "column", offset, bytes, held: one.held };
      const value: IrExpr = one.isEntity ? { kind: "call", to: "entityAt", args: [column] } : column;
      for (const literal of one.literals) exprs.set(literal, value);
      offset += bytes;
    }
  }
  const places = new Map(family.map(({ id }, at) => [id, at]));
  const cellsOf = ({ id }: Relative) => cells.map((column) => column[places.get(id) ?? 0] ?? 0n);
  return { rowBytes: Math.ceil(offset / widest) * widest, idOffset, columns, exprs, cellsOf };
}

function wantedBy(
  family: Family,
  { rest, order, group, varying }: Plan,
  pool: LiteralPool,
): readonly Wanted[] {
  const wanted: Wanted[] = [];
  const read = [...rest, ...(order === null ? [] : [order.conjunct]), ...(group === null ? [] : [group])];
  for (const root of read) {
    const asBits = new Set<Expr>();
    for (const expr of within(root)) {
      if (expr.kind === "member" && heldAs(expr.of.type) === "enum") asBits.add(expr.within);
      const constant = varying.get(expr);
      if (constant === undefined || expr.kind !== "literal") continue;
      const values = family.map(({ constants }) => constants[constant]);
      const bits = asBits.has(expr) ? values.map((value) => memberBits(value)) : [null];
      const isBits = bits.every((one) => one !== null);
      const cells = isBits ? bits : values.map((value) => cellOf(value, expr, pool));
      wanted.push({ literals: [expr], constant, cells, ...heldBy(expr, isBits) });
    }
  }
  return wanted;
}

function heldBy(
  { value }: Extract<Expr, { kind: "literal" }>,
  isBits: boolean,
): Pick<Wanted, "held" | "isEntity"> {
  if (isBits) return { held: "bits", isEntity: false };
  if (typeof value === "bigint") return { held: "number", isEntity: false };
  if (typeof value === "object" && "member" in value) return { held: "enum", isEntity: false };
  return { held: "slot", isEntity: typeof value === "object" && "id" in value };
}

/** A number, or the index of a literal of rows. */
function cellOf(value: Value, { type }: Expr, pool: LiteralPool): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "string") return BigInt(textLiteral(pool, value));
  if (typeof value === "object" && "member" in value) return BigInt(value.member);
  if (typeof value === "object" && "id" in value && "type" in value)
    return BigInt(entityLiteral(pool, value));
  if ((type.kind === "list" || type.kind === "set") && Array.isArray(value)) {
    return BigInt(collectionLiteral(pool, type, value));
  }
  throw new Error(`no column of ${type.kind}`);
}

/** As few as hold every cell: numbers with their sign, members and bits without. */
function bytesOf({ held, cells }: Wanted): IrColumn["bytes"] {
  if (held === "slot") return 4;
  if (held === "bits") return 8;
  for (const bytes of [1, 2, 4] as const) {
    const fits = (cell: bigint) =>
      held === "number" ? BigInt.asIntN(8 * bytes, cell) === cell : BigInt.asUintN(8 * bytes, cell) === cell;
    if (cells.every(fits)) return bytes;
  }
  return 8;
}

// ---- buckets

/** Subjects' constants have numbers; those of an enum's members are the members' own. */
export type NumberOf = (part: PlannedPart, value: Value) => bigint;

export interface ShiftedPart extends PlannedPart {
  readonly shift: number;
}

/** By key; a rule that takes any of several constants has a row in the bucket of each. */
export function bucketsOf(
  family: Family,
  plan: Plan,
  parts: readonly ShiftedPart[],
  numberOf: NumberOf,
  cellsOf: Columns["cellsOf"],
): readonly IrBucket[] {
  const buckets = new Map<bigint, { readonly row: IrRow; readonly at: bigint }[]>();
  for (const rule of family) {
    const row: IrRow = { id: rule.id, cells: cellsOf(rule) };
    const at = plan.order === null ? 0n : orderOf(rule, plan.order.constant);
    for (const key of keysOf(rule, parts, numberOf)) {
      const bucket = buckets.get(key);
      if (bucket === undefined) buckets.set(key, [{ row, at }]);
      else bucket.push({ row, at });
    }
  }
  const sign = plan.order?.isDescending === true ? -1 : 1;
  return [...buckets]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, rows]) => {
      // Rules came by id, and sorting keeps the order of equals.
      rows.sort((a, b) => (a.at < b.at ? -sign : a.at > b.at ? sign : 0));
      return { key, rows: rows.map(({ row }) => row) };
    });
}

function orderOf({ constants }: Relative, constant: number): bigint {
  const value = constants[constant];
  if (typeof value !== "bigint") throw new Error("rows are sorted by numbers");
  return value;
}

function keysOf(rule: Relative, parts: readonly ShiftedPart[], numberOf: NumberOf): readonly bigint[] {
  let keys = [0n];
  for (const part of parts) {
    const numbers = valuesOf(rule, part).map((value) => numberOf(part, value) << BigInt(part.shift));
    keys =
      numbers.length === 1
        ? keys.map((key) => key | numbers[0]!)
        : keys.flatMap((key) => numbers.map((number) => key | number));
  }
  return keys;
}

/** The constants that a part takes. */
export function valuesOf({ constants }: Relative, { constant, isMember }: PlannedPart): readonly Value[] {
  const value = constants[constant];
  return isMember && Array.isArray(value) ? value : [value];
}

/** Numbers of an index's word. */
export function bitsOf(part: PlannedPart, keyCount: number, types: Types): number {
  const { type } = part.subject;
  const largest = type.kind === "enum" ? (types.enums.get(type.name)?.length ?? 1) - 1 : keyCount;
  return largest.toString(2).length;
}
