/** What a proof, a record and an opening say together, for somebody who has only the key of the log. */
import { checkOpening, decodeOpening } from "@polity/lineage/commitment.ts";
import type { Cosignature } from "@polity/lineage/cosignature.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import type { LogPolicy } from "@polity/lineage/log-policy.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { logKeysFor, ROOTED_ADVICE } from "@polity/lineage/rooted-keys.ts";
import { verifyProof } from "@polity/lineage/verify-proof.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import { utf8Text } from "./read-file.ts";
import type { Refusal } from "./refusal.ts";

/** Files as they lie there. */
export interface Evidence {
  readonly proof: Uint8Array;
  readonly record: Uint8Array;
  readonly opening: Uint8Array | null;
}

export interface Proven {
  readonly ok: true;
  readonly origin: string;
  readonly index: number;
  readonly size: number;
  /** `sha256:` and 64 hex digits. */
  readonly leafHash: string;
  readonly entry: Entry;
  readonly opened: Opened | null;
  /** By witnesses of the policy. */
  readonly cosignatures: readonly Cosignature[];
}

export interface Opened {
  /** Canonical JSON. */
  readonly request: string;
  /** Pointers (RFC 6901) of what was erased. */
  readonly erased: readonly string[];
}

export interface EvidenceRefusal extends Refusal {
  /** Which of the files is refused. */
  readonly about: keyof Evidence;
}

/**
 * The first thing that is wrong, or what was logged; any log of the key's will do where `log` is null.
 * A trust root has the keys of each log; without a key, the policy has to list the log.
 */
export function checkEvidence(
  { proof, record, opening }: Evidence,
  key: PublicKey | TrustWalk | null,
  log: string | null = null,
  policy: LogPolicy | null = null,
): Proven | EvidenceRefusal {
  const proven = verifyProof(proof, record, key === null ? [] : logKeysFor(key), nodeCrypto, policy);
  if (!proven.ok) return refusal("proof", proven.code, proven.message);
  if (log !== null && log !== proven.origin) {
    return refusal("proof", "proof.other_origin", `the proof is of the log ${proven.origin}, not of ${log}`);
  }
  const decoded = decodeEntry(record);
  if (!decoded.ok) {
    const at = decoded.path === "" ? "" : `${decoded.path}: `;
    return refusal("record", decoded.code, `the log has it, but it is no entry: ${at}${decoded.message}`);
  }
  const { entry } = decoded;
  const opened = opening === null ? null : openRequest(entry, opening);
  if (opened !== null && "code" in opened) return opened;
  const { origin, index, size, leafHash, cosignatures } = proven;
  return { ok: true, origin, index, size, leafHash, entry, opened, cosignatures };
}

function openRequest(entry: Entry, bytes: Uint8Array): Opened | EvidenceRefusal {
  const commitment = entry.kind === "decision" ? entry.request : null;
  if (commitment === null) return refusal("opening", "opening.mismatch", "the entry commits to no request");
  const text = utf8Text(bytes);
  if (text === null) return refusal("opening", "opening.malformed", "not UTF-8 text");
  const decoded = decodeOpening(text);
  if (!decoded.ok) return refusal("opening", decoded.code, decoded.message);
  const checked = checkOpening(commitment, decoded.opening);
  return checked.ok
    ? { request: checked.request, erased: checked.erased }
    : refusal("opening", checked.code, checked.message);
}

const AGAIN = "take the file as pol log prove wrote it";

const HINTS: ReadonlyMap<string, string> = new Map([
  ["note.unknown_keys", "give the public key of the log that signed, or do not believe this proof"],
  ...ROOTED_ADVICE.map(([code, [, advice]]) => [code, advice] as const),
  ["note.bad_signature", "the checkpoint in the proof was changed after it was signed"],
  ["witness.quorum", "ask whoever keeps the log for a proof from a checkpoint that they have cosigned"],
  ["proof.other_origin", "ask for a proof from the log that is meant"],
  ["proof.not_included", "record and proof do not belong together, or one of them was changed"],
  ["opening.mismatch", "the opening is that of another entry, or was changed"],
]);

function refusal(about: keyof Evidence, code: string, message: string): EvidenceRefusal {
  return { ok: false, code, message, hint: HINTS.get(code) ?? AGAIN, about, place: { about } };
}
