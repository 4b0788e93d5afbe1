/**
 * The short way for actions all of whose fields are required, read by the evaluator and of the commonest
 * types: identifiers, names, text, enums, booleans and integers. Each is written as its key comes along; only
 * a text that comes before its turn waits, since the variable part follows the order of the slots and not
 * that of the keys. What comes as all requests come takes a shorter way still (quick.ts).
 */
import { copyAscii } from "./copy-ascii.ts";
import { KEPT_MAX as KEPT, keep, keptAt } from "./kept-ids.ts";
import { memberOf } from "./members.ts";
import { learn, COPIED_MAX as MAX, type Step, type Steps } from "./steps.ts";
import { USUAL } from "./usual-kinds.ts";
import { copyText, encodeText, putInt, type Target } from "./writers.ts";

// Constants of this module are known to the optimising compiler; what is imported is looked up each time.
const { other: OTHER, id: ID, text: TEXT, enum: ENUM, bool: BOOL, name: NAME, int: INT } = USUAL;
const COPIED_MAX = MAX;
const KEPT_MAX = KEPT;
const hasOwn = Object.prototype.hasOwnProperty;

/** `start` is the address of the fixed part. False: something is not as usual, and nothing written counts. */
export function putUsual(target: Target, steps: Steps, start: number, fields: unknown): boolean {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return false;
  const { words, base, end } = target;
  let { next } = target;
  const first = start >> 2;
  let place = steps.first;
  let texts = 0;
  for (const key in fields) {
    if (!hasOwn.call(fields, key)) continue;
    if (key !== place.name && !learn(place, steps, key)) return false;
    const value = (fields as Readonly<Record<string, unknown>>)[key];
    const { kind } = place;
    const word = first + place.word;
    if (kind === ENUM) {
      const member = memberOf(place.members, value);
      if (member < 0) return false;
      words[word] = member;
      words[word + 1] = 0;
    } else if (kind === BOOL) {
      if (typeof value !== "boolean") return false;
      words[word] = value ? 1 : 0;
      words[word + 1] = 0;
    } else if (kind === INT) {
      if (!putInt(target, place.range, word << 2, value)) return false;
    } else if (place.text === texts) {
      texts += 1;
      if (typeof value !== "string") return false;
      const { length } = value;
      const isFit = length <= place.short && next + KEPT_MAX <= end;
      if (kind !== TEXT && length > 1 && length <= KEPT_MAX && isFit) {
        const kept = keptAt(steps.ids, value, length);
        const at = next >> 2;
        const isKept = kept.text === value;
        if (isKept) {
          words[at] = kept.a;
          words[at + 1] = kept.b;
          if (length > 8) {
            words[at + 2] = kept.c;
            words[at + 3] = kept.d;
          }
        }
        if (isKept || copyAscii(words, next, value)) {
          if (!isKept) keep(kept, value, words, at);
          words[word] = next - base;
          words[word + 1] = length;
          next += (length + 7) & -8;
          place = place.next;
          continue;
        }
      }
      const isShort = length > 0 && length <= place.short && next + length <= end;
      if (isShort && copyAscii(words, next, value)) {
        words[word] = next - base;
        words[word + 1] = length;
        next += (length + 7) & -8;
      } else {
        target.next = next;
        if (!putText(target, place, word << 2, value)) return false;
        next = target.next;
      }
    } else if (kind === OTHER) return false;
    else steps.waiting[place.text] = value;
    place = place.next;
  }
  target.next = next;
  return place === steps.end && (texts === steps.texts.length || putWaiting(target, steps, start, texts));
}

/** Text of any length and alphabet. */
function putText(target: Target, { kind, limit }: Step, at: number, value: string): boolean {
  // The module looks at the characters of an id itself.
  if (kind === ID) return value !== "" && copyText(target, at, value, limit);
  if (kind === NAME && value === "") return false;
  return (
    (value.length <= COPIED_MAX && copyText(target, at, value, limit)) || encodeText(target, at, value, limit)
  );
}

function putWaiting(target: Target, { texts, waiting }: Steps, start: number, from: number): boolean {
  let isGood = true;
  for (let at = from; at < texts.length; at += 1) {
    const value = waiting[at];
    // What a request said must not outlive it.
    waiting[at] = undefined;
    const step = texts[at]!;
    isGood &&= typeof value === "string" && putText(target, step, start + (step.word << 2), value);
  }
  return isGood;
}
