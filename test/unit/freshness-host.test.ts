/** A host that is cut off from news: what the evaluator itself says when the last note has ended. */
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type Active, checkFreshness, currentWindow, signFreshness } from "@polity/runtime/freshness.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import { type Host, load, signEvaluator } from "@polity/runtime/index.ts";
import { openRoot, walkRoots } from "@polity/runtime/trust-walk.ts";
import { beforeAll, expect, test } from "vitest";
import { ANNA, BERT, following, idsOf, NOW, ONLINE, ROOT, signRoot } from "../support/trust-roots.ts";

const ACTIVE: Active = { set: "payments", audience: "eu-1", epoch: 42, digest: `sha256:${"a1".repeat(32)}` };
const MINUTE = 60_000;
const SOURCE =
  "polity 1\npolicy payments version 1\naction pay { amount: int }\nallow small on pay when amount < 9\n";

let host: Host;

beforeAll(async () => {
  const { value } = compile({ file: "payments.pol", text: SOURCE });
  if (value === null) throw new Error("the policy has errors");
  const { wasm, manifest } = await buildEvaluator(value);
  const { policy, abi, sources } = manifest;
  const term = { audience: "eu-1", validFromMs: NOW - MINUTE, validUntilMs: NOW + 9_000_000 };
  const statement = { ...policy, digest: digestName(sha256(wasm)), abi, sources, ...term };
  const envelope = await signEvaluator(statement, [ANNA, BERT]);
  const keys = [ANNA.publicKey, BERT.publicKey];
  const trust = { keys, threshold: 2, name: "payments", audience: "eu-1" };
  const loaded = await load(wasm, envelope, trust, NOW, nodeCrypto);
  if (!loaded.ok) throw new Error(loaded.message);
  host = loaded.host;
});

/** The trust root, and what comes of a note that holds for ten minutes. */
async function windowAt(checkedAt: number, whenStale: Parameters<typeof currentWindow>[2], facts?: number) {
  const first = openRoot(await signRoot(ROOT, ANNA, BERT), nodeCrypto);
  if (!first.ok) throw new Error(first.message);
  const next = following(ROOT, { root: { keys: idsOf(ANNA, BERT), threshold: 2 } });
  const walked = walkRoots(first, [await signRoot(next, ANNA, BERT)], NOW, nodeCrypto);
  if (!walked.ok) throw new Error(walked.message);
  const note = { root: ROOT.name, ...ACTIVE, fromMs: NOW, untilMs: NOW + 10 * MINUTE };
  const freshness = checkFreshness(
    await signFreshness(note, [ONLINE]),
    walked.root,
    checkedAt,
    ACTIVE,
    nodeCrypto,
  );
  return currentWindow(freshness, walked.root, whenStale, facts);
}

function decide(now: number, window: Awaited<ReturnType<typeof windowAt>>): string {
  const containment = { state: "free", readAt: now } as const;
  const { verdict, code } = host.decide(
    "pay",
    { amount: 5 },
    { now, ...window, containment, trust: 0, approvals: [] },
  );
  return `${verdict} ${code}`;
}

test("it denies from the moment on that the note ends, which nobody has to notice", async () => {
  const window = await windowAt(NOW, { kind: "deny" });
  expect(decide(NOW, window)).toBe("allow rule");
  expect(decide(NOW + 10 * MINUTE - 1, window)).toBe("allow rule");
  expect(decide(NOW + 10 * MINUTE, window)).toBe("deny policy.stale");
  expect(decide(NOW - 1, window)).toBe("deny policy.stale");
});

test("it goes on for as long as it wants to, and never longer than the trust root allows", async () => {
  const five = await windowAt(NOW, { kind: "continue", forMs: 5 * MINUTE });
  expect(decide(NOW + 15 * MINUTE - 1, five)).toBe("allow rule");
  expect(decide(NOW + 15 * MINUTE, five)).toBe("deny policy.stale");
  const day = await windowAt(NOW, { kind: "continue", forMs: 1440 * MINUTE });
  expect(ROOT.freshness.continueMsMax).toBe(10 * MINUTE);
  expect(decide(NOW + 20 * MINUTE - 1, day)).toBe("allow rule");
  expect(decide(NOW + 20 * MINUTE, day)).toBe("deny policy.stale");
});

test("it starts with a note that has ended, where it may go on", async () => {
  const late = NOW + 12 * MINUTE;
  expect(decide(late, await windowAt(late, { kind: "deny" }))).toBe("deny policy.stale");
  const going = await windowAt(late, { kind: "continue", forMs: 5 * MINUTE });
  expect(decide(late, going)).toBe("allow rule");
  expect(decide(NOW + 15 * MINUTE, going)).toBe("deny policy.stale");
});

test("facts that were signed for less end before", async () => {
  const window = await windowAt(NOW, { kind: "deny" }, NOW + 2 * MINUTE);
  expect(decide(NOW + 2 * MINUTE - 1, window)).toBe("allow rule");
  expect(decide(NOW + 2 * MINUTE, window)).toBe("deny facts.stale");
});
