/** What a reader knows of a log from before, and whether what it shows now goes on from there. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { equalBytes } from "@polity/runtime/hash.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { encodeFork, type Fork } from "./fork.ts";
import { verifyConsistency } from "./tree-proof.ts";
import { decodeWitnessRequest } from "./witness-request.ts";

export interface SeenHead {
  readonly checkpoint: Checkpoint;
  /** The signed note. */
  readonly note: string;
}

export type History =
  /** Nothing is known of this log, or the same checkpoint is. */
  | { readonly kind: "first" | "same" }
  /** The larger of the two begins with the smaller one; `keep` is the one to remember. */
  | { readonly kind: "continues"; readonly keep: SeenHead }
  /** A proof from the smaller size to the larger one is wanted. */
  | { readonly kind: "unproven"; readonly from: number; readonly to: number; readonly problem: string | null }
  /** Both are signed, and no log can have both. */
  | { readonly kind: "forked"; readonly fork: Fork; readonly evidence: string };

/**
 * Compares what is kept of a log with what it shows now; both notes were checked. `proof` is a body as
 * witnesses take it (C2SP tlog-witness, add-checkpoint), as `pol log consistency -o` writes it. Never throws.
 */
export function compareKept(
  kept: SeenHead | null,
  now: SeenHead,
  proof: Uint8Array | null,
  crypto: CryptoPort,
): History {
  if (kept === null) return { kind: "first" };
  const [earlier, later] = kept.checkpoint.size <= now.checkpoint.size ? [kept, now] : [now, kept];
  if (earlier.checkpoint.size === later.checkpoint.size) {
    if (equalBytes(earlier.checkpoint.root, later.checkpoint.root)) return { kind: "same" };
    const fork: Fork = { earlier: kept.note, later: now.note, proof: null };
    return { kind: "forked", fork, evidence: encodeFork(fork) };
  }
  if (earlier.checkpoint.size === 0) return { kind: "continues", keep: later };
  const sizes = { from: earlier.checkpoint.size, to: later.checkpoint.size };
  if (proof === null) return { kind: "unproven", ...sizes, problem: null };
  const problem = proofProblem(earlier.checkpoint, later.checkpoint, proof, crypto);
  return problem === null ? { kind: "continues", keep: later } : { kind: "unproven", ...sizes, problem };
}

function proofProblem(
  earlier: Checkpoint,
  later: Checkpoint,
  body: Uint8Array,
  { sha256 }: CryptoPort,
): string | null {
  const decoded = decodeWitnessRequest(body);
  if (!decoded.ok) return `${decoded.code}: ${decoded.message}`;
  const { oldSize, proof, checkpoint } = decoded.request;
  if (oldSize !== earlier.size) return `the proof begins at ${oldSize} entries, not at ${earlier.size}`;
  const size = Number(checkpoint.split("\n", 2)[1]);
  if (size !== later.size) return `the proof leads to ${size} entries, not to ${later.size}`;
  const claim = { from: earlier.size, to: later.size, fromRoot: earlier.root, toRoot: later.root, proof };
  if (verifyConsistency(claim, sha256)) return null;
  return `the proof does not show that the ${later.size} entries begin with the ${earlier.size}`;
}
