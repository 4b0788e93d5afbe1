import type { Diagnostic } from "../diagnostic.ts";

/**
 * A copy of a syntax tree with every span moved: a file is read from 0 on, and its place in the program is
 * known only when all files are. Trees are plain data of bounded depth, and nothing but a span has both a
 * `start` and an `end`.
 */
export function shifted<T>(tree: T, by: number): T {
  return by === 0 ? tree : (shift(tree, by) as T);
}

export function shiftedDiagnostic(diagnostic: Diagnostic, by: number): Diagnostic {
  return { ...diagnostic, span: { start: diagnostic.span.start + by, end: diagnostic.span.end + by } };
}

function shift(value: unknown, by: number): unknown {
  if (Array.isArray(value)) return value.map((one) => shift(one, by));
  if (typeof value !== "object" || value === null) return value;
  const { start, end } = value as { readonly start?: unknown; readonly end?: unknown };
  if (typeof start === "number" && typeof end === "number")
    return { ...value, start: start + by, end: end + by };
  const moved: [string, unknown][] = Object.entries(value).map(([key, part]) => [key, shift(part, by)]);
  return Object.fromEntries(moved);
}
