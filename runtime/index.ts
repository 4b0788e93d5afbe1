/** What a service embeds: `load` an evaluator, `decide`, and act on `verdict === "allow"` alone. */
export type { InputCode } from "./canonical-fields.ts";
export type { Code, Containment, ErrorKind, Outcome, Reason, ReasonValue, Verdict } from "./decision.ts";
export type { EntityName, FactsCode, FactsRefusal } from "./facts-refusal.ts";
export type { Sha256 } from "./hash.ts";
export type { ApprovalInput, Header } from "./header.ts";
export { type Host, type LoadOptions, type LoadResult, load, type Replacement } from "./host.ts";
export { canonicalJson, parseJson } from "./json.ts";
export type { LoadCode, LoadRefusal } from "./load.ts";
export type { Manifest } from "./manifest.ts";
export { decodeManifest, encodeManifest } from "./manifest-codec.ts";
export { renderReason } from "./render.ts";
export type { RequestResult } from "./request.ts";
export { type Decision, outcomeOf } from "./result.ts";
