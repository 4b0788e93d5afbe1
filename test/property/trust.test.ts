/** The laws of trust roots, freshness notes and epochs (laws.md). */
import { decodeFloor, encodeFloor } from "@polity/lineage/floor-file.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import {
  type EpochFloor,
  type EpochStatement,
  firstFloor,
  followRoots,
  mayActivate,
  mayReplace,
} from "@polity/runtime/epoch.ts";
import {
  checkFreshness,
  currentWindow,
  decodeFreshness,
  encodeFreshness,
  type FreshnessNote,
  signFreshness,
} from "@polity/runtime/freshness.ts";
import { decodeTrustRoot, encodeTrustRoot, type TrustRoot } from "@polity/runtime/trust-root.ts";
import { openRoot, type SignedRoot, takeStep, walkRoots } from "@polity/runtime/trust-walk.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ANNA,
  BERT,
  CLEO,
  DORA,
  EMIL,
  following,
  idsOf,
  NOW,
  ROOT,
  SMALL_ROOT,
  signRoot,
  withKeys,
} from "../support/trust-roots.ts";

const ALL = [ANNA, BERT, CLEO, DORA, EMIL];
const some = fc.subarray(ALL, { minLength: 1 });
const labels = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => !/\p{Cc}/u.test(text));
const words = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const digests = fc.stringMatching(/^sha256:[0-9a-f]{64}$/);
const counts = fc.maxSafeNat();
const times = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });

const roles = some.chain((keys) =>
  fc.record({ keys: fc.constant(idsOf(...keys)), threshold: fc.integer({ min: 1, max: keys.length }) }),
);
const ids = some.map((keys) => idsOf(...keys));

function sets(of: fc.Arbitrary<string>, minLength: number): fc.Arbitrary<readonly string[]> {
  return fc.uniqueArray(of, { minLength, maxLength: 4 }).map((names) => names.sort());
}

function maps<T>(names: fc.Arbitrary<string>, values: fc.Arbitrary<T>): fc.Arbitrary<ReadonlyMap<string, T>> {
  const entries = fc.uniqueArray(fc.tuple(names, values), { selector: ([name]) => name, maxLength: 3 });
  return entries.map((all) => new Map(all.sort(([a], [b]) => (a < b ? -1 : 1))));
}

const roots: fc.Arbitrary<TrustRoot> = fc
  .record({
    name: labels,
    version: counts.map((count) => Math.max(1, count)),
    expiresMs: times,
    minEpoch: counts,
    keys: fc.constant(new Map()),
    root: roles,
    policy: fc.tuple(roles, sets(labels, 1), sets(labels, 0)).map(([role, names, audiences]) => {
      return { ...role, sets: names, audiences };
    }),
    freshness: fc.tuple(roles, counts, counts).map(([role, note, more]) => {
      return { ...role, noteMsMax: Math.max(1, note), continueMsMax: more };
    }),
    facts: maps(
      labels,
      fc.tuple(roles, sets(words, 1), sets(words, 0)).map(([role, entities, tables]) => {
        return { ...role, entities, tables };
      }),
    ),
    settings: maps(
      labels,
      fc.tuple(roles, sets(words, 1)).map(([role, settings]) => ({ ...role, settings })),
    ),
    logs: maps(
      fc.stringMatching(/^[a-z./-]{1,12}$/),
      fc.tuple(ids, fc.option(counts)).map(([keys, sizeMax]) => keys.map((key) => ({ key, sizeMax }))),
    ),
    issuers: fc.record({
      approval: maps(labels, ids),
      attestation: maps(labels, ids),
      containment: maps(labels, ids),
      permit: maps(labels, ids),
      trust: maps(labels, ids),
    }),
  })
  .map(withKeys);

const flips = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));

/** A byte changed, left out or said twice. */
function changed(bytes: Uint8Array, [place, pattern]: readonly [number, number]): Uint8Array {
  const at = place % bytes.length;
  const copy = [...bytes];
  if (pattern % 3 === 0) copy.splice(at, 1);
  else if (pattern % 3 === 1) copy.splice(at, 0, copy[at]!);
  else copy[at] = copy[at]! ^ pattern;
  return Uint8Array.from(copy);
}

test("R1: a trust root reads back, and whatever is accepted as one is what encoding writes", () => {
  fc.assert(
    fc.property(roots, flips, (root, flip) => {
      const bytes = encodeTrustRoot(root);
      expect(decodeTrustRoot(bytes)).toEqual({ ok: true, root });
      const other = changed(bytes, flip);
      const decoded = decodeTrustRoot(other);
      if (decoded.ok) expect(encodeTrustRoot(decoded.root)).toEqual(other);
    }),
    { numRuns: 60 },
  );
});

test("R2: nothing can be changed in a signed root or note so that it still counts", async () => {
  const next = new TextEncoder().encode(await signRoot(following(SMALL_ROOT, {}), ANNA));
  const first = openRoot(await signRoot(SMALL_ROOT, ANNA), nodeCrypto);
  if (!first.ok) throw new Error(first.message);
  const active = { set: "payments", audience: null, epoch: 9, digest: `sha256:${"9".repeat(64)}` };
  const about = { root: SMALL_ROOT.name, ...active, fromMs: NOW, untilMs: NOW + 1000 };
  const note = new TextEncoder().encode(await signFreshness(about, [ANNA]));
  expect(takeStep(first, next, nodeCrypto).ok).toBe(true);
  expect(checkFreshness(note, SMALL_ROOT, NOW, active, nodeCrypto).ok).toBe(true);
  fc.assert(
    fc.property(flips, (flip) => {
      for (const bytes of [next, note]) {
        const other = changed(bytes, flip);
        // A letter that is doubled where two stand already is no change.
        if (Buffer.compare(other, bytes) === 0) continue;
        const result =
          bytes === next
            ? takeStep(first, other, nodeCrypto)
            : checkFreshness(other, SMALL_ROOT, NOW, active, nodeCrypto);
        expect(result.ok).toBe(false);
      }
    }),
    { numRuns: 1500 },
  );
});

test("R3: a walk succeeds exactly where each version has enough signatures of old and new keys", async () => {
  const steps = fc.array(
    fc.record({ root: roles, signers: some, jump: fc.constantFrom(1, 1, 1, 1, 1, 0, 2) }),
    {
      minLength: 1,
      maxLength: 3,
    },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const start: SignedRoot = { root: ROOT, digest: "" };
      let last = ROOT;
      let expected = true;
      const envelopes: string[] = [];
      for (const { root, signers, jump } of given) {
        const next = { ...following(last, { root }), version: last.version + jump };
        const signed = idsOf(...signers);
        const has = (of: TrustRoot["root"]) =>
          signed.filter((id) => of.keys.includes(id)).length >= of.threshold;
        expected &&= jump === 1 && has(last.root) && has(next.root);
        envelopes.push(await signRoot(next, ...signers));
        last = next;
      }
      const walked = walkRoots(start, envelopes, NOW, nodeCrypto);
      expect(walked.ok).toBe(expected);
      if (walked.ok) expect(walked.root).toEqual(last);
    }),
    { numRuns: 25 },
  );
});

const notes: fc.Arbitrary<FreshnessNote> = fc
  .record({
    root: labels,
    set: labels,
    audience: fc.option(labels),
    epoch: counts.map((count) => Math.max(1, count)),
    digest: digests,
    times: fc.uniqueArray(times, { minLength: 2, maxLength: 2 }),
  })
  .map(({ times: both, ...others }) => ({
    ...others,
    fromMs: Math.min(...both),
    untilMs: Math.max(...both),
  }));

test("R4: a note reads back, and no host goes on for longer than its trust root lets it", () => {
  const modes = fc.oneof(
    fc.constant({ kind: "deny" } as const),
    fc.record({ kind: fc.constant("continue" as const), forMs: fc.oneof(fc.double(), fc.maxSafeInteger()) }),
  );
  const root = { ...SMALL_ROOT, freshness: { ...SMALL_ROOT.freshness, noteMsMax: Number.MAX_SAFE_INTEGER } };
  fc.assert(
    fc.property(notes, flips, modes, counts, times, (note, flip, mode, continueMsMax, expiresMs) => {
      const bytes = encodeFreshness(note);
      expect(decodeFreshness(bytes)).toEqual({ ok: true, note });
      const read = decodeFreshness(changed(bytes, flip));
      if (read.ok) expect(encodeFreshness(read.note)).toEqual(changed(bytes, flip));
      const of = { ...root, expiresMs, freshness: { ...root.freshness, continueMsMax } };
      const { policyUntil, factsUntil } = currentWindow({ ok: true, note, signers: [] }, of, mode);
      const more = mode.kind === "continue" ? continueMsMax : 0;
      expect(policyUntil).toBeLessThan(
        Math.max(Math.min(note.untilMs + more, expiresMs), -62_135_596_799_999),
      );
      expect(factsUntil).toBeLessThanOrEqual(policyUntil);
      expect(Number.isSafeInteger(policyUntil) && policyUntil <= 253_402_300_799_999).toBe(true);
    }),
    { numRuns: 500 },
  );
});

/** Each a process of its own that knows some trust roots, and wants to activate an epoch. */
const attempts = fc.array(
  fc.record({ upTo: fc.nat(5), epoch: fc.integer({ min: 1, max: 6 }), fork: fc.nat(9) }),
  {
    maxLength: 12,
  },
);

test("E5: a floor goes down only by a root without a key that was there; what it lets in is written", () => {
  const changes = fc.array(fc.record({ policy: some, minEpoch: fc.nat(4) }), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(changes, attempts, (given, tried) => {
      const chain: SignedRoot[] = [{ root: ROOT, digest: digestOf(1) }];
      for (const { policy, minEpoch } of given) {
        const role = { ...ROOT.policy, keys: idsOf(...policy), threshold: 1 };
        const root = following(chain.at(-1)!.root, { policy: role, minEpoch });
        chain.push({ root, digest: digestOf(root.version) });
      }
      let kept: EpochFloor | null = null;
      for (const { upTo, epoch, fork } of tried) {
        const next = activated(kept, chain.slice(0, upTo + 1), statementOf(epoch, fork === 0));
        if (next === null) continue;
        if (kept !== null) {
          expect(mayReplace(kept, next)).toBeNull();
          if (next.epoch < kept.epoch) expect(keyWent(chain, kept.rootVersion, next.rootVersion)).toBe(true);
          if (next.epoch === kept.epoch && next.sinceVersion === kept.sinceVersion && kept.digest !== null)
            expect(next.digest).toBe(kept.digest);
          // Whoever comes with the older one is too late, unless nothing that counts has changed.
          if (next.epoch > kept.epoch) expect(mayReplace(next, kept)).not.toBeNull();
        }
        expect(next.epoch).toBeGreaterThanOrEqual(chain[upTo]!.root.minEpoch);
        expect(decodeFloor(encodeFloor(next))).toEqual({ ok: true, floor: next });
        kept = next;
      }
    }),
    { numRuns: 1000 },
  );
});

function digestOf(of: number): string {
  return `sha256:${of.toString(16).padStart(64, "0")}`;
}

function statementOf(epoch: number, isForked: boolean): EpochStatement {
  const digest = digestOf(epoch + (isForked ? 1000 : 100));
  return { set: "payments", audience: "eu-1", epoch, digest, change: "activation" };
}

function activated(kept: EpochFloor | null, path: readonly SignedRoot[], statement: EpochStatement) {
  const last = path.at(-1)!;
  const followed = kept === null ? null : followRoots(kept, path);
  if (followed?.ok === false) return null;
  const floor = followed === null ? firstFloor(last, "payments", "eu-1") : followed.floor;
  const result = mayActivate(floor, statement, last.root);
  return result.ok ? result.floor : null;
}

function keyWent(chain: readonly SignedRoot[], after: number, upTo: number): boolean {
  for (let at = after; at < upTo; at += 1) {
    const [before, now] = [chain[at - 1]!.root.policy.keys, chain[at]!.root.policy.keys];
    if (before.some((id) => !now.includes(id))) return true;
  }
  return false;
}

test("E6: nothing that is asked about roots, notes and epochs makes the rules throw", () => {
  const anything = fc.anything({ withBigInt: true, withTypedArray: true });
  const signed: SignedRoot = { root: ROOT, digest: digestOf(1) };
  const floors = fc.oneof(fc.constant(firstFloor(signed, "payments", "eu-1")), anything);
  const statements = fc.oneof(
    anything,
    fc.record({ set: anything, audience: anything, epoch: anything, digest: anything }),
  );
  const rootsOrNot = fc.oneof(fc.constant(ROOT), anything);
  const times = fc.oneof(fc.constant(NOW), anything);
  fc.assert(
    fc.property(floors, statements, rootsOrNot, anything, times, (floor, statement, root, text, now) => {
      const asked = statement as EpochStatement;
      expect(mayActivate(floor as EpochFloor, asked, root as TrustRoot).ok).toBe(false);
      const [envelope, at, of] = [text as string, now as number, root as TrustRoot];
      expect(checkFreshness(envelope, of, at, asked, nodeCrypto).ok).toBe(false);
      expect(openRoot(envelope, nodeCrypto).ok).toBe(false);
      expect(walkRoots(text as SignedRoot, [envelope], at, nodeCrypto).ok).toBe(false);
      expect(walkRoots(signed, text as string[], at, nodeCrypto).ok).toBe(
        Array.isArray(text) && text.length === 0 && Number.isSafeInteger(at) && at < signed.root.expiresMs,
      );
    }),
    { numRuns: 500 },
  );
});
