/** Strict hosts whose log has a witness, which is a process: what is released while it is away, or ahead. */
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { decodeLogPolicy } from "@polity/lineage/log-policy.ts";
import { generateKey, nodeCrypto, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { recordHost } from "@polity/lineage/recorded-host.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { ED25519, writeVkey } from "@polity/lineage/vkey.ts";
import { httpWitnesses } from "@polity/lineage/web/witnesses.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { expect, onTestFinished, test } from "vitest";
import { compiled } from "../support/compiled.ts";
import { freshFolder, openLog, rejection, verify } from "../support/file-log.ts";
import { noteSigner } from "../support/lineage-log.ts";
import { HEADER } from "../support/paying-set.ts";
import { startWitness } from "../support/witness-process.ts";

const POLICY = `polity 1
policy test.pay version 1
action pay { amount: int 0..100 }
allow small on pay when amount <= 10
`;
const SMALL = { action: "pay", fields: { amount: 5 }, header: HEADER };

async function strictHost(store: LogStore, nextSeq: number) {
  const loaded = await loadUnsigned((await buildEvaluator(compiled(POLICY))).wasm, {});
  if (!loaded.ok) throw new Error(loaded.message);
  return recordHost(loaded.host, store, { node: "n1", nextSeq, ports: nodeRecording, mode: "strict" });
}

test("decisions are released without a witness, and none after it has seen more", async () => {
  const home = freshFolder();
  const { privatePem } = generateKey();
  writeFileSync(join(home, "w.pem"), privatePem, { mode: 0o600 });
  writeFileSync(join(home, "logs.txt"), `log ${writeVkey(noteSigner().key, ED25519)}\nquorum none\n`);
  const first = await startWitness(home);
  onTestFinished(first.kill);
  const { sha256 } = nodeCrypto;
  const policy = decodeLogPolicy(`witness w ${first.vkey} ${first.url}\nquorum w\n`, sha256);
  if (!policy.ok) throw new Error(policy.message);
  const witnesses = () => httpWitnesses(policy.policy, { crypto: nodeCrypto });
  const dir = join(home, "log");
  const store = await openLog(dir, { witnesses: witnesses() });
  const host = await strictHost(store, 0);
  expect((await host.decide(SMALL)).receipt?.index).toBe(0);
  expect(await store.checkpoint()).toContain("\n— w.example ");
  await first.kill();
  expect((await host.decide(SMALL)).receipt?.index).toBe(1);
  expect((await rejection(store.checkpoint())).code).toBe("log.unwitnessed");
  const away = await host.decide(SMALL);
  expect([away.decision.verdict, away.receipt?.index, away.problem]).toEqual(["allow", 2, null]);
  const again = await startWitness(home, new URL(first.url).host);
  onTestFinished(again.kill);
  expect(await store.checkpoint()).toContain("\n— w.example ");
  expect(await verify(dir)).toMatchObject({ ok: true, size: 3 });
  // Somebody else goes on from a copy, with the same key.
  cpSync(dir, join(home, "copy"), { recursive: true });
  const copy = await openLog(join(home, "copy"), { witnesses: witnesses() });
  const other = await strictHost(copy, 3);
  for (let count = 0; count < 2; count += 1) await other.decide({ ...SMALL, requestId: "other" });
  await copy.checkpoint();
  // Durable here, so it is released; the checkpoint finds out.
  expect((await host.decide(SMALL)).receipt?.index).toBe(3);
  expect((await rejection(store.checkpoint())).code).toBe("witness.ahead");
  const after = await host.decide(SMALL);
  expect([after.decision.verdict, after.decision.code]).toEqual(["deny", "host.log_failed"]);
  expect([after.receipt, after.problem?.code]).toEqual([null, "witness.ahead"]);
  expect(host.permission(after).kind).toBe("refused");
  expect(store.size).toBe(4);
}, 60_000);
