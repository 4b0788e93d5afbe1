/** Epochs only grow, unless a trust root in which a key was replaced starts them anew. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import {
  type EpochFloor,
  type EpochStatement,
  firstFloor,
  followRoots,
  mayActivate,
} from "@polity/runtime/epoch.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { openRoot, type SignedRoot } from "@polity/runtime/trust-walk.ts";
import { describe, expect, test } from "vitest";
import { ANNA, BERT, DORA, EMIL, following, idsOf, ONLINE, ROOT, signRoot } from "../support/trust-roots.ts";

const LAST = Number.MAX_SAFE_INTEGER;
const FIRST = await signed(ROOT);
const START = firstFloor(FIRST, "payments", "eu-1");

async function signed(root: TrustRoot): Promise<SignedRoot> {
  const opened = openRoot(await signRoot(root, ANNA, BERT), nodeCrypto);
  if (!opened.ok) throw new Error(opened.message);
  return { root: opened.root, digest: opened.digest };
}

function manifest(epoch: number, change: Partial<EpochStatement> = {}): EpochStatement {
  const digest = `sha256:${epoch.toString(16).padStart(64, "0")}`;
  return { set: "payments", audience: "eu-1", epoch, digest, change: "activation", ...change };
}

/** The floor after these were activated, each of which must be let in. */
function floorAt(...epochs: readonly (number | EpochStatement)[]): EpochFloor {
  let floor = START;
  for (const epoch of epochs) {
    const result = mayActivate(floor, typeof epoch === "number" ? manifest(epoch) : epoch, ROOT);
    if (!result.ok) throw new Error(result.message);
    floor = result.floor;
  }
  return floor;
}

function outcome(floor: EpochFloor, statement: EpochStatement, root = ROOT): string {
  const result = mayActivate(floor, statement, root);
  return result.ok ? (result.isNew ? "new" : "again") : result.code;
}

describe("an epoch", () => {
  test("is activated where it is higher than all before, with or without gaps", () => {
    expect(outcome(START, manifest(1))).toBe("new");
    expect(outcome(floorAt(1), manifest(2))).toBe("new");
    expect(outcome(floorAt(1), manifest(LAST))).toBe("new");
    expect(floorAt(3, 7)).toMatchObject({ epoch: 7, digest: manifest(7).digest });
  });

  test("is activated again by a host that starts anew, and is no other one then", () => {
    expect(outcome(floorAt(7), manifest(7))).toBe("again");
    const other = manifest(7, { digest: manifest(8).digest });
    expect(outcome(floorAt(7), other)).toBe("epoch.forked");
  });

  test("is refused below the highest that was active", () => {
    for (const epoch of [1, 5, 6]) expect(outcome(floorAt(7), manifest(epoch))).toBe("epoch.rolled_back");
    expect(outcome(floorAt(LAST), manifest(LAST - 1))).toBe("epoch.rolled_back");
  });

  test("with older content is a new epoch that says so", () => {
    const again = manifest(8, { change: "rollback", digest: manifest(5).digest });
    expect(outcome(floorAt(5, 7), again)).toBe("new");
    expect(outcome(floorAt(5, 7, again), manifest(7))).toBe("epoch.rolled_back");
    // Saying so is not enough.
    expect(outcome(floorAt(5, 7), manifest(5, { change: "rollback" }))).toBe("epoch.rolled_back");
  });

  test("is one of the floor's set and place", () => {
    expect(outcome(START, manifest(1, { set: "refunds" }))).toBe("epoch.wrong_set");
    expect(outcome(START, manifest(1, { audience: "eu-2" }))).toBe("epoch.wrong_set");
    expect(outcome(START, manifest(1, { audience: null }))).toBe("epoch.wrong_set");
  });

  test("is not below what the trust root says", async () => {
    const root = following(ROOT, { minEpoch: 4 });
    const followed = followRoots(floorAt(2), [FIRST, await signed(root)]);
    if (!followed.ok) throw new Error(followed.message);
    expect(followed).toMatchObject({ isReset: false, floor: { epoch: 4, digest: null, rootVersion: 2 } });
    expect(outcome(followed.floor, manifest(3), root)).toBe("epoch.below_minimum");
    expect(outcome(followed.floor, manifest(4), root)).toBe("new");
  });

  test("is a number from 1 to 2^53-1, of a manifest with a digest", () => {
    for (const epoch of [0, -1, 1.5, LAST + 1, Number.NaN, "2" as unknown as number]) {
      const statement = manifest(1, { epoch });
      expect([epoch, outcome(START, statement)]).toEqual([epoch, "epoch.invalid"]);
    }
    expect(outcome(START, manifest(1, { digest: "abc" }))).toBe("epoch.invalid");
    expect(outcome(START, manifest(1, { set: "" }))).toBe("epoch.invalid");
  });

  test("is judged by the root that the floor follows", () => {
    expect(outcome(START, manifest(1), following(ROOT, {}))).toBe("epoch.other_root");
    expect(outcome(START, manifest(1), { ...ROOT, name: "example.com/others" })).toBe("epoch.other_root");
  });
});

describe("a floor follows the trust root", () => {
  const policy = (...signers: (typeof ANNA)[]) => ({ ...ROOT.policy, keys: idsOf(...signers) });
  const freshness = (...signers: (typeof ANNA)[]) => ({ ...ROOT.freshness, keys: idsOf(...signers) });

  /** What becomes of a floor at the last epoch there is. */
  async function followed(...roots: readonly TrustRoot[]) {
    const path = [FIRST, ...(await Promise.all(roots.map(signed)))];
    const result = followRoots(floorAt(LAST), path);
    if (!result.ok) throw new Error(result.message);
    return result;
  }

  test.each([
    ["nothing changes", {}, false],
    ["a policy key comes", { policy: policy(ANNA, BERT, DORA) }, false],
    ["a freshness key comes", { freshness: freshness(DORA, ONLINE) }, false],
    ["root keys are exchanged", { root: { keys: idsOf(ANNA, BERT, DORA), threshold: 2 } }, false],
    ["thresholds change", { policy: { ...policy(ANNA, BERT), threshold: 1 } }, false],
    ["a policy key is replaced", { policy: policy(ANNA, DORA) }, true],
    ["a policy key goes", { policy: { ...policy(ANNA), threshold: 1 } }, true],
    ["the freshness key is replaced", { freshness: freshness(EMIL) }, true],
    ["two roles exchange their keys", { policy: { ...policy(ONLINE), threshold: 1 } }, true],
  ])("where %s", async (_, changes, isReset) => {
    const root = following(ROOT, { ...changes, minEpoch: 3 });
    const result = await followed(root);
    expect(result.isReset).toBe(isReset);
    expect(result.floor).toMatchObject(isReset ? { epoch: 3, digest: null } : { epoch: LAST });
    expect(outcome(result.floor, manifest(9), root)).toBe(isReset ? "new" : "epoch.rolled_back");
  });

  test("through every version: a key that went and came back has gone", async () => {
    const without = following(ROOT, { policy: policy(ANNA, DORA) });
    const back = following(without, { policy: policy(ANNA, BERT) });
    expect((await followed(without, back)).isReset).toBe(true);
    // Of versions that it has followed already it thinks no more.
    const at = await signed(back);
    const later = following(back, {});
    const floor = { ...firstFloor(at, "payments", "eu-1"), epoch: 9 };
    const result = followRoots(floor, [FIRST, await signed(without), at, await signed(later)]);
    expect(result).toMatchObject({ ok: true, isReset: false, floor: { epoch: 9, rootVersion: 4 } });
  });

  test("also where the walk begins behind the version that it knew", async () => {
    const kept = following(following(ROOT, {}), {});
    expect(followRoots(floorAt(LAST), [await signed(kept)])).toMatchObject({ ok: true, isReset: false });
    const replaced = following(following(ROOT, {}), { policy: policy(ANNA, DORA) });
    expect(followRoots(floorAt(LAST), [await signed(replaced)])).toMatchObject({ ok: true, isReset: true });
  });

  test("never back to an older version, a branch, another root, or none", async () => {
    const second = await signed(following(ROOT, {}));
    const floor = firstFloor(second, "payments", "eu-1");
    expect(followRoots(floor, [FIRST])).toMatchObject({ ok: false, code: "epoch.root_rolled_back" });
    const branch = await signed(following(ROOT, { expiresMs: ROOT.expiresMs + 1000 }));
    expect(followRoots(floor, [FIRST, branch])).toMatchObject({ ok: false, code: "epoch.root_forked" });
    const longer = await signed(following(branch.root, {}));
    expect(followRoots(floor, [FIRST, branch, longer])).toMatchObject({ code: "epoch.root_forked" });
    const other = await signed({ ...ROOT, name: "example.com/others", version: 9 });
    expect(followRoots(floor, [other])).toMatchObject({ ok: false, code: "epoch.other_root" });
    expect(followRoots(floor, [])).toMatchObject({ ok: false, code: "epoch.invalid" });
  });
});
