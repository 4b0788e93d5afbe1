/** Sets that are loaded as one: all members are replaced at once. */
import { loadSetUnsigned, type UnsignedMember } from "@polity/runtime/authoring.ts";
import type { SetHost } from "@polity/runtime/index.ts";
import { describe, expect, test } from "vitest";
import { ASKS, FACTS, HEADER, moduleOf, PAYS, paying } from "../support/paying-set.ts";
import { DO, stubEvaluator } from "../support/stub-evaluator.ts";

describe("a replacement", () => {
  const text = (change: object = {}) => JSON.stringify({ ...FACTS, ...change });

  async function opened(facts = text()): Promise<SetHost> {
    const members = [await moduleOf("pays", PAYS), await moduleOf("asks", ASKS)];
    const loaded = await loadSetUnsigned(members, { facts, obligations: "any" });
    if (!loaded.ok) throw new Error(loaded.message);
    return loaded.set;
  }

  const verdictOf = (set: SetHost, amount: number, zone = 1) => {
    const { action, fields, header } = paying(amount, zone);
    return set.decide(action, fields, header).verdict;
  };

  test("of facts is for all members, or for none", async () => {
    const set = await opened();
    const before = set.facts;
    expect(verdictOf(set, 80)).toBe("allow");
    const wrong = await set.replace({ facts: text({ settings: { cap: 10, quiet: 1 } }) });
    expect(wrong).toMatchObject({ ok: false, code: "facts.invalid", member: "asks" });
    expect([set.facts, verdictOf(set, 80)]).toEqual([before, "allow"]);
    expect(await set.replace({ facts: text({ settings: { cap: 10 } }) })).toEqual({ ok: true });
    expect(set.facts).not.toBe(before);
    expect([verdictOf(set, 80), verdictOf(set, 10)]).toEqual(["deny", "allow"]);
  });

  test("of evaluators names every member, in any order", async () => {
    const set = await opened();
    const wider = await moduleOf("pays", PAYS.replace("amount <= cap", "amount <= 100"));
    const { evaluator } = set.members[1]!;
    expect(await set.replace({ members: [wider] })).toMatchObject({ code: "set.missing", member: "asks" });
    const surplus = [wider, { name: "asks" }, { name: "more" }];
    expect(await set.replace({ members: surplus })).toMatchObject({ code: "set.members", member: null });
    const twice = [wider, { name: "asks" }, { name: "asks" }];
    expect(await set.replace({ members: twice })).toMatchObject({ code: "set.name" });
    expect(set.members[1]!.evaluator).toBe(evaluator);
    expect(await set.replace({ members: [wider, { name: "asks" }] })).toEqual({ ok: true });
    expect(set.members[1]!.evaluator).not.toBe(evaluator);
    expect(verdictOf(set, 100)).toBe("allow");
    const disagreeing = await moduleOf("pays", PAYS.replace("zone: int 0..5", "zone: int 0..6"));
    expect(await set.replace({ members: [{ name: "asks" }, disagreeing] })).toMatchObject({
      code: "set.action",
    });
    expect(verdictOf(set, 100)).toBe("allow");
    const named = { ...wider, expect: `sha256:${"0".repeat(64)}` };
    expect(await set.replace({ members: [named, { name: "asks" }] })).toMatchObject({
      code: "load.digest",
      member: "pays",
    });
  });

  test("takes its turn, and decisions that run end on what they began with", async () => {
    const set = await opened();
    const swaps = [10, 20, 30].map((cap) => set.replace({ facts: text({ settings: { cap } }) }));
    expect(verdictOf(set, 80)).toBe("allow");
    expect(await Promise.all(swaps)).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    expect([verdictOf(set, 30), verdictOf(set, 31)]).toEqual(["allow", "deny"]);
    await set.ready();
    const hostile = {
      get facts(): string {
        throw new Error("no");
      },
    };
    expect(await set.replace(hostile)).toMatchObject({ ok: false, code: "load.trap" });
    expect(await set.replace({ members: 5 as never })).toMatchObject({ ok: false, code: "set.missing" });
  });

  test("a member that traps denies, until there is another instance of it", async () => {
    const [a, b] = [await stubEvaluator(), await stubEvaluator()];
    const members = [
      { name: "a", wasm: a },
      { name: "b", wasm: b },
    ];
    const facts = '{"entities":[{"type":"Team","id":"t"}]}';
    const loaded = await loadSetUnsigned(members, { facts, obligations: "any" });
    if (!loaded.ok) throw new Error(loaded.message);
    const { set } = loaded;
    const ask = (todo: number) => set.decide("go", { s: "x" }, { ...HEADER, trust: todo });
    expect(ask(DO.allow).verdict).toBe("allow");
    const codes = [1, 2, 3].map(() => ask(DO.trap)).map(({ verdict, code }) => `${verdict} ${code}`);
    expect(codes).toEqual(["deny host.trap", "deny host.trap", "deny host.not_ready"]);
    await set.ready();
    expect(ask(DO.allow).verdict).toBe("allow");
  });

  test("a set has 1 to 64 members with names of their own", async () => {
    const pays = await moduleOf("pays", PAYS);
    const load = async (members: readonly UnsignedMember[]) => {
      const loaded = await loadSetUnsigned(members, { facts: text(), obligations: "any" });
      return loaded.ok ? "" : loaded.code;
    };
    expect(await load([])).toBe("set.members");
    expect(await load(Array.from({ length: 65 }, (_, n) => ({ ...pays, name: `m${n}` })))).toBe(
      "set.members",
    );
    expect(await load([pays, pays])).toBe("set.name");
    expect(await load([{ ...pays, name: "Pays" }])).toBe("set.name");
    expect(await load([{ name: "pays" }])).toBe("load.not_wasm");
    expect(await load(5 as never)).toBe("load.trap");
  });
});
