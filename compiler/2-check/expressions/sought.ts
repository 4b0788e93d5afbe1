/** `matches` and `contains`: text against a text or a pattern. */
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import type { Automaton } from "../../pattern.ts";
import { looksLikePattern, patternTooLarge } from "../messages-patterns.ts";
import { wrongOperands } from "../messages-types.ts";
import { automatonOf, STATES_MAX } from "../patterns/automaton.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { BOOL, isCollection, showType } from "../types.ts";
import { checkPattern } from "./membership.ts";

type BinaryNode = Extract<Node, { kind: "binary" }>;
type PatternNode = Extract<Node, { kind: "pattern" }>;
type Op = "matches" | "contains";

export function checkSought(node: BinaryNode, op: Op, scope: Scope, env: Env): Outcome {
  const { expr: of } = scope.check(node.left, scope, env, null);
  const isText = of === null || of.type.kind === "string";
  if (!isText) {
    const isMembers = op === "contains" && isCollection(of.type);
    const hint = isMembers ? "whether a collection has a member is asked with `x in xs`" : null;
    scope.report(wrongOperands(node.left.span, op, [showType(of.type)], "text on the left", hint));
  }
  if (node.right.kind === "pattern") return checkAutomaton(node, node.right, op, of, scope);
  const pattern = checkPattern(node.right, op, scope, env);
  if (of === null || !isText || pattern === null) return FAILED;
  if (node.right.kind === "text" && METACHARACTERS.test(node.right.value)) {
    scope.report(looksLikePattern(node.right.span, op));
  }
  const typed = { type: BOOL, span: node.span, mayErr: of.mayErr || pattern.mayErr };
  // The whole text against a text: nothing but equality.
  if (op === "matches") return done({ kind: "equal", negated: false, left: of, right: pattern, ...typed });
  return done({ kind: "text_test", op, of, pattern, ...typed });
}

/** What a pattern of any engine has and hardly any text. */
const METACHARACTERS = /\.[*+]|\\[dws.]|\[[^\]]+\]|^\^|\$$|\(.*\|.*\)/;

function checkAutomaton(
  node: BinaryNode,
  right: PatternNode,
  op: Op,
  of: Expr | null,
  scope: Scope,
): Outcome {
  const automaton = knownAutomaton(right, op, scope);
  if (automaton === null || of === null || of.type.kind !== "string") return FAILED;
  const { pattern, text } = right;
  const typed = { type: BOOL, span: node.span, mayErr: of.mayErr };
  return done({ kind: "pattern_test", op, of, pattern, text, automaton, ...typed });
}

/** A rule is checked once for each of its actions, its patterns once. */
function knownAutomaton({ text, pattern }: PatternNode, op: Op, scope: Scope): Automaton | null {
  const { automata } = scope.world;
  const key = `${pattern.span.start} ${op} ${text}`;
  const known = automata.get(key);
  if (known !== undefined) return known;
  const made = automatonOf(pattern, op === "contains");
  const isTooLarge = "tooLarge" in made;
  if (isTooLarge) scope.report(patternTooLarge(made.tooLarge, STATES_MAX));
  automata.set(key, isTooLarge ? null : made);
  return isTooLarge ? null : made;
}
