/** Maps by their keys: `m["k"]`, which may be absent, and `m.has("k")`, which asks whether it is. */
import { KEY_BYTES_MAX } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { notAMap, wrongKey } from "../messages-collections.ts";
import { notAPath } from "../messages-rules.ts";
import { wrongType } from "../messages-types.ts";
import { NOTHING, pathKey } from "../narrowing.ts";
import { utf8Bytes } from "../order.ts";
import { done, type Env, FAILED, type Outcome, outcome, type Scope } from "../scope.ts";
import { BOOL, showType } from "../types.ts";
import { checkLookup, tableNamed } from "./tables.ts";

export function checkIndex(node: Extract<Node, { kind: "index" }>, scope: Scope, env: Env): Outcome {
  const table = tableNamed(node.of, scope);
  if (table !== null) return checkLookup(node, table, scope, env);
  const { expr: of } = scope.check(node.of, scope, env, null);
  const [argument, ...more] = node.args;
  if (of === null || argument === undefined) return FAILED;
  if (of.type.kind !== "map" || more.length > 0) {
    scope.report(notAMap(node.span, showType(of.type), node.args.length));
    return FAILED;
  }
  const expr = entryAt(of, argument, node.span, scope, env);
  return expr === null ? FAILED : done(expr);
}

/** What it proves is that the entry can be read. */
export function checkHasKey(
  node: Extract<Node, { kind: "call" }>,
  of: Expr,
  argument: Node,
  scope: Scope,
  env: Env,
): Outcome {
  const entry = entryAt(of, argument, node.span, scope, env);
  if (entry === null) return FAILED;
  const { span } = node;
  const key = pathKey(entry);
  if (key === null) {
    // Of what has no name nobody can say which absence would change the answer.
    scope.report(notAPath(span));
    return FAILED;
  }
  const expr: Expr = {
    kind: "presence",
    of: entry,
    present: true,
    type: BOOL,
    span,
    mayErr: entry.mayErr,
  };
  return outcome(expr, new Set([key]), NOTHING);
}

function entryAt(of: Expr, argument: Node, span: Node["span"], scope: Scope, env: Env): Expr | null {
  if (of.type.kind !== "map") return null;
  const { expr: key } = scope.check(argument, scope, env, null);
  if (key === null) return null;
  if (key.type.kind !== "string") {
    scope.report(wrongType(argument.span, "string", showType(key.type)));
    return null;
  }
  if (key.kind === "literal") {
    const bytes = utf8Bytes(String(key.value));
    if (bytes === 0 || bytes > KEY_BYTES_MAX) {
      scope.report(wrongKey(argument.span, KEY_BYTES_MAX));
      return null;
    }
  }
  const type = { kind: "optional", of: of.type.of } as const;
  return { kind: "at", of, key, type, span, mayErr: of.mayErr || key.mayErr };
}
