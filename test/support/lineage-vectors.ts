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

export const cosignatures = read<{
  readonly log: string;
  readonly witnesses: Readonly<Record<string, string>>;
  readonly vkeys: readonly (Named & { readonly vkey: string })[];
  readonly cases: readonly (Named & {
    readonly note: string;
    readonly keys: readonly string[];
    /** Names and times in seconds, or a code. */
    readonly expect: readonly (readonly [string, number])[] | string;
  })[];
  readonly quorums: readonly { readonly policy: string; readonly expect: boolean }[];
}>("cosignatures");

export const policies = read<{
  readonly accepted: readonly (Named & {
    readonly policy: string;
    readonly expect: {
      readonly logs: readonly string[];
      readonly witnesses: readonly (readonly [string, string, string | null])[];
      readonly groups: readonly (readonly [string, number, readonly string[]])[];
      readonly quorum: string | null;
    };
  })[];
  /** `expect` is a part of the message. */
  readonly refused: readonly (Named & { readonly policy: string; readonly expect: string })[];
}>("policies");

export const witnessRequests = read<{
  readonly log: string;
  readonly example: {
    readonly body: string;
    readonly expect: { readonly oldSize: number; readonly hashes: number };
  };
  readonly cases: readonly (Named & {
    /** The size that the witness has cosigned; 0: nothing. */
    readonly seen: 0 | 1 | 3 | 5;
    readonly body: string;
    readonly expect: { readonly size?: number; readonly status?: number; readonly code?: string };
  })[];
  /** By size, in base64. */
  readonly roots: Readonly<Record<string, string>>;
}>("witness-requests");

function read<Values>(name: string): Values {
  return JSON.parse(readFileSync(new URL(`../vectors/lineage/${name}.json`, import.meta.url), "utf8"));
}
