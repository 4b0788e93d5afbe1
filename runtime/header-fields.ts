/** The host's own words about a request: written fast where all is well, read exactly where it is not. */
import type { InputCode } from "./canonical-fields.ts";
import { CONTAINMENT_NUMBERS } from "./decision.ts";
import { digestBytes } from "./hash.ts";
import { type Header, isFrozenHeader } from "./header.ts";
import { APPROVALS_MAX, ENTITY_ID_BYTES_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN, TRUST_MAX } from "./layout.ts";
import { isMinusZero, putNumber } from "./scalars.ts";
import { compareText, utf8Length } from "./text-order.ts";

const TIME_MIN = Number(TIMESTAMP_MIN);
const TIME_MAX = Number(TIMESTAMP_MAX);
const TRUST_TOP = Number(TRUST_MAX);
const NOTHING = Number.NaN;
/** Where it stands in the frame. */
const CONTAINMENT = 80;

/** For how long a policy may be used: what a header says about that is narrowed to this. */
export interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

export const ALWAYS: Validity = { fromMs: TIME_MIN, untilMs: TIME_MAX };

/**
 * What the header of the frame in memory says, which need be neither checked nor written again: from one
 * request to the next most of it is the same. Zero is never remembered: it could not be told from minus zero.
 * NaN stands for nothing, since it equals no number.
 */
export interface LastHeader {
  now: number;
  policyFrom: number;
  policyUntil: number;
  factsUntil: number;
  readAt: number;
  trust: number;
  state: string;
  /** A header of `freezeHeader` that says this; `NO_HEADER` where none is known. */
  frozen: object;
  /** The header that was compared last. */
  seen: Header | null;
  /** The header of which it is known whether it is frozen. */
  judged: Header | null;
}

/** Equals nothing that anybody can give, as null would: null is no header. */
const NO_HEADER: object = Object.freeze({});

/** Of a frame whose header is zero but for the containment, which is written here. */
export function makeLastHeader(words: Int32Array, base: number): LastHeader {
  const state = "free";
  words[(base + CONTAINMENT) >> 2] = CONTAINMENT_NUMBERS[state];
  const times = { now: NOTHING, policyFrom: NOTHING, policyUntil: NOTHING, factsUntil: NOTHING };
  return { ...times, readAt: NOTHING, trust: NOTHING, state, frozen: NO_HEADER, seen: null, judged: null };
}

/**
 * Writes times, containment and trust into the frame at `base`; false where one of them is not as it must
 * be. Throws where `containment` is nothing at all.
 */
export function putHeader(
  words: Int32Array,
  base: number,
  header: Header,
  last: LastHeader,
  validity: Validity,
): boolean {
  // Everything is read before anything else happens: then the engine knows what kind of objects these are,
  // and asking for their prototypes costs nothing.
  const { now, policyFrom, policyUntil, factsUntil, containment, trust } = header;
  const { state, readAt } = containment;
  last.frozen = NO_HEADER;
  last.judged = null;
  if (!isPlain(header) || !isPlain(containment)) return false;
  if (state !== last.state && !putState(words, base, state, last)) return false;
  if (trust !== last.trust && !putTrust(words, base, trust, last)) return false;
  if (now !== last.now) {
    if (!isTime(now)) return false;
    putNumber(words, base + 40, now);
    last.now = kept(now);
  }
  if (policyFrom !== last.policyFrom) {
    const from = Math.max(policyFrom, validity.fromMs);
    if (!isTime(policyFrom) || !isTime(from)) return false;
    putNumber(words, base + 48, from);
    last.policyFrom = kept(policyFrom);
  }
  if (policyUntil !== last.policyUntil) {
    const until = Math.min(policyUntil, validity.untilMs);
    if (!isTime(policyUntil) || !isTime(until)) return false;
    putNumber(words, base + 56, until);
    last.policyUntil = kept(policyUntil);
  }
  if (factsUntil !== last.factsUntil) {
    if (!isTime(factsUntil)) return false;
    putNumber(words, base + 64, factsUntil);
    last.factsUntil = kept(factsUntil);
  }
  if (readAt !== last.readAt) {
    if (!isTime(readAt)) return false;
    putNumber(words, base + 72, readAt);
    last.readAt = kept(readAt);
  }
  return true;
}

/**
 * A header that says the same as the last one and brings no approvals. Whether it is frozen is asked when it
 * comes twice in a row: services that make each header anew do not pay for the question.
 */
export function learnHeader(header: Header, last: LastHeader): void {
  if (header !== last.seen) last.seen = header;
  else if (header !== last.judged) {
    last.judged = header;
    if (isFrozenHeader(header)) last.frozen = header;
  }
}

/** What is said here must be the object's own, never a default that it inherits. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return (prototype === ROOT && !isAnyInherited()) || prototype === null;
}

const ROOT = Object.prototype as unknown as Record<keyof Header | keyof Header["containment"], unknown>;

/** Whether somebody put what a header says on what every object inherits from. An engine knows the answer. */
function isAnyInherited(): boolean {
  const times = ROOT.now ?? ROOT.policyFrom ?? ROOT.policyUntil ?? ROOT.factsUntil ?? ROOT.readAt;
  return (times ?? ROOT.containment ?? ROOT.state ?? ROOT.trust ?? ROOT.approvals) !== undefined;
}

function kept(value: number): number {
  return value === 0 ? NOTHING : value;
}

function isTime(value: unknown): boolean {
  return isWithin(value, TIME_MIN, TIME_MAX);
}

function putState(words: Int32Array, base: number, state: string, last: LastHeader): boolean {
  const number = state === "free" ? 1 : state === "quarantined" ? 2 : state === "terminated" ? 3 : 0;
  if (number === 0) return false;
  words[(base + CONTAINMENT) >> 2] = number;
  last.state = state;
  return true;
}

function putTrust(words: Int32Array, base: number, trust: number, last: LastHeader): boolean {
  if (!isWithin(trust, 0, TRUST_TOP)) return false;
  words[(base + 84) >> 2] = trust;
  last.trust = kept(trust);
  return true;
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return (
    Number.isSafeInteger(value) &&
    (value as number) >= min &&
    (value as number) <= max &&
    !isMinusZero(value as number)
  );
}

// ---- the exact reading

/** Own data properties by name; null for what is no object, or throws when it is touched. */
type Properties = ReadonlyMap<string, unknown>;

function ownData(value: unknown): Properties | null {
  try {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    const properties = new Map<string, unknown>();
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      if ("value" in property) properties.set(name, property.value);
    }
    return properties;
  } catch {
    return null;
  }
}

/** The first thing wrong with a header, in the order of the frame, approvals apart; null where nothing is. */
export function headerCode(raw: unknown): InputCode | null {
  const header = ownData(raw);
  if (header === null) return "input.invalid";
  for (const name of ["now", "policyFrom", "policyUntil", "factsUntil"]) {
    const code = integerCode(header, name, TIME_MIN, TIME_MAX);
    if (code !== null) return code;
  }
  if (!header.has("containment")) return "input.missing";
  const containment = ownData(header.get("containment"));
  if (containment === null) return "input.invalid";
  const code = integerCode(containment, "readAt", TIME_MIN, TIME_MAX);
  if (code !== null) return code;
  if (!containment.has("state")) return "input.missing";
  const state = containment.get("state");
  if (typeof state !== "string" || !Object.hasOwn(CONTAINMENT_NUMBERS, state)) return "input.invalid";
  return integerCode(header, "trust", 0, TRUST_TOP) ?? (header.has("approvals") ? null : "input.missing");
}

function integerCode(of: Properties, name: string, min: number, max: number): InputCode | null {
  if (!of.has(name)) return "input.missing";
  const value = of.get(name);
  if (!Number.isSafeInteger(value) || isMinusZero(value as number)) return "input.invalid";
  return isWithin(value, min, max) ? null : "input.out_of_range";
}

/** An approval as it is written into a frame. */
export interface HeldApproval {
  /** The number of the approver's type; -1 where the policy has no such type. */
  readonly type: number;
  readonly typeName: string;
  readonly id: string;
  readonly askedAt: number;
  readonly givenAt: number;
  readonly request: string;
  readonly digest: Uint8Array;
}

/** Approvals in canonical order, or the first thing wrong with them. */
export function readApprovals(
  raw: unknown,
  entityNumbers: ReadonlyMap<string, number>,
): readonly HeldApproval[] | InputCode {
  try {
    if (!Array.isArray(raw)) return "input.invalid";
    if (raw.length > APPROVALS_MAX) return "input.too_large";
    const approvals: HeldApproval[] = [];
    for (let at = 0; at < raw.length; at += 1) {
      const approval = readApproval(raw[at], entityNumbers);
      if (typeof approval === "string") return approval;
      approvals.push(approval);
    }
    approvals.sort(compareApprovals);
    const isTwice = approvals.some((one, at) => at > 0 && compareApprovals(approvals[at - 1]!, one) === 0);
    return isTwice ? "input.invalid" : approvals;
  } catch {
    return "input.invalid";
  }
}

function readApproval(raw: unknown, entityNumbers: ReadonlyMap<string, number>): HeldApproval | InputCode {
  const approval = ownData(raw);
  if (approval === null) return "input.invalid";
  if (!approval.has("approver")) return "input.missing";
  const approver = ownData(approval.get("approver"));
  if (approver === null) return "input.invalid";
  if (!approver.has("type") || !approver.has("id")) return "input.missing";
  const [typeName, id] = [approver.get("type"), approver.get("id")];
  if (typeof typeName !== "string" || typeof id !== "string" || id === "" || !id.isWellFormed())
    return "input.invalid";
  if (utf8Length(id) > ENTITY_ID_BYTES_MAX) return "input.too_large";
  const asked = integerCode(approval, "askedAt", TIME_MIN, TIME_MAX);
  if (asked !== null) return asked;
  const given = integerCode(approval, "givenAt", TIME_MIN, TIME_MAX);
  if (given !== null) return given;
  if (!approval.has("request")) return "input.missing";
  const request = approval.get("request");
  const digest = typeof request === "string" ? digestBytes(request) : null;
  if (digest === null) return "input.invalid";
  return {
    type: entityNumbers.get(typeName) ?? -1,
    typeName,
    id,
    askedAt: approval.get("askedAt") as number,
    givenAt: approval.get("givenAt") as number,
    request: request as string,
    digest,
  };
}

function compareApprovals(a: HeldApproval, b: HeldApproval): number {
  return (
    a.type - b.type ||
    compareText(a.typeName, b.typeName) ||
    compareText(a.id, b.id) ||
    a.askedAt - b.askedAt ||
    a.givenAt - b.givenAt ||
    compareText(a.request, b.request)
  );
}
