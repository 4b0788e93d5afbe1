/** Methods: `has`, `starts_with`, `ends_with`, `within`. */
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { unknownMethod } from "../messages-names.ts";
import { wrongArguments, wrongType } from "../messages-types.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { nearest } from "../suggest.ts";
import { BOOL, isCollection, sameType, showType } from "../types.ts";
import { ACCESSORS, checkAccessor } from "./documents.ts";
import { isLocalCall, refuseLocal } from "./local.ts";
import { checkHasKey } from "./maps.ts";
import { asMember, checkPattern, requireFacts } from "./membership.ts";

type CallNode = Extract<Node, { kind: "call" }>;

const METHODS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["string", ["starts_with", "ends_with"]],
  ["path", ["within"]],
  ["host", ["within"]],
  ["list", ["has"]],
  ["set", ["has"]],
  ["map", ["has"]],
  ["json", ACCESSORS],
]);

export function checkCall(node: CallNode, scope: Scope, env: Env): Outcome {
  if (isLocalCall(node)) return refuseLocal(node, scope, env);
  const { expr: of } = scope.check(node.of, scope, env, null);
  if (of === null) return FAILED;
  const method = node.method.text;
  const methods = METHODS.get(of.type.kind === "shaped" ? of.type.shape : of.type.kind) ?? [];
  if (!methods.includes(method)) {
    const suggestion = nearest(method, methods);
    scope.report(unknownMethod(node.method, showType(of.type), suggestion));
    return FAILED;
  }
  if (of.type.kind === "json") return checkAccessor(node, of, scope);
  const [argument, ...more] = node.args;
  if (argument === undefined || more.length > 0) {
    scope.report(wrongArguments(node.span, method, node.args.length));
    return FAILED;
  }
  if (method === "within") return checkWithin(node, of, argument, scope, env);
  if (method === "has" && of.type.kind === "map") return checkHasKey(node, of, argument, scope, env);
  if (method === "has") return checkHas(node, of, argument, scope, env);
  const pattern = checkPattern(argument, method, scope, env);
  if (pattern === null) return FAILED;
  const op = method === "starts_with" ? "starts_with" : "ends_with";
  const mayErr = of.mayErr || pattern.mayErr;
  return done({ kind: "text_test", op, of, pattern, type: BOOL, span: node.span, mayErr });
}

function checkWithin(node: CallNode, of: Expr, argument: Node, scope: Scope, env: Env): Outcome {
  const { expr: base } = scope.check(argument, scope, env, of.type);
  if (base === null) return FAILED;
  if (!sameType(base.type, of.type)) {
    scope.report(wrongType(argument.span, showType(of.type), showType(base.type)));
    return FAILED;
  }
  if (!requireFacts(base, "within", scope)) return FAILED;
  const mayErr = of.mayErr || base.mayErr;
  const kind = of.type.kind === "path" ? "path_within" : "host_within";
  return done({ kind, of, base, type: BOOL, span: node.span, mayErr });
}

/** Exact membership, also of entities, where `in` would ask about groups. */
function checkHas(node: CallNode, within: Expr, argument: Node, scope: Scope, env: Env): Outcome {
  if (!isCollection(within.type)) return FAILED;
  const member = within.type.of;
  const { expr: given } = scope.check(argument, scope, env, member);
  if (given === null) return FAILED;
  const of = asMember(given, member);
  if (!sameType(of.type, member)) {
    scope.report(wrongType(argument.span, showType(member), showType(of.type)));
    return FAILED;
  }
  const mayErr = of.mayErr || within.mayErr;
  return done({ kind: "member", of, within, negated: false, type: BOOL, span: node.span, mayErr });
}
