/** How the machine holds a value, and the few shapes that lowering builds again and again. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr, Value } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import type { Held, IrExpr, LibraryFunction } from "../ir.ts";

export function heldAs(type: Type): Held {
  switch (type.kind) {
    case "bool":
    case "enum":
    case "entity":
      return type.kind;
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
      return "number";
    case "string":
    case "path":
    case "ref":
    case "shaped":
    case "record":
    case "optional":
    case "list":
    case "set":
    case "map":
    case "entry":
    case "json":
      return "slot";
    default:
      return unreachable(type);
  }
}

/** Slots that are equal when their bytes are. */
export function isText({ kind }: Type): boolean {
  return kind === "string" || kind === "path" || kind === "shaped" || kind === "ref";
}

export function call(to: LibraryFunction, ...args: readonly IrExpr[]): IrExpr {
  return { kind: "call", to, args };
}

export function not(of: IrExpr): IrExpr {
  return { kind: "not", of };
}

export function unless(negated: boolean, of: IrExpr): IrExpr {
  return negated ? not(of) : of;
}

const READERS = { number: "numberAt", bool: "boolAt", enum: "enumAt", entity: "entityAt" } as const;

/** The value that stands in a slot; text, records and collections are held as the slot itself. */
export function readAt(type: Type, slot: IrExpr): IrExpr {
  const held = heldAs(type);
  return held === "slot" ? slot : call(READERS[held], slot);
}

const CHECKED = { "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "remainder" } as const;

/**
 * A plain machine instruction where the checker proved it safe, else a checked library call. What comes of an
 * operand that erred is any number at all, and a division by it could trap: no proof covers it.
 */
export function arithmetic(expr: Extract<Expr, { kind: "arithmetic" }>, left: IrExpr, right: IrExpr): IrExpr {
  if (expr.meaning === "decimal" && expr.op === "*") return call("multiplyDecimal", left, right);
  if (expr.meaning === "decimal" && expr.op === "/") return call("divideDecimal", left, right);
  const divides = expr.op === "/" || expr.op === "%";
  const strays = divides && (expr.left.mayErr || expr.right.mayErr);
  const checked = expr.mayOverflow || expr.mayDivideByZero || strays;
  return checked ? call(CHECKED[expr.op], left, right) : { kind: "operator", op: expr.op, left, right };
}

/** Members that one word of bits can stand for. */
const BITS = 64;

/** The members of a literal set of enum members as bits; null where one is out of reach. */
export function memberBits(values: Value): bigint | null {
  if (!Array.isArray(values)) return null;
  let bits = 0n;
  for (const value of values) {
    if (typeof value !== "object" || value === null || !("member" in value) || value.member >= BITS)
      return null;
    bits |= 1n << BigInt(value.member);
  }
  return bits;
}
