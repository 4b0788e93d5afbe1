/** Expressions and types. Recursion here is as deep as the grammar lets a tree grow. */
import type { ExprTree } from "@polity/grammar/tree.ts";
import type { TypeTree } from "@polity/grammar/tree-types.ts";
import type { Expr } from "../ast.ts";
import type { TypeNode } from "../ast-types.ts";
import { unreachable } from "../diagnostic.ts";
import { decimalOf, durationOf, intOf, textOf, timestampOf } from "./literals.ts";
import { nullLiteral } from "./messages-syntax.ts";
import { patternOf } from "./patterns.ts";
import { nameOf, type Report, spanOf } from "./report.ts";

type LiteralTree = Extract<ExprTree, { kind: "integer" | "decimal" | "text" | "timestamp" | "duration" }>;

export function exprOf(tree: ExprTree, report: Report): Expr {
  const span = spanOf(tree);
  switch (tree.kind) {
    case "reference":
      if (tree.name !== "null") return { kind: "name", name: tree.name, span };
      report(nullLiteral(span));
      return { kind: "missing", span };
    case "bool":
      return { kind: "bool", value: tree.value, span };
    case "integer":
    case "decimal":
    case "text":
    case "timestamp":
    case "duration":
      return literalOf(tree, 1n, span, report);
    case "pattern": {
      const { text } = tree;
      const pattern = patternOf({ ...span, text }, report);
      return pattern === null ? { kind: "missing", span } : { kind: "pattern", pattern, text, span };
    }
    case "entity":
      return { kind: "entity", type: nameOf(tree.type), id: textOf(tree.id), span };
    case "collection":
      return {
        kind: "collection",
        shape: tree.shape,
        elements: tree.elements.map((e) => exprOf(e, report)),
        span,
      };
    case "select":
      return selectOf(tree, report);
    case "call":
      return callOf(tree, report);
    case "if": {
      const condition = exprOf(tree.condition, report);
      const value = exprOf(tree.value, report);
      return { kind: "if", condition, value, otherwise: exprOf(tree.otherwise, report), span };
    }
    case "apply": {
      const args = tree.args.map((argument) => exprOf(argument, report));
      return { kind: "apply", name: nameOf(tree.name), args, span };
    }
    case "index": {
      const of = exprOf(tree.of, report);
      const args = tree.args.map((arg) => exprOf(arg, report));
      return of.kind === "missing" ? { kind: "missing", span } : { kind: "index", of, args, span };
    }
    case "not":
      return { kind: "not", of: exprOf(tree.of, report), span };
    case "negate":
      return negationOf(tree, report);
    case "binary": {
      const nothing = [tree.left, tree.right].find(
        (side) => side.kind === "reference" && side.name === "null",
      );
      if (nothing !== undefined) {
        // Whatever the other side is, nothing can be said about the comparison.
        report(nullLiteral(spanOf(nothing)));
        return { kind: "missing", span };
      }
      const left = exprOf(tree.left, report);
      return { kind: "binary", op: tree.op, left, right: exprOf(tree.right, report), span };
    }
    case "range":
      return { kind: "range", from: exprOf(tree.from, report), to: exprOf(tree.to, report), span };
    case "presence":
      return { kind: "presence", of: exprOf(tree.of, report), present: tree.present, span };
    case "exists":
      return { kind: "exists", of: exprOf(tree.of, report), span };
    case "quantifier": {
      const over = exprOf(tree.over, report);
      const body = exprOf(tree.body, report);
      return { kind: "quantifier", op: tree.op, variable: nameOf(tree.variable), over, body, span };
    }
    case "missing":
      return { kind: "missing", span };
    default:
      return unreachable(tree);
  }
}

function literalOf(tree: LiteralTree, sign: 1n | -1n, span: Expr["span"], report: Report): Expr {
  const literal = { ...span, text: tree.text };
  switch (tree.kind) {
    case "integer": {
      const value = intOf(literal, sign, report);
      return value === null ? { kind: "missing", span } : { kind: "int", value, span };
    }
    case "decimal": {
      const value = decimalOf(literal, sign, report);
      return value === null ? { kind: "missing", span } : { kind: "decimal", value, span };
    }
    case "duration": {
      const ms = durationOf(literal, sign, report);
      return ms === null ? { kind: "missing", span } : { kind: "duration", ms, span };
    }
    case "timestamp": {
      const ms = timestampOf(literal, report);
      return ms === null ? { kind: "missing", span } : { kind: "timestamp", ms, span };
    }
    case "text":
      return { kind: "text", value: textOf(literal), span };
    default:
      return unreachable(tree.kind);
  }
}

/** A minus belongs to the literal behind it, so that the smallest integer can be written. */
function negationOf(tree: Extract<ExprTree, { kind: "not" | "negate" }>, report: Report): Expr {
  const { of } = tree;
  const span = spanOf(tree);
  if (of.kind === "integer" || of.kind === "decimal" || of.kind === "duration") {
    return literalOf(of, -1n, span, report);
  }
  return { kind: "negate", of: exprOf(of, report), span };
}

/** What is taken from a gap is a gap. */
function selectOf(tree: Extract<ExprTree, { kind: "select" }>, report: Report): Expr {
  const of = exprOf(tree.of, report);
  const span = spanOf(tree);
  return of.kind === "missing"
    ? { kind: "missing", span }
    : { kind: "select", of, name: nameOf(tree.name), span };
}

function callOf(tree: Extract<ExprTree, { kind: "call" }>, report: Report): Expr {
  const of = exprOf(tree.of, report);
  const args = tree.args.map((arg) => exprOf(arg, report));
  const method = nameOf(tree.method);
  const span = spanOf(tree);
  if (of.kind === "missing") return { kind: "missing", span };
  return { kind: "call", of, method, args, span };
}

export function typeOf(tree: TypeTree, report: Report): TypeNode {
  const span = spanOf(tree);
  switch (tree.kind) {
    case "named": {
      const { range } = tree;
      const type: TypeNode = {
        kind: "named",
        name: nameOf(tree.name),
        ref: tree.ref !== null,
        id: tree.id !== null,
        range: range && { from: exprOf(range.from, report), to: exprOf(range.to, report) },
        max: tree.max && intOf(tree.max, 1n, report),
        span,
      };
      return marked(type, tree.marks);
    }
    case "collection": {
      const min = tree.min && intOf(tree.min, 1n, report);
      const max = tree.max && intOf(tree.max, 1n, report);
      return marked(
        { kind: "collection", shape: tree.shape, of: typeOf(tree.of, report), min, max, span },
        tree.marks,
      );
    }
    default:
      return unreachable(tree);
  }
}

/** `T?`; that `T??` means nothing is for the checker to say. */
function marked(type: TypeNode, marks: number): TypeNode {
  if (marks === 0) return type;
  const optional: TypeNode = { kind: "optional", of: type, span: type.span };
  return marks === 1 ? optional : { kind: "optional", of: optional, span: type.span };
}
