/** A governor over the policy of examples/govern, with a log in a folder of its own, and who approves. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { openGovernor } from "@polity/governor/index.ts";
import { nodeGovernor } from "@polity/governor/node/index.ts";
import { approverName, signApproval } from "@polity/governor/papers/approval.ts";
import { questionOf } from "@polity/governor/steps/approvals.ts";
import { artefactFolder } from "@polity/lineage/node/artefact-folder.ts";
import { generateKey, nodeCrypto, nodeSigner, openFileLog } from "@polity/lineage/node/index.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { writePublicKey } from "@polity/runtime/index.ts";
import { printLineage } from "./lineage.js";

const read = (name) => readFileSync(new URL(`../govern/${name}`, import.meta.url), "utf8");
const ANNA = { type: "User", id: "anna" };

/** Runs `tell`, which gets the governor, and prints what the log has of it. */
export async function inOffice(tell) {
  const dir = mkdtempSync(join(tmpdir(), "polity-office-"));
  const log = nodeSigner(generateKey().privatePem).signer;
  writeFileSync(join(dir, "log.pub.pem"), writePublicKey(log.publicKey));
  try {
    const office = await openOffice(dir, log);
    await tell(office);
    await office.close();
    printLineage(dir, "log");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function openOffice(dir, signer) {
  const { value: checked } = compile({ file: "policy.pol", text: read("policy.pol") });
  const { wasm } = await buildEvaluator(checked);
  const facts = new TextEncoder().encode(read("facts.json"));
  const loaded = await loadUnsigned(wasm, { facts });
  if (!loaded.ok) throw new Error(loaded.message);
  const options = { origin: "example.com/office", signer, crypto: nodeCrypto, create: true };
  const opened = await openFileLog(join(dir, "log"), options);
  if (!opened.ok) throw opened.error;
  const { store, nextSeq } = opened;
  // What decides lies beside the log, so that everything can be decided again.
  const artefacts = artefactFolder(join(dir, "log", "artefacts"));
  for (const bytes of [wasm, facts]) await artefacts.put(bytes);
  const anna = nodeSigner(generateKey().privatePem).signer;
  const trust = { root: rootOf(anna.publicKey), set: "office", audience: null };
  const governor = await openGovernor({
    host: loaded.host,
    log: { store, node: "office-1", nextSeq: nextSeq("office-1"), mode: "strict" },
    ports: nodeGovernor,
    governed: { by: () => trust, crypto: nodeCrypto },
  });
  return {
    governor,
    begin: (id, purpose, parent = null) => begin(governor, id, purpose, parent),
    /** In a service, anna does this where her key is: `pol approvals approve`. */
    async approve(pending) {
      const scope = { root: trust.root.name, set: trust.set, audience: null, issuedMs: Date.now() };
      const answer = { ...scope, ...questionOf(pending), approver: ANNA, decision: "approved" };
      const said = await governor.approve(await signApproval(answer, [anna]));
      if (!said.ok) throw new Error(`${said.code}: ${said.message}`);
    },
    async close() {
      await governor.close();
      await store.checkpoint();
      await store.close();
    },
  };
}

export async function begin(governor, id, purpose, parent) {
  const agent = { type: "Agent", id };
  const begun = await governor.begin({ agent, purpose, parent, zone: null, attestation: null });
  if (!begun.ok) throw new Error(`${begun.code}: ${begun.message}`);
  return begun.execution;
}

/** A trust root with one key, that of the one who approves; elsewhere `pol trust init` makes it. */
function rootOf(key) {
  const keys = [key.id];
  const nobody = new Map();
  return {
    ...{ name: "example.com/office", version: 1, expiresMs: Date.now() + 86_400_000, minEpoch: 0 },
    keys: new Map([[key.id, key]]),
    root: { keys, threshold: 1 },
    policy: { keys, threshold: 1, sets: ["office"], audiences: [] },
    freshness: { keys, threshold: 1, noteMsMax: 3_600_000, continueMsMax: 0 },
    ...{ facts: nobody, settings: nobody, logs: nobody },
    issuers: {
      ...{ attestation: nobody, containment: nobody, permit: nobody, trust: nobody },
      approval: new Map([[approverName(ANNA), keys]]),
    },
  };
}

/** Takes a minute, unless it is stopped before: what an agent does that runs for long. */
export function readBooks(year, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(`the books of ${year} are in order`), 60_000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
