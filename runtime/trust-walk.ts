/**
 * From a trust root that is known to the latest one, as TUF has it (specification 1.0.34, section 5.3): each
 * version is signed by a threshold of the root keys of the one before and of its own, no version is skipped,
 * and only the last one must not have expired. Whoever holds old keys can neither go back nor branch off.
 */
import type { CryptoPort } from "./crypto-port.ts";
import { decodeEnvelope, type Envelope, type EnvelopeCode } from "./dsse.ts";
import { digestName } from "./hash.ts";
import { timeText } from "./signed-document.ts";
import { signersOf } from "./signers.ts";
import {
  decodeTrustRoot,
  keysOf,
  TRUST_ROOT_TYPE,
  type TrustRoot,
  type TrustRootCode,
} from "./trust-root.ts";

/** In the order in which they are made, step by step; expiry comes last. */
export type TrustWalkCode =
  | "trust.invalid"
  | EnvelopeCode
  | "envelope.payload_type"
  | TrustRootCode
  | "trust.not_pinned"
  | "trust.wrong_name"
  | "trust.rolled_back"
  | "trust.skipped"
  | "trust.bad_signature"
  | "trust.old_threshold"
  | "trust.new_threshold"
  | "trust.too_long"
  | "trust.expired";

export interface TrustRefusal {
  readonly ok: false;
  readonly code: TrustWalkCode;
  readonly message: string;
}

/** A trust root that was signed as it must be. */
export interface SignedRoot {
  readonly root: TrustRoot;
  /** Of the document that was signed: `sha256:` and 64 hex digits. */
  readonly digest: string;
}

export interface TrustWalk extends SignedRoot {
  readonly ok: true;
  /** From the first to the last, which is `root`. */
  readonly path: readonly SignedRoot[];
}

/** Three years of one rotation a day. */
export const STEPS_MAX = 1024;

/**
 * The root that somebody chose to begin with. A threshold of its own keys has signed it; that it is the right
 * one no signature can say, so its digest is `pin`, where one is kept elsewhere. Expiry is not looked at:
 * `walkRoots` does. Never throws.
 */
export function openRoot(
  envelope: Uint8Array | string,
  crypto: CryptoPort,
  pin: string | null = null,
): ({ readonly ok: true } & SignedRoot) | TrustRefusal {
  return guarded(() => {
    const opened = open(envelope, crypto);
    if (!opened.ok) return opened;
    const { signed, envelope: decoded } = opened;
    if (pin !== null && signed.digest !== pin) {
      return refuse("trust.not_pinned", `the trust root is ${signed.digest}, but ${pin} is wanted`);
    }
    return checkThreshold(decoded, signed.root, "new", crypto) ?? { ok: true, ...signed };
  });
}

/**
 * `steps` are the envelopes of the versions that follow `from`, in order, maybe none; `nowMs` is in
 * milliseconds since 1970. The first thing that is wrong is the answer. Never throws.
 */
export function walkRoots(
  from: SignedRoot,
  steps: readonly (Uint8Array | string)[],
  nowMs: number,
  crypto: CryptoPort,
): TrustWalk | TrustRefusal {
  return guarded(() => walk(from, steps, nowMs, crypto));
}

/** From JavaScript anything may come in the place of a root, and a host's own hash may throw. */
function guarded<T>(work: () => T): T | TrustRefusal {
  try {
    return work();
  } catch {
    return refuse("trust.invalid", "what is given cannot be read");
  }
}

function walk(
  from: SignedRoot,
  steps: readonly (Uint8Array | string)[],
  nowMs: number,
  crypto: CryptoPort,
): TrustWalk | TrustRefusal {
  if (!Number.isSafeInteger(nowMs))
    return refuse("trust.invalid", "the time is no whole number of milliseconds");
  if (!Array.isArray(steps)) return refuse("trust.invalid", "the versions that follow are no array");
  if (steps.length > STEPS_MAX)
    return refuse("trust.too_long", `more than ${STEPS_MAX} versions that follow`);
  const path: SignedRoot[] = [from];
  let last = from;
  for (const step of steps) {
    const next = takeStep(last, step, crypto);
    if (!next.ok) return next;
    last = { root: next.root, digest: next.digest };
    path.push(last);
  }
  const { version, expiresMs } = last.root;
  if (nowMs >= expiresMs) {
    return refuse("trust.expired", `version ${version} was good until ${timeText(expiresMs)}: rotate it`);
  }
  return { ok: true, ...last, path };
}

/** From one version to the next: expiry is not looked at. Of a signed root it never throws. */
export function takeStep(
  { root }: SignedRoot,
  step: Uint8Array | string,
  crypto: CryptoPort,
): ({ readonly ok: true } & SignedRoot) | TrustRefusal {
  const opened = open(step, crypto);
  if (!opened.ok) return opened;
  const { signed, envelope } = opened;
  const { name, version } = signed.root;
  if (name !== root.name) {
    return refuse("trust.wrong_name", `a trust root of ${name}, but that of ${root.name} is wanted`);
  }
  if (version <= root.version) {
    return refuse("trust.rolled_back", `version ${version} after version ${root.version}`);
  }
  if (version !== root.version + 1) {
    return refuse("trust.skipped", `version ${version} after version ${root.version}: none may be left out`);
  }
  return (
    checkThreshold(envelope, root, "old", crypto) ??
    checkThreshold(envelope, signed.root, "new", crypto) ?? { ok: true, ...signed }
  );
}

type Opened = { readonly ok: true; readonly envelope: Envelope; readonly signed: SignedRoot };

function open(text: Uint8Array | string, crypto: CryptoPort): Opened | TrustRefusal {
  const decoded = decodeEnvelope(text);
  if (!decoded.ok) return decoded;
  const { envelope } = decoded;
  if (envelope.payloadType !== TRUST_ROOT_TYPE) {
    return refuse(
      "envelope.payload_type",
      `a payload of type ${envelope.payloadType}, not ${TRUST_ROOT_TYPE}`,
    );
  }
  const read = decodeTrustRoot(envelope.payload);
  if (!read.ok) return read;
  return {
    ok: true,
    envelope,
    signed: { root: read.root, digest: digestName(crypto.sha256(envelope.payload)) },
  };
}

/** Whether enough of the root keys of this version have signed. */
function checkThreshold(
  envelope: Envelope,
  by: TrustRoot,
  age: "old" | "new",
  crypto: CryptoPort,
): TrustRefusal | null {
  const { keys, threshold } = by.root;
  const found = signersOf(envelope, keysOf(by, keys), crypto);
  if (!found.ok) return refuse("trust.bad_signature", found.message);
  if (found.signers.length >= threshold) return null;
  const signed = `${found.signers.length} of the root keys of version ${by.version} signed`;
  return refuse(`trust.${age}_threshold`, `${signed}, ${threshold} have to`);
}

function refuse(code: TrustWalkCode, message: string): TrustRefusal {
  return { ok: false, code, message };
}
