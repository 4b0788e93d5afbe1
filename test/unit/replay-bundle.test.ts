/** Decisions of a signed set: narrowed by its freshness note, logged, and made again from the bundle. */
import { artefactsOf, heldArtefacts } from "@polity/lineage/artefacts.ts";
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { nodeCrypto, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { recordHost } from "@polity/lineage/recorded-host.ts";
import type { ReplayEntry } from "@polity/lineage/replay.ts";
import { openComparison } from "@polity/lineage/replay-with.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import { manifestOf } from "@polity/runtime/bundle-write.ts";
import { encodeSetManifest } from "@polity/runtime/set-manifest.ts";
import { expect, test } from "vitest";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { headerAt, opened } from "../support/bundle-host.ts";
import { bundleOf } from "../support/bundles.ts";
import { compiled } from "../support/compiled.ts";
import { heldStore } from "../support/held-store.ts";
import { bytesOf, replayed } from "../support/replaying.ts";
import { NOW } from "../support/trust-roots.ts";

const { sha256 } = nodeCrypto;

async function history() {
  const files = await bundleOf();
  const host = await opened(files);
  const { store, entries, openings } = heldStore({ isHeld: false });
  const recorded = recordHost(host, store, { node: "n", nextSeq: 0, ports: nodeRecording, mode: "strict" });
  // The note holds for ten minutes; whoever asks says that the policy is good for days.
  for (const [amount, afterMs] of [
    [50, 0],
    [81, 0],
    [950, 0],
    [50, 599_999],
    [50, 600_000],
    [50, -1],
  ] as const) {
    const header = headerAt(NOW + afterMs);
    await recorded.decide({ action: "pay", fields: { agent: "a", amount }, header });
  }
  const rows = entries.map((entry, index) => ({
    index,
    bytes: bytesOf(entry),
    opening: openings[index] ?? null,
  }));
  return { files, host, rows, entries: entries as DecisionEntry[] };
}

function filesOf(files: BundleFiles) {
  const manifest = manifestOf(files)!;
  return { manifest, held: heldArtefacts([...files.values(), encodeSetManifest(manifest)], sha256) };
}

const changed = (row: ReplayEntry, entry: DecisionEntry): ReplayEntry => ({ ...row, bytes: bytesOf(entry) });

test("come out again, under the digest that was signed", async () => {
  const { files, host, rows, entries } = await history();
  expect(entries.map(({ verdict, code }) => `${verdict} ${code}`)).toEqual([
    "allow rule",
    "deny no_rule",
    "deny rule",
    "allow rule",
    "deny policy.stale",
    "deny policy.stale",
  ]);
  expect(entries[0]?.set).toEqual({ digest: host.digest, epoch: 7 });
  const { held } = filesOf(files);
  const { findings, summary, sets } = await replayed(rows, held);
  expect([findings, summary.same]).toEqual([[], rows.length]);
  // Who signed it is not said here, so it is named for whoever wants to know.
  expect(sets).toEqual([{ digest: host.digest, epoch: 7, decisions: rows.length }]);
});

test("need the manifest, and are of no other set than it says", async () => {
  const { files, rows, entries } = await history();
  const { held, manifest } = filesOf(files);
  const [row, entry] = [rows[0]!, entries[0]!];
  const without = await replayed([row], heldArtefacts([...files.values()], sha256));
  expect(without.findings[0]).toMatchObject({ code: "replay.artefact_missing", artefact: entry.set?.digest });
  const [guard, pays] = entry.members;
  const lies: readonly (readonly [DecisionEntry, string])[] = [
    [{ ...entry, set: { ...entry.set!, epoch: 8 } }, "of epoch 7, the entry of 8"],
    [{ ...entry, members: [pays!] }, "has the members guard, pays, the entry pays"],
    [{ ...entry, members: [{ ...guard!, mode: "shadow" }, pays!] }, "guard has another mode"],
    [{ ...entry, members: [guard!, { ...pays!, policy: "acme.other" }] }, "pays has another policy"],
    [
      { ...entry, members: [guard!, { ...pays!, evaluator: guard!.evaluator }] },
      "pays has another evaluator",
    ],
    [{ ...entry, members: [guard!, { ...pays!, validity: null }] }, "pays has another validity"],
    [{ ...entry, facts: guard!.evaluator }, "the facts are sha256:"],
  ];
  for (const [lie, message] of lies) {
    const { findings } = await replayed([changed(row, lie)], held);
    expect(findings[0]).toMatchObject({ code: "replay.set", message: expect.stringContaining(message) });
  }
  const none = { ...entry, set: { digest: pays!.evaluator, epoch: 7 } };
  const { findings } = await replayed([changed(row, none)], held);
  expect(findings[0]?.message).toContain("no set manifest");
  expect(manifest.epoch).toBe(7);
});

test("are asked of another version, which nobody has signed", async () => {
  const { files, rows } = await history();
  const { held } = filesOf(files);
  const text = `polity 1
policy acme.pays version 2
entity Agent { level: int 0..9 }
subject agent: Agent
action pay { amount: int 0..1000 }
setting cap: int 0..1000 = 50
table limit { agent: Agent, most: int 0..1000 } key agent
allow small on pay when amount <= cap + 1
`;
  const { wasm } = await buildEvaluator(compiled(text));
  const comparison = await openComparison({ wasm, member: null }, artefactsOf([held]), sha256);
  if ("code" in comparison) throw new Error(comparison.message);
  const told = [];
  for (const row of rows) told.push(await comparison.next(row));
  expect(told.flatMap((one) => (one === null ? [] : [one.index]))).toEqual([1]);
});
