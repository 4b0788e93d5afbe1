/** Whether what is active is the latest there is, and what a host does when nobody says so any more. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import {
  type Active,
  checkFreshness,
  currentWindow,
  decodeFreshness,
  encodeFreshness,
  FRESHNESS_TYPE,
  type Freshness,
  type FreshnessNote,
  signFreshness,
} from "@polity/runtime/freshness.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { describe, expect, test } from "vitest";
import { jsonMutations } from "../support/json-mutations.ts";
import { ANNA, DORA, idsOf, NOW, ONLINE, ROOT, withKeys } from "../support/trust-roots.ts";

const ACTIVE: Active = { set: "payments", audience: "eu-1", epoch: 42, digest: `sha256:${"a1".repeat(32)}` };
const NOTE: FreshnessNote = {
  root: ROOT.name,
  ...ACTIVE,
  fromMs: NOW - 60_000,
  untilMs: NOW + 600_000,
};
const OTHER = `sha256:${"a2".repeat(32)}`;
const SIGNED = await signFreshness(NOTE, [ONLINE]);

function check(envelope: string | Uint8Array | null, nowMs = NOW, root = ROOT, active = ACTIVE): Freshness {
  return checkFreshness(envelope, root, nowMs, active, nodeCrypto);
}

async function codeOf(
  change: Partial<FreshnessNote>,
  signers: readonly Signer[] = [ONLINE],
): Promise<string> {
  const result = check(await signFreshness({ ...NOTE, ...change }, signers));
  return result.ok ? "current" : result.code;
}

describe("a note", () => {
  test("says that what is active is the latest there is", () => {
    expect(check(SIGNED)).toEqual({ ok: true, note: NOTE, signers: idsOf(ONLINE) });
    expect(check(new TextEncoder().encode(SIGNED)).ok).toBe(true);
  });

  test("of a set that is bound to no place says so", async () => {
    const note = { ...NOTE, audience: null };
    const active = { ...ACTIVE, audience: null };
    expect(check(await signFreshness(note, [ONLINE]), NOW, ROOT, active).ok).toBe(true);
    expect(check(SIGNED, NOW, ROOT, active)).toMatchObject({ ok: false, code: "freshness.wrong_set" });
  });

  test.each([
    ["of another trust root", { root: "example.com/others" }, "freshness.wrong_root"],
    ["of another set", { set: "refunds" }, "freshness.wrong_set"],
    ["for another place", { audience: "eu-2" }, "freshness.wrong_set"],
    ["for longer than the root allows", { untilMs: NOTE.fromMs + 3_600_001 }, "freshness.too_long"],
    ["as long as the root allows", { untilMs: NOTE.fromMs + 3_600_000 }, "current"],
    ["from later on", { fromMs: NOW + 1 }, "freshness.not_yet_valid"],
    ["from now on", { fromMs: NOW }, "current"],
    ["until now", { untilMs: NOW }, "freshness.expired"],
    ["until the next moment", { untilMs: NOW + 1 }, "current"],
    ["about an earlier epoch", { epoch: 41 }, "freshness.rolled_back"],
    ["about a later epoch", { epoch: 43 }, "freshness.behind"],
    ["about the last epoch there is", { epoch: Number.MAX_SAFE_INTEGER }, "freshness.behind"],
    ["about another manifest", { digest: OTHER }, "freshness.forked"],
    ["about a later epoch, and ended", { epoch: 43, untilMs: NOW }, "freshness.behind"],
  ])("%s", async (_, change, code) => {
    expect(await codeOf(change)).toBe(code);
  });

  test("is signed by the keys of the role, and by enough of them", async () => {
    expect(await codeOf({}, [ANNA])).toBe("freshness.threshold");
    expect(await codeOf({}, [ANNA, ONLINE])).toBe("current");
    const two = withKeys({
      ...ROOT,
      freshness: { ...ROOT.freshness, keys: idsOf(DORA, ONLINE), threshold: 2 },
    });
    const outcomes: boolean[] = [];
    for (const signers of [[ONLINE], [ONLINE, ONLINE], [DORA, ONLINE]])
      outcomes.push(check(await signFreshness(NOTE, signers), NOW, two).ok);
    expect(outcomes).toEqual([false, false, true]);
  });

  test("that is none is refused", async () => {
    for (const nothing of ["", new Uint8Array(0), null, undefined as unknown as null])
      expect(check(nothing)).toMatchObject({ code: "freshness.missing", note: null });
    expect(check("{}")).toMatchObject({ code: "envelope.malformed" });
    expect(check("x".repeat(300_000))).toMatchObject({ code: "envelope.too_large" });
    const typed = await signEnvelope("application/json", encodeFreshness(NOTE), [ONLINE]);
    expect(check(encodeEnvelope(typed))).toMatchObject({ code: "envelope.payload_type" });
    const empty = await signEnvelope(FRESHNESS_TYPE, new TextEncoder().encode("{}"), [ONLINE]);
    expect(check(encodeEnvelope(empty))).toMatchObject({ code: "freshness.malformed" });
  });

  test("with any changed byte is refused by name", () => {
    const bytes = new TextEncoder().encode(SIGNED);
    const codes = new Set<string>();
    for (let at = 0; at < bytes.length; at += 1) {
      for (const bit of [1, 32]) {
        const changed = Uint8Array.from(bytes);
        changed[at] = changed[at]! ^ bit;
        const result = check(changed);
        if (result.ok) throw new Error(`byte ${at} may be ${changed[at]}`);
        codes.add(result.code);
      }
    }
    expect([...codes].sort()).toEqual([
      "envelope.malformed",
      "envelope.payload_type",
      "freshness.bad_signature",
      "freshness.threshold",
    ]);
  });

  test("cannot be asked about nothing", () => {
    for (const now of [Number.NaN, 0.5])
      expect(check(SIGNED, now)).toMatchObject({ code: "freshness.invalid" });
    for (const active of [
      { ...ACTIVE, epoch: 0 },
      { ...ACTIVE, digest: "x" },
      { ...ACTIVE, set: "" },
    ])
      expect(check(SIGNED, NOW, ROOT, active)).toMatchObject({ code: "freshness.invalid" });
  });

  test("has one written form", () => {
    const text = new TextDecoder().decode(encodeFreshness(NOTE));
    const read = (json: string) => decodeFreshness(new TextEncoder().encode(json));
    expect(read(text)).toEqual({ ok: true, note: NOTE });
    let refusals = 0;
    for (const { text: changed, what } of jsonMutations(text)) {
      const result = read(changed);
      if (!result.ok) refusals += 1;
      else expect([what, new TextDecoder().decode(encodeFreshness(result.note))]).toEqual([what, changed]);
    }
    expect(refusals).toBeGreaterThan(300);
    expect(read(`"${"x".repeat(4096)}"`).ok).toBe(false);
    for (const bad of [{ epoch: 0 }, { untilMs: NOTE.fromMs }, { set: "" }, { digest: "x" }])
      expect(() => encodeFreshness({ ...NOTE, ...bad })).toThrow(RangeError);
  });
});

describe("what goes into headers", () => {
  const NEVER = { policyFrom: -62_135_596_800_000, policyUntil: -62_135_596_800_000 };
  const window = (freshness: Freshness, ...rest: unknown[]) =>
    currentWindow(freshness, ROOT, ...(rest as [{ kind: "continue"; forMs: number }]));
  const { untilMs, fromMs } = NOTE;

  test("is the time of the note, to the last moment before its end", () => {
    const expected = { policyFrom: fromMs, policyUntil: untilMs - 1, factsUntil: untilMs - 1 };
    expect(window(check(SIGNED))).toEqual(expected);
    // A note that has ended says no more than that.
    expect(window(check(SIGNED, untilMs + 5))).toEqual(expected);
  });

  test("is longer by what the host wants, at most by what the root allows", () => {
    const most = ROOT.freshness.continueMsMax;
    for (const [forMs, more] of [
      [1000, 1000],
      [most, most],
      [most + 1, most],
      [0, 0],
      [-5, 0],
      [Number.NaN, 0],
      [Number.POSITIVE_INFINITY, most],
    ] as const) {
      const { policyUntil } = window(check(SIGNED), { kind: "continue", forMs });
      expect([forMs, policyUntil]).toEqual([forMs, untilMs - 1 + more]);
    }
    const never = { ...ROOT, freshness: { ...ROOT.freshness, continueMsMax: 0 } };
    const until = currentWindow(check(SIGNED), never, { kind: "continue", forMs: 99 }).policyUntil;
    expect(until).toBe(untilMs - 1);
  });

  test("ends with the trust root", () => {
    const soon: TrustRoot = { ...ROOT, expiresMs: NOW + 10 };
    const forMs = 60_000;
    expect(currentWindow(check(SIGNED), soon, { kind: "continue", forMs }).policyUntil).toBe(NOW + 9);
    expect(currentWindow(check(SIGNED), { ...ROOT, expiresMs: fromMs })).toMatchObject(NEVER);
  });

  test("is shorter for facts that were signed for less", () => {
    const { policyUntil, factsUntil } = currentWindow(check(SIGNED), ROOT, { kind: "deny" }, NOW + 5);
    expect([policyUntil, factsUntil]).toEqual([untilMs - 1, NOW + 4]);
  });

  test("is nothing at all where the note is not one about what is active", async () => {
    const others = [{ epoch: 43 }, { epoch: 41 }, { digest: OTHER }, { set: "refunds" }, { fromMs: NOW + 1 }];
    for (const change of others) {
      const freshness = check(await signFreshness({ ...NOTE, ...change }, [ONLINE]));
      const mode = { kind: "continue", forMs: 60_000 };
      expect([change, window(freshness, mode)]).toMatchObject([change, NEVER]);
    }
    expect(window(check(null))).toMatchObject(NEVER);
  });
});
