import type { Span } from "./source.ts";

/**
 * What is wrong, as data; rendering is the command's business. Messages are lower case, without a final
 * period, and put the user's text in backticks.
 */
export interface Diagnostic {
  /** Stable: `POL` and four digits, explained in `docs/errors/`. */
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly span: Span;
  /** What to do about it, where that is known. */
  readonly hint: string | null;
}

/** A phase never throws: it answers with what it could make and with what was wrong. */
export interface Phase<T> {
  readonly value: T;
  readonly diagnostics: readonly Diagnostic[];
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === "error");
}

/** Source order first, so that output never depends on the order in which checks happen to run. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  const unique = diagnostics.filter((d) => {
    const key = `${d.span.start}:${d.span.end}:${d.code}:${d.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return unique.sort(
    (a, b) =>
      a.span.start - b.span.start ||
      a.span.end - b.span.end ||
      (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
  );
}

/** The default branch of a switch over `kind`: the type checker proves that it cannot be reached. */
export function unreachable(node: never): never {
  throw new Error(`unreachable: ${JSON.stringify(node)}`);
}
