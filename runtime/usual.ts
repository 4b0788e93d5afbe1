/**
 * The short way for actions all of whose fields are required, read by the evaluator and of the commonest
 * types: identifiers, text, enums and booleans. What has a fixed place is written as its key comes along;
 * only texts wait, since the variable part follows the order of the slots and not that of the keys.
 */
import { memberOf } from "./members.ts";
import { type ActionPlan, USUAL } from "./plan.ts";
import { copyText, putText, type Target } from "./writers.ts";

// Constants of this module are known to the optimising compiler; what is imported is looked up each time.
const { id: ID, enum: ENUM, bool: BOOL } = USUAL;
const hasOwn = Object.prototype.hasOwnProperty;

/** `start` is the address of the fixed part. False: something is not as usual, and nothing written counts. */
export function putUsual(target: Target, plan: ActionPlan, start: number, fields: unknown): boolean {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return false;
  const { seenNames, seenIndexes, usual, nodes, offsets, values } = plan;
  const { words } = target;
  let position = 0;
  for (const key in fields) {
    if (!hasOwn.call(fields, key)) continue;
    const index = key === seenNames[position] ? seenIndexes[position]! : learn(plan, key, position);
    if (index < 0) return false;
    position += 1;
    const value = (fields as Readonly<Record<string, unknown>>)[key];
    const kind = usual[index]!;
    const word = (start + offsets[index]!) >> 2;
    if (kind === ENUM) {
      const member = memberOf(nodes[index]!.members, nodes[index]!.memberPlaces, value);
      if (member < 0) return false;
      words[word] = member;
      words[word + 1] = 0;
    } else if (kind === BOOL) {
      if (typeof value !== "boolean") return false;
      words[word] = value ? 1 : 0;
      words[word + 1] = 0;
    } else values[index] = value;
  }
  return position === nodes.length && putTexts(target, plan, start);
}

/** Another key than last time at this place. */
function learn(plan: ActionPlan, key: string, position: number): number {
  const index = plan.indexes.get(key);
  if (index === undefined) return -1;
  plan.seenNames[position] = key;
  plan.seenIndexes[position] = index;
  return index;
}

function putTexts(target: Target, plan: ActionPlan, start: number): boolean {
  const { texts, usual, nodes, offsets, values } = plan;
  let isGood = true;
  for (let at = 0; at < texts.length; at += 1) {
    const index = texts[at]!;
    const value = values[index];
    // What a request said must not outlive it.
    values[index] = undefined;
    if (!isGood || typeof value !== "string") {
      isGood = false;
      continue;
    }
    const { limit } = nodes[index]!;
    const slot = start + offsets[index]!;
    isGood =
      usual[index] === ID
        ? value.length > 0 && copyText(target, slot, value, limit)
        : putText(target, slot, value, limit);
  }
  return isGood;
}
