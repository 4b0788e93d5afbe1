import { AGENT_GOVERNANCE } from "./agent-governance.ts";
import { CASBIN } from "./casbin.ts";
import { CASL } from "./casl.ts";
import { CEDAR_WASM, CEDAR_WASM_SCHEMA } from "./cedar-wasm.ts";
import { BUFBUILD_CEL, CEL_JS } from "./cel.ts";
import type { Engine } from "./engine.ts";
import { JSON_LOGIC } from "./json-logic.ts";
import { OPA_WASM, OPA_WASM_BYTES } from "./opa-wasm.ts";

/** In the order of the columns. */
export const ENGINES: readonly Engine[] = [
  CASL,
  CEL_JS,
  BUFBUILD_CEL,
  CASBIN,
  JSON_LOGIC,
  OPA_WASM,
  OPA_WASM_BYTES,
  CEDAR_WASM,
  CEDAR_WASM_SCHEMA,
  AGENT_GOVERNANCE,
];
