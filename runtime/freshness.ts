/**
 * Freshness notes: "the latest epoch of this set is N, its manifest is H, until T". Without one a host that
 * is cut off from news would decide by an old policy for ever. A note lives for minutes; what a host may do
 * after the last one is bounded by the trust root, and the evaluator itself denies beyond (`policy.stale`).
 */
import type { CryptoPort } from "./crypto-port.ts";
import { decodeEnvelope, type EnvelopeCode, encodeEnvelope, signEnvelope } from "./dsse.ts";
import type { EpochStatement } from "./epoch.ts";
import { digestBytes, isBytes } from "./hash.ts";
import { canonicalJson } from "./json.ts";
import { TIMESTAMP_MAX, TIMESTAMP_MIN } from "./layout.ts";
import { integer, members, refuse as misshapen } from "./shape.ts";
import {
  type DocumentForm,
  decodeDocument,
  digest as digestMember,
  encodeDocument,
  isLabel,
  label,
  time,
  timeText,
} from "./signed-document.ts";
import type { Signer } from "./signer.ts";
import { signersOf } from "./signers.ts";
import { keysOf, type TrustRoot } from "./trust-root.ts";

export interface FreshnessNote {
  /** The name of the trust root under which it counts. */
  readonly root: string;
  readonly set: string;
  /** Null: the set is bound to no place. */
  readonly audience: string | null;
  /** The latest there is: 1 to 2^53-1. */
  readonly epoch: number;
  /** Of that epoch's manifest: `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** Milliseconds since 1970, years 1 to 9999: it holds while from <= now < until. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export const FRESHNESS_TYPE = "application/vnd.polity.freshness.v1+json";

/** In the order in which they are made. */
export type FreshnessCode =
  | "freshness.invalid"
  | "freshness.missing"
  | EnvelopeCode
  | "envelope.payload_type"
  | "freshness.bad_signature"
  | "freshness.threshold"
  | "freshness.malformed"
  | "freshness.wrong_root"
  | "freshness.wrong_set"
  | "freshness.too_long"
  | "freshness.not_yet_valid"
  | "freshness.rolled_back"
  | "freshness.forked"
  | "freshness.behind"
  | "freshness.expired";

export type Freshness =
  | {
      readonly ok: true;
      readonly note: FreshnessNote;
      /** Ids of the keys of the role that signed, ascending. */
      readonly signers: readonly string[];
    }
  | {
      readonly ok: false;
      readonly code: FreshnessCode;
      readonly message: string;
      /** Of a signed one that is about this set: what it says. */
      readonly note: FreshnessNote | null;
    };

/** What is active: the set, and its epoch with the digest of the manifest. */
export type Active = Pick<EpochStatement, "set" | "audience" | "epoch" | "digest">;

export type NoteResult =
  | { readonly ok: true; readonly note: FreshnessNote }
  | { readonly ok: false; readonly message: string };

/** Canonical JSON in UTF-8; throws for what `decodeFreshness` would refuse. */
export function encodeFreshness(note: FreshnessNote): Uint8Array {
  return encodeDocument(FORM, note, "freshness note");
}

/** Only what `encodeFreshness` wrote. Never throws. */
export function decodeFreshness(bytes: Uint8Array): NoteResult {
  const read = decodeDocument(FORM, bytes);
  return read.ok ? { ok: true, note: read.value } : read;
}

/** The envelope's text. Rejects where a signer does, and for a note that cannot be encoded. */
export async function signFreshness(note: FreshnessNote, signers: readonly Signer[]): Promise<string> {
  return encodeEnvelope(await signEnvelope(FRESHNESS_TYPE, encodeFreshness(note), signers));
}

/**
 * Whether what is active is the latest there is, as far as the note says. `nowMs` is in milliseconds since
 * 1970. The first thing that is wrong is the answer; that the note is too old comes last, so that whoever may
 * go on after it knows that nothing else was wrong. Never throws.
 */
export function checkFreshness(
  envelope: Uint8Array | string | null | undefined,
  root: TrustRoot,
  nowMs: number,
  active: Active,
  crypto: CryptoPort,
): Freshness {
  try {
    return check(envelope, root, nowMs, active, crypto);
  } catch {
    // From JavaScript anything may come in the shape of a root, or as what is active.
    return stale("freshness.invalid", "what it is asked with cannot be read");
  }
}

function check(
  envelope: Uint8Array | string | null | undefined,
  root: TrustRoot,
  nowMs: number,
  active: Active,
  crypto: CryptoPort,
): Freshness {
  if (!Number.isSafeInteger(nowMs))
    return stale("freshness.invalid", "the time is no whole number of milliseconds");
  const { epoch } = active;
  if (
    !isLabel(active.set) ||
    !Number.isSafeInteger(epoch) ||
    epoch < 1 ||
    digestBytes(active.digest) === null
  ) {
    return stale("freshness.invalid", "what is active is no epoch of a set");
  }
  if ((envelope ?? "") === "" || (isBytes(envelope) && envelope.length === 0)) {
    return stale("freshness.missing", "there is no note that says which epoch is the latest one");
  }
  const decoded = decodeEnvelope(envelope as Uint8Array | string);
  if (!decoded.ok) return stale(decoded.code, decoded.message);
  const { payloadType, payload } = decoded.envelope;
  if (payloadType !== FRESHNESS_TYPE) {
    return stale("envelope.payload_type", `a payload of type ${payloadType}, not ${FRESHNESS_TYPE}`);
  }
  const { keys, threshold } = root.freshness;
  const found = signersOf(decoded.envelope, keysOf(root, keys), crypto);
  if (!found.ok) return stale("freshness.bad_signature", found.message);
  const { signers } = found;
  if (signers.length < threshold) {
    return stale(
      "freshness.threshold",
      `${signers.length} of the freshness keys signed, ${threshold} have to`,
    );
  }
  const read = decodeFreshness(payload);
  if (!read.ok) return stale("freshness.malformed", read.message);
  return checkNote(read.note, root, nowMs, active) ?? { ok: true, note: read.note, signers };
}

/** What a note says, by whomever it is. */
function checkNote(note: FreshnessNote, root: TrustRoot, nowMs: number, active: Active): Freshness | null {
  if (note.root !== root.name) {
    return stale(
      "freshness.wrong_root",
      `a note of ${note.root}, but the trust root is that of ${root.name}`,
    );
  }
  if (note.set !== active.set || note.audience !== active.audience) {
    const [says, here] = [note, active].map((of) => `${of.set} for ${of.audience ?? "no place"}`);
    return stale("freshness.wrong_set", `a note about ${says}, but ${here} is active`);
  }
  const { fromMs, untilMs } = note;
  const { noteMsMax } = root.freshness;
  if (untilMs - fromMs > noteMsMax) {
    return stale("freshness.too_long", `it holds for ${untilMs - fromMs} ms, ${noteMsMax} is the most`, note);
  }
  if (nowMs < fromMs) {
    return stale("freshness.not_yet_valid", `valid from ${timeText(fromMs)}: look at the clock`, note);
  }
  if (note.epoch < active.epoch) {
    const message = `it says that epoch ${note.epoch} is the latest, but epoch ${active.epoch} is active`;
    return stale("freshness.rolled_back", message, note);
  }
  if (note.epoch > active.epoch) {
    return stale(
      "freshness.behind",
      `epoch ${note.epoch} is there, but epoch ${active.epoch} is active`,
      note,
    );
  }
  if (note.digest !== active.digest) {
    return stale(
      "freshness.forked",
      `epoch ${note.epoch} is ${note.digest}, but ${active.digest} is active`,
      note,
    );
  }
  if (nowMs >= untilMs)
    return stale("freshness.expired", `valid until ${timeText(untilMs)}: get a new one`, note);
  return null;
}

function stale(code: FreshnessCode, message: string, note: FreshnessNote | null = null): Freshness {
  return { ok: false, code, message, note };
}

// ---- what a host does about it

/** Deny as soon as the last note has ended; or go on for some time, at most what the trust root allows. */
export type WhenStale = { readonly kind: "deny" } | { readonly kind: "continue"; readonly forMs: number };

/** For the header of every request: until when policy and facts are known to be current. */
export interface CurrentWindow {
  readonly policyFrom: number;
  readonly policyUntil: number;
  readonly factsUntil: number;
}

/** Before every request: whatever is asked, the evaluator denies. */
const NEVER: CurrentWindow = Object.freeze({
  policyFrom: Number(TIMESTAMP_MIN),
  policyUntil: Number(TIMESTAMP_MIN),
  factsUntil: Number(TIMESTAMP_MIN),
});

/**
 * What to write into headers after `checkFreshness`. The evaluator compares with the time of each request,
 * so a host need not notice by itself that a note has ended. Facts are part of the epoch; where they were
 * signed for a shorter time, `factsUntilMs` says it (they are good while now < factsUntilMs).
 */
export function currentWindow(
  freshness: Freshness,
  root: TrustRoot,
  whenStale: WhenStale = { kind: "deny" },
  factsUntilMs: number = Number(TIMESTAMP_MAX) + 1,
): CurrentWindow {
  const { note } = freshness;
  if (note === null || !(freshness.ok || freshness.code === "freshness.expired")) return NEVER;
  const more = whenStale.kind === "continue" ? Math.min(whenStale.forMs, root.freshness.continueMsMax) : 0;
  // Notes and roots end before the time that they say, headers end with it.
  const policyUntil = Math.min(note.untilMs + (more > 0 ? more : 0), root.expiresMs) - 1;
  if (!Number.isSafeInteger(policyUntil) || policyUntil < note.fromMs) return NEVER;
  const until = Math.min(policyUntil, Number(TIMESTAMP_MAX));
  const factsUntil = Math.max(Math.min(until, factsUntilMs - 1), Number(TIMESTAMP_MIN));
  return { policyFrom: note.fromMs, policyUntil: until, factsUntil };
}

// ---- the written form

const EPOCH_MAX = Number.MAX_SAFE_INTEGER;

function write({ root, set, audience, epoch, digest, fromMs, untilMs }: FreshnessNote): string {
  const valid = { from: timeText(fromMs), until: timeText(untilMs) };
  return canonicalJson({ audience, digest, epoch, root, set, ...valid });
}

function read(json: unknown): FreshnessNote {
  const keys = ["audience", "digest", "epoch", "from", "root", "set", "until"];
  const given = members(json, "note", keys);
  const fromMs = time(given.from, "from");
  const untilMs = time(given.until, "until");
  if (fromMs >= untilMs) misshapen("until", "not after from");
  return {
    root: label(given.root, "root"),
    set: label(given.set, "set"),
    audience: given.audience === null ? null : label(given.audience, "audience"),
    epoch: integer(given.epoch, "epoch", 1, EPOCH_MAX),
    digest: digestMember(given.digest, "digest"),
    fromMs,
    untilMs,
  };
}

/** A note has a few hundred bytes. */
const FORM: DocumentForm<FreshnessNote> = { bytesMax: 4096, depthMax: 1, read, write };
