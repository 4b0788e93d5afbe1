import { load } from "../peers/load.ts";
import { buildRego } from "../peers/opa-build.ts";
import { type Ask, type Engine, type Policy, prefixed, yesOrNo } from "./engine.ts";

interface OpaWasm {
  readonly loadPolicy: (wasm: Uint8Array) => Promise<{
    readonly evaluate: (input: unknown) => readonly { readonly result: unknown }[];
  }>;
}

function regoOf({ effect, condition }: Policy): string {
  const head = "package app\nimport rego.v1\ndefault allow := false\n";
  const rule = prefixed(condition, "input.");
  return effect === "allow"
    ? `${head}allow if ${rule}\n`
    : `${head}allow if not deny\n${effect === "deny" ? "deny" : "Deny"} if ${rule}\n`;
}

async function open(policy: Policy): Promise<Ask> {
  const { loadPolicy } = await load<OpaWasm>("@open-policy-agent/opa-wasm");
  const loaded = await loadPolicy(buildRego(regoOf(policy)));
  return (request) => yesOrNo(loaded.evaluate(request)[0]?.result === true);
}

export const OPA_WASM: Engine = { name: "opa-wasm", form: "input as an object", open };

/** The other way to hand over a request: the bytes of its JSON, which the module then reads itself. */
export const OPA_WASM_BYTES: Engine = {
  name: "opa-wasm, bytes",
  form: "input as the bytes of its JSON",
  open,
  read: (text) => new TextEncoder().encode(text).buffer,
};
