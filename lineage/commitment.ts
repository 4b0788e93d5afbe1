/**
 * Salted commitments to requests. The log keeps the commitment for ever; what opens it lies beside the log
 * and can be erased, as a whole or field by field, and no proof changes by that.
 *
 *     c = HMAC-SHA256(salt, "polity/commitment/v1" 00 pointer 00 canonical JSON of the value)
 *
 * The pointer (RFC 6901) of the whole request is empty. In it each sensitive field's value is replaced by
 * `{"commitment":"sha256:…"}` of that field under a salt of its own. Canonical JSON has no byte 00, so the
 * last one ends the pointer; salts have one length, so that no two keys are the same to HMAC (RFC 2104, 2).
 */
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import { digestName, sha256 as portableSha256, type Sha256, utf8 } from "@polity/runtime/hash.ts";
import { hmacInPlace, hmacSha256 } from "@polity/runtime/hmac.ts";
import { canonicalJson, parseJson } from "@polity/runtime/json.ts";
import { compareText, utf8Length } from "@polity/runtime/text-order.ts";
import { canonicalOf, readCanonical } from "./canonical-text.ts";
import { pointerParts, replaceAt, valueAt } from "./json-pointer.ts";
import { keepWritten } from "./written-opening.ts";

/** What an entry says of its request. */
export interface RequestCommitment {
  /** Of the whole request: `sha256:` and 64 hex digits. */
  readonly commitment: string;
  /** Of each sensitive field, by pointer in byte order. */
  readonly sensitive: readonly FieldCommitment[];
}

export interface FieldCommitment {
  readonly pointer: string;
  readonly commitment: string;
}

/** What opens a commitment. Secret as long as the request is, and erasable. */
export interface Opening {
  /** Canonical JSON of the request as committed: each sensitive value is its commitment. */
  readonly request: string;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  /** The sensitive fields that are still there, by pointer in byte order. */
  readonly sensitive: readonly FieldOpening[];
}

export interface FieldOpening {
  readonly pointer: string;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  /** Canonical JSON. */
  readonly value: string;
}

export const SALT_BYTES = 32;
export const SENSITIVE_MAX = 64;
export const POINTER_BYTES_MAX = 256;
/** UTF-16 code units of a request's canonical JSON: far above what any evaluator takes. */
const REQUEST_LENGTH_MAX = 8 * 1024 * 1024;
/** Commitments may be longer than the values whose places they take. */
const OPENED_LENGTH_MAX = REQUEST_LENGTH_MAX + SENSITIVE_MAX * 128;
/** Written as text in JSON, no code unit of canonical JSON takes more than two. */
const OPENING_LENGTH_MAX = 2 * OPENED_LENGTH_MAX + 256 * 1024;

export type CommitCode = "commitment.request" | "commitment.pointer" | "commitment.randomness";

export type CommitResult =
  | { readonly ok: true; readonly commitment: RequestCommitment; readonly opening: Opening }
  | { readonly ok: false; readonly code: CommitCode; readonly message: string };

/**
 * As `commitRequest` without sensitive fields, of what a host has just written as canonical JSON: looking at
 * it again takes longer than all the rest.
 */
export function commitWritten(
  requestJson: string,
  randomBytes: (count: number) => Uint8Array,
  sha256: Sha256 = portableSha256,
): CommitResult {
  if (requestJson.length > REQUEST_LENGTH_MAX || !requestJson.isWellFormed()) {
    return refuse(
      "commitment.request",
      `the request is longer than ${REQUEST_LENGTH_MAX} characters, or no text`,
    );
  }
  const salts = makeSalts(1, randomBytes);
  if (typeof salts === "string") return refuse("commitment.randomness", salts);
  const salt = salts[0]!;
  const commitment = commit(sha256, salt, "", requestJson);
  const opening: Opening = Object.freeze({ request: requestJson, salt, sensitive: NONE });
  keepWritten({ opening, request: requestJson, salt: encodeBase64(salt), commitment, sha256 });
  return { ok: true, commitment: { commitment, sensitive: NONE }, opening };
}

const NONE: readonly never[] = Object.freeze([]);

/**
 * `requestJson` is a request's canonical JSON, `sensitivePointers` are in any order, and `randomBytes` gives
 * as many unpredictable bytes as it is asked for: whoever guesses a salt can guess what was committed.
 */
export function commitRequest(
  requestJson: string,
  sensitivePointers: readonly string[],
  randomBytes: (count: number) => Uint8Array,
  sha256: Sha256 = portableSha256,
): CommitResult {
  const pointers = [...sensitivePointers].sort(compareText);
  const problem = pointersProblem(pointers);
  if (problem !== null) return refuse("commitment.pointer", problem);
  const request = readCanonical(requestJson, { sizeMax: REQUEST_LENGTH_MAX });
  if ("problem" in request) return refuse("commitment.request", `the request is ${request.problem}`);
  const salts = makeSalts(pointers.length + 1, randomBytes);
  if (typeof salts === "string") return refuse("commitment.randomness", salts);
  const sensitive: FieldOpening[] = [];
  const commitments: FieldCommitment[] = [];
  let { value } = request;
  for (const [at, pointer] of pointers.entries()) {
    const found = valueAt(value, pointerParts(pointer)!);
    if (found === undefined) return refuse("commitment.pointer", `the request has no ${quoted(pointer)}`);
    const field = { pointer, salt: salts[at + 1]!, value: canonicalJson(found.value) };
    const commitment = commit(sha256, field.salt, pointer, field.value);
    sensitive.push(field);
    commitments.push({ pointer, commitment });
    value = replaceAt(value, pointerParts(pointer)!, { commitment });
  }
  const committed = pointers.length === 0 ? requestJson : canonicalOf(value);
  if (committed === null) return refuse("commitment.request", "the request is nested too deep");
  const salt = salts[0]!;
  return {
    ok: true,
    commitment: { commitment: commit(sha256, salt, "", committed), sensitive: commitments },
    opening: { request: committed, salt, sensitive },
  };
}

function refuse(code: CommitCode, message: string): CommitResult {
  return { ok: false, code, message };
}

/** Those of the pointers at which a request has something: an optional field may be absent. */
export function presentPointers(requestJson: string, pointers: readonly string[]): readonly string[] {
  const request = readCanonical(requestJson, { sizeMax: REQUEST_LENGTH_MAX });
  if ("problem" in request) return pointers;
  return pointers.filter((pointer) => {
    const parts = pointerParts(pointer);
    return parts === null || valueAt(request.value, parts) !== undefined;
  });
}

/** What is wrong with the pointers of sensitive fields, which come in byte order; null where nothing is. */
export function pointersProblem(pointers: readonly string[]): string | null {
  if (pointers.length > SENSITIVE_MAX) return `more than ${SENSITIVE_MAX} sensitive fields`;
  for (const [at, pointer] of pointers.entries()) {
    if (pointer === "") return "the empty pointer is the whole request, which needs no pointer";
    if (
      !pointer.isWellFormed() ||
      utf8Length(pointer) > POINTER_BYTES_MAX ||
      pointerParts(pointer) === null
    ) {
      return `${quoted(pointer.slice(0, 80))} is no JSON pointer of at most ${POINTER_BYTES_MAX} bytes`;
    }
    const order = at === 0 ? -1 : compareText(pointers[at - 1]!, pointer);
    if (order >= 0) return `${quoted(pointer)} is ${order === 0 ? "named twice" : "not in byte order"}`;
    // Another pointer may lie between the two in byte order: `/a`, `/a!`, `/a/b`.
    const outer = pointers.find((other) => pointer.startsWith(`${other}/`));
    if (outer !== undefined) return `${quoted(pointer)} is inside ${quoted(outer)}: name the outer one alone`;
  }
  return null;
}

/** Salts, each different from the others; a text says what is wrong with the randomness. */
function makeSalts(count: number, randomBytes: (count: number) => Uint8Array): Uint8Array[] | string {
  const salts: Uint8Array[] = [];
  const seen = new Set<string>();
  for (let at = 0; at < count; at += 1) {
    const bytes: unknown = randomBytes(SALT_BYTES);
    if (!isSalt(bytes)) return `randomBytes must give ${SALT_BYTES} bytes`;
    salts.push(new Uint8Array(bytes));
    if (count > 1) seen.add(encodeBase64(bytes));
  }
  return count === 1 || seen.size === count ? salts : "randomBytes gave the same bytes twice";
}

function isSalt(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === SALT_BYTES;
}

const PREFIX = "polity/commitment/v1\0";

/** Room for most of what is committed to, which would else be allocated twice for each. */
const scratch = new Uint8Array(4096);
/** What the function of SHA-256 needs before the message. */
const KEY_BYTES = 64;
const encoder = new TextEncoder();

function commit(sha256: Sha256, salt: Uint8Array, pointer: string, json: string): string {
  const text = `${PREFIX}${pointer}\0${json}`;
  if (text.length * 3 > scratch.length - KEY_BYTES) return digestName(hmacSha256(sha256, salt, utf8(text)));
  const { written } = encoder.encodeInto(text, scratch.subarray(KEY_BYTES));
  const bytes = scratch.subarray(0, KEY_BYTES + written);
  const name = digestName(hmacInPlace(sha256, salt, bytes));
  // Neither salt nor request is kept here.
  bytes.fill(0);
  return name;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

// ---- opening

export type OpeningCode = "opening.malformed" | "opening.mismatch";

export type OpeningResult =
  | {
      readonly ok: true;
      /** Canonical JSON; the request whole again where nothing was erased. */
      readonly request: string;
      /** Pointers whose values are gone: there the request still has `{"commitment":"sha256:…"}`. */
      readonly erased: readonly string[];
    }
  | { readonly ok: false; readonly code: OpeningCode; readonly message: string };

/** Whether `opening` is what was committed to, and the request that it opens. Never throws. */
export function checkOpening(
  commitment: RequestCommitment,
  opening: Opening,
  sha256: Sha256 = portableSha256,
): OpeningResult {
  try {
    return openRequest(commitment, opening, sha256);
  } catch {
    // A getter or a proxy threw, or what should be an object is none.
    return refuseOpening("opening.malformed", "the commitment or its opening cannot be read");
  }
}

function openRequest(commitment: RequestCommitment, opening: Opening, sha256: Sha256): OpeningResult {
  const problem = formProblem(opening);
  if (problem !== null) return refuseOpening("opening.malformed", problem);
  if (commit(sha256, opening.salt, "", opening.request) !== commitment.commitment) {
    return refuseOpening("opening.mismatch", "the request, its salt or its commitment is another one");
  }
  const request = readCanonical(opening.request);
  if ("problem" in request) return refuseOpening("opening.malformed", `the request is ${request.problem}`);
  return openFields(commitment.sensitive, opening, request.value, sha256);
}

/** `value` is the request as committed. */
function openFields(
  commitments: readonly FieldCommitment[],
  opening: Opening,
  value: unknown,
  sha256: Sha256,
): OpeningResult {
  const fields = new Map(opening.sensitive.map((field) => [field.pointer, field]));
  const erased: string[] = [];
  let whole = value;
  for (const { pointer, commitment } of commitments) {
    const parts = pointerParts(pointer) ?? [];
    const found = valueAt(value, parts);
    if (found === undefined || canonicalJson(found.value) !== canonicalJson({ commitment })) {
      return refuseOpening(
        "opening.mismatch",
        `the request does not have this commitment at ${quoted(pointer)}`,
      );
    }
    const field = fields.get(pointer);
    fields.delete(pointer);
    if (field === undefined) {
      erased.push(pointer);
      continue;
    }
    if (commit(sha256, field.salt, pointer, field.value) !== commitment) {
      const message = `the value at ${quoted(pointer)}, its salt or its commitment is another one`;
      return refuseOpening("opening.mismatch", message);
    }
    const read = readCanonical(field.value);
    if ("problem" in read) {
      return refuseOpening("opening.malformed", `the value at ${quoted(pointer)} is ${read.problem}`);
    }
    whole = replaceAt(whole, parts, read.value);
  }
  const [surplus] = fields.keys();
  if (surplus !== undefined) {
    return refuseOpening("opening.mismatch", `nothing was committed to at ${quoted(surplus)}`);
  }
  const request = erased.length === commitments.length ? opening.request : canonicalOf(whole);
  if (request === null) return refuseOpening("opening.malformed", "the request is nested too deep");
  return { ok: true, request, erased };
}

function refuseOpening(code: OpeningCode, message: string): OpeningResult {
  return { ok: false, code, message };
}

/** What keeps an opening from being written; whether it opens anything is for `checkOpening`. */
function formProblem(opening: Opening): string | null {
  const { request, salt, sensitive } = opening ?? {};
  if (!isText(request) || !isSalt(salt) || !Array.isArray(sensitive)) return OPENING_FORM;
  if (!sensitive.every((field) => isText(field?.pointer) && isText(field.value) && isSalt(field.salt))) {
    return OPENING_FORM;
  }
  let { length } = request;
  for (const { value } of sensitive) length += value.length;
  if (length > OPENED_LENGTH_MAX) return `more than ${OPENED_LENGTH_MAX} characters`;
  return pointersProblem(sensitive.map(({ pointer }) => pointer));
}

const OPENING_FORM = `wanted: request, salt, sensitive [{pointer, salt, value}], ${SALT_BYTES} bytes a salt`;

function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

/** The opening without these sensitive fields: their values and salts are gone, all else still opens. */
export function eraseFields(opening: Opening, pointers: readonly string[]): Opening {
  const gone = new Set(pointers);
  return { ...opening, sensitive: opening.sensitive.filter(({ pointer }) => !gone.has(pointer)) };
}

// ---- as text

/** Canonical JSON on one line. Throws a RangeError for what is no opening: only a caller's bug leads here. */
export function encodeOpening(opening: Opening): string {
  const problem = formProblem(opening);
  if (problem !== null) throw new RangeError(`this opening cannot be written: ${problem}`);
  const text = canonicalJson({
    request: opening.request,
    salt: encodeBase64(opening.salt),
    sensitive: opening.sensitive.map(({ pointer, salt, value }) => ({
      pointer,
      salt: encodeBase64(salt),
      value,
    })),
  });
  if (text.length > OPENING_LENGTH_MAX) throw new RangeError("this opening is too large to be written");
  return text;
}

export type DecodedOpening =
  | { readonly ok: true; readonly opening: Opening }
  | { readonly ok: false; readonly code: "opening.malformed"; readonly message: string };

/** Reads exactly what `encodeOpening` writes. Never throws. */
export function decodeOpening(text: string): DecodedOpening {
  if (typeof text !== "string") return malformed("an opening is read from text");
  const parsed = parseJson(text, { sizeMax: OPENING_LENGTH_MAX, depthMax: 3 });
  if (!parsed.ok) return malformed(`${parsed.message} at ${parsed.offset}`);
  const opening = readOpening(parsed.value);
  if (opening === null) return malformed(OPENING_FORM);
  const problem = formProblem(opening);
  if (problem !== null) return malformed(problem);
  return encodeOpening(opening) === text ? { ok: true, opening } : malformed("not in canonical form");
}

function malformed(message: string): DecodedOpening {
  return { ok: false, code: "opening.malformed", message };
}

function readOpening(json: unknown): Opening | null {
  const { request, salt, sensitive } = (json ?? {}) as Readonly<Record<string, unknown>>;
  const bytes = saltOf(salt);
  if (typeof request !== "string" || bytes === null || !Array.isArray(sensitive)) return null;
  const fields: FieldOpening[] = [];
  for (const member of sensitive as readonly unknown[]) {
    const field = (member ?? {}) as Readonly<Record<string, unknown>>;
    const fieldSalt = saltOf(field.salt);
    if (typeof field.pointer !== "string" || typeof field.value !== "string" || fieldSalt === null)
      return null;
    fields.push({ pointer: field.pointer, salt: fieldSalt, value: field.value });
  }
  return { request, salt: bytes, sensitive: fields };
}

function saltOf(base64: unknown): Uint8Array | null {
  return typeof base64 === "string" ? decodeBase64(base64) : null;
}
