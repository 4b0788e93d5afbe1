/** The entry: from an expression as written to one with types, names and proofs. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import { unreachable } from "../../diagnostic.ts";
import { aggregateOfNothing } from "../messages-collections.ts";
import { unprovedOptional } from "../messages-rules.ts";
import { notAValue, tooDeep, wrongType } from "../messages-types.ts";
import { pathKey, pathText } from "../narrowing.ts";
import { done, type Env, FAILED, type Outcome, outcome, type Scope } from "../scope.ts";
import { BOOL, sameType, showType } from "../types.ts";
import { checkArithmetic, checkNegate } from "./arithmetic.ts";
import { checkCall } from "./calls.ts";
import { checkChoice } from "./choice.ts";
import { checkCollection } from "./collections.ts";
import { checkEquality, checkOrder } from "./comparisons.ts";
import { checkEntity, checkNumber, checkText, literal } from "./literals.ts";
import { checkAnd, checkNot, checkOr } from "./logic.ts";
import { checkIndex } from "./maps.ts";
import { checkIn, checkLike } from "./membership.ts";
import { checkName, checkSelect } from "./names.ts";
import { checkCoalesce, checkPresence } from "./presence.ts";
import { checkQuantifier } from "./quantifiers.ts";
import { checkExists } from "./refs.ts";
import { checkSets } from "./sets.ts";
import { checkSought } from "./sought.ts";
import { checkApply } from "./substitution.ts";

/** The emitter and engines walk trees by recursion; a chain of this length is a set or several rules. */
const DEPTH_MAX = 256;

/** Any expression that is evaluated: an optional one is proved present, or reported. */
export function checkExpression(node: Node, scope: Scope, env: Env, expected: Type | null): Outcome {
  const result = checkRaw(node, scope, env, expected);
  const { expr } = result;
  if (expr === null || expr.type.kind !== "optional") return result;
  if (expr.kind === "aggregate") {
    scope.report(aggregateOfNothing(node.span, expr.op));
    return FAILED;
  }
  const key = pathKey(expr);
  if (key === null || !env.proved.has(key)) {
    scope.report(unprovedOptional(node.span, pathText(expr), proofHint(key, scope)));
    return FAILED;
  }
  return done({ kind: "proved", of: expr, type: expr.type.of, span: expr.span, mayErr: expr.mayErr });
}

/** Why a proof that the author may have had in mind does not reach this place. */
function proofHint(key: string | null, { within, unproved }: Scope): string | null {
  const tested = key === null ? undefined : unproved.get(key);
  if (tested !== undefined)
    return `what \`${tested}\` tests proves nothing outside of it: write the test here`;
  if (within === null) return null;
  return `nothing that a rule tests is proved inside of a \`${within}\`: test it there, or give a default`;
}

/** How every expression is checked, for scopes that begin. */
export const CHECKS = { check: checkExpression, checkRaw };

/** A whole clause: not too deep, and a bool. */
export function checkCondition(node: Node, scope: Scope, env: Env): Outcome {
  if (isTooDeep(node, scope)) return FAILED;
  const result = checkExpression(node, scope, env, BOOL);
  if (result.expr === null || sameType(result.expr.type, BOOL)) return result;
  scope.report(wrongType(node.span, "bool", showType(result.expr.type)));
  return outcome(null, result.whenTrue, result.whenFalse);
}

/** Any other whole expression: a template's hole, an approval's group. */
export function checkValue(node: Node, scope: Scope, env: Env, expected: Type | null = null): Outcome {
  return isTooDeep(node, scope) ? FAILED : checkExpression(node, scope, env, expected);
}

/** An argument of an obligation: where the declared type is optional, what may be absent stays so. */
export function checkArgument(node: Node, scope: Scope, env: Env, declared: Type): Outcome {
  if (isTooDeep(node, scope)) return FAILED;
  if (declared.kind !== "optional") return checkExpression(node, scope, env, declared);
  const raw = checkRaw(node, scope, env, declared);
  return raw.expr === null ? FAILED : done(raw.expr);
}

/** What stands under `is present` and `??`: an optional stays one. */
function checkRaw(node: Node, scope: Scope, env: Env, expected: Type | null): Outcome {
  switch (node.kind) {
    case "name":
      return checkName(node, scope, env, expected);
    case "bool":
      return done(literal(node.value, BOOL, node.span));
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
      return checkNumber(node, scope, expected);
    case "text":
      return checkText(node, scope, expected);
    case "entity":
      return checkEntity(node, scope);
    case "collection":
      return checkCollection(node, scope, env, expected);
    case "select":
      return checkSelect(node, scope, env);
    case "call":
      return checkCall(node, scope, env);
    case "if":
      return checkChoice(node, scope, env, expected);
    case "index":
      return checkIndex(node, scope, env);
    case "apply":
      return checkApply(node, scope, env);
    case "not":
      return checkNot(node, scope, env);
    case "negate":
      return checkNegate(node, scope, env, expected);
    case "binary":
      return checkBinary(node, scope, env, expected);
    case "pattern":
      // As for ranges below.
      scope.report(notAValue(node.span, node.text, "a pattern"));
      return FAILED;
    case "range":
      // The parser takes ranges only where they belong; a tree that was built otherwise is refused all the
      // same.
      scope.report(notAValue(node.span, "..", "a range"));
      return FAILED;
    case "presence":
      return checkPresence(node, scope, env);
    case "exists":
      return checkExists(node, scope, env);
    case "quantifier":
      return checkQuantifier(node, scope, env, expected);
    case "missing":
      return FAILED;
    default:
      return unreachable(node);
  }
}

function checkBinary(
  node: Extract<Node, { kind: "binary" }>,
  scope: Scope,
  env: Env,
  expected: Type | null,
): Outcome {
  switch (node.op) {
    case "and":
      return checkAnd(node, scope, env);
    case "or":
      return checkOr(node, scope, env);
    case "==":
    case "!=":
      return checkEquality(node, node.op === "!=", scope, env);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return checkOrder(node, node.op, scope, env);
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return checkArithmetic(node, node.op, scope, env, expected);
    case "??":
      return checkCoalesce(node, scope, env, expected);
    case "in":
    case "not in":
      return checkIn(node, node.op === "not in", scope, env);
    case "like":
      return checkLike(node, scope, env);
    case "subset_of":
    case "overlaps":
    case "disjoint_from":
      return checkSets(node, node.op, scope, env);
    case "matches":
    case "contains":
      return checkSought(node, node.op, scope, env);
    default: {
      const never: never = node.op;
      return never;
    }
  }
}

function isTooDeep(root: Node, scope: Scope): boolean {
  const isDeep = isDeeper(root, DEPTH_MAX);
  if (isDeep) scope.report(tooDeep(root.span, DEPTH_MAX));
  return isDeep;
}

/** Goes no deeper than that, since the tree may be as deep as its source is long. */
function isDeeper(node: Node, than: number): boolean {
  for (const child of childrenOf(node)) if (than === 0 || isDeeper(child, than - 1)) return true;
  return false;
}

/** The parts of an expression as written, from left to right. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "select":
    case "not":
    case "negate":
    case "presence":
    case "exists":
      return [node.of];
    case "call":
    case "index":
      return [node.of, ...node.args];
    case "binary":
      return [node.left, node.right];
    case "range":
      return [node.from, node.to];
    case "quantifier":
      return [node.over, node.body];
    case "collection":
      return node.elements;
    case "apply":
      return node.args;
    case "if":
      return [node.condition, node.value, node.otherwise];
    case "name":
    case "bool":
    case "int":
    case "decimal":
    case "text":
    case "timestamp":
    case "duration":
    case "pattern":
    case "entity":
    case "missing":
      return [];
    default:
      return unreachable(node);
  }
}
