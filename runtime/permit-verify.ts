/** What a downstream service asks of a permit before it does anything. */
import { type CryptoPort, portableCrypto } from "./crypto-port.ts";
import { parseJson } from "./json.ts";
import { listedKeys, type PermitKey, type PermitKeys, rootedPermitKeys } from "./permit-keys.ts";
import type { PermitMemory } from "./permit-memory.ts";
import { permitCommitment, requestBytes } from "./permit-request.ts";
import { decodeClaims, decodeHeader, PERMIT_LENGTH_MAX, type Permit, tokenParts } from "./permit-token.ts";
import { SNAPSHOT_DEPTH } from "./request.ts";
import { timestampText } from "./scalars.ts";
import { isLabel } from "./signed-document.ts";
import type { TrustWalk } from "./trust-walk.ts";

export interface VerifyPermitOptions {
  /** 1 to 64; or `trust`. */
  readonly keys?: readonly PermitKey[];
  /** A trust root as `walkRoots` gave it: its issuers of permits, and their keys. */
  readonly trust?: TrustWalk;
  /** What this service is called. */
  readonly audience: string;
  /** What it is about to do. */
  readonly action: string;
  /** The request's canonical JSON: from the host, or made by `permitRequest`. */
  readonly request: string;
  readonly nowMs: number;
  /** Which permits were used already. */
  readonly seen: PermitMemory;
  /** By how much the issuer's clock may differ, up to a minute; 0 where it is left out. */
  readonly leewayMs?: number;
  /** Permits by older policy sets are refused; 0 where it is left out. */
  readonly epochMin?: number;
  readonly crypto?: CryptoPort;
}

/** In the order in which they are made. */
export const PERMIT_CHECKS = [
  "permit.invalid",
  "permit.root_expired",
  "permit.too_large",
  "permit.malformed",
  "permit.header",
  "permit.removed_key",
  "permit.foreign_key",
  "permit.wrong_key",
  "permit.bad_signature",
  "permit.claims",
  "permit.other_issuer",
  "permit.other_audience",
  "permit.not_yet",
  "permit.expired",
  "permit.old_epoch",
  "permit.other_action",
  "permit.other_request",
  "permit.replayed",
  "permit.unremembered",
  "permit.memory_full",
] as const;

export type PermitCode = (typeof PERMIT_CHECKS)[number];

export type PermitResult =
  | {
      readonly ok: true;
      readonly permit: Permit;
      /** Of the key that signed. */
      readonly keyId: string;
      /** What was allowed, read from the very text that was judged: execute this and nothing else. */
      readonly fields: Readonly<Record<string, unknown>>;
    }
  | PermitRefusal;

interface PermitRefusal {
  readonly ok: false;
  readonly code: PermitCode;
  readonly message: string;
}

/**
 * Whether this permit, here and now, is for this action with this request, for the first time: once it is
 * accepted, it is used up. Checks are in the order of `PERMIT_CHECKS`, the first that fails is the answer,
 * and what is refused uses up nothing. Never rejects, whatever JavaScript passes.
 */
export async function verifyPermit(token: string, options: VerifyPermitOptions): Promise<PermitResult> {
  const service = readOptions(options);
  if (typeof service === "string") return refuse("permit.invalid", service);
  const ended = service.keys.untilMs;
  if (service.nowMs >= ended) {
    const until = timestampText(BigInt(ended));
    return refuse("permit.root_expired", `the trust root was good until ${until}: get the next version`);
  }
  const signed = checkSignature(token, service);
  if ("code" in signed) return signed;
  const { permit, keyId } = signed;
  const checked = checkTerms(permit, service) ?? checkRequest(permit, service);
  if ("code" in checked) return checked;
  return (await useOnce(permit, service)) ?? { ok: true, permit, keyId, fields: checked.fields };
}

// ---- the service

interface Service extends Required<Omit<VerifyPermitOptions, "keys" | "trust">> {
  readonly keys: PermitKeys;
}

const LEEWAY_MAX_MS = 60_000;

/** Read once, so that an accessor cannot answer differently later; text says what is wrong. */
function readOptions(options: unknown): Service | string {
  try {
    const given = { ...((options ?? {}) as VerifyPermitOptions) };
    const { audience, action, request, nowMs, seen, leewayMs = 0, epochMin = 0 } = given;
    const { crypto = portableCrypto } = given;
    if (!isLabel(audience)) return "`audience` is not what a service is called";
    if (typeof action !== "string" || typeof request !== "string")
      return "`action` and `request` are no texts";
    if (!Number.isSafeInteger(nowMs)) return "the time is no whole number of milliseconds";
    if (!Number.isSafeInteger(leewayMs) || leewayMs < 0 || leewayMs > LEEWAY_MAX_MS) {
      return `\`leewayMs\` is not 0 to ${LEEWAY_MAX_MS}`;
    }
    if (!Number.isSafeInteger(epochMin) || epochMin < 0) return "`epochMin` is no epoch";
    if (typeof seen?.use !== "function")
      return "`seen` remembers nothing: rememberPermits makes such a memory";
    if ((given.keys === undefined) === (given.trust === undefined))
      return "`keys` or `trust`: one of the two";
    const keys = given.trust === undefined ? listedKeys(given.keys) : rootedPermitKeys(given.trust);
    if (typeof keys === "string") return keys;
    return { keys, audience, action, request, nowMs, seen, leewayMs, epochMin, crypto };
  } catch {
    return "it cannot be read";
  }
}

// ---- the token

function checkSignature(
  token: unknown,
  { keys, crypto }: Service,
): { readonly permit: Permit; readonly keyId: string } | PermitRefusal {
  if (typeof token !== "string") return refuse("permit.malformed", "a permit is a text");
  if (token.length > PERMIT_LENGTH_MAX) {
    return refuse("permit.too_large", `more than ${PERMIT_LENGTH_MAX} characters: no permit is this long`);
  }
  const parts = tokenParts(token);
  if (!parts.ok) return refuse("permit.malformed", parts.message);
  const { header, claims, signed, signature } = parts.value;
  const named = decodeHeader(header);
  if (!named.ok) return refuse("permit.header", named.message);
  const keyId = named.value;
  const trusted = keys.byId.get(keyId);
  if (trusted === undefined) return refuse(...whyNot(keys, keyId));
  if (!isVerified(crypto, trusted.bytes, signed, signature)) {
    return refuse("permit.bad_signature", `this is no signature by ${keyId} on this permit`);
  }
  const read = decodeClaims(claims);
  if (!read.ok) return refuse("permit.claims", read.message);
  const { issuers } = trusted;
  if (issuers.includes(read.value.issuer)) return { permit: read.value, keyId };
  const names = issuers.join(", ");
  const message = `issued by ${read.value.issuer} with a key that is trusted for ${names} alone`;
  return refuse("permit.other_issuer", message);
}

/** From JavaScript anything may come in the place of a root's earlier versions. */
function whyNot(keys: PermitKeys, id: string): ReturnType<PermitKeys["whyNot"]> {
  try {
    return keys.whyNot(id);
  } catch {
    return ["permit.wrong_key", `signed by ${id}, which is not trusted`];
  }
}

/** A service's own `verify` that throws, or answers anything but true, has not verified. */
function isVerified(
  crypto: CryptoPort,
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return crypto.verify(key, message, signature) === true;
  } catch {
    return false;
  }
}

// ---- what it is for

function checkTerms(permit: Permit, service: Service): PermitRefusal | null {
  const { audience, action, nowMs, leewayMs, epochMin } = service;
  if (permit.audience !== audience) {
    return refuse("permit.other_audience", `for ${permit.audience}, but this is ${audience}`);
  }
  if (nowMs + leewayMs < permit.notBeforeMs) {
    return refuse("permit.not_yet", `to be used from ${timestampText(BigInt(permit.notBeforeMs))} on`);
  }
  if (nowMs - leewayMs >= permit.expiresMs) {
    return refuse("permit.expired", `ended at ${timestampText(BigInt(permit.expiresMs))}`);
  }
  if (permit.set.epoch < epochMin) {
    return refuse("permit.old_epoch", `allowed in epoch ${permit.set.epoch}; from ${epochMin} on it counts`);
  }
  if (permit.action === action) return null;
  return refuse("permit.other_action", `for ${permit.action}, not for ${action}`);
}

/** The fields, of a request that is the permit's to the byte. */
function checkRequest(
  permit: Permit,
  { request, action, crypto }: Service,
): { readonly fields: Readonly<Record<string, unknown>> } | PermitRefusal {
  const bytes = requestBytes(request);
  const isThis =
    bytes !== null &&
    permitCommitment(bytes, permit.request.salt, crypto.sha256) === permit.request.commitment;
  const parsed = isThis ? parseJson(request, { depthMax: SNAPSHOT_DEPTH }) : null;
  if (parsed?.ok) {
    const named = parsed.value as { readonly action?: unknown; readonly fields?: unknown } | null;
    const fields = named?.fields;
    if (named?.action === action && typeof fields === "object" && fields !== null) {
      return { fields: fields as Readonly<Record<string, unknown>> };
    }
  }
  return refuse(
    "permit.other_request",
    "another request was allowed: a field, its value or its form differs",
  );
}

async function useOnce(permit: Permit, service: Service): Promise<PermitRefusal | null> {
  const { seen, nowMs, leewayMs } = service;
  const { id, issuer, issuedMs, expiresMs } = permit;
  let answer: unknown;
  try {
    answer = await seen.use({ id, issuer, issuedMs, untilMs: expiresMs + leewayMs }, nowMs);
  } catch {
    // Whether it was used is then not known.
  }
  if (answer === "first") return null;
  if (answer === "again") return refuse("permit.replayed", `the permit for decision ${id} was used before`);
  if (answer === "full")
    return refuse("permit.memory_full", "so many permits are in use that none can be added");
  return refuse("permit.unremembered", "nobody remembers whether it was used: have it issued again");
}

function refuse(code: PermitCode, message: string): PermitRefusal {
  return { ok: false, code, message };
}
