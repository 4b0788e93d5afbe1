/** Sets that are loaded as one: a snapshot for all members, and what only some declare. */
import { loadSetUnsigned } from "@polity/runtime/authoring.ts";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { describe, expect, test } from "vitest";
import { ASKS, both, FACTS, HEADER, moduleOf, PAYS, paying, refusal, SHARED } from "../support/paying-set.ts";

describe("one snapshot", () => {
  test("gives every member what it declares, under one digest", async () => {
    const set = await both({ pays: PAYS, asks: ASKS });
    expect(set.ask(paying(80))).toMatchObject({ verdict: "allow", rules: ["pays/granted"] });
    expect(set.ask(paying(81))).toMatchObject({ verdict: "deny", code: "no_rule" });
    expect(set.ask(paying(5, 2))).toMatchObject({ verdict: "hold", rules: ["asks/ask", "pays/granted"] });
    expect(set.host.facts).toBe(digestName(sha256(utf8(JSON.stringify(FACTS)))));
    expect(set.host.members.map(({ name, manifest }) => [name, manifest.policy.name])).toEqual([
      ["asks", "acme.asks"],
      ["pays", "acme.pays"],
    ]);
    const quiet = await both({ pays: PAYS, asks: ASKS }, { ...FACTS, settings: { quiet: true } });
    expect(quiet.ask(paying(50))).toMatchObject({ verdict: "deny", rules: ["asks/hush", "pays/granted"] });
    expect(quiet.ask(paying(51)).rules).toEqual(["asks/hush"]);
  });

  test("holds nothing that no member declares", async () => {
    const set = { pays: PAYS, asks: ASKS };
    const entities = [...FACTS.entities, { type: "Ghost", id: "g" }];
    expect(await refusal(set, { ...FACTS, entities })).toBe(
      "facts.unknown_type: no member of the set has an entity Ghost",
    );
    expect(await refusal(set, { ...FACTS, settings: { cup: 1 } })).toBe(
      'facts.unknown_setting: no member of the set has a setting "cup"',
    );
    expect(await refusal(set, { ...FACTS, tables: { grants: [] } })).toBe(
      'facts.unknown_table: no member of the set has a table "grants"',
    );
    // Alone, a member takes nothing of the others'.
    expect(await refusal({ pays: PAYS })).toBe(
      "facts.unknown_type: no member of the set has an entity Group",
    );
  });

  test.each([
    ["no object", []],
    ["another part", { ...FACTS, more: 1 }],
    ["no list", { ...FACTS, entities: {} }],
    ["no entity", { ...FACTS, entities: [1] }],
    ["an entity without an id", { ...FACTS, entities: [{ type: "Ghost" }] }],
    ["settings that are no object", { ...FACTS, settings: [1] }],
    ["rows that are no list", { ...FACTS, tables: { grant: {} } }],
  ])("has its form: %s", async (_what, facts) => {
    expect(await refusal({ pays: PAYS, asks: ASKS }, facts)).toMatch(/^facts\.invalid: (?:asks|pays): /);
  });

  test.each([
    ["a value out of range", { settings: { cap: 101 } }, "facts.out_of_range: pays: "],
    ["a literal that is missing", { entities: FACTS.entities.slice(0, 3) }, "facts.missing_entity: asks: "],
    [
      "a parent who is not there",
      { entities: FACTS.entities.filter(({ id }) => id !== "t") },
      "facts.unknown_parent: pays: ",
    ],
    ["two of one id", { entities: [...FACTS.entities, FACTS.entities[0]] }, "facts.duplicate_id: asks: "],
  ])("is refused by the member whose part is wrong: %s", async (_what, change, says) => {
    expect(await refusal({ pays: PAYS, asks: ASKS }, { ...FACTS, ...change })).toContain(says);
  });

  test("means the same to everybody, or there is no set", async () => {
    const other = (from: string, to: string) => refusal({ a: PAYS, b: PAYS.replace(from, to) });
    expect(await refusal({ a: PAYS, b: PAYS.replace("0..9", "0..8") })).toBe(
      "set.entity: a and b differ in the entity Agent",
    );
    expect(await other("Account in Team", "Account")).toBe(
      "set.entity: a and b differ in the entity Account",
    );
    expect(await other("key agent, account", "key account, agent")).toBe(
      "set.table: a and b differ in the table grant",
    );
    expect(await other("key agent, account", "key agent, account max 3 per agent")).toMatch(/^set\.table: /);
    expect(await other("= 50", "= 51")).toBe("set.setting: a and b differ in the setting cap");
    expect(await other("cap: int 0..100", "cap: int 0..99")).toMatch(/^set\.setting: /);
  });
});

describe("what only others declare", () => {
  const approval = (request: string, type: string, id: string) => {
    return { request, approver: { type, id }, askedAt: 0, givenAt: 0 };
  };

  function approved(
    set: Awaited<ReturnType<typeof both>>,
    asked: ReturnType<typeof paying>,
    type: string,
    id: string,
  ) {
    const named = set.host.request(asked.action, asked.fields);
    if (!named.ok) throw new Error(named.code);
    return set.ask({ ...asked, header: { ...HEADER, approvals: [approval(named.digest, type, id)] } });
  }

  test("approvers are judged by those who know them", async () => {
    const set = await both({ pays: PAYS, asks: ASKS });
    expect(approved(set, paying(5, 2), "Person", "p")).toMatchObject({ verdict: "allow", code: "rule" });
    expect(approved(set, paying(5, 2), "Account", "x")).toMatchObject({ verdict: "hold" });
    expect(approved(set, paying(5, 2), "Person", "q")).toMatchObject({
      verdict: "deny",
      code: "entity.unknown",
    });
    expect(approved(set, paying(5, 2), "Ghost", "g")).toMatchObject({
      verdict: "deny",
      code: "entity.unknown",
    });
    // What only a member knows who does not count is known to nobody.
    const shadowed = await both({ pays: PAYS, asks: ASKS }, FACTS, ["asks"]);
    const by = approved(shadowed, paying(5, 2), "Person", "p");
    expect(by).toMatchObject({ verdict: "deny", code: "entity.unknown" });
    expect(by.members.map(({ decision }) => decision.code)).toEqual(["no_rule", "entity.unknown"]);
  });

  test("nobody approves who is named where a member does not look", async () => {
    const set = await both({
      pays: PAYS.replace("to: ref Account", "to: ref Account, friends: set<Person>, of: map<Person>").replace(
        SHARED,
        `${SHARED}entity Group\nentity Person in Group\n`,
      ),
      asks: ASKS,
    });
    const asked = (friends: string[], of: Record<string, string> = {}) => {
      const request = paying(5, 2);
      return { ...request, fields: { ...request.fields, friends, of } };
    };
    expect(approved(set, asked([]), "Person", "p").verdict).toBe("allow");
    expect(approved(set, asked(["p"]), "Person", "p").verdict).toBe("hold");
    expect(approved(set, asked([], { a: "p" }), "Person", "p").verdict).toBe("hold");
  });

  test("entities of the request are checked by all and judged by who declares them", async () => {
    const carrying = PAYS.replace(
      "action pay",
      "entity Order in Account from request { size: int 0..9, by: ref Agent }\naction pay",
    )
      .replace("to: ref Account", "order: Order")
      .replace("when amount <= cap and exists(to)", "when amount <= cap and order.size < 5");
    const set = await both({ pays: carrying, asks: ASKS });
    const order = (change: object = {}) => {
      return {
        type: "Order",
        id: "o",
        attributes: { size: 1, by: "a" },
        parents: [{ type: "Account", id: "x" }],
        ...change,
      };
    };
    const ask = (entities: unknown, zone = 1, header: Header = HEADER) => {
      const fields = { agent: "a", zone, amount: 5, order: "o" };
      return set.ask({ action: "pay", fields, entities, header });
    };
    expect(ask([order()])).toMatchObject({ verdict: "allow" });
    expect(ask([order({ attributes: { size: 6, by: "a" } })])).toMatchObject({
      verdict: "deny",
      code: "no_rule",
    });
    expect(ask([order()], 2)).toMatchObject({ verdict: "hold" });
    for (const [change, code] of [
      [{ attributes: { size: 10, by: "a" } }, "input.out_of_range"],
      [{ attributes: { size: 1 } }, "input.missing"],
      [{ parents: [{ type: "Team", id: "t" }] }, "input.invalid"],
      [{ parents: undefined }, "input.invalid"],
      [{ type: "Person" }, "input.invalid"],
      [{ type: "Ghost" }, "input.invalid"],
      [{ more: 1 }, "input.unknown_field"],
    ] as const) {
      const decision = ask([order(change)]);
      expect(
        decision.members.map((one) => one.decision.code),
        JSON.stringify(change),
      ).toEqual([code, code]);
    }
    expect(ask([order({ parents: [{ type: "Account", id: "y" }] })])).toMatchObject({
      code: "entity.unknown",
    });
    expect(ask([order(), order()])).toMatchObject({ code: "input.invalid" });
    expect(ask(Array.from({ length: 65 }, (_, n) => order({ id: `o${n}` })))).toMatchObject({
      code: "input.too_large",
    });
    expect(ask([])).toMatchObject({ verdict: "deny", code: "entity.unknown" });
    expect(ask(undefined)).toMatchObject({ verdict: "deny", code: "entity.unknown" });
    const named = set.host.request("pay", { agent: "a", zone: 2, amount: 5, order: "o" }, [order()]);
    if (!named.ok) throw new Error(named.code);
    const header = { ...HEADER, approvals: [approval(named.digest, "Person", "p")] };
    expect(ask([order()], 2, header)).toMatchObject({ verdict: "allow" });
    expect(ask([order({ attributes: { size: 2, by: "a" } })], 2, header)).toMatchObject({ verdict: "hold" });
  });

  test("nobody approves who is named by what a member does not know", async () => {
    const noted = "entity Note in Group from request { by: set<Person> }";
    const people = `entity Group
entity Person in Group
${noted}
`;
    const carrying = PAYS.replace(SHARED, SHARED + people);
    const set = await both({ pays: carrying, asks: ASKS });
    const ask = (entities: unknown, id = "p") => {
      const { action, fields } = paying(5, 2);
      const named = set.host.request(action, fields, entities);
      if (!named.ok) throw new Error(named.code);
      const header = { ...HEADER, approvals: [approval(named.digest, "Person", id)] };
      return set.ask({ action, fields, entities, header });
    };
    const note = (by: string[]) => [{ type: "Note", id: "n", attributes: { by }, parents: [] }];
    expect(ask(note([])).verdict).toBe("allow");
    expect(ask(note(["p"])).verdict).toBe("hold");
    expect(ask(note(["q"]))).toMatchObject({ verdict: "deny", code: "entity.unknown" });
  });

  test("a shadow member lets nobody carry what no other knows", async () => {
    const carrying = ASKS.replace("entity Group", "entity Group\nentity Note from request { n: int }");
    const set = await both({ pays: PAYS, asks: carrying }, FACTS, ["asks"]);
    const entities = [{ type: "Note", id: "n", attributes: { n: 1 } }];
    expect(set.ask({ ...paying(5), entities })).toMatchObject({ verdict: "deny", code: "input.invalid" });
    expect(set.ask(paying(5))).toMatchObject({ verdict: "allow" });
  });
});

test("a guard without any action says all that it says of the others' actions", async () => {
  const watches = `polity 1
guard acme.watches version 1
${SHARED}entity Group
entity Person in Group
obligation tell { zone: int }
hold asks on * when zone == 2 until approved by Group::"bosses" within 1h because "zone {zone}"
deny late on * when now.in("Europe/Berlin").hour > 20 note "late"
deny distrusted on * when trust < 10 and zone == 4 oblige tell { zone: zone }
`;
  const facts = { ...FACTS, settings: { cap: 80 } };
  const set = await both({ pays: PAYS, watches }, facts);
  const header = (change: object) => ({ ...paying(5), header: { ...HEADER, ...change } });
  expect(set.ask(paying(5, 2))).toMatchObject({ verdict: "hold", reasons: ["zone 2"] });
  const evening = 20 * 3_600_000;
  const times = { now: evening, policyUntil: evening, factsUntil: evening };
  const at = { ...times, containment: { state: "free", readAt: evening } } as const;
  expect(set.ask(header(at))).toMatchObject({ verdict: "deny", notes: ["late"] });
  expect(set.ask(paying(5, 4))).toMatchObject({ verdict: "deny", obligations: [{ arguments: { zone: 4 } }] });
  const { manifest } = set.host.members[1]!;
  expect(manifest).toMatchObject({ readsTrust: true, tzdata: "2025b" });
  expect(manifest.entityLiterals).toEqual([{ type: "Group", id: "bosses" }]);
  // What it may impose is known before it does: a host that cannot discharge it does not load it.
  const members = [await moduleOf("pays", PAYS), await moduleOf("watches", watches)];
  const loaded = await loadSetUnsigned(members, { facts: JSON.stringify(facts) });
  expect(loaded).toMatchObject({ ok: false, code: "load.obligation", member: "watches" });
  const without = FACTS.entities.filter(({ id }) => id !== "bosses" && id !== "p");
  expect(await refusal({ pays: PAYS, watches }, { ...facts, entities: without })).toContain(
    "facts.missing_entity",
  );
});
