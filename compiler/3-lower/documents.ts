/** What is read of documents: each reading has a place of its own, where it leaves what it found. */
import { padded, SLOT_BYTES, type Type } from "@polity/runtime/layout.ts";
import type { Expr } from "../checked.ts";
import type { IrExpr } from "../ir.ts";
import { collectionLiteral } from "./literals.ts";
import { call } from "./machine.ts";
import { cellOf, type Scope } from "./scope.ts";
import { variablesIn } from "./variables.ts";

const ACCESSORS = {
  string: "documentText",
  int: "documentInt",
  decimal: "documentDecimal",
  bool: "documentBool",
  size: "documentSize",
  has: "documentHas",
} as const;

/** The address of a place of its own, which holds what was read as an optional value. */
export function lowerAccessor(expr: Extract<Expr, { kind: "accessor" }>, slot: IrExpr, scope: Scope): IrExpr {
  const { of, op, path } = expr;
  const text: Type = { kind: "string", id: false, bytesMax: 0 };
  const steps: Type & { kind: "list" } = { kind: "list", of: text, min: path.length, max: path.length };
  const literal: IrExpr = { kind: "literal", index: collectionLiteral(scope.literals, steps, path) };
  const textBytes = op === "string" && of.type.kind === "json" ? padded(of.type.bytesMax) : 0;
  const isSteady = variablesIn(of, new Set()).size === 0;
  const key = isSteady ? JSON.stringify([scope.action, op, path, of], withoutPlaces) : null;
  const index = cellOf(scope.cells, key, 2 * SLOT_BYTES + textBytes);
  return call(ACCESSORS[op], slot, literal, { kind: "cell", index });
}

function withoutPlaces(key: string, value: unknown): unknown {
  if (key === "span") return undefined;
  return typeof value === "bigint" ? `${value}n` : value;
}
