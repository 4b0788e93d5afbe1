/** POL01xx: sentences that are not of the language. */
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { either, error, quoted } from "./message.ts";

/** `expected` in the language's words; `hint` for what people write who know another language. */
export function unexpected(
  span: Span,
  found: string,
  expected: readonly string[],
  hint: string | null,
): Diagnostic {
  const what = found === "" ? "the file ends here" : `found ${quoted(found)}`;
  const message = expected.length === 0 ? what : `${what} where ${either(expected)} is expected`;
  return error("POL0101", span, message, hint);
}

export function unknownDeclaration(span: Span, found: string, hint: string | null): Diagnostic {
  return error("POL0102", span, `${quoted(found)} begins no declaration`, hint);
}

export function noVersion(span: Span): Diagnostic {
  return error("POL0103", span, "the file does not say its language version", "begin it with `polity 1`");
}

export function wrongVersion(span: Span, found: string): Diagnostic {
  const message = `version ${quoted(found)} of the language is not known`;
  return error("POL0104", span, message, "this compiler reads `polity 1`");
}

/** What another language writes, and what this one does; `meant` is empty where it writes nothing. */
export function slip(span: Span, found: string, meant: string): Diagnostic {
  const hint = meant === "" ? "leave it out" : `write \`${meant}\``;
  return error("POL0105", span, `${quoted(found)} is not part of the language`, hint);
}

export function comparisonChain(span: Span): Diagnostic {
  const hint = "join two comparisons with `and`, or write `x in a..b`";
  return error("POL0106", span, "comparisons cannot be chained", hint);
}

export function wrongCellCount(span: Span, found: string, expected: string): Diagnostic {
  const cells = found === "1" ? "cell" : "cells";
  return error("POL0107", span, `the row has ${found} ${cells}, its table ${expected} columns`);
}

export function repeatedClause(span: Span, clause: string): Diagnostic {
  const hint = clause === "when" || clause === "unless" ? "join the conditions with `and` or `or`" : null;
  return error("POL0108", span, `the rule has \`${clause}\` already`, hint);
}

export function misplacedClause(span: Span, clause: string, after: string): Diagnostic {
  const hint = "the order is `let`, `for any`, `when`, `unless`, `until`, `because`, `note`, tags";
  return error("POL0109", span, `\`${clause}\` stands before \`${after}\``, hint);
}

export function noCondition(span: Span, rule: string): Diagnostic {
  const hint = "add `when` or `unless`, or say `always`";
  return error("POL0110", span, `rule ${quoted(rule)} has no condition`, hint);
}

export function alwaysWithCondition(span: Span, clause: string): Diagnostic {
  return error("POL0111", span, `a rule that says \`always\` has no \`${clause}\``, "leave out one of them");
}

export function repeatedHead(span: Span, line: string): Diagnostic {
  return error("POL0112", span, `the file has a line \`${line}\` already`);
}

export function misplacedHead(span: Span, line: string): Diagnostic {
  return error("POL0113", span, `\`${line}\` stands after a declaration`, "move it to the head of the file");
}

export function noPolicy(span: Span): Diagnostic {
  const hint = "after `polity 1` write a line such as `policy payments version 1`";
  return error("POL0114", span, "the file does not name its policy", hint);
}

export function nullLiteral(span: Span): Diagnostic {
  return error("POL0115", span, "there is no `null`", "ask with `is present` or `is absent`");
}

export const syntaxCodes: readonly string[] = [
  "POL0101",
  "POL0102",
  "POL0103",
  "POL0104",
  "POL0105",
  "POL0106",
  "POL0107",
  "POL0108",
  "POL0109",
  "POL0110",
  "POL0111",
  "POL0112",
  "POL0113",
  "POL0114",
  "POL0115",
];
