import type { Access, Ask } from "../access.ts";
import { load } from "./load.ts";
import { buildRego } from "./opa-build.ts";

interface OpaWasm {
  readonly loadPolicy: (wasm: Uint8Array) => Promise<{
    readonly evaluate: (input: Access) => readonly { readonly result: unknown }[];
  }>;
}

const REGO = `
package app
import rego.v1

default allow := false

allow if input.role in {"admin", "owner"}

allow if {
	input.owner == input.user
	input.verb in {"read", "write"}
	not input.locked
}
`;

/** Compiled to WebAssembly by `opa build`, loaded once. */
export async function open(): Promise<Ask> {
  const { loadPolicy } = await load<OpaWasm>("@open-policy-agent/opa-wasm");
  const policy = await loadPolicy(buildRego(REGO));
  return (request) => policy.evaluate(request)[0]?.result === true;
}
