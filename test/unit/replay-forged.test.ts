/** Whoever keeps the log's key can write and sign another past: replay finds it, on the disk as in memory. */
import { rmSync } from "node:fs";
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { ReplayEntry } from "@polity/lineage/replay.ts";
import { expect, test } from "vitest";
import { openReplayed } from "../../cli/replay-log.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { compiled } from "../support/compiled.ts";
import { freshFolder, openLog, SIGNER, verify } from "../support/file-log.ts";
import { recordAlone, replayed } from "../support/replaying.ts";

const COUNT = 3_000;
const FORGED = 1_234;
const NOW = Date.UTC(2026, 10, 22);
const header = {
  now: NOW,
  policyFrom: NOW,
  policyUntil: NOW,
  factsUntil: NOW,
  containment: { state: "free" as const, readAt: NOW },
  trust: 500,
  approvals: [],
};

const entryOf = ({ bytes }: ReplayEntry): DecisionEntry => {
  const decoded = decodeEntry(bytes);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.entry as DecisionEntry;
};

async function signedLog(rows: readonly ReplayEntry[], change: (entry: DecisionEntry) => DecisionEntry) {
  const dir = freshFolder();
  const store = await openLog(dir);
  await Promise.all(rows.map((row) => store.append(change(entryOf(row)), row.opening ?? undefined)));
  await store.checkpoint();
  await store.close();
  return dir;
}

async function replayedFrom(dir: string, artefacts: Parameters<typeof replayed>[1]) {
  const log = await openReplayed(dir, { keys: [SIGNER.publicKey], crypto: nodeCrypto });
  expect([log.isVerified, log.size]).toEqual([true, COUNT]);
  const rows: ReplayEntry[] = [];
  for await (const batch of log.entries()) rows.push(...batch);
  return replayed(rows, artefacts);
}

test("one verdict among thousands, in a log that verifies", { timeout: 120_000 }, async () => {
  const text = `polity 1
policy acme.payments version 1
action pay { amount: int 0..10_000 }
allow small on pay when amount < 1_500
`;
  const { wasm } = await buildEvaluator(compiled(text));
  const recorder = await recordAlone(wasm, '{"entities":[]}');
  const rows = Array.from({ length: COUNT }, (_, amount) =>
    recorder.record({ action: "pay", fields: { amount }, header }),
  );
  const honest = await signedLog(rows, (entry) => entry);
  const good = await replayedFrom(honest, recorder.artefacts);
  expect([good.findings, good.summary.same]).toEqual([[], COUNT]);
  const forged = await signedLog(rows, (entry) =>
    entry.seq === FORGED
      ? { ...entry, verdict: "deny", members: [{ ...entry.members[0]!, verdict: "deny" }] }
      : entry,
  );
  expect(await verify(forged)).toMatchObject({ ok: true });
  const { findings, summary } = await replayedFrom(forged, recorder.artefacts);
  expect(findings).toMatchObject([
    {
      index: FORGED,
      code: "replay.differs",
      path: "members[0].verdict",
      logged: '"deny"',
      replayed: '"allow"',
      message: expect.stringContaining('"deny" is logged, "allow" comes out'),
    },
  ]);
  expect(summary.same).toBe(COUNT - 1);
  // Of what is published alone, nothing can be replayed, and nothing is taken for good.
  rmSync(`${honest}/requests`, { recursive: true });
  const published = await replayedFrom(honest, recorder.artefacts);
  expect([published.summary.same, published.findings.length, published.findings[0]?.code]).toEqual([
    0,
    COUNT,
    "replay.unopened",
  ]);
});
