/** Shorthand for tests of the grammar and of the first phase. */

import { parse } from "@polity/compiler/1-parse/parse.ts";
import type { Expr, RuleDeclaration } from "@polity/compiler/ast.ts";
import { unreachable } from "@polity/compiler/diagnostic.ts";

const HEAD = "polity 1\npolicy demo.parsing version 1\n";

/** `code "underlined text"` for each diagnostic of a whole file. */
export function underlined(text: string): string[] {
  const { diagnostics } = parse({ file: "demo.pol", text });
  return diagnostics.map(({ code, span }) => `${code} ${JSON.stringify(text.slice(span.start, span.end))}`);
}

/** The same for what stands below the head. */
export function diagnose(body: string): string[] {
  return underlined(HEAD + body);
}

/** Message and hint of the first diagnostic for what stands below the head. */
export function firstMessage(body: string): string {
  const [first] = parse({ file: "demo.pol", text: HEAD + body }).diagnostics;
  return first === undefined ? "" : `${first.message}${first.hint === null ? "" : ` (${first.hint})`}`;
}

/** What a file declares below the head; throws where it has diagnostics. */
export function declarations(body: string) {
  const { value, diagnostics } = parse({ file: "demo.pol", text: HEAD + body });
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return value.declarations;
}

/** The one rule of a body. */
export function onlyRule(body: string): RuleDeclaration {
  const rule = declarations(body).find((declaration) => declaration.kind === "rule");
  if (rule?.kind !== "rule") throw new Error("no rule");
  return rule;
}

/** A condition with all its parentheses. */
export function shape(condition: string): string {
  const { when } = onlyRule(`allow r on a when ${condition}\n`);
  return when === null ? "" : shown(when);
}

export function shown(expr: Expr): string {
  switch (expr.kind) {
    case "name":
      return expr.name;
    case "bool":
    case "int":
      return String(expr.value);
    case "decimal":
      return `${expr.value}e-4`;
    case "timestamp":
    case "duration":
      return `${expr.ms}ms`;
    case "text":
      return JSON.stringify(expr.value);
    case "pattern":
      return expr.text;
    case "entity":
      return `${expr.type.text}::${JSON.stringify(expr.id)}`;
    case "collection":
      return `${expr.shape}[${expr.elements.map(shown).join(" ")}]`;
    case "select":
      return `${shown(expr.of)}.${expr.name.text}`;
    case "call":
      return `${shown(expr.of)}.${expr.method.text}(${expr.args.map(shown).join(" ")})`;
    case "if":
      return `(if ${shown(expr.condition)} then ${shown(expr.value)} else ${shown(expr.otherwise)})`;
    case "index":
      return `${shown(expr.of)}[${expr.args.map(shown).join(" ")}]`;
    case "apply":
      return `${expr.name.text}(${expr.args.map(shown).join(" ")})`;
    case "not":
      return `(not ${shown(expr.of)})`;
    case "negate":
      return `(- ${shown(expr.of)})`;
    case "binary":
      return `(${shown(expr.left)} ${expr.op} ${shown(expr.right)})`;
    case "range":
      return `${shown(expr.from)}..${shown(expr.to)}`;
    case "presence":
      return `(${shown(expr.of)} ${expr.present ? "present" : "absent"})`;
    case "exists":
      return `exists(${shown(expr.of)})`;
    case "quantifier":
      return `${expr.op}(${expr.variable.text} in ${shown(expr.over)}: ${shown(expr.body)})`;
    case "missing":
      return "missing";
    default:
      return unreachable(expr);
  }
}
