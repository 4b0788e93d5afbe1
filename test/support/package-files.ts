/** What the programs under test/packages find beside themselves. */
import { copyFileSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKey, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { signEvaluator } from "@polity/runtime/signed-evaluator.ts";
import { BROWSER_SOURCE, browserCases } from "../browser/cases.ts";
import { shownCommands } from "./console-blocks.ts";
import { openSource } from "./frame-vectors.ts";
import { read, runWell } from "./package-user.ts";
import { ROOT } from "./repository.ts";

/** What README.md makes before its program, with the commands that it shows for that. */
export function makePaymentsFiles(folder: string): void {
  cpSync(join(ROOT, "examples"), join(folder, "examples"), { recursive: true });
  copyFileSync(join(ROOT, "examples", "payments", "facts.json"), join(folder, "facts.json"));
  const pol = join(ROOT, "cli", "bin", "pol.js");
  for (const { command } of shownCommands(read(ROOT, "README.md"))) {
    const args = /^npm exec -- pol ((?:build|keygen|sign) .*)$/.exec(command)?.[1];
    if (args !== undefined) runWell(process.execPath, folder, pol, ...args.split(" "));
  }
}

/** A signed evaluator with its facts, and 200 requests to it. */
export async function makeDecideFiles(folder: string): Promise<void> {
  const { wasm, manifest, host } = await openSource(BROWSER_SOURCE);
  const { privatePem, publicPem } = generateKey();
  const made = nodeSigner(privatePem);
  if (!made.ok) throw new Error(made.message);
  const { policy, abi, sources } = manifest;
  const validity = { validFromMs: 0, validUntilMs: Date.parse("2100-01-01T00:00:00Z") };
  const statement = { ...policy, digest: host.evaluator, abi, sources, audience: "packages", ...validity };
  writeFileSync(join(folder, "evaluator.wasm"), wasm);
  writeFileSync(join(folder, "evaluator.dsse.json"), await signEvaluator(statement, [made.signer]));
  writeFileSync(join(folder, "key.pub.pem"), publicPem);
  writeFileSync(join(folder, "facts.json"), BROWSER_SOURCE.facts);
  writeFileSync(join(folder, "cases.json"), JSON.stringify(browserCases()));
}
