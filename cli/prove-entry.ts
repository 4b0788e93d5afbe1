/** What shows to anybody that a log has an entry: the entry, its proof, and what opens its request. */
import { encodeOpening } from "@polity/lineage/commitment.ts";
import { openCosignatures } from "@polity/lineage/cosignature.ts";
import { checkQuorum, type LogPolicy, policyCosigners } from "@polity/lineage/log-policy.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { decodeNote } from "@polity/lineage/note-form.ts";
import type { TileLog } from "@polity/lineage/open-tiles.ts";
import { ROOTED_ADVICE } from "@polity/lineage/rooted-keys.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { encodeTlogProof } from "@polity/lineage/tlog-proof.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { verifyInclusion } from "@polity/lineage/tree-proof.ts";
import { openSigned } from "@polity/lineage/witnessed-checkpoint.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import { checkpointOf } from "./log-folder.ts";
import type { Refusal } from "./refusal.ts";

export interface ProvenEntry {
  readonly ok: true;
  readonly proof: string;
  /** Exactly the bytes that were logged. */
  readonly record: Uint8Array;
  /** Null where it was not asked for. */
  readonly opening: string | null;
  /** Entries that the checkpoint in the proof covers. */
  readonly size: number;
}

/** What a proof needs of a log: a store has it, and so have published files. */
export type Provable = Pick<
  LogStore,
  "origin" | "size" | "head" | "entry" | "opening" | "inclusionProof" | "close"
>;

/** Requests are not among the files that a log publishes, so nothing is opened. */
export function provableTiles({ note, checkpoint, tree }: TileLog): Provable {
  return {
    origin: checkpoint.origin,
    size: checkpoint.size,
    head: async () => note,
    entry: tree.entry,
    opening: async () => null,
    inclusionProof: tree.inclusionProof,
    close: async () => {},
  };
}

/** What a proof must be good for; null: nobody asks. */
export interface ProofTerms {
  readonly policy: LogPolicy | null;
  /** Names the keys of the log. */
  readonly trust: TrustWalk | null;
}

/** Rejects with what the store objects to. */
export async function proveEntry(
  store: Provable,
  index: number,
  isOpened: boolean,
  { policy, trust }: ProofTerms,
): Promise<ProvenEntry | Refusal> {
  const note = await store.head();
  const { size, root } = note === null ? { size: 0, root: new Uint8Array() } : checkpointOf(note);
  const record = index < store.size ? await store.entry(index) : null;
  if (record === null) {
    return refusal(`there is no entry ${index}: the log has ${entriesThere(store.size)}`, null);
  }
  if (note === null || index >= size) {
    const hint = "pol log checkpoint signs for it; while pol decide runs, it does so each second";
    return refusal(`no checkpoint covers entry ${index} yet: the last one covers ${size}`, hint);
  }
  const short = policy === null ? null : quorumProblem(note, policy);
  const problem = short ?? (trust === null ? null : rootProblem(note, trust));
  if (problem !== null) return problem;
  const opened = isOpened ? await store.opening(index) : null;
  if (isOpened && opened === null) {
    return refusal(`nothing opens entry ${index}: it has no request, or its request was erased`, null);
  }
  const hashes = await store.inclusionProof(index, size);
  const leaf = leafHash(record, nodeCrypto.sha256);
  if (!verifyInclusion({ index, size, leaf, root, proof: hashes }, nodeCrypto.sha256)) {
    return refusal(`entry ${index} is not what the log signed`, "pol log verify says what was changed");
  }
  const proof = encodeTlogProof({ index, hashes, checkpoint: note, extra: null });
  return { ok: true, proof, record, opening: opened === null ? null : encodeOpening(opened), size };
}

/** A policy is also about logs; here it is about those who cosign, as the key of this log is not at hand. */
function quorumProblem(note: string, policy: LogPolicy): Refusal | null {
  const decoded = decodeNote(note);
  const cosigned = decoded.ok ? openCosignatures(decoded.form, policyCosigners(policy), nodeCrypto) : decoded;
  if (!cosigned.ok) return { ok: false, code: cosigned.code, message: cosigned.message, hint: null };
  const quorum = checkQuorum(
    policy,
    cosigned.cosignatures.map(({ key }) => key),
  );
  const hint = "pol log checkpoint --witnesses FILE asks the witnesses again";
  return quorum.ok ? null : { ...quorum, hint };
}

/** Whoever trusts this root would refuse the proof, so it is not worth writing. */
function rootProblem(note: string, trust: TrustWalk): Refusal | null {
  const signed = openSigned(note, { keys: trust, policy: null }, nodeCrypto);
  if (signed.ok) return null;
  const [, [, hint = null] = []] = ROOTED_ADVICE.find(([code]) => code === signed.code) ?? [];
  return { ok: false, code: signed.code, message: signed.message, hint };
}

/** `6, 0 to 5` */
function entriesThere(size: number): string {
  if (size === 0) return "none";
  return size === 1 ? "one, 0" : `${size}, 0 to ${size - 1}`;
}

function refusal(message: string, hint: string | null): Refusal {
  return { ok: false, code: "log.not_proven", message, hint };
}
