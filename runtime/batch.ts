/**
 * One evaluator out of a module that holds several, for tests that try thousands: its functions end in a
 * suffix and it has no file, no sum and no spare. A service calls `load`.
 */
import { buildFacts } from "./facts.ts";
import { sha256 } from "./hash.ts";
import type { Header } from "./header.ts";
import { ask, openInstance } from "./instance.ts";
import type { Manifest } from "./manifest.ts";
import { makeProgram } from "./program.ts";
import { canonicalRequest, type RequestResult } from "./request.ts";
import { type Decision, denied } from "./result.ts";

export interface BatchHost {
  readonly decide: (action: string, fields: unknown, header: Header) => Decision;
  readonly request: (action: string, fields: unknown) => RequestResult;
}

export type BatchResult =
  | { readonly ok: true; readonly host: BatchHost }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * Loads facts, as `load` takes them or as a value of JSON, into a fresh instance. `exports` are those of the
 * instance; program `_3` is called through `pol_decide_3`. An instance takes facts once.
 */
export function hostFromInstance(
  exports: WebAssembly.Exports,
  manifest: Manifest,
  suffix: string,
  facts: unknown,
): BatchResult {
  const program = makeProgram(manifest);
  const built = buildFacts(program.facts, facts, sha256);
  if (!built.ok) return { ok: false, code: built.refusal.code, message: built.refusal.message };
  const block = { block: built.block, tag: built.digest.slice(0, 8) };
  const instance = openInstance(exports, program, block, sha256, suffix);
  if ("failed" in instance) {
    const code = instance.failed === "facts" ? "facts.invalid" : `load.${instance.failed}`;
    return { ok: false, code, message: instance.message };
  }
  return {
    ok: true,
    host: {
      decide: (action, fields, header) => ask(instance, action, fields, header) ?? denied("host.trap"),
      request(action, fields) {
        const plan = program.actions.get(action);
        if (plan === undefined) return { ok: false, code: "input.unknown_action", path: "" };
        return canonicalRequest(plan, fields, sha256);
      },
    },
  };
}
