/** The first phase: from text to the program as written. */
import { readTree } from "@polity/grammar/read.ts";
import type { DeclarationTree, FieldTree, ProgramTree, RawTree } from "@polity/grammar/tree.ts";
import type { Declaration, FieldDeclaration, Program } from "../ast.ts";
import { type Diagnostic, type Phase, sortDiagnostics, unreachable } from "../diagnostic.ts";
import type { Source, Span } from "../source.ts";
import { exprOf, typeOf } from "./expressions.ts";
import { type HeadLine, headOf } from "./head.ts";
import { checkKind } from "./kinds.ts";
import { intOf, textOf } from "./literals.ts";
import { noPolicy, wrongVersion } from "./messages-syntax.ts";
import { diagnosticOf } from "./problems.ts";
import { nameOf, type Report, spanOf } from "./report.ts";
import { ruleOf } from "./rules.ts";
import { gridOf, testOf } from "./tests.ts";

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

const EMPTY: Program = { policy: null, imports: [], valid: null, containment: null, declarations: [] };

function programOf(tree: ProgramTree, text: string, report: Report): Program {
  const declarations: Declaration[] = [];
  const head: HeadLine[] = [];
  for (const item of tree.items) {
    if (
      item.kind === "naming" ||
      item.kind === "import" ||
      item.kind === "valid" ||
      item.kind === "containment"
    ) {
      head.push({ tree: item, isMisplaced: declarations.length > 0 });
    } else declarations.push(declarationOf(item, report));
  }
  const isNamed = head.some((line) => line.tree.kind === "naming");
  if (!isNamed && !tree.incomplete) report(noPolicy(firstWord(tree, text)));
  const program: Program = { ...headOf(head, report), declarations };
  checkKind(program, report);
  return program;
}

/** The word at which the missing line should have stood. */
function firstWord({ version, items }: ProgramTree, text: string): Span {
  const start = items[0]?.start ?? version?.start ?? 0;
  const word = /^\w*/.exec(text.slice(start, start + 64))?.[0] ?? "";
  return { start, end: start + word.length };
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
        fromRequest: tree.fromRequest,
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
    case "table": {
      const [fields, max] = [fieldsOf(tree.fields, report), tree.max && intOf(tree.max, 1n, report)];
      const [key, per] = [tree.key.map(nameOf), tree.per.map(nameOf)];
      return { kind: "table", name: nameOf(tree.name), fields, key, max, per, doc, span };
    }
    case "setting": {
      const { name, value } = tree;
      const type = typeOf(tree.type, report);
      return { kind: "setting", name: nameOf(name), type, value: exprOf(value, report), doc, span };
    }
    case "function": {
      const parameters = fieldsOf(tree.parameters, report);
      const [result, body] = [typeOf(tree.result, report), exprOf(tree.body, report)];
      return { kind: "function", name: nameOf(tree.name), parameters, result, body, doc, span };
    }
    case "prove":
      return {
        kind: "prove",
        title: textOf(tree.title),
        actions: tree.actions?.map(nameOf) ?? null,
        condition: exprOf(tree.condition, report),
        doc,
        span,
      };
    case "obligation": {
      const phase = tree.phase ?? "before";
      return {
        kind: "obligation",
        name: nameOf(tree.name),
        phase,
        fields: fieldsOf(tree.fields, report),
        doc,
        span,
      };
    }
    case "rule":
      return ruleOf(tree, doc, report);
    case "test":
      return testOf(tree, doc, report);
    case "grid":
      return gridOf(tree, doc, report);
    default:
      return unreachable(tree);
  }
}

function fieldsOf(trees: readonly FieldTree[], report: Report): readonly FieldDeclaration[] {
  return trees.map((tree) => fieldOf(tree, report));
}

function fieldOf(tree: FieldTree, report: Report): FieldDeclaration {
  const { from } = tree;
  const source = from === undefined ? {} : { from: nameOf(from) };
  return { name: nameOf(tree.name), type: typeOf(tree.type, report), ...source, span: spanOf(tree) };
}

/** The lines without their slashes and the space behind them. */
function docOf(lines: readonly RawTree[]): string {
  return lines.map(({ text }) => text.replace(/^\/\/\/ ?/, "").trimEnd()).join("\n");
}
