/**
 * What the signed papers of a governor have in common: canonical JSON in a DSSE envelope of its own type,
 * for one policy set in one place, for a bounded time, by a key that the trust root names for its issuer.
 */
import type { Party } from "@polity/lineage/entry.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { decodeEnvelope } from "@polity/runtime/dsse.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import { type Members, members, name, refuse, text } from "@polity/runtime/shape.ts";
import { type DocumentForm, decodeDocument, label, time, timeText } from "@polity/runtime/signed-document.ts";
import { signersOf } from "@polity/runtime/signers.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";

/** What is governed here: a policy set, where it runs, and the trust root under which it is. */
export interface Governed {
  readonly root: TrustRoot;
  readonly set: string;
  /** Null: bound to no place. */
  readonly audience: string | null;
}

/** For what a paper counts, and when: while issued <= now < expires. */
export interface Scope {
  /** The name of the trust root. */
  readonly root: string;
  readonly set: string;
  readonly audience: string | null;
  /** Milliseconds since 1970, years 1 to 9999. */
  readonly issuedMs: number;
  readonly expiresMs: number;
}

/** In the order in which they are looked for; a code is the paper's name, a dot and one of these. */
export type PaperFault = "malformed" | "wrong_root" | "wrong_set" | "unsigned" | "not_yet_valid" | "expired";

export interface PaperKind<Kind extends string, T extends Scope> {
  readonly kind: Kind;
  readonly payloadType: string;
  readonly form: DocumentForm<T>;
  /** Whose signature makes it count, and as what messages name them. */
  readonly issuerOf: (
    root: TrustRoot,
    paper: T,
  ) => { readonly keys: ReadonlyMap<string, PublicKey>; readonly name: string };
}

export type PaperResult<Kind extends string, T> =
  | {
      readonly ok: true;
      readonly paper: T;
      /** Ids of the keys of its issuer that signed, ascending. */
      readonly signers: readonly string[];
      /** Of the document, `sha256:` and 64 hex digits: what a log says of it. */
      readonly digest: string;
    }
  | { readonly ok: false; readonly code: `${Kind}.${PaperFault}`; readonly message: string };

/** No paper comes near it. */
const ENVELOPE_LENGTH_MAX = 64 * 1024;

/** The first thing that is wrong is the answer. Never throws. */
export function openPaper<Kind extends string, T extends Scope>(
  form: PaperKind<Kind, T>,
  envelope: unknown,
  governed: Governed,
  nowMs: number,
  crypto: CryptoPort,
): PaperResult<Kind, T> {
  try {
    return open(form, envelope, governed, nowMs, crypto);
  } catch {
    // From JavaScript anything may come in the shape of a root.
    return fault(form.kind, "malformed", "what it is judged by cannot be read");
  }
}

function open<Kind extends string, T extends Scope>(
  { kind, payloadType, form, issuerOf }: PaperKind<Kind, T>,
  envelope: unknown,
  governed: Governed,
  nowMs: number,
  crypto: CryptoPort,
): PaperResult<Kind, T> {
  if (typeof envelope !== "string") return fault(kind, "malformed", "no envelope: not text");
  if (envelope.length > ENVELOPE_LENGTH_MAX) {
    return fault(kind, "malformed", `no envelope: more than ${ENVELOPE_LENGTH_MAX} characters`);
  }
  const decoded = decodeEnvelope(envelope);
  if (!decoded.ok) return fault(kind, "malformed", `no envelope: ${decoded.message}`);
  const { payload } = decoded.envelope;
  if (decoded.envelope.payloadType !== payloadType) {
    const message = `a payload of type ${decoded.envelope.payloadType}, not ${payloadType}`;
    return fault(kind, "malformed", message);
  }
  const read = decodeDocument(form, payload);
  if (!read.ok) return fault(kind, "malformed", read.message);
  const paper = read.value;
  const elsewhere = elsewhereFault(kind, paper, governed);
  if (elsewhere !== null) return elsewhere;
  const { root } = governed;
  const issuer = issuerOf(root, paper);
  if (issuer.keys.size === 0) return fault(kind, "unsigned", `the trust root names no key of ${issuer.name}`);
  const found = signersOf(decoded.envelope, issuer.keys, crypto);
  if (!found.ok) return fault(kind, "unsigned", found.message);
  if (found.signers.length === 0) return fault(kind, "unsigned", `no key of ${issuer.name} has signed`);
  const untimely = untimelyFault(kind, paper, root, nowMs);
  if (untimely !== null) return untimely;
  return { ok: true, paper, signers: found.signers, digest: digestName(crypto.sha256(payload)) };
}

function elsewhereFault<Kind extends string>(kind: Kind, paper: Scope, here: Governed) {
  if (paper.root !== here.root.name) {
    const message = `under the trust root of ${paper.root}, but here is that of ${here.root.name}`;
    return fault(kind, "wrong_root", message);
  }
  if (paper.set === here.set && paper.audience === here.audience) return null;
  const [says, is] = [paper, here].map(({ set, audience }) => `${set} for ${audience ?? "no place"}`);
  return fault(kind, "wrong_set", `about ${says}, but here is ${is}`);
}

function untimelyFault<Kind extends string>(
  kind: Kind,
  { issuedMs, expiresMs }: Scope,
  root: TrustRoot,
  nowMs: number,
) {
  if (!Number.isSafeInteger(nowMs))
    return fault(kind, "expired", "the time is no whole number of milliseconds");
  if (nowMs >= root.expiresMs)
    return fault(kind, "expired", `the trust root was good until ${timeText(root.expiresMs)}`);
  if (nowMs < issuedMs)
    return fault(kind, "not_yet_valid", `issued at ${timeText(issuedMs)}: look at the clock`);
  if (nowMs >= expiresMs)
    return fault(kind, "expired", `good until ${timeText(expiresMs)}: ask for a new one`);
  return null;
}

function fault<Kind extends string, Fault extends PaperFault>(kind: Kind, code: Fault, message: string) {
  return { ok: false, code: `${kind}.${code}`, message } as const;
}

// ---- members of papers

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** As in log entries, so that everybody who is named in a paper can be named in the log. */
const ID_BYTES_MAX = 256;

/** A UUID (RFC 9562) in lower case. */
export function uuid(value: unknown, where: string): string {
  const given = text(value, where);
  return UUID.test(given) ? given : refuse(where, "not a UUID in lower case");
}

export function party(value: unknown, where: string): Party {
  const given = members(value, where, ["id", "type"]);
  return { type: name(given.type, `${where}.type`), id: idText(given.id, `${where}.id`) };
}

/** Ids come from outside and may have any character. */
export function idText(value: unknown, where: string): string {
  const id = text(value, where);
  if (id === "" || !id.isWellFormed() || utf8(id).length > ID_BYTES_MAX) {
    refuse(where, `not 1 to ${ID_BYTES_MAX} bytes of text`);
  }
  return id;
}

export function partyJson({ type, id }: Party) {
  return { id, type };
}

/** The names of `scopeJson`, of which a paper has more. */
export const SCOPE_MEMBERS = ["audience", "expires", "issued", "root", "set"] as const;

export function scopeJson({ root, set, audience, issuedMs, expiresMs }: Scope) {
  return { audience, expires: timeText(expiresMs), issued: timeText(issuedMs), root, set };
}

/** `longestMs`: from the issue to the end. */
export function readScope(given: Members, longestMs: number): Scope {
  const issuedMs = time(given.issued, "issued");
  const expiresMs = time(given.expires, "expires");
  if (issuedMs >= expiresMs) refuse("expires", "not after `issued`");
  if (expiresMs - issuedMs > longestMs) refuse("expires", `more than ${longestMs} ms after \`issued\``);
  return {
    root: label(given.root, "root"),
    set: label(given.set, "set"),
    audience: given.audience === null ? null : label(given.audience, "audience"),
    issuedMs,
    expiresMs,
  };
}
