/** Shaped text in facts, which no evaluator parses: here it is seen whether it is some. */
import { entriesOf } from "./canonical-fields.ts";
import { canonicalOf } from "./path.ts";
import { type Node, OP, type Plan } from "./plan.ts";

type Members = Readonly<Record<string, unknown>>;

/** Attributes that are otherwise right, or are refused elsewhere. */
export function hasBadPath(plan: Plan, values: unknown): boolean {
  if (typeof values !== "object" || values === null) return false;
  for (const [index, node] of plan.nodes.entries()) {
    const value = (values as Members)[plan.names[index]!];
    if (node.hasPath && isBadPath(node, value)) return true;
  }
  return false;
}

function isBadPath(node: Node, value: unknown): boolean {
  if (node.op === OP.path || node.op === OP.shaped) {
    return typeof value === "string" && value.length <= node.limit && canonicalOf(node, value) === null;
  }
  if (node.op === OP.record) return hasBadPath(node.record!, value);
  if (node.op === OP.map) {
    return entriesOf(value)?.some(([, member]) => isBadPath(node.of!, member)) ?? false;
  }
  if (!Array.isArray(value)) return false;
  if (value.some((member) => isBadPath(node.of!, member))) return true;
  if (node.op !== OP.set) return false;
  // Two ways to write one path are one path.
  if (value.length > node.limit) return false;
  return new Set(value.map((member) => canonicalOf(node.of!, String(member)) ?? member)).size < value.length;
}
