import { describe, expect, test } from "vitest";
import { type Facts, isBelow, loadFacts } from "../../compiler/interpret/facts.ts";
import { compiled } from "../support/compiled.ts";

const CHECKED = compiled(`polity 1
policy test.facts version 1
record Part { size: int 0..9 }
entity Team in Team
entity User in Team { level: int 0..9, boss: User?, parts: list<Part>, home: path? }
entity Asset
action act { user: User }
allow all on act when user in Team::"root"
`);

const ROOT = { type: "Team", id: "root" };

function user(id: string, attributes: Record<string, unknown> = {}, parents?: unknown) {
  return {
    type: "User",
    id,
    attributes: { level: 1, parts: [], ...attributes },
    ...(parents ? { parents } : {}),
  };
}

function refusal(facts: unknown): string {
  const loaded = loadFacts(CHECKED, facts);
  return loaded.ok ? "loaded" : loaded.refusal.code;
}

describe("a snapshot", () => {
  test.each([
    ["is complete", [ROOT, user("u", { boss: "u", home: "/a/../b" }, [ROOT])], "loaded"],
    ["lacks an entity of the policy", [user("u")], "facts.missing_entity"],
    ["has an unknown type", [ROOT, { type: "Robot", id: "r" }], "facts.unknown_type"],
    ["has one id twice", [ROOT, ROOT], "facts.duplicate_id"],
    ["lacks a parent", [ROOT, user("u", {}, [{ type: "Team", id: "gone" }])], "facts.unknown_parent"],
    [
      "has a parent of an undeclared type",
      [ROOT, user("a"), user("u", {}, [{ type: "User", id: "a" }])],
      "facts.unknown_parent",
    ],
    ["has a group within itself", [{ ...ROOT, parents: [ROOT] }], "facts.cycle"],
    [
      "has a long cycle",
      [
        ROOT,
        { type: "Team", id: "a", parents: [{ type: "Team", id: "b" }] },
        { type: "Team", id: "b", parents: [ROOT, { type: "Team", id: "a" }] },
      ],
      "facts.cycle",
    ],
    ["names an unknown entity", [ROOT, user("u", { boss: "gone" })], "facts.unknown_entity"],
    [
      "lacks an attribute",
      [ROOT, { type: "User", id: "u", attributes: { parts: [] } }],
      "facts.missing_attribute",
    ],
    ["lacks all attributes", [ROOT, { type: "User", id: "u" }], "facts.missing_attribute"],
    ["has an undeclared attribute", [ROOT, user("u", { age: 1 })], "facts.unknown_attribute"],
    ["has an attribute out of range", [ROOT, user("u", { level: 10 })], "facts.out_of_range"],
    ["has a nested value out of range", [ROOT, user("u", { parts: [{ size: 10 }] })], "facts.out_of_range"],
    [
      "has too many members",
      [ROOT, user("u", { parts: new Array(65).fill({ size: 1 }) })],
      "facts.too_large",
    ],
    ["has a wrong type", [ROOT, user("u", { level: null })], "facts.invalid"],
    ["has a bad path", [ROOT, user("u", { home: "/.." })], "facts.invalid"],
    ["has an entity without an id", [ROOT, { type: "User" }], "facts.invalid"],
    ["has an empty id", [ROOT, user("")], "facts.invalid"],
    ["has a bad id", [ROOT, user("\ud800")], "facts.invalid"],
    ["has an unknown key", [ROOT, { ...user("u"), tags: [] }], "facts.invalid"],
    ["has parents that are none", [ROOT, user("u", {}, ["root"])], "facts.invalid"],
    ["has an entity that is none", [ROOT, null], "facts.invalid"],
  ])("that %s", (_, entities, code) => {
    expect(refusal({ entities })).toBe(code);
  });

  test("is an object with a list of entities and, so far, nothing else", () => {
    expect(refusal({ entities: [ROOT], tables: {}, settings: [] })).toBe("loaded");
    expect(refusal({ entities: [ROOT], tables: { t: [] } })).toBe("facts.unknown_table");
    expect(refusal({ entities: [ROOT], settings: { s: 1 } })).toBe("facts.unknown_setting");
    expect(refusal({ entities: { 0: ROOT } })).toBe("facts.invalid");
    for (const facts of [null, undefined, 1, "x", [], {}]) expect(refusal(facts)).toBe("facts.invalid");
  });

  test("says at which entity it was refused", () => {
    const loaded = loadFacts(CHECKED, { entities: [ROOT, user("u", { level: 10 })] });
    expect(loaded.ok ? null : loaded.refusal.entity).toEqual({ type: "User", id: "u" });
    const missing = loadFacts(CHECKED, { entities: [] });
    expect(missing.ok ? null : missing.refusal.entity).toEqual(ROOT);
  });
});

test("being below goes through any number of groups, and every entity is below itself", () => {
  const chain = Array.from({ length: 5_000 }, (_, n) => ({
    type: "Team",
    id: n === 0 ? "root" : `t${n}`,
    parents: n === 0 ? [] : [{ type: "Team", id: n === 1 ? "root" : `t${n - 1}` }],
  }));
  const loaded = loadFacts(CHECKED, { entities: chain.toReversed() });
  const facts = (loaded as { readonly facts: Facts }).facts;
  const deep = { type: "Team", id: "t4999" };
  expect(isBelow(facts, deep, ROOT)).toBe(true);
  expect(isBelow(facts, ROOT, deep)).toBe(false);
  expect(isBelow(facts, deep, deep)).toBe(true);
  expect(isBelow(facts, deep, { type: "Team", id: "gone" })).toBe(false);
});
