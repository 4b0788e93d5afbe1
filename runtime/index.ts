/** What a service embeds: `load` an evaluator, `decide`, and act on what `permissionOf` releases alone. */
export type { InputCode } from "./canonical-fields.ts";
export { type CryptoPort, portableCrypto } from "./crypto-port.ts";
export { type Decider, decideMany, type StreamRequest } from "./decide-many.ts";
export type {
  Argument,
  Code,
  Containment,
  ErrorKind,
  Obligation,
  Outcome,
  Phase,
  Reason,
  ReasonValue,
  Verdict,
} from "./decision.ts";
export type { EntityName, FactsCode, FactsRefusal } from "./facts-refusal.ts";
export type { GeneratedWriter } from "./generated-writers.ts";
export type { Sha256 } from "./hash.ts";
export { type ApprovalInput, freezeHeader, type Header } from "./header.ts";
export type { Host, LoadResult, OpenHost } from "./host.ts";
export {
  type HostObligation,
  imposedObligations,
  type Permission,
  permissionOf,
} from "./host-obligations.ts";
export {
  type HostSet,
  openSet,
  type SetMember,
  type SetRefusal,
} from "./host-set.ts";
export { canonicalJson, parseJson } from "./json.ts";
export {
  type KeyCode,
  type KeyResult,
  type PublicKey,
  publicKeyOf,
  readPublicKey,
  writePublicKey,
} from "./keys.ts";
export type { LoadCode, LoadRefusal } from "./load-refusal.ts";
export type { Manifest } from "./manifest.ts";
export { decodeManifest, encodeManifest } from "./manifest-codec.ts";
export { renderReason } from "./render.ts";
export type { BuiltFacts, FactsSource, Replacement } from "./replacement.ts";
export type { RequestResult } from "./request.ts";
export { type Decision, outcomeOf } from "./result.ts";
export { SET_CHECKS, type SetCode } from "./set-agreement.ts";
export { combine, type MemberAnswer, type SetDecision } from "./set-combine.ts";
export type { MemberModule, SetReplacement } from "./set-given.ts";
export type { LoadedMember, SetHost, SetLoadRefusal, SetLoadResult } from "./set-host.ts";
export {
  emptyHost,
  type HostOptions,
  type LoadOptions,
  load,
  loadSet,
  type SetOptions,
  type SetTrust,
  type TrustedMember,
} from "./signed.ts";
export { type SignatureCode, signEvaluator, type Trust, verifyEvaluator } from "./signed-evaluator.ts";
export type { Signer } from "./signer.ts";
export type { EvaluatorStatement } from "./statement.ts";
