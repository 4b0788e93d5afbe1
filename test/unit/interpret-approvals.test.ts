import { describe, expect, test } from "vitest";
import { asking, DIGEST, HEADER, NOW } from "../support/asking.ts";

const TEAM = [{ type: "Team", id: "treasury" }];
const ENTITIES = [
  { type: "Team", id: "treasury" },
  { type: "Team", id: "night", parents: TEAM },
  { type: "User", id: "ada", parents: TEAM },
  { type: "User", id: "bob", parents: [{ type: "Team", id: "night" }] },
  { type: "User", id: "eve" },
];

const ask = asking(
  `polity 1
policy test.approvals version 1
entity Team in Team
entity User in Team
record Party { user: User }
action act { by: User?, parties: list<Party> }
action twice { by: User?, parties: list<Party> }
allow all on act, twice always
hold one on act when true until approved by Team::"treasury" within 15m because "one" note "noted"
hold two on twice when true until approved by 2 of Team::"treasury" within 15m because "two"
`,
  ENTITIES,
);

interface Bend {
  readonly request?: unknown;
  readonly approver?: unknown;
  readonly askedAt?: unknown;
  readonly givenAt?: unknown;
}

function by(id: string, bend: Bend = {}) {
  return {
    request: DIGEST,
    approver: { type: "User", id },
    askedAt: NOW - 60_000,
    givenAt: NOW - 30_000,
    ...bend,
  };
}

function outcome(approvals: unknown, fields: unknown = { parties: [] }, action = "act") {
  return ask(fields, { ...HEADER, approvals }, action);
}

function verdict(approvals: unknown, fields?: unknown, action?: string): string {
  const { verdict: answer, code } = outcome(approvals, fields, action);
  return code === "rule" ? answer : code;
}

describe("an approval", () => {
  test("of somebody in the group releases", () => {
    expect(verdict([])).toBe("hold");
    expect(verdict([by("ada")])).toBe("allow");
    expect(verdict([by("bob")])).toBe("allow");
    expect(verdict([by("eve")])).toBe("hold");
    expect(verdict([by("", { approver: { type: "Team", id: "treasury" } })])).toBe("allow");
  });

  test("counts for exactly this request", () => {
    expect(verdict([by("ada", { request: `sha256:${"0".repeat(64)}` })])).toBe("hold");
  });

  test.each([
    ["given when asked", { askedAt: NOW - 1, givenAt: NOW - 1 }, "allow"],
    ["given now", { givenAt: NOW }, "allow"],
    ["given later", { givenAt: NOW + 1 }, "hold"],
    ["given before it was asked", { askedAt: NOW - 1, givenAt: NOW - 2 }, "hold"],
    ["at the end of its time", { askedAt: NOW - 899_999 }, "allow"],
    ["after its time", { askedAt: NOW - 900_000 }, "hold"],
  ])("%s", (_, bend, expected) => {
    expect(verdict([by("ada", bend)])).toBe(expected);
  });

  test("does not count of somebody who is named in the request", () => {
    expect(verdict([by("ada")], { by: "ada", parties: [] })).toBe("hold");
    expect(verdict([by("ada")], { by: "bob", parties: [] })).toBe("allow");
    expect(verdict([by("ada")], { parties: [{ user: "eve" }, { user: "ada" }] })).toBe("hold");
  });

  test("counts once for each approver", () => {
    expect(verdict([by("ada")], undefined, "twice")).toBe("hold");
    expect(verdict([by("ada"), by("ada", { givenAt: NOW })], undefined, "twice")).toBe("hold");
    expect(verdict([by("ada"), by("bob")], undefined, "twice")).toBe("allow");
    expect(verdict([by("bob"), by("ada")], undefined, "twice")).toBe("allow");
    expect(verdict([by("ada"), by("eve")], undefined, "twice")).toBe("hold");
  });

  test("of somebody unknown denies", () => {
    expect(verdict([by("gone")])).toBe("entity.unknown");
    expect(verdict([by("ada", { approver: { type: "Robot", id: "ada" } })])).toBe("entity.unknown");
  });
});

test("a released hold is reported and noted, but gives no reason", () => {
  const released = outcome([by("ada")]);
  expect(released.rules).toEqual(["all", "one"]);
  expect(released.notes).toEqual([{ rule: "one", parts: ["noted"] }]);
  expect(released.reasons).toEqual([]);
  expect(outcome([]).reasons).toEqual([{ rule: "one", parts: ["one"] }]);
});

test.each([
  ["not a list", {}, "input.invalid"],
  ["a hole", new Array(1), "input.invalid"],
  ["too many", Array.from({ length: 17 }, (_, n) => by("ada", { askedAt: NOW - n })), "input.too_large"],
  ["one twice", [by("ada"), by("ada")], "input.invalid"],
  ["no digest", [{ ...by("ada"), request: "sha256:0" }], "input.invalid"],
  ["a digest in capitals", [by("ada", { request: DIGEST.toUpperCase() })], "input.invalid"],
  ["no time", [by("ada", { askedAt: "0" })], "input.invalid"],
  ["no approver", [{ request: DIGEST, askedAt: NOW, givenAt: NOW }], "input.missing"],
  ["an approver without an id", [by("ada", { approver: { type: "User" } })], "input.missing"],
  ["an empty id", [by("")], "input.invalid"],
  ["a long id", [by("a".repeat(257))], "input.too_large"],
])("approvals that are %s", (_, approvals, code) => {
  expect(outcome(approvals).code).toBe(code);
});

test("sixteen approvals are not too many", () => {
  const many = Array.from({ length: 16 }, (_, n) => by("ada", { askedAt: NOW - 60_000 - n }));
  expect(verdict(many)).toBe("allow");
});
