/** What a writer of a log asks of its witnesses; `lineage/node/witnesses.ts` asks them over HTTP. */
import type { CosignerKey } from "./cosignature.ts";
import type { NoteKey } from "./note.ts";

/** The log as its writer knows it, for proofs to witnesses that are behind. */
export interface WitnessedLog {
  /** Its name is the log's origin. */
  readonly key: NoteKey;
  /** Entries that can be proven. */
  readonly size: number;
  /** Of the first `size` entries. */
  readonly root: (size: number) => Promise<Uint8Array>;
  readonly consistencyProof: (from: number, to: number) => Promise<readonly Uint8Array[]>;
}

/** Why one witness did not cosign; the others may have. */
export interface WitnessProblem {
  /** As the policy calls it. */
  readonly witness: string;
  readonly code: "witness.unreachable" | "witness.refused" | "witness.bad_answer";
  readonly message: string;
}

export interface Cosigned {
  /** The note that was given, with a line more for each witness that cosigned. */
  readonly note: string;
  readonly cosignedBy: readonly CosignerKey[];
  readonly problems: readonly WitnessProblem[];
  /** Whether those who cosigned are as many as the policy wants. */
  readonly isQuorum: boolean;
}

export interface Witnesses {
  /**
   * Before a writer signs anything: rejects with a `LogError`, `witness.ahead` where a witness has cosigned
   * more than the log has, `witness.fork` where it has cosigned something else. A witness that cannot be
   * asked is a problem, not a refusal.
   */
  readonly expectNotAhead: (log: WitnessedLog) => Promise<readonly WitnessProblem[]>;
  /** Once a checkpoint is in the log's anchor. Rejects as `expectNotAhead` does. */
  readonly cosign: (note: string, log: WitnessedLog) => Promise<Cosigned>;
}
