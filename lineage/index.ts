/** What a reader of a log needs, in a browser too: proofs, checkpoints, entries, and openings of requests. */
export { type CryptoPort, portableCrypto } from "@polity/runtime/crypto-port.ts";
export {
  type Checkpoint,
  type CheckpointCode,
  type CheckpointResult,
  decodeCheckpoint,
  isOrigin,
  type OpenedCheckpoint,
  openCheckpoint,
} from "./checkpoint.ts";
export {
  type CommitResult,
  checkOpening,
  commitRequest,
  type DecodedOpening,
  decodeOpening,
  encodeOpening,
  eraseFields,
  type Opening,
  type OpeningResult,
  type RequestCommitment,
} from "./commitment.ts";
export {
  type Cosignature,
  type Cosigner,
  type CosignerKey,
  type CosignerKeyResult,
  cosignerKey,
  decodeCosignerVkey,
  encodeCosignerVkey,
  openCosignatures,
} from "./cosignature.ts";
export { type Decided, decisionEntry, type EntryIdentity, type Judged } from "./decision-entry.ts";
export type {
  ApprovalEntry,
  ContainmentEntry,
  DecisionEntry,
  Entry,
  EntryKind,
  EpochEntry,
  EventEntry,
  ExecutionEntry,
  GapEntry,
  HeartbeatEntry,
  KeyEntry,
  OutcomeEntry,
  Parent,
  RedactionEntry,
  Trace,
  TrustEntry,
} from "./entry.ts";
export {
  type DecodedEntry,
  decodeEntry,
  type EncodedEntry,
  type EntryRefusal,
  encodeEntry,
} from "./entry-codec.ts";
export {
  type Comparison,
  compareCheckpoints,
  decodeFork,
  encodeFork,
  type Fork,
  type ForkFileResult,
  type ForkProof,
  type ForkResult,
  verifyFork,
} from "./fork.ts";
export {
  decodeLogPolicy,
  encodeLogPolicy,
  type LogPolicy,
  type LogPolicyResult,
  meetsQuorum,
  type PolicyGroup,
  type PolicyLog,
  type PolicyWitness,
} from "./log-policy.ts";
export {
  decodeVkey,
  encodeVkey,
  type NoteCode,
  type NoteKey,
  type NoteKeyResult,
  type NoteResult,
  noteKey,
  openNote,
} from "./note.ts";
export {
  type Continuity,
  compareHeads,
  type OpenTilesOptions,
  type OpenTilesResult,
  openHead,
  openTiles,
  type SignedHead,
  type TileLog,
} from "./open-tiles.ts";
export {
  type Asking,
  type OutcomeOf,
  type RecordedDecision,
  type RecordedHost,
  type RecordedHostOptions,
  type RecordedPermission,
  recordHost,
} from "./recorded-host.ts";
export {
  type Answered,
  type EntryBody,
  type Links,
  type LogReceipt,
  openRecorder,
  type Recorder,
  type RecorderOptions,
  type RecordingPorts,
  type RecordingStore,
  type Written,
} from "./recorder.ts";
export type { LogKeys, RootedCode, RootedRefusal } from "./rooted-keys.ts";
export { type Haste, type LogCode, LogError, type LogPlace, type LogStore, type Receipt } from "./store.ts";
export type { TileSource } from "./tile-source.ts";
export type { Bundle, TileTree } from "./tile-tree.ts";
export { decodeTlogProof, encodeTlogProof, type ProofFileResult, type TlogProof } from "./tlog-proof.ts";
export {
  type ConsistencyClaim,
  type InclusionClaim,
  verifyConsistency,
  verifyInclusion,
} from "./tree-proof.ts";
export { type ProofResult, verifyProof } from "./verify-proof.ts";
export {
  type WitnessAdvance,
  type WitnessCode,
  type Witnessed,
  type WitnessRefusal,
  type WitnessView,
  witnessStep,
} from "./witness.ts";
export {
  decodeWitnessRequest,
  encodeWitnessRequest,
  type WitnessRequest,
  type WitnessRequestResult,
} from "./witness-request.ts";
export {
  type LogTrust,
  openWitnessed,
  type WitnessedCheckpoint,
} from "./witnessed-checkpoint.ts";
export type { Cosigned, WitnessedLog, Witnesses, WitnessProblem } from "./witnesses.ts";
