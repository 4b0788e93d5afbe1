/** The published values of test/vectors/lineage/, each with its source in the file. */
import { readFileSync } from "node:fs";

interface Named {
  readonly name: string;
}

/** Hex throughout; `leaf` counts from 1. */
export const merkleTree = read<{
  readonly emptyRoot: string;
  readonly someHash: string;
  readonly leaves: readonly string[];
  readonly roots: readonly string[];
  readonly inclusionProofs: readonly { leaf: number; size: number; proof: readonly string[] }[];
  readonly consistencyProofs: readonly { size1: number; size2: number; proof: readonly string[] }[];
}>("merkle-tree");

interface NoteCase extends Named {
  readonly keys: readonly string[];
  readonly note: string;
  readonly expect:
    | { readonly signedBy: readonly string[]; readonly unknown: number }
    | { readonly code: string };
}

export const signedNotes = read<{
  /** The seed in base64, as Go publishes it for tests. */
  readonly signing: Named & { readonly seed: string; readonly text: string; readonly expect: string };
  readonly cases: readonly NoteCase[];
}>("signed-notes");

export const vkeys = read<{
  readonly accepted: readonly (Named & { readonly vkey: string; readonly hint: string })[];
  readonly refused: readonly { readonly vkey: string; readonly expect: string }[];
}>("vkeys");

interface CheckpointCase extends Named {
  readonly text: string;
  readonly expect: { readonly origin: string; readonly size: number } | string;
}

export const checkpoints = read<{
  readonly texts: readonly CheckpointCase[];
  readonly signed: {
    readonly origin: string;
    readonly spki: string;
    readonly logId: string;
    readonly notes: readonly { size: number; root: string; note: string }[];
  };
}>("checkpoints");

interface ProofParts {
  readonly index: number;
  readonly hashes: readonly string[];
  readonly checkpoint: string;
  readonly extra: string | null;
}

export const proofFiles = read<{
  readonly accepted: readonly (Named & { readonly file: string; readonly expect: ProofParts })[];
  readonly refused: readonly (Named & { readonly file: string; readonly expect: string })[];
}>("proof-files");

export const rekorEntry = read<{
  readonly spki: string;
  readonly record: string;
  readonly proof: string;
  readonly expect: { readonly origin: string; readonly index: number; readonly size: number };
}>("rekor-entry");

function read<Values>(name: string): Values {
  return JSON.parse(readFileSync(new URL(`../vectors/lineage/${name}.json`, import.meta.url), "utf8"));
}
