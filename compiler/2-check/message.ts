import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";

/** What the constructors of all topics are made of. */
export function error(code: string, span: Span, message: string, hint: string | null = null): Diagnostic {
  return { code, severity: "error", message, span, hint };
}

export function warning(code: string, span: Span, message: string, hint: string | null): Diagnostic {
  return { code, severity: "warning", message, span, hint };
}

export function didYouMean(suggestion: string | null): string | null {
  return suggestion === null ? null : `did you mean \`${suggestion}\`?`;
}

/** `a`, `a and b`, `a, b and c`, each in backticks. */
export function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} and ${last}`;
}
