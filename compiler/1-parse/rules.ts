/** Rules: that each clause stands once and in its place, and that there is a condition. */
import type { ClauseTree, RuleTree, TemplateTree } from "@polity/grammar/tree.ts";
import type {
  AbsentOk,
  Let,
  Oblige,
  RuleDeclaration,
  Tag,
  Template,
  TemplatePart,
  Until,
  Witness,
} from "../ast.ts";
import { unreachable } from "../diagnostic.ts";
import { exprOf } from "./expressions.ts";
import { durationOf, intOf, textOf, unescaped } from "./literals.ts";
import { alwaysWithCondition, misplacedClause, noCondition, repeatedClause } from "./messages-syntax.ts";
import { nameOf, type Report, spanOf } from "./report.ts";

type Kind = ClauseTree["kind"];
type ClauseOf<K extends Kind> = ClauseTree & { readonly kind: K };

/** Each clause's place in the order. */
const PLACES: readonly Kind[] = [
  "let",
  "for",
  "always",
  "when",
  "unless",
  "until",
  "because",
  "note",
  "oblige",
  "absent_ok",
];

/** Those that may stand more than once. */
const REPEATED: ReadonlySet<Kind> = new Set(["let", "oblige", "absent_ok", "tag"]);

/** All tags have one place. */
function placeOf({ kind }: ClauseTree): number {
  return PLACES.indexOf(kind === "tag" ? "absent_ok" : kind);
}

export function ruleOf(tree: RuleTree, doc: string, report: Report): RuleDeclaration {
  const { clauses } = tree;
  checkOrder(clauses, report);
  const always = checkCondition(tree, report);
  const when = find(clauses, "when");
  const unless = find(clauses, "unless");
  const until = find(clauses, "until");
  const because = find(clauses, "because");
  const note = find(clauses, "note");
  const witness = find(clauses, "for");
  return {
    kind: "rule",
    shadow: tree.shadow,
    verdict: tree.verdict,
    name: nameOf(tree.name),
    actions: tree.actions?.map(nameOf) ?? null,
    always,
    lets: clauses.flatMap((clause) => (clause.kind === "let" ? [letOf(clause, report)] : [])),
    witness: witness && witnessOf(witness, report),
    when: when && exprOf(when.condition, report),
    unless: unless && exprOf(unless.condition, report),
    until: until && untilOf(until, report),
    because: because && templateOf(because.template, report),
    note: note && templateOf(note.template, report),
    obliges: clauses.flatMap((clause) => (clause.kind === "oblige" ? [obligeOf(clause, report)] : [])),
    absentOk: clauses.flatMap((clause) => (clause.kind === "absent_ok" ? [absentOkOf(clause)] : [])),
    tags: clauses.flatMap((clause) => (clause.kind === "tag" ? [tagOf(clause, report)] : [])),
    doc,
    span: spanOf(tree),
  };
}

function find<K extends Exclude<Kind, "absent_ok" | "let" | "oblige" | "tag">>(
  clauses: readonly ClauseTree[],
  kind: K,
): ClauseOf<K> | null {
  return (clauses.find((clause) => clause.kind === kind) as ClauseOf<K> | undefined) ?? null;
}

function checkOrder(clauses: readonly ClauseTree[], report: Report): void {
  const seen = new Set<Kind>();
  let last: ClauseTree | null = null;
  for (const clause of clauses) {
    const place = placeOf(clause);
    if (place === -1) continue;
    if (seen.has(clause.kind) && !REPEATED.has(clause.kind)) {
      report(repeatedClause(clause.keyword, wordOf(clause)));
    } else if (last !== null && place < placeOf(last)) {
      report(misplacedClause(last.keyword, wordOf(last), wordOf(clause)));
    }
    seen.add(clause.kind);
    if (last === null || place >= placeOf(last)) last = clause;
  }
}

function wordOf(clause: ClauseTree): string {
  if (clause.kind === "tag") return `@${clause.name.text}`;
  return clause.kind === "absent_ok" ? "@absent_ok" : clause.kind === "for" ? "for any" : clause.kind;
}

/**
 * Whether the rule is unconditional. What is wrong is reported once, here, so the answer fits the clauses.
 */
function checkCondition({ name, clauses }: RuleTree, report: Report): boolean {
  const condition = clauses.find(({ kind }) => kind === "when" || kind === "unless");
  const isAlways = clauses.some(({ kind }) => kind === "always");
  if (isAlways && condition !== undefined) report(alwaysWithCondition(condition.keyword, condition.kind));
  else if (!isAlways && condition === undefined) report(noCondition(spanOf(name), name.text));
  return condition === undefined;
}

function letOf({ name, value }: ClauseOf<"let">, report: Report): Let {
  return { name: nameOf(name), value: exprOf(value, report) };
}

function witnessOf(clause: ClauseOf<"for">, report: Report): Witness {
  const overs = clause.overs.map((over) => exprOf(over, report));
  return { variable: nameOf(clause.variable), overs, span: spanOf(clause) };
}

function tagOf(clause: ClauseOf<"tag">, report: Report): Tag {
  const args = clause.args.map((argument) => exprOf(argument, report));
  return { name: nameOf(clause.name), args, span: spanOf(clause) };
}

function untilOf(clause: ClauseOf<"until">, report: Report): Until {
  return {
    count: clause.count === null ? 1n : (intOf(clause.count, 1n, report) ?? 1n),
    group: exprOf(clause.group, report),
    withinMs: durationOf(clause.within, 1n, report) ?? 1n,
    span: spanOf(clause),
  };
}

function obligeOf(clause: ClauseOf<"oblige">, report: Report): Oblige {
  const args = clause.args.map(({ name, value }) => ({ name: nameOf(name), value: exprOf(value, report) }));
  return { name: nameOf(clause.name), args, span: spanOf(clause) };
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
