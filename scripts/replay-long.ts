/**
 * A log of a million decisions, decided again: all of them the same; one that was changed, found and named;
 * and the one verdict of the whole history that another version changes. Everything is drawn from the seed.
 *
 *     npm run replay:long -- --seed 1 --count 1000000
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { heldArtefacts } from "@polity/lineage/artefacts.ts";
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { decodeEntry, encodeEntry } from "@polity/lineage/entry-codec.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { generateKey, nodeCrypto, nodeRecording, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { openRecorder } from "@polity/lineage/recorder.ts";
import { makeReplay, type ReplayFinding } from "@polity/lineage/replay.ts";
import { wasmPanels } from "@polity/lineage/replay-panel.ts";
import { openComparison } from "@polity/lineage/replay-with.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { openReplayed, type ReplayedLog } from "../cli/replay-log.ts";
import { compile } from "../compiler/pipeline.ts";
import { buildEvaluator } from "../compiler/wasm.ts";
import { createRandom, type Random } from "../test/support/generate/random.ts";

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, count: { type: "string", default: "1000000" } },
});
const seed = Number(values.seed);
const count = Number(values.count);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(count) || count < 1) {
  process.stderr.write("replay:long: --seed and --count are whole numbers, --count is 1 or more\n");
  process.exit(2);
}

const BATCH = 2_048;
const NOW = 1_795_000_000_000;
const FACTS = JSON.stringify({
  entities: ["ada", "bob", "eve"].map((id, at) => ({ type: "Agent", id, attributes: { level: at } })),
});
const header = {
  now: NOW,
  policyFrom: NOW,
  policyUntil: NOW,
  factsUntil: NOW,
  containment: { state: "free" as const, readAt: NOW },
  trust: 500,
  approvals: [],
};

/** `odd`: the one number that this version allows besides. */
function policyOf(odd: string): string {
  return `polity 1
policy acme.payments version 1
entity Agent { level: int 0..9 }
subject agent: Agent
action pay { amount: int 0..1_000_000, number: int 0..100_000_000, memo: string max 64 }
allow small on pay when amount <= 500 and agent.level > 0
allow odd on pay when ${odd}
hold large on pay when amount in 300..500
`;
}

async function built(text: string): Promise<Uint8Array> {
  const { value, diagnostics } = compile({ file: "payments.pol", text });
  if (value === null) throw new Error(diagnostics.map(({ message }) => message).join("; "));
  return (await buildEvaluator(value)).wasm;
}

const at = (random: Random) => random.below(count);
const drawn = createRandom(seed, 0);
/** What the next version allows, and what somebody changed. */
const [changedAt, forgedAt] = [at(drawn), at(drawn)];

const dir = mkdtempSync(join(tmpdir(), "replay-long-"));
try {
  process.stdout.write(`seed ${seed}, ${count} decisions, in ${dir}\n`);
  const wasm = await built(policyOf("number == 100_000_000"));
  // Nobody but this one asks with its number, and it is denied.
  const next = await built(policyOf(`number == ${changedAt}`));
  const key = generateKey();
  await timed("recorded", () => record(wasm, key.privatePem));
  const artefacts = heldArtefacts([wasm, utf8(FACTS)], nodeCrypto.sha256);
  const log = await openReplayed(dir, { keys: [key.publicKey], crypto: nodeCrypto });
  const open = wasmPanels(artefacts, nodeCrypto.sha256);
  expectSame([], await timed("replayed", () => replay(log, open, null)), "as it was logged");
  const found = await timed("replayed with one that was changed", () => replay(log, open, forgedAt));
  expectSame(
    [[forgedAt, "code"]],
    found.map(({ index, path }) => [index, path]),
    "changed",
  );
  const changed = await timed("replayed under another version", () => compare(log, next));
  expectSame([changedAt], changed, "another version");
  process.stdout.write(
    `entry ${forgedAt} was changed, and found; entry ${changedAt} changes, and was found\n`,
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function timed<T>(what: string, task: () => Promise<T>): Promise<T> {
  const [startedMs, before] = [performance.now(), process.cpuUsage()];
  const done = await task();
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  const each = Math.round((user + system) / count);
  const rate = Math.round(count / seconds).toLocaleString("en");
  const mebibytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
  const figures = `${seconds.toFixed(1)} s, ${rate} a second, ${each} µs of CPU each`;
  process.stdout.write(`${what}: ${figures}, ${mebibytes} MiB resident\n`);
  return done;
}

async function record(wasm: Uint8Array, privatePem: string): Promise<void> {
  const signer = nodeSigner(privatePem);
  const loaded = await loadUnsigned(wasm, { facts: FACTS, sha256: nodeCrypto.sha256 });
  if (!signer.ok || !loaded.ok) throw new Error("cannot begin");
  const { host } = loaded;
  const options = { origin: "example.com/replay", signer: signer.signer, crypto: nodeCrypto, create: true };
  const opened = await openFileLog(dir, options);
  if (!opened.ok) throw opened.error;
  const { store, nextSeq } = opened;
  const recorder = openRecorder(store, {
    node: "n",
    nextSeq: nextSeq("n"),
    ports: nodeRecording,
    mode: "strict",
  });
  const random = createRandom(seed, 1);
  const policy = { name: host.manifest.policy.name, evaluator: host.evaluator, validity: host.validity };
  for (let from = 0; from < count; from += BATCH) {
    const waiting: Promise<unknown>[] = [];
    for (let number = from; number < Math.min(count, from + BATCH); number += 1) {
      const fields = requestOf(random, number);
      const named = host.request("pay", fields);
      const decision = host.decide("pay", fields, header);
      const request = named.ok ? named : null;
      const answered = {
        requestId: null,
        decision,
        policy,
        facts: host.facts,
        action: "pay",
        request,
        header,
      };
      waiting.push(recorder.decision(answered));
    }
    await Promise.all(waiting);
  }
  await recorder.close();
  await store.checkpoint();
  await store.close();
}

function requestOf(random: Random, number: number) {
  const agent = random.pick(["ada", "bob", "eve"]);
  const amount = number === changedAt ? 1_000_000 : random.below(2_000);
  return { agent, amount, number, memo: `invoice ${random.below(1_000_000)}` };
}

async function replay(
  log: ReplayedLog,
  open: ReturnType<typeof wasmPanels>,
  forged: number | null,
): Promise<readonly ReplayFinding[]> {
  const made = makeReplay({ open, sha256: nodeCrypto.sha256 });
  const findings: ReplayFinding[] = [];
  for await (const batch of log.entries()) {
    for (const entry of batch) {
      const bytes = entry.index === forged ? forge(entry.bytes) : entry.bytes;
      const finding = await made.next({ ...entry, bytes });
      if (finding !== null) findings.push(finding);
    }
  }
  const { same } = made.summary;
  if (same + findings.length !== count) throw new Error(`${same} are the same`);
  return [...findings, ...made.end()];
}

/** As if it had been written, and signed, like this: a verdict with its code. */
function forge(bytes: Uint8Array): Uint8Array {
  const decoded = decodeEntry(bytes);
  if (!decoded.ok) throw new Error(decoded.message);
  const entry = decoded.entry as DecisionEntry;
  const isAllowed = entry.verdict === "allow";
  const verdict = isAllowed ? "deny" : "allow";
  const encoded = encodeEntry({ ...entry, verdict, code: entry.code === "rule" ? "no_rule" : "rule" });
  if (!encoded.ok) throw new Error(encoded.message);
  return encoded.bytes;
}

async function compare(log: ReplayedLog, wasm: Uint8Array): Promise<readonly number[]> {
  const artefacts = heldArtefacts([utf8(FACTS)], nodeCrypto.sha256);
  const comparison = await openComparison({ wasm, member: null }, artefacts, nodeCrypto.sha256);
  if ("code" in comparison) throw new Error(comparison.message);
  const changed: number[] = [];
  for await (const batch of log.entries()) {
    for (const entry of batch) {
      const found = await comparison.next(entry);
      if (found !== null) changed.push(found.index);
    }
  }
  return changed;
}

function expectSame(expected: unknown, found: unknown, what: string): void {
  if (JSON.stringify(expected) === JSON.stringify(found)) return;
  process.stderr.write(`replay:long: ${what}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}\n`);
  process.exitCode = 1;
}
