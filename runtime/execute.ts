/** What may be executed after a decision: the request, with every path as the evaluator understood it. */
import { memberOrder } from "./canonical-fields.ts";
import { type Node, OP, type Plan } from "./plan.ts";

/**
 * A copy of `fields` in which every path is replaced by its canonical text from the decision; all else is
 * what it was. Null where these are not the fields that were judged, as far as their paths show.
 */
export function withPaths(
  plan: Plan,
  fields: unknown,
  paths: readonly string[],
): Record<string, unknown> | null {
  const walk: Walk = { paths, at: 0 };
  const executed = replaceFields(walk, plan, fields);
  return walk.at === paths.length ? (executed as Record<string, unknown> | null) : null;
}

/** The evaluator lists paths in the order of the walk through the frame: by name, sets in canonical order. */
interface Walk {
  readonly paths: readonly string[];
  at: number;
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
  if (node.op === OP.path) {
    walk.at += 1;
    return walk.paths[walk.at - 1] ?? value;
  }
  if (node.op === OP.record) return replaceFields(walk, node.record!, value);
  if (!Array.isArray(value)) return value;
  const copy: unknown[] = value.slice();
  const order = node.op === OP.set ? (memberOrder(node.of!, copy) ?? []) : copy.keys();
  for (const at of order) copy[at] = replace(walk, node.of!, copy[at]);
  return copy;
}
