/** `oblige redact { fields: {"memo"} }`: each argument there, once, and of its type. */
import { DURATION_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN, type Type } from "@polity/runtime/layout.ts";
import type { Oblige as Node, RuleDeclaration } from "../ast.ts";
import type { Argument, Expr, Oblige, Rule } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import { uniqueNames } from "./declarations.ts";
import { checkArgument } from "./expressions/expression.ts";
import { asReference } from "./expressions/refs.ts";
import {
  looseArgument,
  missingArgument,
  obligingHold,
  outsideDeclared,
  tooManyObliges,
  unknownArgument,
  unknownObligation,
} from "./messages-obligations.ts";
import { wrongType } from "./messages-types.ts";
import type { Env, Scope } from "./scope.ts";
import { nearest } from "./suggest.ts";
import { isCollection, plain, sameType, showType } from "./types.ts";
import type { DeclaredObligation, Report, World } from "./world.ts";

/** A decision lists no more obligations than these, and an entry of a log has room for as many. */
const OBLIGES_MAX = 64;

export function checkObligingVerdict({ verdict, obliges }: RuleDeclaration, report: Report): void {
  const [first] = obliges;
  if (verdict === "hold" && first !== undefined) report(obligingHold(first.span));
}

/** Null where something is wrong with one of them. */
export function checkObliges(rule: RuleDeclaration, scope: Scope, env: Env): readonly Oblige[] | null {
  const checked = rule.obliges.map((node) => checkOblige(node, scope, env));
  const whole = checked.filter((oblige) => oblige !== null);
  return whole.length === checked.length ? whole : null;
}

/** Whatever fires, a decision has room for all of it. */
export function limitObliges(rules: readonly Rule[], world: World): void {
  const counts = new Map<string, number>();
  for (const rule of rules) {
    for (const { action, obliges } of rule.cases) {
      const before = counts.get(action) ?? 0;
      const count = before + obliges.length;
      counts.set(action, count);
      if (before <= OBLIGES_MAX && count > OBLIGES_MAX) {
        world.report(tooManyObliges(rule.span, action, OBLIGES_MAX));
      }
    }
  }
}

function checkOblige({ name, args }: Node, scope: Scope, env: Env): Oblige | null {
  const { world, report } = scope;
  const obligation = world.obligations.get(name.text);
  if (obligation === undefined) {
    report(unknownObligation(name, nearest(name.text, world.obligations.keys())));
    return null;
  }
  world.obliged.add(name.text);
  const unique = uniqueNames(args, `an argument of \`${name.text}\``, world.source, report);
  let isWhole = unique.length === args.length;
  const checked: Argument[] = [];
  for (const arg of unique) {
    const type = obligation.parameters.get(arg.name.text);
    if (type === undefined) {
      report(unknownArgument(arg.name, name.text, nearest(arg.name.text, obligation.parameters.keys())));
    }
    const argument = type ? argumentOf(arg, type, scope, env) : null;
    if (argument === null) isWhole = false;
    else checked.push(argument);
  }
  for (const missing of missingFrom(obligation, unique)) {
    report(missingArgument(name, missing));
    isWhole = false;
  }
  return isWhole ? { obligation: name.text, args: checked } : null;
}

function missingFrom({ parameters }: DeclaredObligation, given: Node["args"]): readonly string[] {
  const names = new Set(given.map(({ name }) => name.text));
  return [...parameters].flatMap(([name, type]) =>
    type === null || type.kind === "optional" || names.has(name) ? [] : [name],
  );
}

function argumentOf({ name, value: node }: Node["args"][number], type: Type, scope: Scope, env: Env) {
  const { expr: written } = checkArgument(node, scope, env, type);
  if (written === null) return null;
  const expr = asReference(written, plain(type));
  const declared = expr.type.kind === "optional" ? type : plain(type);
  if (!sameType(declared, expr.type)) {
    scope.report(wrongType(node.span, showType(declared), showType(expr.type)));
    return null;
  }
  const fits = isWithin(typeOfValue(expr), declared) && isStored(expr);
  const problem = fits ? null : problemOf(expr, declared, name.text);
  if (problem !== null) {
    scope.report(problem);
    return null;
  }
  return { name: name.text, type, value: expr, fits };
}

/** Numbers, text and how many members there are is looked at when the rule fires; nothing else is. */
function problemOf(expr: Expr, declared: Type, name: string) {
  const { span, type } = expr;
  if (expr.kind === "literal") return outsideDeclared(span, name);
  if (type.kind === "optional") return looseArgument(span, name, "absent");
  const isSized = isCollection(declared) || declared.kind === "map";
  if (!isSized || !("of" in type)) return null;
  return isWithin(type.of, declared.of) ? null : looseArgument(span, name, "member");
}

/** What was computed of times may lie outside of what a request can say. */
function isStored(expr: Expr): boolean {
  const { kind, type } = expr;
  if (kind === "choose") return isStored(expr.value) && isStored(expr.otherwise);
  if (kind === "coalesce") return isStored(expr.of) && isStored(expr.otherwise);
  const isWide = ["timestamp", "duration"].includes(plain(type).kind);
  if (isWide && kind === "aggregate") return expr.op !== "sum" && isStored(expr.body);
  if (kind === "literal") {
    const { kind: member } = isCollection(type) ? type.of : plain(type);
    return [expr.value].flat().every((ms) => isSayable(member, ms));
  }
  return !isWide || (kind !== "arithmetic" && kind !== "negate");
}

function isSayable(kind: Type["kind"], ms: unknown): boolean {
  if (typeof ms !== "bigint") return true;
  if (kind === "duration") return ms >= -DURATION_MAX && ms <= DURATION_MAX;
  return kind !== "timestamp" || (ms >= TIMESTAMP_MIN && ms <= TIMESTAMP_MAX);
}

const ID_CHARACTERS = /^[A-Za-z0-9._:@/-]+$/;

/** The type of a constant text does not say that its characters are those of an id. */
function typeOfValue({ kind, type, ...rest }: Expr): Type {
  const value = kind === "literal" && "value" in rest ? rest.value : undefined;
  const isIds = (texts: readonly unknown[]) =>
    texts.every((text) => typeof text === "string" && ID_CHARACTERS.test(text));
  if (type.kind === "string" && typeof value === "string") return { ...type, id: isIds([value]) };
  if (isCollection(type) && type.of.kind === "string" && Array.isArray(value)) {
    return { ...type, of: { ...type.of, id: isIds(value) } };
  }
  return type;
}

/** Every value of `inner` is one of `outer`, which is the same type apart from ranges and bounds. */
function isWithin(inner: Type, outer: Type): boolean {
  switch (outer.kind) {
    case "int":
    case "decimal":
      return inner.kind === outer.kind && inner.min >= outer.min && inner.max <= outer.max;
    case "string":
      return inner.kind === "string" && inner.bytesMax <= outer.bytesMax && (inner.id || !outer.id);
    case "path":
    case "json":
    case "shaped":
      return inner.kind === outer.kind && inner.bytesMax <= outer.bytesMax;
    case "optional":
      return isWithin(plain(inner), outer.of);
    case "list":
    case "set":
    case "map": {
      if (inner.kind !== outer.kind) return false;
      const isSized = inner.min >= outer.min && inner.max <= outer.max;
      return isSized && (inner.max === 0 || isWithin(inner.of, outer.of));
    }
    case "bool":
    case "timestamp":
    case "duration":
    case "enum":
    case "record":
    case "entity":
    case "ref":
    case "entry":
      return true;
    default:
      return unreachable(outer);
  }
}
