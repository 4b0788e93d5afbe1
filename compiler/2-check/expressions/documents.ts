/** What is read of a document: `body.string("user", "name")`, absent where the document has no such thing. */
import { COLLECTION_MAX, type Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { wrongDocumentPath } from "../messages-collections.ts";
import { notAPath } from "../messages-rules.ts";
import { NOTHING, pathKey } from "../narrowing.ts";
import { done, FAILED, type Outcome, outcome, type Scope } from "../scope.ts";
import { BOOL, DECIMAL } from "../types.ts";

const STEPS_MAX = 32;
const SAFE = 2n ** 53n - 1n;

export const ACCESSORS = ["string", "int", "decimal", "bool", "size", "has"] as const;

export function checkAccessor(node: Extract<Node, { kind: "call" }>, of: Expr, scope: Scope): Outcome {
  if (of.type.kind !== "json") return FAILED;
  const method = node.method.text;
  const path = node.args.flatMap((arg) => (arg.kind === "text" ? [arg.value] : []));
  if (path.length === 0 || path.length < node.args.length || path.length > STEPS_MAX) {
    scope.report(wrongDocumentPath(node.span, method));
    return FAILED;
  }
  const { span } = node;
  const op = ACCESSORS.find((accessor) => accessor === method) ?? "has";
  const type = { kind: "optional", of: typeOf(op, of.type.bytesMax) } as const;
  const read: Expr = { kind: "accessor", op, of, path, type, span, mayErr: of.mayErr };
  if (op !== "has") return done(read);
  const key = pathKey(read);
  if (key === null) {
    scope.report(notAPath(span));
    return FAILED;
  }
  const expr: Expr = { kind: "presence", of: read, present: true, type: BOOL, span, mayErr: of.mayErr };
  return outcome(expr, new Set([key]), NOTHING);
}

function typeOf(op: (typeof ACCESSORS)[number], bytesMax: number): Type {
  switch (op) {
    case "string":
      return { kind: "string", id: false, bytesMax };
    case "int":
      return { kind: "int", min: -SAFE, max: SAFE };
    case "decimal":
      return DECIMAL;
    case "size":
      return { kind: "int", min: 0n, max: BigInt(Math.max(bytesMax, COLLECTION_MAX)) };
    case "bool":
    case "has":
      return BOOL;
  }
}
