import { compile } from "@polity/compiler/pipeline.ts";
import { describe, expect, test } from "vitest";
import { editDistance, nearest } from "../../compiler/2-check/suggest.ts";
import { diagnose, underlines } from "../support/diagnose.ts";

const GO = "allow all on go always\n";

describe("declared twice", () => {
  test.each([
    ["enum A { x } enum A { y } action go { a: A }", "A"],
    ["enum A { x, y, x } action go { a: A }", "x"],
    ["record R { a: int, a: bool } action go { r: R }", "a"],
    ["entity E { a: int, a: bool } action go { e: E }", "a"],
    ["entity G entity E in G, G action go { e: E }", "G"],
    ["action go { a: int, a: int }", "a"],
    ["action go {} action go {}", "go"],
    [`action go {} ${GO}`, "all"],
    ["entity E subject a: E subject b: E action go {}", "b"],
    ["action go {} deny no on go, go when trust < 1", "go"],
  ])("%s", (text, underlined) => {
    expect(underlines(`${text}\n${GO}`).filter((u) => u.startsWith("POL1001"))).toEqual([
      `POL1001 ${underlined}`,
    ]);
  });

  test("the message names the line of the first one", () => {
    const [found] = diagnose(`action go {}\naction go {}\n${GO}`);
    expect(found?.message).toBe("`go` is already an action, on line 3");
  });
});

describe("unknown, with the nearest known name", () => {
  test.each([
    ["action go { a: strin }", "POL1002 strin", "string"],
    ["enum Zone { x } action go { a: Zoen, b: Zone }", "POL1002 Zoen", "Zone"],
    ["entity Team entity User in Taem action go { a: User }", "POL1003 Taem", "Team"],
    ["action go {} deny no on og always", "POL1004 og", "go"],
    ["action go { amount: int } deny no on go when amuont > 1", "POL1005 amuont", "amount"],
    ["entity E { limit: int } action go { e: E } deny no on go when e.limti > 1", "POL1006 limti", "limit"],
    [
      "enum Zone { east, west } action go { z: Zone } deny no on go when z == Zone.esat",
      "POL1007 esat",
      "east",
    ],
    ['action go { p: path } deny no on go when p.witin("/a")', "POL1008 witin", "within"],
  ])("%s", (text, underlined, name) => {
    const found = diagnose(`${text}\n${GO}`).find((d) => `${d.code} ${d.underlined}` === underlined);
    expect(found?.hint).toBe(`did you mean \`${name}\`?`);
  });

  test("a group that is no entity type says so", () => {
    const [found] = diagnose(`enum A { x } entity E in A action go { e: E, a: A }\n${GO}`);
    expect(found).toMatchObject({ code: "POL1003", underlined: "A" });
    expect(found?.message).toContain("not an entity type");
  });

  test("a member of another enum is named with its enum", () => {
    const found = diagnose(
      `enum Zone { eu } action go { a: bool, z: Zone }\ndeny no on go when a == eu\n${GO}`,
    );
    expect(found).toEqual([
      expect.objectContaining({
        code: "POL1005",
        underlined: "eu",
        hint: expect.stringContaining("`Zone.eu`"),
      }),
    ]);
  });

  test("one mistake gives one message", () => {
    const text = `enum Zone { eu } action go { z: Zone }\ndeny no on go when zoen == eu\n${GO}`;
    expect(underlines(text)).toEqual(["POL1005 zoen"]);
    expect(underlines(`action go { z: Nope }\ndeny no on go when z == 1 or z.a > 2\n${GO}`)).toEqual([
      "POL1002 Nope",
    ]);
  });
});

describe("names that hide or are taken", () => {
  test.each([
    ["enum Zone { eu } action go { z: Zone, eu: bool } deny no on go when z == eu", "POL1009 eu"],
    ["enum Zone { now } action go { z: Zone } deny no on go when z == now", "POL1009 now"],
    ["action go { l: list<int> } deny no on go when any(l in l: l > 1)", "POL1010 l"],
    ["action go { l: list<int> } deny no on go when any(a in l: any(a in l: a > 1))", "POL1010 a"],
    ["enum Zone { eu } action go { l: list<Zone> } deny no on go when any(Zone in l: true)", "POL1010 Zone"],
    ["enum Zone { eu } action go { Zone: Zone }", "POL1010 Zone"],
    ["every action { a: int } action go { a: int }", "POL1010 a"],
    ["action go { now: int }", "POL1011 now"],
    ["action go { trust: int }", "POL1011 trust"],
    ["entity E { id: string } action go { e: E }", "POL1011 id"],
    ["enum int { a } action go {}", "POL1011 int"],
    ["action go { l: list<int> } deny no on go when any(now in l: true)", "POL1011 now"],
    [`action go { ${"a".repeat(65)}: int }`, `POL1012 ${"a".repeat(65)}`],
    ["action other { a: int } action go {} deny no on * when a > 1", "POL1013 a"],
  ])("%s", (text, underlined) => {
    expect(underlines(`${text}\n${GO}`)).toContain(underlined);
  });

  test("`id` is an ordinary field of requests and records", () => {
    expect(
      underlines(`record R { id: int } action go { id: int, r: R }\nallow a on go when id == r.id\n`),
    ).toEqual([]);
  });

  test("a rule on all actions reads what all have", () => {
    const text = `entity E { n: int } subject e: E every action { s: bool } action go {} action og {}
allow all on go, og always
deny no on * when s and e.n > 1 and now > 2026-01-01T00:00:00Z and trust < 5`;
    expect(underlines(text)).toEqual([]);
  });
});

describe("the nearest name", () => {
  test.each([
    ["amuont", "amount", 1],
    ["kitten", "sitting", 3],
    ["", "abc", 3],
    ["abc", "abc", 0],
  ])("%s to %s takes %d slips", (a, b, slips) => {
    expect(editDistance(a, b)).toBe(slips);
    expect(editDistance(b, a)).toBe(slips);
  });

  test("is the first of equally near ones, and none is better than a far one", () => {
    expect(nearest("ab", ["ax", "aa"])).toBe("aa");
    expect(nearest("ab", ["xyz"])).toBeNull();
    expect(nearest("x".repeat(1_000), ["x"])).toBeNull();
  });
});

test.each([['s.matches("a")', "matches"]])("%s names what is not available", (condition, name) => {
  const text = `polity 1
policy p version 1
action a { xs: list<int>, p: path, s: string }
allow r on a when ${condition}
`;
  const { diagnostics } = compile({ file: "p.pol", text });
  expect(diagnostics.map((diagnostic) => diagnostic.hint)).toContain(
    `\`${name}\` is not available in this version`,
  );
});
