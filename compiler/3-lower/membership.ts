/** `x in s` for plain values, and `s.has(x)`. */
import type { Expr } from "../checked.ts";
import type { IrExpr } from "../ir.ts";
import { call, heldAs, lowerSlot, lowerValue } from "./expressions.ts";
import { equalityOf, type Scope } from "./scope.ts";

/** Members that one word of bits can stand for. */
const BITS = 64;

export function lowerMember(expr: Extract<Expr, { kind: "member" }>, scope: Scope): IrExpr {
  const { type } = expr.of;
  const held = heldAs(type);
  const bits = memberBits(expr.within);
  if (held === "enum" && bits !== null) return call("oneOf", lowerValue(expr.of, scope), { kind: "bits", value: bits });
  const within = lowerSlot(expr.within, scope);
  if (held === "entity") return call("hasEntity", within, lowerValue(expr.of, scope));
  if (held !== "slot") return call("hasWord", within, { kind: "word", held, of: lowerValue(expr.of, scope) });
  const of = lowerSlot(expr.of, scope);
  if (type.kind === "string" || type.kind === "path") return call("hasText", within, of);
  return { kind: "search", index: equalityOf(scope, type), within, of };
}

/** The members of a literal of enum members as bits; null where it is none, or one is out of reach. */
function memberBits(within: Expr): bigint | null {
  if (within.kind !== "literal" || !Array.isArray(within.value)) return null;
  let bits = 0n;
  for (const value of within.value) {
    if (typeof value !== "object" || value === null || !("member" in value) || value.member >= BITS) return null;
    bits |= 1n << BigInt(value.member);
  }
  return bits;
}
