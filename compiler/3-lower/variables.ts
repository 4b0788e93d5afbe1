/** Which variables an expression needs from outside. */

/** Variables that a body reads and does not itself bind. */
export function variablesIn(node: unknown, found: Set<number>): Set<number> {
  if (typeof node !== "object" || node === null || node instanceof Map) return found;
  const expr = node as { kind?: unknown; id?: unknown };
  if (expr.kind === "variable" && typeof expr.id === "number") found.add(expr.id);
  for (const [key, part] of Object.entries(node)) {
    const isData = key === "type" || key === "span" || (key === "value" && expr.kind === "literal");
    if (!isData) variablesIn(part, found);
  }
  const binds = expr.kind === "quantifier" || expr.kind === "aggregate";
  if (binds && typeof expr.id === "number") found.delete(expr.id);
  return found;
}
