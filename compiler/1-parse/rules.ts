/** Rules: that each clause stands once and in its place, and that there is a condition. */
import type { ClauseTree, RuleTree, TemplateTree } from "@polity/grammar/tree.ts";
import type { AbsentOk, Let, RuleDeclaration, Template, TemplatePart, Until } from "../ast.ts";
import { unreachable } from "../diagnostic.ts";
import { exprOf } from "./expressions.ts";
import { durationOf, intOf, textOf, unescaped } from "./literals.ts";
import { alwaysWithCondition, misplacedClause, noCondition, repeatedClause } from "./messages-syntax.ts";
import { nameOf, type Report, spanOf } from "./report.ts";

type Kind = ClauseTree["kind"];
type ClauseOf<K extends Kind> = ClauseTree & { readonly kind: K };

/** Each clause's place in the order; what was refused by name has none. */
const PLACES: readonly Kind[] = ["let", "always", "when", "unless", "until", "because", "note", "absent_ok"];

export function ruleOf(tree: RuleTree, doc: string, report: Report): RuleDeclaration {
  const { clauses } = tree;
  checkOrder(clauses, report);
  const always = checkCondition(tree, report);
  const when = find(clauses, "when");
  const unless = find(clauses, "unless");
  const until = find(clauses, "until");
  const because = find(clauses, "because");
  const note = find(clauses, "note");
  return {
    kind: "rule",
    verdict: tree.verdict,
    name: nameOf(tree.name),
    actions: tree.actions?.map(nameOf) ?? null,
    always,
    lets: clauses.flatMap((clause) => (clause.kind === "let" ? [letOf(clause, report)] : [])),
    when: when && exprOf(when.condition, report),
    unless: unless && exprOf(unless.condition, report),
    until: until && untilOf(until, report),
    because: because && templateOf(because.template, report),
    note: note && templateOf(note.template, report),
    absentOk: clauses.flatMap((clause) => (clause.kind === "absent_ok" ? [absentOkOf(clause)] : [])),
    doc,
    span: spanOf(tree),
  };
}

function find<K extends Exclude<Kind, "absent_ok" | "let" | "refused">>(
  clauses: readonly ClauseTree[],
  kind: K,
): ClauseOf<K> | null {
  return (clauses.find((clause) => clause.kind === kind) as ClauseOf<K> | undefined) ?? null;
}

function checkOrder(clauses: readonly ClauseTree[], report: Report): void {
  const seen = new Set<Kind>();
  let last: ClauseTree | null = null;
  for (const clause of clauses) {
    const place = PLACES.indexOf(clause.kind);
    if (place === -1) continue;
    if (seen.has(clause.kind) && clause.kind !== "absent_ok" && clause.kind !== "let") {
      report(repeatedClause(clause.keyword, wordOf(clause)));
    } else if (last !== null && place < PLACES.indexOf(last.kind)) {
      report(misplacedClause(last.keyword, wordOf(last), wordOf(clause)));
    }
    seen.add(clause.kind);
    if (last === null || place >= PLACES.indexOf(last.kind)) last = clause;
  }
}

function wordOf({ kind }: ClauseTree): string {
  return kind === "absent_ok" ? "@absent_ok" : kind;
}

/**
 * Whether the rule is unconditional. What is wrong is reported once, here, so the answer fits the clauses.
 */
function checkCondition({ name, clauses }: RuleTree, report: Report): boolean {
  const condition = clauses.find(({ kind }) => kind === "when" || kind === "unless");
  const isAlways = clauses.some(({ kind }) => kind === "always");
  // A clause that was refused may have been the condition.
  const isRefused = clauses.some(({ kind }) => kind === "refused");
  if (isAlways && condition !== undefined) report(alwaysWithCondition(condition.keyword, condition.kind));
  else if (!isAlways && condition === undefined && !isRefused) report(noCondition(spanOf(name), name.text));
  return condition === undefined;
}

function letOf({ name, value }: ClauseOf<"let">, report: Report): Let {
  return { name: nameOf(name), value: exprOf(value, report) };
}

function untilOf(clause: ClauseOf<"until">, report: Report): Until {
  return {
    count: clause.count === null ? 1n : (intOf(clause.count, 1n, report) ?? 1n),
    group: exprOf(clause.group, report),
    withinMs: durationOf(clause.within, 1n, report) ?? 1n,
    span: spanOf(clause),
  };
}

function absentOkOf(clause: ClauseOf<"absent_ok">): AbsentOk {
  return { path: clause.path.map(nameOf), why: textOf(clause.why), span: spanOf(clause) };
}

function templateOf(tree: TemplateTree, report: Report): Template {
  const parts: TemplatePart[] = [];
  for (const part of tree.parts) {
    switch (part.kind) {
      case "hole":
        parts.push({ kind: "hole", expr: exprOf(part.expr, report) });
        break;
      case "raw":
        if (part.text !== "") parts.push({ kind: "text", text: unescaped(part.text) });
        break;
      default:
        unreachable(part);
    }
  }
  return { parts, span: spanOf(tree) };
}
