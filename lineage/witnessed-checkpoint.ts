/**
 * Opens a checkpoint for whoever has a policy about logs: who signed, who cosigned, and whether that is
 * enough.
 */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import {
  type Checkpoint,
  type CheckpointRefusal,
  decodeCheckpoint,
  type OpenedCheckpoint,
  openCheckpoint,
} from "./checkpoint.ts";
import { type Cosignature, openCosignatures } from "./cosignature.ts";
import { checkQuorum, type LogPolicy, policyCosigners } from "./log-policy.ts";
import { type NoteKey, type NoteRefusal, noteKey } from "./note.ts";
import { decodeNote } from "./note-form.ts";
import { isTrustWalk, type LogKeys, type RootedRefusal, rootedKeys, whyNotRooted } from "./rooted-keys.ts";

/** Whom a reader believes. At least one of the two has to name a key of the log. */
export interface LogTrust {
  readonly keys: LogKeys;
  /** Where it lists logs, the log has to be one of them as well; null: nobody has to cosign. */
  readonly policy: LogPolicy | null;
}

export interface QuorumRefusal {
  readonly ok: false;
  readonly code: "witness.quorum";
  readonly message: string;
}

export type WitnessedCheckpoint =
  | {
      readonly ok: true;
      readonly checkpoint: Checkpoint;
      readonly signedBy: readonly NoteKey[];
      /** By witnesses of the policy; there may be others. */
      readonly cosignatures: readonly Cosignature[];
    }
  | CheckpointRefusal
  | NoteRefusal
  | RootedRefusal
  | QuorumRefusal;

/** The log's signature and the form first, then each known witness's, then the quorum. Never throws. */
export function openWitnessed(
  note: Uint8Array | string,
  trust: LogTrust,
  crypto: CryptoPort,
): WitnessedCheckpoint {
  const decoded = decodeNote(note);
  if (!decoded.ok) return decoded;
  const { form } = decoded;
  const opened = openSigned(note, trust, crypto);
  if (!opened.ok) return opened;
  const { checkpoint, signedBy } = opened;
  if (trust.policy === null) return { ok: true, checkpoint, signedBy, cosignatures: [] };
  const cosigned = openCosignatures(form, policyCosigners(trust.policy), crypto);
  if (!cosigned.ok) return cosigned;
  const { cosignatures } = cosigned;
  const quorum = checkQuorum(
    trust.policy,
    cosignatures.map(({ key }) => key),
  );
  return quorum.ok ? { ok: true, checkpoint, signedBy, cosignatures } : quorum;
}

/** As `openWitnessed`, without a look at witnesses. Never throws. */
export function openSigned(
  note: Uint8Array | string,
  { keys, policy }: LogTrust,
  crypto: CryptoPort,
): OpenedCheckpoint | RootedRefusal {
  const decoded = decodeNote(note);
  if (!decoded.ok) return decoded;
  const { form } = decoded;
  const listed = policy === null ? [] : policy.logs.map(({ key }) => key);
  if (!isTrustWalk(keys)) return openCheckpoint(note, trustedKeys(form.text, keys, listed, crypto), crypto);
  // Which keys count depends on what the checkpoint says, and they have to have signed just that.
  const claimed = decodeCheckpoint(form.text);
  if (!claimed.ok) return claimed;
  const rooted = rootedKeys(keys, claimed.checkpoint, crypto);
  if ("code" in rooted) return rooted;
  const opened = openCheckpoint(note, listedOf(rooted, listed), crypto);
  if (opened.ok || opened.code !== "note.unknown_keys") return opened;
  return whyNotRooted(keys, form, claimed.checkpoint, crypto) ?? opened;
}

/** A hint depends on the name, and of a bare key the name is whatever the checkpoint says it is. */
function trustedKeys(
  text: string,
  keys: Exclude<LogKeys, TrustWalk>,
  listed: readonly NoteKey[],
  { sha256 }: CryptoPort,
): readonly NoteKey[] {
  const origin = text.slice(0, text.indexOf("\n"));
  if (keys.length === 0) return listed;
  const named = keys.flatMap((key) => {
    if ("hint" in key) return [key];
    const made = noteKey(origin, key, sha256);
    return made.ok ? [made.key] : [];
  });
  return listedOf(named, listed);
}

/** A policy that lists logs allows only these. */
function listedOf(keys: readonly NoteKey[], listed: readonly NoteKey[]): readonly NoteKey[] {
  if (listed.length === 0) return keys;
  return keys.filter(({ name, publicKey }) =>
    listed.some((key) => key.name === name && key.publicKey.id === publicKey.id),
  );
}
