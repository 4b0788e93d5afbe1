/** Who is contained is in the log, though the disk was behind; meanwhile it holds all the same. */
import { openGovernor } from "@polity/governor/open-governor.ts";
import type { Opening } from "@polity/lineage/commitment.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { LogError } from "@polity/lineage/store.ts";
import { expect, test } from "vitest";
import { ADA, BOB, BY_ROOT, begun, hostOf, manualClock, ordering, pay } from "../support/governing.ts";
import { heldStore } from "../support/held-store.ts";

async function busy(times: number, mode: "strict" | "relaxed" = "strict") {
  const held = heldStore({ isHeld: false });
  let left = times;
  const append = async (entry: Entry, opening?: Opening) => {
    if ((entry.kind === "containment" || entry.kind === "trust") && left > 0) {
      left -= 1;
      throw new LogError("log.busy", "forced");
    }
    return held.store.append(entry, opening);
  };
  const store = {
    ...held.store,
    append,
    size: 0,
    entry: async () => null,
    opening: async () => null,
    openings: async () => async () => null,
  };
  const { ports, move } = manualClock();
  const log = { store, node: "n1", nextSeq: 0, mode };
  const governor = await openGovernor({ host: await hostOf(), log, ports, governed: BY_ROOT });
  const pass = async (ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    move(ms);
    await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const kinds = (kind: Entry["kind"]) => held.entries.filter((one) => one.kind === kind);
  return { governor, kinds, pass };
}

test.each(["strict", "relaxed"] as const)("%s: a verdict contains, and its entry follows", async (mode) => {
  const { governor, kinds, pass } = await busy(3, mode);
  const execution = await begun(governor);
  expect((await execution.authorize(pay(5, "mallory"))).verdict).toBe("quarantine");
  for (const ms of [100, 200, 400]) {
    expect(kinds("containment")).toEqual([]);
    expect(governor.standing(ADA).containment).toBe("quarantined");
    expect((await execution.authorize(pay(5))).verdict).toBe("deny");
    await pass(ms);
  }
  expect(kinds("containment")).toMatchObject([{ subject: ADA, state: "quarantined" }]);
  expect(governor.stopped()).toBe(null);
});

test("an order is carried out once its entry is there; one that is released meanwhile has none", async () => {
  const { governor, kinds, pass } = await busy(1);
  const given = governor.order(await ordering({ kind: "agent", agent: BOB }, { kind: "quarantine" }));
  await pass(0);
  expect(governor.standing(BOB).containment).toBe("quarantined");
  await pass(100);
  const said = await given;
  const [contained] = kinds("containment");
  expect(said).toEqual({ ok: true, entry: contained!.id });
  const release = { kind: "release", containment: contained!.id } as const;
  expect((await governor.order(await ordering({ kind: "agent", agent: BOB }, release))).ok).toBe(true);
  expect(governor.standing(BOB).containment).toBe("free");
  expect(kinds("containment").map((one) => one.kind === "containment" && one.state)).toEqual([
    "quarantined",
    "free",
  ]);
});
