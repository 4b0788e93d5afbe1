/** The first phase: from text to the program as written. */
import { readTree } from "@polity/grammar/read.ts";
import type { DeclarationTree, FieldTree, HeaderTree, ProgramTree, RawTree } from "@polity/grammar/tree.ts";
import type { Declaration, FieldDeclaration, PolicyHeader, Program } from "../ast.ts";
import { type Diagnostic, type Phase, sortDiagnostics, unreachable } from "../diagnostic.ts";
import type { Source, Span } from "../source.ts";
import { exprOf, typeOf } from "./expressions.ts";
import { durationOf, intOf, timestampOf } from "./literals.ts";
import { misplacedHead, noPolicy, repeatedHead, wrongVersion } from "./messages-syntax.ts";
import { diagnosticOf } from "./problems.ts";
import { nameOf, type Report, spanOf } from "./report.ts";
import { ruleOf } from "./rules.ts";
import { testOf } from "./tests.ts";

const DIAGNOSTICS_MAX = 100;

/**
 * Reads a source. Never throws; gives at most 100 diagnostics, in source order.
 *
 * Where something is lost that the rest may depend on (a declaration that could not be read, a type of a
 * later version), the value has no declarations at all: what a checker could say about the others might be
 * wrong. A gap within an expression is a `missing` node.
 */
export function parse(source: Source): Phase<Program> {
  const { text } = source;
  const { tree, problems } = readTree(text);
  const { version } = tree;
  if (version !== null && version.text !== "1") {
    // All else would be read by rules that its author never saw.
    return { value: EMPTY, diagnostics: [wrongVersion(spanOf(version), version.text)] };
  }
  const unversioned = problems.find(({ kind }) => kind === "no-version");
  if (unversioned !== undefined) return { value: EMPTY, diagnostics: [diagnosticOf(unversioned)] };

  const diagnostics: Diagnostic[] = problems.map(diagnosticOf);
  const report: Report = (diagnostic) => diagnostics.push(diagnostic);
  const program = programOf(tree, text, report);
  const value = tree.incomplete ? { ...program, declarations: [] } : program;
  return { value, diagnostics: sortDiagnostics(diagnostics).slice(0, DIAGNOSTICS_MAX) };
}

const EMPTY: Program = { policy: null, valid: null, containment: null, declarations: [] };

function programOf(tree: ProgramTree, text: string, report: Report): Program {
  const head = new Map<HeaderTree["kind"], HeaderTree>();
  const declarations: Declaration[] = [];
  for (const item of tree.items) {
    if (item.kind !== "policy" && item.kind !== "valid" && item.kind !== "containment") {
      declarations.push(declarationOf(item, report));
      continue;
    }
    const keyword = { start: item.start, end: item.start + item.kind.length };
    if (head.has(item.kind)) report(repeatedHead(keyword, item.kind));
    else if (declarations.length > 0) report(misplacedHead(keyword, item.kind));
    if (!head.has(item.kind)) head.set(item.kind, item);
  }
  const policy = head.get("policy");
  if (policy === undefined && !tree.incomplete) report(noPolicy(firstWord(tree, text)));
  return { ...headOf(head, report), declarations };
}

/** The word at which the missing line should have stood. */
function firstWord({ version, items }: ProgramTree, text: string): Span {
  const start = items[0]?.start ?? version?.start ?? 0;
  const word = /^\w*/.exec(text.slice(start, start + 64))?.[0] ?? "";
  return { start, end: start + word.length };
}

function headOf(
  head: ReadonlyMap<HeaderTree["kind"], HeaderTree>,
  report: Report,
): Pick<Program, "policy" | "valid" | "containment"> {
  let policy: PolicyHeader | null = null;
  let valid: Program["valid"] = null;
  let containment: Program["containment"] = null;
  for (const line of head.values()) {
    const span = spanOf(line);
    switch (line.kind) {
      case "policy": {
        const start = line.name[0]?.start ?? line.start;
        const text = line.name.map((part) => part.text).join(".");
        const name = { text, span: { start, end: line.name.at(-1)?.end ?? start } };
        policy = { name, version: intOf(line.version, 1n, report) ?? 0n };
        break;
      }
      case "valid": {
        const fromMs = timestampOf(line.from, report);
        const untilMs = timestampOf(line.until, report);
        if (fromMs !== null && untilMs !== null) valid = { fromMs, untilMs, span };
        break;
      }
      case "containment": {
        const ageMs = durationOf(line.within, 1n, report);
        if (ageMs !== null) containment = { ageMs, span };
        break;
      }
      default:
        unreachable(line);
    }
  }
  return { policy, valid, containment };
}

function declarationOf(tree: DeclarationTree, report: Report): Declaration {
  const span = spanOf(tree);
  const doc = docOf(tree.docs);
  switch (tree.kind) {
    case "enum": {
      const { ordered } = tree;
      return { kind: "enum", ordered, name: nameOf(tree.name), members: tree.members.map(nameOf), doc, span };
    }
    case "record":
      return { kind: "record", name: nameOf(tree.name), fields: fieldsOf(tree.fields, report), doc, span };
    case "entity": {
      const attributes = fieldsOf(tree.attributes, report);
      return {
        kind: "entity",
        name: nameOf(tree.name),
        groups: tree.groups.map(nameOf),
        attributes,
        doc,
        span,
      };
    }
    case "subject":
      return { kind: "subject", field: fieldOf(tree.field, report), doc, span };
    case "shared":
      return { kind: "shared", fields: fieldsOf(tree.fields, report), doc, span };
    case "action":
      return { kind: "action", name: nameOf(tree.name), fields: fieldsOf(tree.fields, report), doc, span };
    case "const":
      return { kind: "const", name: nameOf(tree.name), value: exprOf(tree.value, report), doc, span };
    case "function": {
      const parameters = fieldsOf(tree.parameters, report);
      const [result, body] = [typeOf(tree.result, report), exprOf(tree.body, report)];
      return { kind: "function", name: nameOf(tree.name), parameters, result, body, doc, span };
    }
    case "rule":
      return ruleOf(tree, doc, report);
    case "test":
      return testOf(tree, doc, report);
    default:
      return unreachable(tree);
  }
}

function fieldsOf(trees: readonly FieldTree[], report: Report): readonly FieldDeclaration[] {
  return trees.map((tree) => fieldOf(tree, report));
}

function fieldOf(tree: FieldTree, report: Report): FieldDeclaration {
  return { name: nameOf(tree.name), type: typeOf(tree.type, report), span: spanOf(tree) };
}

/** The lines without their slashes and the space behind them. */
function docOf(lines: readonly RawTree[]): string {
  return lines.map(({ text }) => text.replace(/^\/\/\/ ?/, "").trimEnd()).join("\n");
}
