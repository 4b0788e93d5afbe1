/**
 * What is known to be present at a point of a condition: keys of paths (a field or variable and attributes).
 * Sets are never changed once made, so that a branch cannot see what only its neighbour proved.
 */
import type { Expr } from "../checked.ts";

export type Facts = ReadonlySet<string>;

export const NOTHING: Facts = new Set();

/** Both hold. */
export function bothFacts(a: Facts, b: Facts): Facts {
  if (a.size === 0) return b;
  if (b.size === 0) return a;
  return new Set([...a, ...b]);
}

/** One of two holds, and it is not known which. */
export function eitherFacts(a: Facts, b: Facts): Facts {
  if (a.size === 0 || b.size === 0) return NOTHING;
  return new Set([...a].filter((key) => b.has(key)));
}

/**
 * The key of a path, the same for every occurrence of it within a case; null where the expression is no
 * path. A name cannot contain `#` or `"`, so keys of variables and entity literals never meet those of
 * fields.
 */
export function pathKey(expr: Expr): string | null {
  if (expr.kind === "field") return expr.name;
  if (expr.kind === "lookup") return rowText(expr.table, expr.keys, keyPart);
  if (expr.kind === "variable") return `#${expr.id}`;
  if (isTransparent(expr)) return pathKey(expr.of);
  if (expr.kind === "literal" && expr.type.kind === "entity") return entityKey(expr);
  if (expr.kind === "at") return entryKey(expr);
  if (expr.kind === "accessor") return accessorText(expr, pathKey(expr.of));
  if (expr.kind !== "attribute") return null;
  const of = pathKey(expr.of);
  return of === null ? null : `${of}.${expr.name}`;
}

/** What stands between a path and what is read of it, and is not written. */
function isTransparent(expr: Expr): expr is Extract<Expr, { kind: "proved" | "resolved" | "reference" }> {
  return expr.kind === "proved" || expr.kind === "resolved" || expr.kind === "reference";
}

/** Null where a part has no text. */
function rowText(table: string, keys: readonly Expr[], textOf: (key: Expr) => string | null): string | null {
  const parts = keys.map(textOf);
  return parts.includes(null) ? null : `${table}[${parts.join(", ")}]`;
}

/** A path, or what has one value wherever it stands in a rule. */
function keyPart(key: Expr): string | null {
  if (key.kind === "literal") return literalText(key);
  return key.kind === "setting" || key.kind === "now" || key.kind === "trust"
    ? writtenPart(key)
    : pathKey(key);
}

function writtenPart(key: Expr): string | null {
  if (key.kind === "literal") return literalText(key);
  return key.kind === "now" || key.kind === "trust" ? key.kind : pathText(key);
}

function literalText({ value }: Extract<Expr, { kind: "literal" }>): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
}

/** The key under which it is known that the entity exists; no path has a space in its key. */
export function existenceKey(expr: Expr): string | null {
  const key = pathKey(expr);
  return key === null ? null : `exists ${key}`;
}

function accessorText({ op, path }: Extract<Expr, { kind: "accessor" }>, of: string | null): string | null {
  return of === null ? null : `${of}.${op}(${path.map((step) => JSON.stringify(step)).join(", ")})`;
}

/** By the text that is written, or by the path that the key is read from. */
function entryKey({ of, key }: Extract<Expr, { kind: "at" }>): string | null {
  const map = pathKey(of);
  const by = keyPart(key);
  return map === null || by === null ? null : `${map}[${by}]`;
}

function entityKey(expr: Expr): string | null {
  const value = expr.kind === "literal" ? expr.value : undefined;
  if (typeof value !== "object" || !("id" in value)) return null;
  return JSON.stringify([value.type, value.id]);
}

/** What the writer would recognise: `agent.owner`, and a variable's name instead of its number. */
export function pathText(expr: Expr): string | null {
  if (expr.kind === "field" || expr.kind === "variable" || expr.kind === "setting") return expr.name;
  if (expr.kind === "lookup") return rowText(expr.table, expr.keys, writtenPart);
  if (isTransparent(expr)) return pathText(expr.of);
  if (expr.kind === "literal") {
    const value = expr.value;
    return typeof value === "object" && "id" in value ? `${value.type}::${JSON.stringify(value.id)}` : null;
  }
  if (expr.kind === "accessor") return accessorText(expr, pathText(expr.of));
  if (expr.kind === "at") {
    const by = writtenPart(expr.key);
    const map = pathText(expr.of);
    return map === null || by === null ? null : `${map}[${by}]`;
  }
  if (expr.kind !== "attribute") return null;
  const of = pathText(expr.of);
  return of === null ? null : `${of}.${expr.name}`;
}
