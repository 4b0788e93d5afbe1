/** Expressions as AssemblyScript. */
import { unreachable } from "../diagnostic.ts";
import type { IrExpr } from "../ir.ts";
import { literalName, member, namespaceOf, partName } from "./names.ts";

export function print(expr: IrExpr): string {
  switch (expr.kind) {
    case "bool":
      return expr.value ? "true" : "false";
    case "number":
      return number(expr.value);
    case "enum":
      return `${expr.member} /* ${expr.name} */`;
    case "bits":
      return `0b${expr.value.toString(2)}`;
    case "literal":
      return literalName(expr.index);
    case "cell":
      return `cell${expr.index}`;
    case "field":
      return `${namespaceOf("action", expr.action)}.${member(expr.name)}`;
    case "lookup":
      return `lookup${expr.table}(${expr.keys.map(print).join(", ")})`;
    case "rows":
      return `rows${expr.table}_${expr.keys.length}(${expr.keys.map(print).join(", ")})`;
    case "setting":
      return `settings + settings__.${member(expr.name)}`;
    case "offset":
      return printOffset(expr);
    case "variable":
      return variable(expr.id);
    case "part":
      return partName(expr.index);
    case "call":
      return `${expr.to}(${expr.args.map(print).join(", ")})`;
    case "equality":
      return `equal${expr.index}(${print(expr.left)}, ${print(expr.right)})`;
    case "search":
      return `has${expr.index}(${print(expr.within)}, ${print(expr.of)})`;
    case "quantifier":
      return printQuantified(expr);
    case "column":
      return printColumn(expr);
    case "operator":
      return printOperator(expr);
    case "not":
      return `!${atom(expr.of)}`;
    case "minus":
      return `-${first(expr.of)}`;
    case "choose":
      return printChoice(expr);
    default:
      return unreachable(expr);
  }
}

function printQuantified({
  index,
  over,
  captures,
  readsRow,
}: Extract<IrExpr, { kind: "quantifier" }>): string {
  const all = [print(over), ...captures.map(variable), ...(readsRow ? ["row"] : [])];
  return `quantifier${index}(${all.join(", ")})`;
}

const HELD_TYPES = { number: "i64", enum: "u32", bits: "u64", slot: "usize" } as const;

/** `row` is the address of the row at hand wherever there are columns. */
function printColumn({ held, bytes, offset }: Extract<IrExpr, { kind: "column" }>): string {
  const loaded = `${held === "number" ? "i" : "u"}${bytes * 8}`;
  const at = offset === 0 ? "row" : `row, ${offset}`;
  const value = `load<${loaded}>(${at})`;
  return loaded === HELD_TYPES[held] ? value : `(<${HELD_TYPES[held]}>${value})`;
}

/** The first part says the type of both, and a bare number has none. */
function printChoice({ condition, value, otherwise }: Extract<IrExpr, { kind: "choose" }>): string {
  const last = isConstant(value) ? typed(otherwise) : print(otherwise);
  return `(${print(condition)} ? ${typed(value)} : ${last})`;
}

function isConstant({ kind }: IrExpr): boolean {
  return kind === "number" || kind === "enum";
}

function typed(expr: IrExpr): string {
  if (!isConstant(expr)) return print(expr);
  return `${expr.kind === "enum" ? "u32" : "i64"}(${print(expr)})`;
}

export function variable(id: number): string {
  return `each${id}`;
}

/** i64.MIN has no literal of its own: the sign is an operator. */
export function number(value: bigint): string {
  return value === -(2n ** 63n) ? "i64.MIN_VALUE" : value.toString();
}

/** An entity's id stands at the very start of its record. */
function printOffset(expr: Extract<IrExpr, { kind: "offset" }>): string {
  const of = print(expr.of);
  if (expr.owner === "entity" && expr.name === "id") return of;
  return `${of} + ${namespaceOf(expr.owner, expr.struct)}.${member(expr.name)}`;
}

/** A condition of some length stands one operand to a line. */
export function printCondition(expr: IrExpr): string {
  const line = print(expr);
  if (line.length <= 90 || expr.kind !== "operator") return line;
  return operands(expr).join(` ${expr.op}\n    `);
}

function printOperator(expr: Extract<IrExpr, { kind: "operator" }>): string {
  return operands(expr).join(` ${expr.op} `);
}

/** A chain of one of `&&` and `||` needs no parentheses; everything else below an operator has them. */
function operands(expr: Extract<IrExpr, { kind: "operator" }>): readonly string[] {
  const chain = expr.op === "&&" || expr.op === "||";
  const parts: string[] = [];
  let left: IrExpr = expr;
  while (left.kind === "operator" && left.op === expr.op && (chain || parts.length === 0)) {
    parts.unshift(atom(left.right));
    left = left.left;
  }
  return [first(left), ...parts];
}

function atom(expr: IrExpr): string {
  const compound =
    expr.kind === "setting" ||
    expr.kind === "operator" ||
    expr.kind === "offset" ||
    (expr.kind === "number" && expr.value < 0n);
  return compound || expr.kind === "minus" ? `(${print(expr)})` : print(expr);
}

/**
 * The operand that stands first. AssemblyScript gives a literal there the type that the surroundings expect,
 * which may be 32 bits or unsigned; whatever follows takes the type of the first.
 */
function first(expr: IrExpr): string {
  return expr.kind === "number" ? `i64(${number(expr.value)})` : atom(expr);
}
