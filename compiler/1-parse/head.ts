/** The lines before the declarations: what the file is, what it imports, and how long it holds. */
import type { HeaderTree, ImportTree, NamingTree } from "@polity/grammar/tree-head.ts";
import type { Program } from "../ast.ts";
import type { Import, PolicyHeader } from "../ast-head.ts";
import { unreachable } from "../diagnostic.ts";
import { durationOf, intOf, textOf, timestampOf } from "./literals.ts";
import { misplacedHead, repeatedHead } from "./messages-syntax.ts";
import { type Report, spanOf } from "./report.ts";

export interface HeadLine {
  readonly tree: HeaderTree;
  /** It stands behind a declaration. */
  readonly isMisplaced: boolean;
}

/** Of what stands twice, the first counts; a file may have any number of imports. */
export function headOf(lines: readonly HeadLine[], report: Report): Omit<Program, "declarations"> {
  const seen = new Map<HeaderTree["kind"], string>();
  let policy: PolicyHeader | null = null;
  const imports: Import[] = [];
  let valid: Program["valid"] = null;
  let containment: Program["containment"] = null;
  for (const { tree, isMisplaced } of lines) {
    const word = tree.kind === "naming" ? tree.word : tree.kind;
    const keyword = { start: tree.start, end: tree.start + word.length };
    const first = tree.kind === "import" ? undefined : seen.get(tree.kind);
    if (first !== undefined) {
      report(repeatedHead(keyword, first));
      continue;
    }
    if (isMisplaced) report(misplacedHead(keyword, word));
    seen.set(tree.kind, word);
    switch (tree.kind) {
      case "naming":
        policy = policyOf(tree, keyword, report);
        break;
      case "import":
        imports.push(importOf(tree));
        break;
      case "valid": {
        const fromMs = timestampOf(tree.from, report);
        const untilMs = timestampOf(tree.until, report);
        if (fromMs !== null && untilMs !== null) valid = { fromMs, untilMs, span: spanOf(tree) };
        break;
      }
      case "containment": {
        const ageMs = durationOf(tree.within, 1n, report);
        if (ageMs !== null) containment = { ageMs, span: spanOf(tree) };
        break;
      }
      default:
        unreachable(tree);
    }
  }
  return { policy, imports, valid, containment };
}

function policyOf(tree: NamingTree, span: PolicyHeader["span"], report: Report): PolicyHeader {
  const start = tree.name[0]?.start ?? tree.start;
  const text = tree.name.map((part) => part.text).join(".");
  const name = { text, span: { start, end: tree.name.at(-1)?.end ?? start } };
  const version = tree.version === null ? 0n : (intOf(tree.version, 1n, report) ?? 0n);
  return { kind: tree.word, name, version, span };
}

function importOf({ from }: ImportTree): Import {
  return { path: textOf(from), file: null, span: spanOf(from) };
}
