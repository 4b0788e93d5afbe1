/** Runs in Node: keeps a log in a folder, proves one entry of it, and leaves the proof beside itself. */
import { writeFile } from "node:fs/promises";
import { commitRequest, decisionEntry, type Entry, encodeTlogProof, type Opening } from "@polity/lineage";
import {
  generateKey,
  nodeCrypto,
  nodeRandomBytes,
  nodeSigner,
  nodeUuid,
  openFileLog,
  verifyLog,
} from "@polity/lineage/node";

const COUNT = 5;
const NOW = Date.parse("2026-11-03T10:00:00Z");

function decided(seq: number): { readonly entry: Entry; readonly opening: Opening } {
  const json = `{"amount":"${seq}","memo":"secret"}`;
  const committed = commitRequest(json, ["/memo"], nodeRandomBytes);
  if (!committed.ok) throw new Error(committed.message);
  const digest = `sha256:${"0".repeat(64)}`;
  const header = {
    ...{ now: NOW, policyFrom: NOW, policyUntil: NOW + 1, factsUntil: NOW + 1, trust: 800, approvals: [] },
    containment: { state: "free", readAt: NOW },
  } as const;
  const entry = decisionEntry({
    identity: { id: nodeUuid(), at: NOW, node: "n", seq, execution: null, parents: [], trace: null },
    requestId: null,
    decision: { verdict: "deny", code: "no_rule", granted: false, rules: [], errors: [], obligations: [] },
    policy: null,
    facts: null,
    action: "transfer",
    request: { digest, commitment: committed.commitment },
    header,
  });
  return { entry, opening: committed.opening };
}

const { privatePem, publicPem, publicKey } = generateKey();
const made = nodeSigner(privatePem);
if (!made.ok) throw new Error(made.message);
const [folder = ""] = process.argv.slice(2);
const options = { origin: "example.com/users", signer: made.signer, crypto: nodeCrypto, create: true };
const opened = await openFileLog(folder, options);
if (!opened.ok) throw opened.error;
const { store } = opened;
for (let seq = 0; seq < COUNT; seq += 1) {
  const { entry, opening } = decided(seq);
  await store.append(entry, opening);
}
const checkpoint = await store.checkpoint();
const hashes = await store.inclusionProof(2, COUNT);
await writeFile("entry.tlog-proof", encodeTlogProof({ index: 2, hashes, checkpoint, extra: null }));
await writeFile("entry.json", (await store.entry(2)) ?? "");
await writeFile("log.pub.pem", publicPem);
await store.close();

const verified = await verifyLog(folder, publicKey, nodeCrypto);
if (!verified.ok) throw verified.error;
console.log(verified.origin, verified.size, [...verified.kinds], [...verified.verdicts], verified.openings);
