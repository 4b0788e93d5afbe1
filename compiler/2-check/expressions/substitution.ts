/** A use of a name that stands for an expression: the expression itself, at the place of the use. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import type { Diagnostic } from "../../diagnostic.ts";
import type { Span } from "../../source.ts";
import {
  type Binding,
  type DefinedExpression,
  type DefinedFunction,
  describeBinding,
  type Parameter,
} from "../bindings.ts";
import {
  expansionTooLarge,
  notAFunction,
  outsideOf,
  unknownFunction,
  wrongArgumentCount,
} from "../messages-definitions.ts";
import { notAValue, wrongType } from "../messages-types.ts";
import { done, type Env, FAILED, NO_ENV, type Outcome, type Scope } from "../scope.ts";
import { nearest } from "../suggest.ts";
import { fits, sameType, showRange, showType } from "../types.ts";
import { operandsOf } from "../walk.ts";
import { checkAge } from "./local.ts";

const FUNCTIONS_BUILT_IN = ["age", "exists"];

type NameNode = Extract<Node, { kind: "name" }>;
type ApplyNode = Extract<Node, { kind: "apply" }>;

/** Of the expression that replaces one use, and of all that do in one rule or definition, inner ones too. */
const USE_NODES_MAX = 4_096;
const RULE_NODES_MAX = 65_536;
const LEVELS_MAX = 256;
/** Definitions that use one another, from the outermost. */
const CHAIN_MAX = 32;

export function checkUse(binding: Binding, node: NameNode, scope: Scope, expected: Type | null): Outcome {
  if (binding.kind === "parameter") return done(respan(binding.argument, node.span));
  if (binding.kind === "setting") {
    binding.onUse();
    const { type } = binding;
    return type === null
      ? FAILED
      : done({ kind: "setting", name: node.name, type, span: node.span, mayErr: false });
  }
  if (binding.kind === "fn" || binding.kind === "table") {
    binding.onUse();
    scope.report(notAValue(node.span, node.name, describeBinding(binding)));
    return FAILED;
  }
  return expand(binding, binding.bindings, binding.fields, node.span, scope, expected);
}

export function checkApply(node: ApplyNode, scope: Scope, env: Env): Outcome {
  const { name, args, span } = node;
  if (name.text === "age") return checkAge(node, scope, env);
  const binding = scope.bindings.get(name.text);
  if (binding?.kind !== "fn") {
    reportNoFunction(node, binding, scope);
    return FAILED;
  }
  const { parameters } = binding;
  if (binding.isBroken) {
    binding.onUse();
    return FAILED;
  }
  if (parameters.length !== args.length) {
    binding.onUse();
    scope.report(wrongArgumentCount(span, name.text, parameters.length, args.length));
    return FAILED;
  }
  const bindings = new Map(binding.bindings);
  let isWrong = false;
  for (const [at, parameter] of parameters.entries()) {
    const argument = checkArgument(args[at] as Node, parameter, scope, env);
    if (argument === null) isWrong = true;
    else bindings.set(parameter.name, { kind: "parameter", argument });
  }
  if (isWrong) {
    binding.onUse();
    return FAILED;
  }
  return expand(binding, bindings, new Map(), span, scope, binding.result);
}

function reportNoFunction({ name }: ApplyNode, binding: Binding | undefined, scope: Scope): void {
  if (binding !== undefined) scope.report(notAFunction(name, describeBinding(binding)));
  else if (scope.fields.has(name.text)) scope.report(notAFunction(name, "a field"));
  else {
    const functions = [...scope.bindings].filter(([, { kind }]) => kind === "fn").map(([text]) => text);
    scope.report(unknownFunction(name, nearest(name.text, [...functions, ...FUNCTIONS_BUILT_IN])));
  }
}

function checkArgument(node: Node, { type }: Parameter, scope: Scope, env: Env): Expr | null {
  const { expr } = scope.check(node, scope, env, type);
  if (expr === null) return null;
  if (!sameType(expr.type, type)) scope.report(wrongType(node.span, showType(type), showType(expr.type)));
  else if (!fits(expr.type, type))
    scope.report(outsideOf(node.span, { type: showRange(expr.type) }, showRange(type)));
  else return expr;
  return null;
}

/**
 * The body as if it stood at the use. Nothing that the surroundings prove holds in it, and nothing that it
 * proves holds outside. What is wrong is said of the use.
 */
function expand(
  binding: DefinedExpression | DefinedFunction,
  bindings: Scope["bindings"],
  fields: Scope["fields"],
  span: Span,
  scope: Scope,
  expected: Type | null,
): Outcome {
  binding.onUse();
  if (binding.isBroken || scope.expanded.nodes > RULE_NODES_MAX) return FAILED;
  const { name, kind, body } = binding;
  if (scope.chain >= CHAIN_MAX) {
    scope.report(expansionTooLarge(span, name.text, `more than ${CHAIN_MAX} definitions use one another`));
    return FAILED;
  }
  const use = scope.use ?? { span, report: scope.report };
  const report = (diagnostic: Diagnostic) => {
    use.report({ ...diagnostic, span: use.span, message: `${diagnostic.message}, in \`${name.text}\`` });
  };
  const inner: Scope = { ...scope, report, use, bindings, fields, within: kind, chain: scope.chain + 1 };
  const { expr, whenTrue, whenFalse } = scope.check(body, inner, NO_ENV, expected);
  for (const key of [...whenTrue, ...whenFalse]) scope.unproved.set(key, name.text);
  if (expr === null) return FAILED;
  const reason = tooLarge(expr, scope);
  if (reason === null) return done(respan(expr, span));
  scope.report(expansionTooLarge(span, name.text, reason));
  return FAILED;
}

function tooLarge(expr: Expr, scope: Scope): string | null {
  const size = measure(expr);
  if (size === null) return `it has more than ${USE_NODES_MAX} parts, or more than ${LEVELS_MAX} levels`;
  scope.expanded.nodes += size;
  const isOver = scope.expanded.nodes > RULE_NODES_MAX;
  return isOver ? `all that replaces names here has more than ${RULE_NODES_MAX} parts` : null;
}

/** How many nodes; null where they are too many or too deep. Without recursion. */
export function measure(root: Expr): number | null {
  let nodes = 0;
  let level: readonly Expr[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    nodes += level.length;
    if (depth > LEVELS_MAX || nodes > USE_NODES_MAX) return null;
    level = level.flatMap(operandsOf);
  }
  return nodes;
}

/** A copy that stands elsewhere, with all its parts: messages underline the use. */
function respan(expr: Expr, span: Span): Expr {
  const copy: Record<string, unknown> = { ...expr, span };
  for (const [key, part] of Object.entries(expr)) {
    if (key === "value" || key === "type" || typeof part !== "object" || part === null) continue;
    if (Array.isArray(part)) copy[key] = part.map((one) => (isExpr(one) ? respan(one, span) : one));
    else if (isExpr(part)) copy[key] = respan(part, span);
  }
  return copy as unknown as Expr;
}

function isExpr(part: unknown): part is Expr {
  return typeof part === "object" && part !== null && "kind" in part && "span" in part && "mayErr" in part;
}
