/** What the examples share: a governor over the policy beside this file, and the tool that it governs. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { govern } from "@polity/gateway/wrap/govern.ts";
import { openGovernor } from "@polity/governor/index.ts";
import { nodeGovernor } from "@polity/governor/node/index.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { generateKey, nodeCrypto, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

/** What a scripted model asks for, one call after the other. */
export const SCRIPT = [
  { amount: "25", to: "ACME" },
  { amount: "250", to: "ACME" },
  { amount: "900", to: "ACME" },
];

/** Runs `agent` in an execution, with a tool that is governed, and prints what the log has of it. */
export async function governed(agent) {
  const dir = mkdtempSync(join(tmpdir(), "polity-agents-"));
  const { governor, store } = await open(dir);
  try {
    const begun = await governor.begin({
      agent: { type: "Agent", id: "buyer" },
      purpose: "an example",
      ...{ parent: null, zone: null, attestation: null },
    });
    if (!begun.ok) throw new Error(begun.message);
    const { execution } = begun;
    const said = ({ verdict, reasons }) => `${verdict}: ${reasons.join("; ")}`;
    const sendMoney = govern(async ({ amount, to }) => `sent ${amount} to ${to}`, {
      action: "send_money",
      // Whatever else a model makes up is not judged, so it does not reach the function.
      input: ({ amount, to }) => ({ amount, to }),
      execution: () => execution,
      // For a model, a refusal is a sentence that it reads.
      hold: (_pending, answer) => said(answer),
      refuse: said,
    });
    await agent(sendMoney, execution, governor);
    await execution.end("succeeded");
    await store.flush();
    console.log(`${store.size} entries in the log`);
  } finally {
    await governor.close();
    await store.close();
    rmSync(dir, { recursive: true });
  }
}

async function open(dir) {
  const { value: checked } = compile({ file: "policy.pol", text: read("policy.pol") });
  const { wasm } = await buildEvaluator(checked);
  const loaded = await loadUnsigned(wasm, { facts: new TextEncoder().encode(read("facts.json")) });
  if (!loaded.ok) throw new Error(loaded.message);
  const { signer } = nodeSigner(generateKey().privatePem);
  const origin = "example.com/agents";
  const opened = await openFileLog(join(dir, "log"), { origin, signer, crypto: nodeCrypto, create: true });
  if (!opened.ok) throw opened.error;
  const { store, nextSeq } = opened;
  const log = { store, node: "example", nextSeq: nextSeq("example"), mode: "strict" };
  return { governor: await openGovernor({ host: loaded.host, log, ports: nodeGovernor }), store };
}
