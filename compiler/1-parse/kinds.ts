/** What each kind of file may hold (spec 2.4, 2.7). */
import type { Declaration, Program } from "../ast.ts";
import type { Span } from "../source.ts";
import { allowInGuard, notInModule } from "./messages-files.ts";
import type { Report } from "./report.ts";

/** What judges, and what tries the judging: it belongs to one policy or guard. */
const JUDGING: ReadonlyMap<Declaration["kind"], string> = new Map([
  ["rule", "rules"],
  ["test", "tests"],
] satisfies [Declaration["kind"], string][]);

export function checkKind(program: Program, report: Report): void {
  const { policy, valid, containment, declarations } = program;
  const kind = policy?.kind ?? "policy";
  if (kind === "module") {
    if (valid !== null) report(notInModule(valid.span, "line `valid`"));
    if (containment !== null) report(notInModule(containment.span, "line `containment`"));
    for (const declaration of declarations) {
      const what = JUDGING.get(declaration.kind);
      if (what !== undefined) report(notInModule(placeOf(declaration), what));
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
  const length = declaration.kind === "rule" ? declaration.verdict.length : declaration.kind.length;
  return { start, end: Math.min(end, start + length) };
}
