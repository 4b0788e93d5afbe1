import { describe, expect, test } from "vitest";
import { checkedOf, diagnose, underlines } from "../support/diagnose.ts";

const GO = "allow all on go always\n";
const FIELDS = `enum Zone { eu, us } enum Color { red }
record R { n: int, z: Zone }
entity Team entity User in Team { age: int 0..150, team: Team, prefix: string, root: path }
action go {
  b: bool, i: int, d: decimal, s: string, w: string id, p: path, t: timestamp, u: duration
  z: Zone, c: Color, r: R, e: User, g: Team
  li: list<int>, ss: set<string>, lr: list<R>, se: set<Team>, o: int?
}
`;

describe("declared types", () => {
  test.each([
    ["record A { b: B } record B { a: list<A> } action go { a: A }", "POL2003 A"],
    ["action go { a: int?? }", "POL2004 int??"],
    ["action go { a: list<int?> }", "POL2005 int?"],
    ["action go { a: set<list<int>> }", "POL2005 list<int>"],
    ["record R { a: int } action go { a: set<R> }", "POL2005 R"],
    ["action go { a: string max 0 }", "POL2006 string max 0"],
    ["action go { a: path max 65_537 }", "POL2006 path max 65_537"],
    ["action go { a: list<int> max 4_097 }", "POL2006 list<int> max 4_097"],
    ["action go { a: list<int> min 3 max 2 }", "POL2006 list<int> min 3 max 2"],
    ["action go { a: list<int> min 65 }", "POL2006 list<int> min 65"],
    ["action go { a: int 2..1 }", "POL2007 2..1"],
    ["action go { a: decimal 2..-1.5 }", "POL2007 2..-1.5"],
    ["action go { a: bool max 3 }", "POL2008 bool max 3"],
    ["action go { a: decimal 0..1_000_000_000_000_000 }", "POL2011 1_000_000_000_000_000"],
    ["subject a: string action go {}", "POL2018 string"],
    ["entity E subject a: E? action go {}", "POL2018 E?"],
    ["containment within 2d action go {}", "POL2010 containment within 2d"],
  ])("%s", (text, underlined) => {
    expect(underlines(`${text}\n${GO}`)).toContain(underlined);
  });

  test("limits", () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `f${i}: int`).join(", ");
    expect(underlines(`action go { ${many(256)} }\n${GO}`)).toEqual([]);
    expect(underlines(`action go { ${many(257)} }\n${GO}`)).toEqual(["POL2009 go"]);
    expect(underlines(`every action { ${many(256)} } action go { more: int }\n${GO}`)).toContain(
      "POL2009 go",
    );
    const wide = `record A { ${many(200)} } record B { ${many(20).replaceAll("int", "A")} }`;
    expect(underlines(`${wide} record C { a: B, b: B } action go { c: C }\n${GO}`)).toContain("POL2009 C");
    const actions = Array.from({ length: 1_025 }, (_, i) => `action a${i} {}`).join("\n");
    expect(underlines(`${actions}\nallow all on a1 always`)).toContain("POL2009 a1024");
  });

  test("canonical order, declared order of members, and what is read", () => {
    const checked =
      checkedOf(`enum Z { b, a } record R { y: int, x: path? } entity G entity E in G { q: int, p: Z }
every action { s: bool } action two { c: int } action one { b: E?, a: list<R>, z: int, y: int }
allow a on one when y > 1
deny z on * when s`);
    expect(checked.actions.map((a) => a.name)).toEqual(["one", "two"]);
    expect(checked.actions[0]?.fields.map((f) => [f.name, f.read])).toEqual([
      ["a", true],
      ["b", true],
      ["s", true],
      ["y", true],
      ["z", false],
    ]);
    expect(checked.types.enums.get("Z")).toEqual(["b", "a"]);
    expect(checked.types.records.get("R")?.map((f) => f.name)).toEqual(["x", "y"]);
    expect(checked.types.entities.get("E")?.attributes.map((f) => f.name)).toEqual(["p", "q"]);
    expect(checked.rules.map((r) => [r.name, r.cases.map((c) => c.action)])).toEqual([
      ["a", ["one"]],
      ["z", ["one", "two"]],
    ]);
    expect(checked.readsTrust).toBe(false);
  });
});

describe("operators", () => {
  test.each([
    ["i", "POL2001 i"],
    ["b and i", "POL2002 i"],
    ["not i", "POL2002 i"],
    ["i == d", "POL2002 i == d"],
    ["z == c", "POL2002 z == c"],
    ["e == g", "POL2002 e == g"],
    ["li == {1}", "POL2002 li == {1}"],
    ['s < "a"', 'POL2002 s < "a"'],
    ["z < us", "POL2002 z < us"],
    ["b < b", "POL2002 b < b"],
    ["i + d > 1", "POL2002 i + d"],
    ["s + s == s", "POL2002 s + s"],
    ["t + t > t", "POL2002 t + t"],
    ["t * 2 > t", "POL2002 t * 2"],
    ["u * 1.5 > u", "POL2002 u * 1.5"],
    ["-t > t", "POL2002 -t"],
    ["i in s", "POL2002 s"],
    ["i in ss", "POL2002 i in ss"],
    ["g in e", "POL2016 g in e"],
    ["i in 1.5..2", "POL2002 i in 1.5..2"],
    ['s in "a".."b"', 'POL2002 s in "a".."b"'],
    ['i like "a"', "POL2002 i"],
    ["s like s", "POL2019 s"],
    ["s.starts_with(e.id)", "POL2019 e.id"],
    ["p.within(p)", "POL2019 p"],
    ['p.within("a")', 'POL2017 "a"'],
    ['p == "/../a"', 'POL2017 "/../a"'],
    ["p.within(s)", "POL2001 s"],
    ["s.ends_with(1)", "POL2001 1"],
    ["li.has(s)", "POL2001 s"],
    ["li.has()", "POL2020 li.has()"],
    ["any(x in i: b)", "POL2021 i"],
    ["any(x in li: x)", "POL2001 x"],
    ['(o ?? "a") == 1', 'POL2001 "a"'],
    ["z == Zone", "POL2023 Zone"],
    ['g == Tame::"a"', "POL2024 Tame"],
    ["i in {1, i}", "POL2013 i"],
    ["i in {1, 1 + 1}", "POL2013 1 + 1"],
    ["i in {1, 2, 1}", "POL2014 1"],
    ['p in {"/a", "/b/../a/"}', 'POL2014 "/b/../a/"'],
    ["{} == {}", "POL2015 {}"],
    ['i in {1, "a"}', 'POL2001 "a"'],
    ["i / 0 > 1", "POL2012 i / 0"],
    ["9_223_372_036_854_775_807 + 1 > i", "POL2012 9_223_372_036_854_775_807 + 1"],
    ["d > 1_000_000_000_000_000", "POL2011 1_000_000_000_000_000"],
    ["i.size > 1", "POL1006 size"],
    ["s.size > 1", "POL1006 size"],
  ])("%s", (condition, underlined) => {
    expect(underlines(`${FIELDS}deny no on go when ${condition}\n${GO}`).filter(isError)).toEqual([
      underlined,
    ]);
  });

  test.each([
    "eu == z and Zone.us != z and z in {eu, Zone.us}",
    "20 < d * 2 and d == 1 and 1.5 != d and -1 < d and d in {1, 2.5} and d in 1..2.5",
    '"/a" == p and p in ["/a", "/b"] and p.within("/") and p.within(e.root)',
    "t + 1h > t and 1h + t > t and t - t > 1h and t - 1h < t",
    "u * 2 > u and 2 * u > u and u / 2 < u and u / u > 1",
    "u % 5s == 1ms and -u < u and i % 2 == 0",
    'e in e.team and e in Team::"x" and e in se and g in se and se.has(g)',
    'e in [Team::"a", Team::"b"] and e in e',
    's.starts_with(e.prefix) and s like e.prefix and s like "a*" and w == s',
    "any(x in lr: x.n > 1 and x.z == eu) and r in lr and r == r and count(x in li: x > 1) > i",
    'any(r2 in {Team::"a"}: r2.id == "a") and li.has(1)',
    'ss.has("a") and li == [1, 2, 1] and ss == {"b", "a"}',
    '(o ?? i) > 1 @absent_ok(o, "test")',
  ])("%s", (condition) => {
    expect(underlines(`${FIELDS}deny no on go when ${condition}\n${GO}`).filter(isError)).toEqual([]);
  });

  test("expressions are not too deep, however long the source is", () => {
    const chain = (count: number) => Array.from({ length: count }, () => "i == 1").join(" or ");
    expect(underlines(`${FIELDS}deny no on go when ${chain(256)}\n${GO}`).filter(isError)).toEqual([]);
    const [found] = underlines(`${FIELDS}deny no on go when ${chain(300)}\n${GO}`).filter(isError);
    expect(found).toMatch(/^POL2022 i == 1 or/);
  });
});

function isError(underline: string): boolean {
  return !underline.startsWith("POL9");
}

test("a default outside of its type is shown as it is written, beside the type as it is written", () => {
  const said = (setting: string) =>
    diagnose(`${setting}\naction go {}\n${GO}`).flatMap(({ code, message }) =>
      code === "POL3104" ? [message] : [],
    );
  expect(said('setting word: string max 3 = "abcd"')).toEqual(['`"abcd"` lies outside of `string max 3`']);
  expect(said("setting rate: decimal 0..1 = 1.25")).toEqual(["`1.25` lies outside of `decimal 0..1`"]);
  expect(said("setting few: set<int> max 2 = {1,\n2, 3}")).toEqual([
    "this value lies outside of `set<int> max 2`",
  ]);
});
