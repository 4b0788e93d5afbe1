/** Why something was not loaded: numbered checks, so that each host refuses a bad file for one reason. */
import type { EntityName, FactsCode } from "./facts-refusal.ts";
import { SIGNATURE_CHECKS, type SignatureCode } from "./signed-evaluator.ts";

const MODULE_CHECKS = [
  "load.not_wasm",
  "load.simd",
  "load.sum",
  "load.manifest",
  "envelope.mismatch",
  "load.abi",
  "load.language",
  "load.imports",
  "load.exports",
  "load.memory",
  "load.layout",
  "load.start",
  "load.obligation",
  "load.trap",
] as const;

/** In the order in which they are made; a check's number is its place, from 1. Facts come last. */
export const LOAD_CHECKS = ["load.too_large", "load.digest", ...SIGNATURE_CHECKS, ...MODULE_CHECKS] as const;

export type LoadCode = "load.too_large" | "load.digest" | SignatureCode | (typeof MODULE_CHECKS)[number];

export interface LoadRefusal {
  readonly ok: false;
  /** Which check failed, from 1. */
  readonly check: number;
  readonly code: LoadCode | FactsCode;
  readonly message: string;
  /** The entity at which facts were refused. */
  readonly entity: EntityName | null;
}

export function refuse(
  code: LoadCode | FactsCode,
  message: string,
  entity: EntityName | null = null,
): LoadRefusal {
  const place = (LOAD_CHECKS as readonly string[]).indexOf(code);
  return { ok: false, check: place < 0 ? LOAD_CHECKS.length + 1 : place + 1, code, message, entity };
}

/** What a `sha256` of the caller's threw, an accessor, or an engine that has no more memory. */
export function refuseThrown(error: unknown): LoadRefusal {
  return refuse("load.trap", `something threw while loading: ${messageOf(error)}`);
}

/** What was thrown may itself throw when it is looked at. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : "no error";
  } catch {
    return "an error that cannot be read";
  }
}
