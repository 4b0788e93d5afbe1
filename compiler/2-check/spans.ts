/** The smallest place to underline, where a node's span is larger than what a message is about. */
import type { RuleDeclaration } from "../ast.ts";
import type { Span } from "../source.ts";

/** Without parentheses around the whole: they belong to an expression and say nothing about it. */
export function unwrapped(text: string, span: Span): Span {
  let { start, end } = span;
  while (text[start] === "(" && text[end - 1] === ")" && closingAt(text, start) === end - 1) {
    start += 1;
    end -= 1;
    while (start < end && isSpace(text[start])) start += 1;
    while (start < end && isSpace(text[end - 1])) end -= 1;
  }
  return start < end ? { start, end } : span;
}

/** Text in quotes may hold parentheses of its own. */
function closingAt(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    const c = text[i];
    if (c === "(") depth += 1;
    if (c === ")") depth -= 1;
    if (depth === 0) return i;
    if (c === '"') {
      i += 1;
      while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
    }
  }
  return -1;
}

function isSpace(c: string | undefined): boolean {
  return c === " " || c === "\n" || c === "\t" || c === "\r";
}

/** The word that says the verdict; the rule's name where the text does not begin with it. */
export function verdictSpan({ verdict, span, name }: RuleDeclaration, text: string): Span {
  const end = span.start + verdict.length;
  return text.startsWith(verdict, span.start) ? { start: span.start, end } : name.span;
}

/** The `*` of `on *`, which follows the rule's name. */
export function starSpan({ name, span }: RuleDeclaration, text: string): Span {
  const start = text.indexOf("*", name.span.end);
  return start >= 0 && start < span.end ? { start, end: start + 1 } : name.span;
}
