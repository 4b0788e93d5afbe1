/**
 * The shortest way for requests of usual fields: what most of them are once a service runs. Their keys come
 * in the order of the last ones, and their texts are short and ASCII. Nothing here calls what is not made
 * part of it or goes back to an earlier step, since that costs more than all the checks. Whatever is
 * otherwise goes the longer way from its beginning.
 */
import { copyAscii } from "./copy-ascii.ts";
import type { Header } from "./header.ts";
import type { LastHeader } from "./header-fields.ts";
import { KEPT_MAX as KEPT, keep, PLACES } from "./kept-ids.ts";
import { MEMBER_PLACES } from "./members.ts";
import type { Steps } from "./steps.ts";
import { isUnreadGood } from "./unread.ts";
import { USUAL } from "./usual-kinds.ts";
import type { Target } from "./writers.ts";

// Constants of this module are known to the optimising compiler; what is imported is looked up each time.
const { id: ID, text: TEXT, enum: ENUM, bool: BOOL, name: NAME, int: INT, unread: UNREAD } = USUAL;
const KEPT_MAX = KEPT;
const KEPT_MASK = PLACES - 1;
const MEMBER_MASK = MEMBER_PLACES - 1;
const hasOwn = Object.prototype.hasOwnProperty;

/**
 * Whether this header says what the last one said, and brings no approvals: then the frame has it already.
 * Everything is read before anything is compared: so the engine knows what kind of objects these are.
 */
export function isSameHeader(header: Header, last: LastHeader): boolean {
  const { now, policyFrom, policyUntil, factsUntil, containment, trust, approvals } = header;
  const { state, readAt } = containment;
  // One chain: behind a place where ways meet, the engine would have to ask for the prototypes.
  return (
    now === last.now &&
    policyFrom === last.policyFrom &&
    policyUntil === last.policyUntil &&
    factsUntil === last.factsUntil &&
    readAt === last.readAt &&
    trust === last.trust &&
    state === last.state &&
    Object.getPrototypeOf(header) === ROOT &&
    Object.getPrototypeOf(containment) === ROOT &&
    isNothingInherited() &&
    Array.isArray(approvals) &&
    approvals.length === 0
  );
}

const ROOT = Object.prototype as unknown as Record<string, unknown>;

/** As `isAnyInherited` of header-fields.ts, of constants that the engine knows. */
export function isNothingInherited(): boolean {
  return (
    ROOT.now === undefined &&
    ROOT.policyFrom === undefined &&
    ROOT.policyUntil === undefined &&
    ROOT.factsUntil === undefined &&
    ROOT.containment === undefined &&
    ROOT.trust === undefined &&
    ROOT.approvals === undefined &&
    ROOT.state === undefined &&
    ROOT.readAt === undefined
  );
}

/**
 * Writes the fields into a frame whose fixed part belongs to the same action or is zero; `start` is the
 * address of the fixed part, `from` that of the variable part. Answers where the frame ends; 0: it is not as
 * usual, and nothing written counts. Throws what a getter throws.
 */
export function putQuick(
  { words, base, end }: Target,
  steps: Steps,
  start: number,
  from: number,
  fields: unknown,
): number {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return 0;
  const { ids, texts, unread, waiting } = steps;
  const first = start >> 2;
  let next = from;
  let place = steps.first;
  for (const key in fields) {
    if (!hasOwn.call(fields, key) || key !== place.name) return 0;
    const value = (fields as Readonly<Record<string, unknown>>)[key];
    const { kind } = place;
    const word = first + place.word;
    if (kind === ENUM) {
      if (typeof value !== "string") return 0;
      const { table, factor, eighths } = place.members;
      const last = value.length - 1;
      if (last < 0 || table === null) return 0;
      const hash = Math.imul(last, factor) + value.charCodeAt(Math.imul(last, eighths) >> 3);
      const member = table[hash & MEMBER_MASK]!;
      if (member.name !== value) return 0;
      // The upper half of the slot is zero from the start.
      words[word] = member.number;
    } else if (kind === ID || kind === NAME || kind === TEXT) {
      waiting[place.text] = value;
    } else if (kind === BOOL) {
      if (typeof value !== "boolean") return 0;
      words[word] = value ? 1 : 0;
    } else if (kind === INT) {
      if (typeof value !== "number") return 0;
      const int = value | 0;
      // Minus zero is no integer; larger ones go the longer way.
      if (int !== value || (int === 0 && 1 / value < 0) || int < place.range.min || int > place.range.max)
        return 0;
      words[word] = int;
      words[word + 1] = int >> 31;
    } else if (kind !== UNREAD || !isUnreadGood(unread[place.text]!, value)) return 0;
    place = place.next;
  }
  if (place !== steps.end) return 0;
  // The variable part follows the order of the slots, and not that of the keys.
  for (let at = 0; at < texts.length; at += 1) {
    const value = waiting[at];
    waiting[at] = undefined;
    const { kind, short, word: slot } = texts[at]!;
    if (typeof value !== "string") return 0;
    const { length } = value;
    if (length === 0 || length > short || next + length > end) return 0;
    if (kind === TEXT || length > KEPT_MAX || length === 1) {
      if (!copyAscii(words, next, value)) return 0;
    } else {
      const hash = value.charCodeAt(length - 1) + value.charCodeAt(length - 2) * 11 + (length << 5);
      const kept = ids[hash & KEPT_MASK]!;
      const low = next >> 2;
      if (kept.text === value) {
        words[low] = kept.a;
        words[low + 1] = kept.b;
        if (length > 8) {
          words[low + 2] = kept.c;
          words[low + 3] = kept.d;
        }
      } else {
        if (!copyAscii(words, next, value)) return 0;
        keep(kept, value, words, low);
      }
    }
    const word = first + slot;
    words[word] = next - base;
    words[word + 1] = length;
    next += (length + 7) & -8;
  }
  return next;
}
