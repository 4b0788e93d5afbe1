/**
 * The short way for actions all of whose fields are required, read by the evaluator and of the commonest types:
 * identifiers, text, enums and booleans. What has a fixed place is written as its key comes along; only texts
 * wait, since the variable part follows the order of the slots and not that of the keys.
 */
import { memberOf } from "./members.ts";
import { type ActionPlan, USUAL } from "./plan.ts";
import { copyText, hasOwn, putText, type Target } from "./writers.ts";

/** `start` is the address of the fixed part. False: something is not as usual, and nothing written counts. */
export function putUsual(target: Target, plan: ActionPlan, start: number, fields: unknown): boolean {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return false;
  const { seenNames, seenIndexes, usual, nodes, offsets, values } = plan;
  const { words } = target;
  let position = 0;
  for (const key in fields) {
    if (!hasOwn.call(fields, key)) continue;
    let index = seenIndexes[position];
    if (index === undefined || key !== seenNames[position]) {
      index = plan.indexes.get(key);
      if (index === undefined) return false;
      seenNames[position] = key;
      seenIndexes[position] = index;
    }
    position += 1;
    const value = (fields as Readonly<Record<string, unknown>>)[key];
    const kind = usual[index]!;
    const word = (start + offsets[index]!) >> 2;
    if (kind === USUAL.enum) {
      const member = memberOf(nodes[index]!.members, nodes[index]!.memberPlaces, value);
      if (member < 0) return false;
      words[word] = member;
      words[word + 1] = 0;
    } else if (kind === USUAL.bool) {
      if (typeof value !== "boolean") return false;
      words[word] = value ? 1 : 0;
      words[word + 1] = 0;
    } else values[index] = value;
  }
  return position === nodes.length && putTexts(target, plan, start);
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
      usual[index] === USUAL.id
        ? value !== "" && copyText(target, slot, value, limit)
        : putText(target, slot, value, limit);
  }
  return isGood;
}
