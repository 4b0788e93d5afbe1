import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";

/** What the constructors of all topics are made of. */
export function error(code: string, span: Span, message: string, hint: string | null = null): Diagnostic {
  return { code, severity: "error", message, span, hint };
}

const SHOWN_MAX = 40;

/** The user's text in backticks, short and without characters that a terminal would act on. */
export function quoted(text: string): string {
  const short = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
  const visible = short.replace(/[^\x20-\x7e…]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
  return `\`${visible}\``;
}

/** `a`, `a or b`, `a, b or c`. */
export function either(entries: readonly string[]): string {
  const last = entries.at(-1) ?? "";
  return entries.length < 2 ? last : `${entries.slice(0, -1).join(", ")} or ${last}`;
}
