/** From one trust root to the next: who must have signed, and what no holder of old keys can do. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { decodeEnvelope, encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import { encodeTrustRoot, type TrustRoot } from "@polity/runtime/trust-root.ts";
import { openRoot, type SignedRoot, STEPS_MAX, takeStep, walkRoots } from "@polity/runtime/trust-walk.ts";
import { describe, expect, test } from "vitest";
import { fromHex } from "../support/ed25519-cases.ts";
import { weakKeys } from "../support/ed25519-crafted.ts";
import {
  ANNA,
  BERT,
  CLEO,
  DORA,
  EMIL,
  following,
  idsOf,
  NOW,
  ONLINE,
  ROOT,
  SMALL_ROOT,
  signRoot,
  signRootText,
} from "../support/trust-roots.ts";

const FIRST = opened(await signRoot(ROOT, ANNA, CLEO));

/** Dora comes for Cleo, then Emil for Bert. */
const SECOND = following(ROOT, { root: { keys: idsOf(ANNA, BERT, DORA), threshold: 2 } });
const THIRD = following(SECOND, { root: { keys: idsOf(ANNA, DORA, EMIL), threshold: 2 } });
const STEPS = [await signRoot(SECOND, ANNA, BERT), await signRoot(THIRD, ANNA, DORA)];

function opened(envelope: string): SignedRoot {
  const result = openRoot(envelope, nodeCrypto);
  if (!result.ok) throw new Error(result.message);
  return { root: result.root, digest: result.digest };
}

function walk(steps: readonly (string | Uint8Array)[], nowMs = NOW, from = FIRST) {
  return walkRoots(from, steps, nowMs, nodeCrypto);
}

/** The code, or the version where the walk ends. */
function outcome(result: ReturnType<typeof walkRoots>): string | number {
  return result.ok ? result.root.version : result.code;
}

describe("the first root", () => {
  test("is signed by a threshold of its own keys, on every platform alike", async () => {
    const envelope = await signRoot(ROOT, BERT, CLEO);
    const results = [nodeCrypto, portableCrypto].map((crypto) => openRoot(envelope, crypto));
    expect(results[0]).toMatchObject({ ok: true, root: ROOT, digest: FIRST.digest });
    expect(results[1]).toEqual(results[0]);
  });

  test("is the one whose digest is kept elsewhere", async () => {
    const envelope = await signRoot(ROOT, ANNA, BERT);
    expect(openRoot(envelope, nodeCrypto, FIRST.digest).ok).toBe(true);
    const other = await signRoot({ ...ROOT, minEpoch: 1 }, ANNA, BERT);
    expect(openRoot(other, nodeCrypto, FIRST.digest)).toMatchObject({ code: "trust.not_pinned" });
  });

  test.each([
    ["by too few", [ANNA], "trust.new_threshold"],
    ["by one key twice", [ANNA, ANNA], "trust.new_threshold"],
    ["by keys of other roles", [ONLINE, DORA], "trust.new_threshold"],
    ["by one of them and others", [ANNA, ONLINE, DORA, EMIL], "trust.new_threshold"],
  ])("signed %s is refused", async (_, signers, code) => {
    expect(openRoot(await signRoot(ROOT, ...signers), nodeCrypto)).toMatchObject({ ok: false, code });
  });

  test("with a signature that is none is refused, however many others hold", async () => {
    const decoded = decodeEnvelope(await signRoot(ROOT, ANNA, BERT));
    if (!decoded.ok) throw new Error(decoded.message);
    const { envelope } = decoded;
    const forged = { keyid: CLEO.publicKey.id, sig: envelope.signatures[0]!.sig };
    const text = encodeEnvelope({ ...envelope, signatures: [...envelope.signatures, forged] });
    expect(openRoot(text, nodeCrypto)).toMatchObject({ ok: false, code: "trust.bad_signature" });
  });

  test("of another type of payload is refused, and what is no root", async () => {
    const json = await signEnvelope("application/json", encodeTrustRoot(ROOT), [ANNA, BERT]);
    expect(openRoot(encodeEnvelope(json), nodeCrypto)).toMatchObject({ code: "envelope.payload_type" });
    expect(openRoot(await signRootText("{}", ANNA), nodeCrypto)).toMatchObject({ code: "trust.malformed" });
    expect(openRoot("", nodeCrypto)).toMatchObject({ code: "envelope.malformed" });
    expect(openRoot("x".repeat(300_000), nodeCrypto)).toMatchObject({ code: "envelope.too_large" });
  });

  test("with a weak key is refused before anybody's signature counts", async () => {
    const text = new TextDecoder().decode(encodeTrustRoot(ROOT));
    const weak = encodeBase64(fromHex(weakKeys()[0]!.publicKey));
    const envelope = await signRootText(
      text.replace(encodeBase64(CLEO.publicKey.bytes), weak),
      ...[ANNA, BERT],
    );
    expect(openRoot(envelope, nodeCrypto)).toMatchObject({ ok: false, code: "trust.weak_key" });
  });
});

describe("a walk", () => {
  test("goes through every version to the last", () => {
    const walked = walk(STEPS);
    expect(walked).toMatchObject({ ok: true, root: THIRD });
    expect(walked.ok && walked.path.map(({ root }) => root.version)).toEqual([1, 2, 3]);
    expect(walked.ok && walked.path[0]).toEqual(FIRST);
    expect(walked.ok && walked.path[2]).toMatchObject({ root: THIRD, digest: walked.ok && walked.digest });
  });

  test("without a step ends where it began", () => {
    expect(walk([])).toMatchObject({ ok: true, root: ROOT, digest: FIRST.digest });
  });

  test.each([
    ["the old keys only", [BERT, CLEO], "trust.new_threshold"],
    ["the new keys only", [BERT, DORA], "trust.old_threshold"],
    ["one old key and one new one", [CLEO, DORA], "trust.old_threshold"],
    ["one key that is both", [ANNA], "trust.old_threshold"],
    ["one key that is both, three times", [ANNA, ANNA, ANNA], "trust.old_threshold"],
    ["nobody who is known", [EMIL, ONLINE], "trust.old_threshold"],
    ["two keys that are both", [ANNA, BERT], 2],
    ["two old keys and two new ones", [BERT, CLEO, DORA], 2],
  ])("to a root signed by %s", async (_, signers, expected) => {
    expect(outcome(walk([await signRoot(SECOND, ...signers)]))).toBe(expected);
  });

  test("asks for as many as the old threshold says, and as many as the new one", async () => {
    const all = { keys: idsOf(ANNA, BERT, CLEO), threshold: 3 };
    const more = following(ROOT, { root: all });
    expect(outcome(walk([await signRoot(more, ANNA, BERT)]))).toBe("trust.new_threshold");
    expect(outcome(walk([await signRoot(more, ANNA, BERT, CLEO)]))).toBe(2);
    const fewer = following(more, { root: { ...all, threshold: 1 } });
    const from = opened(await signRoot(more, ANNA, BERT, CLEO));
    expect(outcome(walk([await signRoot(fewer, ANNA, BERT)], NOW, from))).toBe("trust.old_threshold");
  });

  test.each([
    ["that leaves one out", [STEPS[1]!], "trust.skipped"],
    ["that goes backwards", [...STEPS, STEPS[0]!], "trust.rolled_back"],
    ["that stands still", [STEPS[0]!, STEPS[0]!], "trust.rolled_back"],
    ["in another order", STEPS.toReversed(), "trust.skipped"],
  ])("%s is refused", (_, steps, code) => {
    expect(outcome(walk(steps))).toBe(code);
  });

  test("is never refused for a version on the way that has expired, but for the last one", async () => {
    const short = following(ROOT, { expiresMs: NOW - 1 });
    const steps = [await signRoot(short, ANNA, BERT)];
    expect(outcome(walk(steps))).toBe("trust.expired");
    const long = following(short, { expiresMs: NOW + 1 });
    steps.push(await signRoot(long, ANNA, BERT));
    expect(outcome(walk(steps))).toBe(3);
    expect(outcome(walk(steps, NOW + 1))).toBe("trust.expired");
    expect(outcome(walk([], ROOT.expiresMs - 1))).toBe(1);
    expect(outcome(walk([], ROOT.expiresMs))).toBe("trust.expired");
  });

  test("to the root of something else is refused, with the right keys too", async () => {
    const other = following(ROOT, { name: "example.com/others" });
    expect(outcome(walk([await signRoot(other, ANNA, BERT)]))).toBe("trust.wrong_name");
  });

  test("cannot be run to the end of all versions", async () => {
    const last = Number.MAX_SAFE_INTEGER;
    const far = { ...ROOT, version: last };
    expect(outcome(walk([await signRoot(far, ANNA, BERT)]))).toBe("trust.skipped");
    // Nobody can follow the last one: the number after it is not one that a root can have.
    const from = opened(await signRoot(far, ANNA, BERT));
    expect(outcome(walk([await signRoot(far, ANNA, BERT)], NOW, from))).toBe("trust.rolled_back");
    expect(() => encodeTrustRoot({ ...ROOT, version: last + 1 })).toThrow();
  });

  test("has as many steps as it may have", async () => {
    expect(outcome(walk(Array(STEPS_MAX + 1).fill(STEPS[0])))).toBe("trust.too_long");
    expect(outcome(walk(Array(STEPS_MAX).fill(STEPS[0])))).toBe("trust.rolled_back");
  });

  test("needs a time, and steps", () => {
    for (const now of [Number.NaN, 1.5, "0" as unknown as number])
      expect(outcome(walk([], now))).toBe("trust.invalid");
    expect(outcome(walk("x" as unknown as string[]))).toBe("trust.invalid");
  });

  test("that branches off is not the same: each version has one digest", async () => {
    const branch = following(ROOT, { minEpoch: 5 });
    const [one, other] = [await signRoot(SECOND, ANNA, BERT), await signRoot(branch, ANNA, BERT)].map(
      (step) => takeStep(FIRST, step, nodeCrypto),
    );
    expect(one!.ok && other!.ok && one!.digest === other!.digest).toBe(false);
  });
});

describe("any changed byte", () => {
  test("of a step is refused by name", async () => {
    const first = opened(await signRoot(SMALL_ROOT, ANNA));
    const next: TrustRoot = following(SMALL_ROOT, { minEpoch: 7 });
    const bytes = new TextEncoder().encode(await signRoot(next, ANNA));
    const codes = new Set<string>();
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Uint8Array.from(bytes);
      changed[at] = changed[at]! ^ (1 << (at % 7));
      const step = takeStep(first, changed, nodeCrypto);
      if (step.ok) throw new Error(`byte ${at} may be ${changed[at]}`);
      codes.add(step.code);
    }
    for (const code of ["envelope.malformed", "trust.malformed", "trust.bad_signature"])
      expect([...codes]).toContain(code);
  }, 60_000);
});
