/** Bare words and what follows a dot. */
import { TRUST_MAX, type Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import type { Span } from "../../source.ts";
import { fieldInFunction } from "../messages-definitions.ts";
import { ambiguousName, notShared, unknownAttribute, unknownMember, unknownName } from "../messages-names.ts";
import { tooManySegments } from "../messages-shapes.ts";
import { notAValue } from "../messages-types.ts";
import { done, type Env, FAILED, isInScope, type Outcome, type Scope, words } from "../scope.ts";
import { SEGMENTED_BYTES_MAX } from "../shaped-types.ts";
import { nearest } from "../suggest.ts";
import { isSized, plain, showType, TIMESTAMP } from "../types.ts";
import { attributeOf, attributesOf, isTypeName } from "../world.ts";
import { literal } from "./literals.ts";
import { checkLocal, isLocalCall } from "./local.ts";
import { asEntity } from "./refs.ts";
import { checkUse } from "./substitution.ts";

type NameNode = Extract<Node, { kind: "name" }>;
type SelectNode = Extract<Node, { kind: "select" }>;

const TRUST: Type = { kind: "int", min: 0n, max: TRUST_MAX };

export function checkName(node: NameNode, scope: Scope, env: Env, expected: Type | null): Outcome {
  const { name, span } = node;
  const enumName = expected === null ? null : enumOf(expected);
  const members = enumName === null ? undefined : scope.world.types.enums.get(enumName);
  const member = members?.indexOf(name) ?? -1;
  if (!isInScope(name, scope, env)) {
    if (enumName !== null && member >= 0) return memberLiteral(enumName, member, span, scope);
    reportUnknown(node, members ?? [], scope, env);
    return FAILED;
  }
  if (enumName !== null && member >= 0) {
    scope.report(ambiguousName(name, span, enumName));
    return FAILED;
  }
  const binding = scope.bindings.get(name);
  if (binding !== undefined) return checkUse(binding, node, scope, expected);
  const type = typeOfWord(name, scope, env);
  if (type === null) return FAILED;
  return done(word(name, type, span, env));
}

function enumOf(expected: Type): string | null {
  const type = plain(expected);
  return type.kind === "enum" ? type.name : null;
}

function typeOfWord(name: string, scope: Scope, env: Env): Type | null {
  if (name === "now") return TIMESTAMP;
  if (name === "trust") return TRUST;
  const variable = env.variables.get(name);
  return variable === undefined ? (scope.fields.get(name) ?? null) : variable.type;
}

function word(name: string, type: Type, span: Span, env: Env): Expr {
  const typed = { type, span, mayErr: false };
  if (name === "now" || name === "trust") return { kind: name, ...typed };
  const variable = env.variables.get(name);
  if (variable !== undefined) return { kind: "variable", name, id: variable.id, ...typed };
  return { kind: "field", name, ...typed };
}

function memberLiteral(enumName: string, member: number, span: Span, scope: Scope): Outcome {
  scope.world.used.add(enumName);
  return done(literal({ member }, { kind: "enum", name: enumName }, span));
}

function reportUnknown(node: NameNode, members: readonly string[], scope: Scope, env: Env): void {
  const { name, span } = node;
  const { types, actions } = scope.world;
  if (isTypeName(name, types)) {
    scope.world.used.add(name);
    scope.report(notAValue(span, name, types.enums.has(name) ? "an enum" : "a type"));
    return;
  }
  const { within } = scope;
  if ((within === "fn" || within === "const") && [...actions].some(([, fields]) => fields.has(name))) {
    scope.report(fieldInFunction(span, name, within));
    return;
  }
  const declaring = scope.action === "*" ? [...actions].filter(([, fields]) => fields.has(name)) : [];
  if (declaring.length > 0) {
    const names = declaring.map(([action]) => action).sort();
    scope.report(notShared(name, span, names));
    return;
  }
  const owners = [...types.enums].filter(([, declared]) => declared.includes(name));
  const owner = owners[0]?.[0] ?? null;
  const suggestion = nearest(name, [...words(scope, env), ...members]);
  scope.report(unknownName(name, span, scope.action, owner, suggestion));
}

/** `Zone.eu`, or an attribute of a record or entity. */
export function checkSelect(node: SelectNode, scope: Scope, env: Env): Outcome {
  const { of, name, span } = node;
  if (of.kind === "name" && !isInScope(of.name, scope, env)) {
    const members = scope.world.types.enums.get(of.name);
    if (members !== undefined) {
      scope.world.used.add(of.name);
      const member = members.indexOf(name.text);
      if (member >= 0) return memberLiteral(of.name, member, span, scope);
      scope.report(unknownMember(name, of.name, nearest(name.text, members)));
      return FAILED;
    }
  }
  if (of.kind === "call" && isLocalCall(of)) return checkLocal(node, of, scope, env);
  const { expr: held } = scope.check(of, scope, env, null);
  if (held === null) return FAILED;
  if (isSized(held.type) && name.text === "size") {
    const { min, max } = held.type;
    const type: Type = { kind: "int", min: BigInt(min), max: BigInt(max) };
    return done({ kind: "size", of: held, type, span, mayErr: held.mayErr });
  }
  if (held.type.kind === "path" && name.text === "segments" && held.type.bytesMax > SEGMENTED_BYTES_MAX) {
    scope.report(tooManySegments(span, held.type.bytesMax, SEGMENTED_BYTES_MAX));
    return FAILED;
  }
  const type = attributeOf(held.type, name.text, scope.world);
  if (type === null) return FAILED;
  // The id is in the reference itself; all else is in the facts.
  const expr = type === undefined || name.text === "id" ? held : asEntity(held, scope, env);
  if (expr === null) return FAILED;
  if (type === undefined) {
    const attributes = attributesOf(expr.type, scope.world);
    const suggestion = nearest(name.text, attributes?.keys() ?? (isSized(expr.type) ? ["size"] : []));
    scope.report(unknownAttribute(name, showType(expr.type), suggestion));
    return FAILED;
  }
  return done({ kind: "attribute", of: expr, name: name.text, type, span, mayErr: expr.mayErr });
}
