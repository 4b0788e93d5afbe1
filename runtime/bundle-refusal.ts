/** Why a bundle was refused: checks in a fixed order, so that every host refuses it for the same reason. */
import type { EpochCode } from "./epoch.ts";
import type { EntityName } from "./facts-refusal.ts";
import type { FreshnessCode } from "./freshness.ts";
import type { SetLoadRefusal } from "./set-host.ts";

/** In the order in which they are made; those of epoch and freshness come before `bundle.missing`. */
export const BUNDLE_CHECKS = [
  "trust.invalid",
  "trust.expired",
  "bundle.malformed",
  "bundle.too_large",
  "bundle.path",
  "bundle.unsigned",
  "envelope.too_large",
  "envelope.malformed",
  "envelope.payload_type",
  "envelope.wrong_key",
  "envelope.bad_signature",
  "envelope.threshold",
  "bundle.manifest",
  "bundle.wrong_name",
  "bundle.not_granted",
  "bundle.wrong_audience",
  "bundle.not_yet_valid",
  "bundle.expired",
  "bundle.missing",
  "bundle.extra",
  "bundle.altered",
  "bundle.member",
  "bundle.sources",
  "bundle.facts_unsigned",
  "bundle.facts_statement",
  "bundle.facts_not_yet_valid",
  "bundle.facts_expired",
  "bundle.facts_malformed",
  "bundle.facts_not_granted",
] as const;

/** Codes that a bundle can be refused with before it is loaded as a set. */
export type BundleCheckCode = (typeof BUNDLE_CHECKS)[number];

export interface BundleProblem<Code extends string = BundleCheckCode> {
  readonly ok: false;
  readonly code: Code;
  readonly message: string;
  /** The file of the bundle that it is about; null where it is about the whole. */
  readonly path: string | null;
}

export function problem<Code extends string>(
  code: Code,
  message: string,
  path: string | null = null,
): BundleProblem<Code> {
  return { ok: false, code, message, path };
}

/** Of everything that can keep a bundle from deciding. */
export type BundleCode =
  | BundleCheckCode
  | EpochCode
  | FreshnessCode
  | SetLoadRefusal["code"]
  /** Something was to be replaced that is not a whole bundle. */
  | "bundle.delta"
  /** An older version, which nobody signed as a rollback. */
  | "bundle.unsaid_rollback"
  /** The floor could not be read or written, so that nothing was activated. */
  | "bundle.not_kept";

export interface BundleRefusal {
  readonly ok: false;
  readonly code: BundleCode;
  readonly message: string;
  /** The file of the bundle that it is about; null where it is about the whole. */
  readonly path: string | null;
  /** Whose evaluator or part of the facts was refused; null where it is about the set. */
  readonly member: string | null;
  /** The entity at which facts were refused. */
  readonly entity: EntityName | null;
}

export function refusal(
  { code, message, path = null }: { code: BundleCode; message: string; path?: string | null },
  { member, entity }: Pick<BundleRefusal, "member" | "entity"> = { member: null, entity: null },
): BundleRefusal {
  return { ok: false, code, message, path, member, entity };
}
