/** What may be executed after a decision: the request, with shaped text as the evaluator understood it. */
import { entriesOf, memberOrder } from "./canonical-fields.ts";
import { canonicalOf } from "./path.ts";
import { type Node, OP, type Plan } from "./plan.ts";
import { compareText } from "./text-order.ts";

/**
 * A copy of `fields` in which every path and other shaped text is canonical; all else is what it is now. Null
 * where the texts are not those of the decision, one by one. What else was changed since the decision cannot
 * be seen here: a decision does not keep the request.
 */
export function withPaths(
  plan: Plan,
  fields: unknown,
  paths: readonly string[],
): Record<string, unknown> | null {
  const walk: Walk = { paths, at: 0, isOther: false };
  const executed = replaceFields(walk, plan, fields);
  return walk.at === paths.length && !walk.isOther ? (executed as Record<string, unknown> | null) : null;
}

/** The evaluator lists paths in the order of the walk through the frame: by name, sets in canonical order. */
interface Walk {
  readonly paths: readonly string[];
  at: number;
  /** A path was met that the decision is not about. */
  isOther: boolean;
}

function replaceFields(walk: Walk, plan: Plan, object: unknown): unknown {
  if (typeof object !== "object" || object === null) return object;
  const copy: Record<string, unknown> = { ...object };
  for (const [index, name] of plan.names.entries()) {
    const node = plan.nodes[index]!;
    if (node.hasPath && Object.hasOwn(copy, name)) copy[name] = replace(walk, node, copy[name]);
  }
  return copy;
}

function replace(walk: Walk, node: Node, value: unknown): unknown {
  if (node.op === OP.path || node.op === OP.shaped) {
    const path = typeof value === "string" ? canonicalOf(node, value) : null;
    if (path === null || path !== walk.paths[walk.at]) walk.isOther = true;
    walk.at += 1;
    return path;
  }
  if (node.op === OP.record) return replaceFields(walk, node.record!, value);
  if (node.op === OP.map) return replaceEntries(walk, node.of!, value);
  if (!Array.isArray(value)) return value;
  const copy: unknown[] = value.slice();
  const order = node.op === OP.set ? (memberOrder(node.of!, copy) ?? []) : copy.keys();
  for (const at of order) copy[at] = replace(walk, node.of!, copy[at]);
  return copy;
}

function replaceEntries(walk: Walk, of: Node, value: unknown): unknown {
  const entries = entriesOf(value);
  if (entries === null) return value;
  entries.sort(([a], [b]) => compareText(a, b));
  return Object.fromEntries(entries.map(([key, member]) => [key, replace(walk, of, member)]));
}
