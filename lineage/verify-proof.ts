/** Checks a proof file against a record and trusted keys, with nothing else at hand. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { digestName, equalBytes } from "@polity/runtime/hash.ts";
import type { CheckpointRefusal } from "./checkpoint.ts";
import type { Cosignature } from "./cosignature.ts";
import type { LogPolicy } from "./log-policy.ts";
import type { NoteRefusal } from "./note.ts";
import type { LogKeys, RootedRefusal } from "./rooted-keys.ts";
import { decodeTlogProof, type ProofFileRefusal } from "./tlog-proof.ts";
import { leafHash } from "./tree.ts";
import { inclusionRoot } from "./tree-proof.ts";
import { openWitnessed, type QuorumRefusal } from "./witnessed-checkpoint.ts";

export interface ProofRefusal {
  readonly ok: false;
  readonly code: "proof.not_included";
  readonly message: string;
}

export type ProofResult =
  | {
      readonly ok: true;
      /** The log's name. */
      readonly origin: string;
      /** Of the record, from 0. */
      readonly index: number;
      /** Entries that the log had when it signed. */
      readonly size: number;
      /** `sha256:` and 64 hex digits: the record's leaf hash. */
      readonly leafHash: string;
      /** By witnesses of the policy; empty where there is none. */
      readonly cosignatures: readonly Cosignature[];
    }
  | ProofRefusal
  | ProofFileRefusal
  | NoteRefusal
  | RootedRefusal
  | CheckpointRefusal
  | QuorumRefusal;

/**
 * Whether `record`, these very bytes, is the entry of which a log that owns one of `keys` says so. Bare
 * public keys stand for any origin: then the answer's `origin` is what the holder of the key called its log.
 * A trust root (`walkRoots`) has the keys of each log, and `log.…` says which of them does not count.
 * Under a policy, as many witnesses must have cosigned as it wants (`witness.quorum`), and where it lists
 * logs, theirs are the keys: `keys` may then be empty. The file's extra data are not looked at. Never throws.
 */
export function verifyProof(
  proof: Uint8Array | string,
  record: Uint8Array,
  keys: LogKeys,
  crypto: CryptoPort,
  policy: LogPolicy | null = null,
): ProofResult {
  const file = decodeTlogProof(proof);
  if (!file.ok) return file;
  const opened = openWitnessed(file.proof.checkpoint, { keys, policy }, crypto);
  if (!opened.ok) return opened;
  const { cosignatures } = opened;
  const { origin, size, root } = opened.checkpoint;
  const { index, hashes } = file.proof;
  const leaf = leafHash(record, crypto.sha256);
  const reached = inclusionRoot({ index, size, leaf, proof: hashes }, crypto.sha256);
  if (reached === null) {
    return notIncluded(
      `entry ${index} of ${size} in ${origin} cannot have a proof of ${hashes.length} hashes`,
    );
  }
  if (equalBytes(reached, root)) {
    return { ok: true, origin, index, size, leafHash: digestName(leaf), cosignatures };
  }
  return notIncluded(
    `the record is not entry ${index} of ${size} in ${origin}: its leaf hash ${digestName(leaf)} ` +
      `leads to the root ${digestName(reached)}, but the log signed ${digestName(root)}`,
  );
}

function notIncluded(message: string): ProofRefusal {
  return { ok: false, code: "proof.not_included", message };
}
