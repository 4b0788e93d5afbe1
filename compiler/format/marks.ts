/** Places in a source that have a part in its layout, found in the tree. */

export type Mark = "declaration" | "clause" | "field" | "entry" | "row";

/** By offset. A construct that is not known here has no marks: its author's lines are kept. */
export function marksOf(tree: object): ReadonlyMap<number, Mark> {
  const marks = new Map<number, Mark>();
  for (const item of listOf(tree, "items")) {
    markStart(item, "declaration", marks);
    for (const clause of listOf(item, "clauses")) markStart(clause, "clause", marks);
    markWithin(item, marks);
  }
  return marks;
}

const MARKED_KINDS: ReadonlyMap<unknown, Mark> = new Map<unknown, Mark>([
  ["field", "field"],
  ["test_entity", "entry"],
  ["row", "row"],
  ["grid_row", "row"],
]);

/** Marks what lies in a node, at any depth; nesting is bounded by the parser. */
function markWithin(node: object, marks: Map<number, Mark>): void {
  for (const part of Object.values(node)) {
    for (const child of Array.isArray(part) ? part : [part]) {
      if (typeof child !== "object" || child === null) continue;
      const mark = MARKED_KINDS.get((child as { readonly kind?: unknown }).kind);
      if (mark !== undefined) markStart(child, mark, marks);
      // Expressions have no marks in them, and there are many.
      if (!("depth" in child)) markWithin(child, marks);
    }
  }
}

function markStart(node: object, mark: Mark, marks: Map<number, Mark>): void {
  const { start } = node as { readonly start?: unknown };
  if (typeof start === "number" && !marks.has(start)) marks.set(start, mark);
}

function listOf(node: object, name: string): readonly object[] {
  const list = (node as Readonly<Record<string, unknown>>)[name];
  return Array.isArray(list) ? list : [];
}
