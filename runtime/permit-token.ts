/**
 * A permit as a token: a compact JWS (RFC 7515) signed with EdDSA (RFC 8037), in one form only. Header and
 * claims are canonical JSON (RFC 8785) with exactly these members, base64url has no padding and no surplus
 * bits, so that one permit is one text. What other libraries write is read by theirs, not by this file.
 */
import { decodeBase64Url, encodeBase64Url } from "./base64url.ts";
import { utf8 } from "./hash.ts";
import { canonicalJson, parseJson } from "./json.ts";
import { integer, members, refuse, ShapeError, text } from "./shape.ts";
import { digest, label } from "./signed-document.ts";

/** What a permit says. Times are whole seconds in the token, milliseconds since 1970 here. */
export interface Permit {
  /** The id of the decision's log entry, a UUID: who uses a permit once looks for it. */
  readonly id: string;
  readonly issuer: string;
  /** Whom it is for: one service, which knows its own name. */
  readonly audience: string;
  readonly action: string;
  /** HMAC-SHA256 of the request's digest under the salt, which is 32 bytes; see `permitCommitment`. */
  readonly request: { readonly commitment: string; readonly salt: Uint8Array };
  /** The policy set that allowed it. */
  readonly set: { readonly digest: string; readonly epoch: number };
  /** Where the decision's entry is. */
  readonly log: { readonly origin: string; readonly index: number; readonly leaf: string };
  readonly issuedMs: number;
  /** From here on, up to but not including `expiresMs`. */
  readonly notBeforeMs: number;
  readonly expiresMs: number;
}

const PERMIT_TYPE = "polity-permit+jwt";
/** In characters. Names of 255 characters, of four bytes each, fit. */
export const PERMIT_LENGTH_MAX = 8_192;
/** From the issue to the end, and so for how long a service has to remember what it has seen. */
export const PERMIT_LIFETIME_MAX_MS = 3_600_000;
export const PERMIT_SALT_BYTES = 32;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Visible ASCII without `+`, as the names of logs are. */
const ORIGIN = /^[\x21-\x2a\x2c-\x7e]{1,255}$/;
/** The year 9999, in seconds. */
const SECONDS_MAX = 253_402_300_799;

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

/** The three parts of a token, the bytes of each of which have one text; nothing in them is believed yet. */
export interface TokenParts {
  /** What is signed: header and claims as they stand in the token. */
  readonly signed: Uint8Array;
  readonly header: string;
  readonly claims: string;
  readonly signature: Uint8Array;
}

/** A token of at most `PERMIT_LENGTH_MAX` characters, taken apart. */
export function tokenParts(token: string): Read<TokenParts> {
  const parts = token.split(".");
  const bytes = parts.map(decodeBase64Url);
  const [header, claims, signature] = bytes;
  if (parts.length !== 3 || !header || !claims || !signature) {
    return { ok: false, message: "not three parts of base64url without padding" };
  }
  if (signature.length !== 64)
    return { ok: false, message: `a signature of ${signature.length} bytes, not 64` };
  const texts = [utf8Text(header), utf8Text(claims)] as const;
  if (texts[0] === null || texts[1] === null) return { ok: false, message: "not UTF-8 text" };
  const signed = utf8(`${parts[0]}.${parts[1]}`);
  return { ok: true, value: { signed, header: texts[0], claims: texts[1], signature } };
}

// `ignoreBOM` keeps a byte order mark in the text, where the reader of JSON refuses it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8Text(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

// ---- header

export function encodeHeader(keyId: string): string {
  return canonicalJson({ alg: "EdDSA", kid: keyId, typ: PERMIT_TYPE });
}

/** The key's id. A header that names another algorithm, or brings its own key, is none of ours. */
export function decodeHeader(written: string): Read<string> {
  return strictly(written, (json) => {
    const { alg, kid, typ } = members(json, "header", ["alg", "kid", "typ"]);
    if (alg !== "EdDSA") refuse("alg", "not EdDSA");
    if (typ !== PERMIT_TYPE) refuse("typ", `not ${PERMIT_TYPE}`);
    return [digest(kid, "kid"), encodeHeader];
  });
}

// ---- claims

/** The text that `decodeClaims` reads; throws a RangeError for what it would refuse. */
export function encodeClaims(permit: Permit): string {
  const written = write(permit);
  const read = decodeClaims(written);
  if (!read.ok) throw new RangeError(`no permit: ${read.message}`);
  return written;
}

function write(permit: Permit): string {
  const { id, issuer, audience, action, request, set, log } = permit;
  return canonicalJson({
    action,
    aud: audience,
    exp: permit.expiresMs / 1000,
    iat: permit.issuedMs / 1000,
    iss: issuer,
    jti: id,
    log: { index: log.index, leaf: log.leaf, origin: log.origin },
    nbf: permit.notBeforeMs / 1000,
    request: { commitment: request.commitment, salt: encodeBase64Url(request.salt) },
    set: { digest: set.digest, epoch: set.epoch },
  });
}

const CLAIMS = ["action", "aud", "exp", "iat", "iss", "jti", "log", "nbf", "request", "set"];

/** Only what `encodeClaims` wrote. Never throws. */
export function decodeClaims(written: string): Read<Permit> {
  return strictly(written, (json) => [readClaims(json), write]);
}

function readClaims(json: unknown): Permit {
  const top = members(json, "claims", CLAIMS);
  const request = members(top.request, "request", ["commitment", "salt"]);
  const set = members(top.set, "set", ["digest", "epoch"]);
  const log = members(top.log, "log", ["index", "leaf", "origin"]);
  const salt = decodeBase64Url(text(request.salt, "request.salt"));
  if (salt?.length !== PERMIT_SALT_BYTES) refuse("request.salt", `not ${PERMIT_SALT_BYTES} bytes`);
  const [issuedMs, notBeforeMs] = [time(top.iat, "iat"), time(top.nbf, "nbf")];
  const expiresMs = time(top.exp, "exp");
  if (notBeforeMs < issuedMs) refuse("nbf", "before iat");
  if (expiresMs <= notBeforeMs) refuse("exp", "not after nbf");
  if (expiresMs - issuedMs > PERMIT_LIFETIME_MAX_MS) refuse("exp", "more than an hour after iat");
  return {
    id: formed(top.jti, "jti", UUID, "a UUID in lower case"),
    issuer: label(top.iss, "iss"),
    audience: label(top.aud, "aud"),
    action: label(top.action, "action"),
    request: { commitment: digest(request.commitment, "request.commitment"), salt },
    set: { digest: digest(set.digest, "set.digest"), epoch: count(set.epoch, "set.epoch") },
    log: {
      origin: formed(log.origin, "log.origin", ORIGIN, "the name of a log"),
      index: count(log.index, "log.index"),
      leaf: digest(log.leaf, "log.leaf"),
    },
    issuedMs,
    notBeforeMs,
    expiresMs,
  };
}

function time(value: unknown, where: string): number {
  return integer(value, where, 0, SECONDS_MAX) * 1000;
}

function count(value: unknown, where: string): number {
  return integer(value, where, 0, Number.MAX_SAFE_INTEGER);
}

function formed(value: unknown, where: string, form: RegExp, wanted: string): string {
  const given = text(value, where);
  return form.test(given) ? given : refuse(where, `not ${wanted}`);
}

/** `read` answers a value and how it is written: the text must be just that. */
function strictly<T>(written: string, read: (json: unknown) => readonly [T, (value: T) => string]): Read<T> {
  const parsed = parseJson(written, { depthMax: 2 });
  if (!parsed.ok) return { ok: false, message: `not JSON: ${parsed.message} at character ${parsed.offset}` };
  try {
    const [value, write] = read(parsed.value);
    if (write(value) === written) return { ok: true, value };
    return { ok: false, message: "not in canonical form: members or spaces stand elsewhere" };
  } catch (error) {
    if (error instanceof ShapeError) return { ok: false, message: error.message };
    throw error;
  }
}
