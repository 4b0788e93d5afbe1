/** The evaluators that the fuzzer compares, behind one shape. */
import type { Outcome } from "@polity/runtime/decision.ts";
import type { Checked } from "../../../compiler/checked.ts";
import { loadFacts } from "../../../compiler/interpret/facts.ts";
import { interpret } from "../../../compiler/interpret/interpret.ts";
import { type GeneratedRequest, OWN_DIGEST } from "./requests.ts";

/** One program, ready for facts. */
export interface Engine {
  readonly load: (facts: unknown) => LoadedEngine | { readonly refused: string };
}

export interface LoadedEngine {
  /** Of a request whose approvals may say `OWN_DIGEST`: they are for this request. */
  readonly decide: (request: GeneratedRequest) => Outcome;
}

/** The reference interpreter. */
export function referenceEngine(checked: Checked): Engine {
  return {
    load: (facts) => {
      const loaded = loadFacts(checked, facts);
      if (!loaded.ok) return { refused: loaded.refusal.code };
      return { decide: (request) => interpret(checked, loaded.facts, { ...request, digest: OWN_DIGEST }) };
    },
  };
}
