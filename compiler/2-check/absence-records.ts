/**
 * Records with optional parts, compared as wholes: leaving a part out changes what is equal, in either
 * direction, so such a comparison is wrong in every position.
 */
import type { Type, Types } from "@polity/runtime/layout.ts";
import type { Expr } from "../checked.ts";
import { originOf, type Silence } from "./absent-ok.ts";
import { recordsWithOptionals } from "./messages-rules.ts";
import type { Scope } from "./scope.ts";
import { isSized, plain, showType } from "./types.ts";
import { operandsOf } from "./walk.ts";

export function checkRecordEquality(expr: Expr, silence: Silence, scope: Scope): void {
  if (!scope.world.hasSoundRecords) return;
  for (const operand of operandsOf(expr)) checkRecordEquality(operand, silence, scope);
  const sides =
    expr.kind === "equal" ? [expr.left, expr.right] : expr.kind === "member" ? [expr.of, expr.within] : [];
  for (const side of sides) {
    const optional = optionalParts(side.type, scope.world.types);
    const origin = originOf(side, scope);
    const open = optional.find((part) => !silence.covers(origin === null ? null : `${origin}.${part}`));
    if (open === undefined) continue;
    scope.report(recordsWithOptionals(expr.span, showType(sides[0]?.type ?? side.type), open));
    return;
  }
}

/** Dotted, at any depth; a sound record graph has no cycles and a bounded number of fields. */
function optionalParts(type: Type, types: Types): readonly string[] {
  if (isSized(type)) return optionalParts(type.of, types);
  if (type.kind !== "record") return [];
  const parts: string[] = [];
  for (const field of types.records.get(type.name) ?? []) {
    if (field.type.kind === "optional" || plain(field.type).kind === "json") parts.push(field.name);
    for (const part of optionalParts(plain(field.type), types)) parts.push(`${field.name}.${part}`);
  }
  return parts;
}
