/** What each kind of file may hold (spec 2.4, 2.7). */
import type { Declaration, Program } from "../ast.ts";
import type { Span } from "../source.ts";
import { allowInGuard, notInModule } from "./messages-files.ts";
import type { Report } from "./report.ts";

/** What judges, tries or states what is judged belongs to one policy or guard; null: a module may have it. */
const JUDGING: Readonly<Record<Declaration["kind"], string | null>> = {
  enum: null,
  record: null,
  entity: null,
  subject: null,
  shared: null,
  action: null,
  const: null,
  setting: null,
  table: null,
  function: null,
  rule: "rules",
  test: "tests",
  grid: "tests",
  obligation: null,
  prove: "properties",
};

export function checkKind(program: Program, report: Report): void {
  const { policy, valid, containment, declarations } = program;
  const kind = policy?.kind ?? "policy";
  if (kind === "module") {
    if (valid !== null) report(notInModule(valid.span, "line `valid`"));
    if (containment !== null) report(notInModule(containment.span, "line `containment`"));
    for (const declaration of declarations) {
      const what = JUDGING[declaration.kind];
      if (what !== null) report(notInModule(placeOf(declaration), what));
    }
  }
  if (kind === "guard") {
    for (const one of declarations) {
      if (one.kind === "rule" && one.verdict === "allow") report(allowInGuard(placeOf(one)));
    }
  }
}

/** The first word: the whole may be many lines. */
function placeOf(declaration: Declaration): Span {
  const { start, end } = declaration.span;
  const isRule = declaration.kind === "rule";
  const word = isRule ? (declaration.shadow ? "shadow" : declaration.verdict) : declaration.kind;
  return { start, end: Math.min(end, start + word.length) };
}
