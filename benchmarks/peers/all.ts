/** The engines beside which Polity is measured, each with the rule of access.ts in its own best form. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Ask } from "../access.ts";
import { openFlat, openPolicy } from "./agent-governance.ts";
import { open as openBufbuild } from "./bufbuild-cel.ts";
import { open as openCasbin } from "./casbin.ts";
import { open as openCasl } from "./casl.ts";
import { open as openCedar } from "./cedar-wasm.ts";
import { open as openCelJs } from "./cel-js.ts";
import { open as openJsonLogic } from "./json-logic.ts";
import { hasOpa } from "./opa-build.ts";
import { open as openOpa } from "./opa-wasm.ts";

export interface Peer {
  /** What `--only` takes. */
  readonly name: string;
  readonly package: string;
  readonly form: string;
  readonly open: () => Promise<Ask>;
  /** Why it cannot run on this machine. */
  readonly missing?: () => string | null;
}

export const PEERS: readonly Peer[] = [
  { name: "cel-js", package: "@marcbachmann/cel-js", form: "parsed once, typed", open: openCelJs },
  { name: "casl", package: "@casl/ability", form: "ability kept per user", open: openCasl },
  { name: "bufbuild-cel", package: "@bufbuild/cel", form: "planned once", open: openBufbuild },
  { name: "json-logic", package: "json-logic-js", form: "rule as data", open: openJsonLogic },
  { name: "casbin", package: "casbin", form: "one matcher, synchronous", open: openCasbin },
  {
    name: "agent-governance-flat",
    package: "@microsoft/agent-governance-sdk",
    form: "evaluate, 4 flat rules",
    open: openFlat,
  },
  {
    name: "agent-governance-policy",
    package: "@microsoft/agent-governance-sdk",
    form: "evaluatePolicy, 2 conditions",
    open: openPolicy,
  },
  {
    name: "opa-wasm",
    package: "@open-policy-agent/opa-wasm",
    form: "compiled by opa build",
    open: openOpa,
    missing: () => (hasOpa() ? null : "the package with the opa program is for linux-x64 only"),
  },
  {
    name: "cedar-wasm",
    package: "@cedar-policy/cedar-wasm",
    form: "pre-parsed, stateful",
    open: openCedar,
  },
];

/** As installed. */
export function versionOf({ package: name }: Peer): string {
  const manifest = readFileSync(join(import.meta.dirname, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
