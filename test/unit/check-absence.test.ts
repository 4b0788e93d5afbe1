import { describe, expect, test } from "vitest";
import { diagnose, underlines } from "../support/diagnose.ts";

const HEAD = `enum Color { red, green }
record Part { n: int? 0..9, m: int 0..9 }
entity Team entity Bot in Team { cap: int? 0..9, lim: int 0..9, boss: Bot?, tags: set<string id> }
action go {
  a: int 0..9, b: int 0..9, flag: bool, big: int, bot: Bot, l: list<int>
  l1: list<int> min 1, parts: list<Part> min 1
  x: int? 0..9, y: int? 0..9, f: bool?, c: Color?, w: string id?, p: Part?, q: Bot?, s: set<int>?
}
allow zz on go when a == 5
`;

function allow(condition: string): readonly string[] {
  return errors(`allow r on go ${condition}`);
}

function deny(condition: string): readonly string[] {
  return errors(`deny r on go ${condition}`);
}

function errors(rule: string): readonly string[] {
  return underlines(`${HEAD}${rule}\n`).filter((u) => !u.startsWith("POL9"));
}

describe("reading an optional", () => {
  test.each([
    ["when x > 1", "x"],
    ["when x is present or x > 1", "x"],
    ["when x is absent and x > 1", "x"],
    ["when (x is present and flag or flag) and x > 1", "x"],
    ["when p.n is present and flag", "p"],
    ["when p is present and p.n > 1", "p.n"],
    ["when bot.boss.lim > 1", "bot.boss"],
    ["when any(i in parts: i.n > 1)", "i.n"],
    ["when x is present and y > 1", "y"],
    ["when any(i in l: x is present) and x > 1", "x"],
  ])("needs proof: %s", (condition, underlined) => {
    expect(allow(condition)).toContain(`POL3001 ${underlined}`);
  });

  test.each([
    "when x is present and x > 1",
    "when x is present and y is present and x + y > 1",
    "when not (x is absent or x < 1)",
    "when p is present and p.n is present and p.n > 1",
    "when bot.boss is present and bot.boss.lim > 1",
    "when x is present and any(i in l1: i == x)",
    "when any(i in parts: i.n is present and i.n > 1)",
    "when x is present unless x > 1",
    "when flag unless x is absent or x > 3",
    'when x is present because "{x}" note "{x}"',
    'when flag unless x is absent because "{x}"',
    "when ((x is present and flag) or (x is present and a > 1)) and x > 1",
  ])("is proved: %s", (condition) => {
    expect(allow(condition)).toEqual([]);
  });

  test("the hint names both ways out", () => {
    const found = diagnose(`${HEAD}allow r on go when bot.cap > 1`).find((d) => d.code === "POL3001");
    expect(found?.hint).toBe(
      "test it first with `bot.cap is present and …`, or give a default with `bot.cap ?? …`",
    );
  });

  test.each([
    ["when (a ?? 1) > 1", "POL3002 a"],
    ["when a is present", "POL3002 a"],
    ["when (q ?? bot).boss is present", "POL3003 (q ?? bot).boss"],
    ["when ((q ?? bot).cap ?? 0) > 1", "POL3003 (q ?? bot).cap"],
  ])("needs an optional path: %s", (condition, underlined) => {
    expect(allow(condition)).toContain(underlined);
  });
});

describe("in an allow", () => {
  test.each([
    ["when x is absent", "x is absent"],
    ["when flag and x is absent", "x is absent"],
    ["when x is absent or x > 3", "x is absent"],
    ["when not (x is present)", "x is present"],
    ["when not not (x is absent)", "x is absent"],
    ["when flag unless x is present", "x is present"],
    ["when any(i in l: i > 1 and x is absent)", "x is absent"],
    ["when any(i in parts: i.n is absent)", "i.n is absent"],
    ["when (x ?? 3) < 5", "(x ?? 3) < 5"],
    ["when (x ?? 3) <= a", "(x ?? 3) <= a"],
    ["when (x ?? a) > 1", "(x ?? a) > 1"],
    ["when (f ?? true)", "f ?? true"],
    ["when (c ?? Color.red) == red", "(c ?? Color.red) == red"],
    ['when (w ?? "a") like "a*"', '(w ?? "a") like "a*"'],
    ["when (q ?? bot) == bot", "(q ?? bot) == bot"],
    ["when (q ?? bot).lim > 1", "(q ?? bot).lim > 1"],
    ["when a not in (s ?? {})", "a not in (s ?? {})"],
    ["when all(i in (s ?? {}): i > 1)", "all(i in (s ?? {}): i > 1)"],
    ["when (x is present) == flag", "(x is present) == flag"],
    ["when (x is absent) == true", "(x is absent) == true"],
    ["when (x ?? y ?? 9) < 3", "(x ?? y ?? 9) < 3"],
    ["when (bot.cap ?? 0) < 3", "(bot.cap ?? 0) < 3"],
  ])("%s would grant", (condition, underlined) => {
    expect(allow(condition)).toContain(`POL3004 ${underlined}`);
  });

  test.each([
    "when x is present",
    "when not (x is absent)",
    "when flag unless x is absent",
    "when (x ?? 9) < 5",
    "when (x ?? 9) <= a",
    "when a + (x ?? 9) <= b",
    "when (x ?? 0) >= a",
    "when (f ?? false)",
    "when not (f ?? true)",
    "when (c ?? Color.green) == red",
    'when (w ?? "b") like "a*"',
    "when a in (s ?? {})",
    "when any(i in (s ?? {}): i > 1)",
    "when count(i in (s ?? {}): i > 1) > 2",
    "when any(i in parts: (i.n ?? 0) > 3)",
    "when any(i in parts: (i.n ?? 0) > 3) and x is present",
    "when flag unless (x ?? 9) > 4",
  ])("%s is safe", (condition) => {
    expect(allow(condition)).toEqual([]);
  });
});

describe("in a rule that restricts", () => {
  test.each([
    ["when x is present", "x is present"],
    ["when x is present and x > 3", "x is present"],
    ["unless x is absent", "x is absent"],
    ["when not (x is absent)", "x is absent"],
    ["when (x ?? 0) > 5", "(x ?? 0) > 5"],
    ["when (x ?? 0) > a", "(x ?? 0) > a"],
    ["when (f ?? false)", "f ?? false"],
    ["when a in (s ?? {})", "a in (s ?? {})"],
    ["unless (x ?? 0) < 5", "(x ?? 0) < 5"],
    ["when (x is absent) == flag", "(x is absent) == flag"],
  ])("%s could be escaped", (condition, underlined) => {
    expect(deny(condition)).toContain(`POL3005 ${underlined}`);
  });

  test.each([
    "when x is absent",
    "when x is absent or x > 3",
    "unless x is present",
    "unless x is present and x < 3",
    "when (x ?? 9) > 5",
    "when (x ?? 9) >= a",
    "when a + (x ?? 9) > b",
    "when (f ?? true)",
    "when a not in (s ?? {})",
    "unless a in (s ?? {})",
  ])("%s is safe", (condition) => {
    expect(deny(condition)).toEqual([]);
  });
});

describe("empty collections", () => {
  test.each([
    ["allow", "when all(i in l: i > 1)", "all(i in l: i > 1)"],
    ["allow", "when not any(i in l: i > 1)", "any(i in l: i > 1)"],
    ["allow", "when flag unless any(i in l: i > 1)", "any(i in l: i > 1)"],
    ["allow", "when count(i in l: i > 1) < 3", "count(i in l: i > 1) < 3"],
    ["allow", "when 0 == count(i in l: i > 1)", "0 == count(i in l: i > 1)"],
    ["allow", "when count(i in l: i > 1) >= a", "count(i in l: i > 1) >= a"],
    ["allow", "when flag unless count(i in l: i > 1) > 0", "count(i in l: i > 1) > 0"],
    ["allow", "when any(i in l1: all(k in l: k > i))", "all(k in l: k > i)"],
    ["allow", "when count(i in l1: all(k in l: k > i)) > 1", "all(k in l: k > i)"],
    ["allow", 'when all(t in bot.tags: t == "a")', 'all(t in bot.tags: t == "a")'],
    ["allow", "when all(i in l: i > 1) == flag", "all(i in l: i > 1)"],
    ["deny", "unless all(i in l: i > 1)", "all(i in l: i > 1)"],
    ["deny", "when not not any(i in l: i > 1)", "any(i in l: i > 1)"],
  ])("%s %s would pass", (verdict, condition, underlined) => {
    expect(errors(`${verdict} r on go ${condition}`)).toContain(`POL3006 ${underlined}`);
  });

  test.each([
    ["allow", "when all(i in l1: i > 1)"],
    ["allow", "when any(i in l: i > 1)"],
    ["allow", "when count(i in l: i > 1) > 2"],
    ["allow", "when count(i in l1: i > 1) < 3"],
    ["deny", "when any(i in l: i > 1)"],
    ["deny", "when all(i in l: i > 1)"],
    ["deny", "when count(i in l: i > 1) > 3"],
    ["deny", "unless any(i in l: i > 1)"],
    ["allow", 'when all(i in l: i > 1) @absent_ok(l, "nothing is fine")'],
    ["allow", 'when all(t in bot.tags: t == "a") @absent_ok(bot.tags, "no tags")'],
  ])("%s %s is safe", (verdict, condition) => {
    expect(errors(`${verdict} r on go ${condition}`)).toEqual([]);
  });
});

describe("errors that leaving something out would hide", () => {
  test.each([
    ["allow", "when x is present and a / x > 1", "a / x"],
    ["allow", "when x is present and big + 1 > 5", "big + 1"],
    ["allow", "when x is present unless big * big > a", "big * big"],
    ["allow", "when (x ?? 9) < 3 and big + 1 > 3", "big + 1"],
    ["allow", "when a / (x ?? 0) > 1", "a / (x ?? 0)"],
    ["hold", "when x is absent or a / x > 1", "a / x"],
    ["deny", "when flag and (x is absent or a / x > 1)", "a / x"],
    ["deny", "when any(i in (s ?? {}): a / i > 1)", "a / i"],
  ])("%s %s", (verdict, condition, underlined) => {
    expect(errors(`${verdict} r on go ${condition}`)).toContain(`POL3007 ${underlined}`);
  });

  test.each([
    ["allow", "when x is present and a + x > 1"],
    ["allow", "when big + 1 > 5 and x is present"],
    ["deny", "when big + 1 > 5 or x is absent"],
    ["deny", "when x is absent or a / x > 1"],
    ["deny", "unless x is present and a / x < 1"],
    ["deny", "when flag unless x is present and a / x < 1"],
    ["allow", 'when x is present and a / x > 1 @absent_ok(x, "no parts, no quotient")'],
  ])("%s %s is safe", (verdict, condition) => {
    expect(errors(`${verdict} r on go ${condition}`)).toEqual([]);
  });
});

describe("records with optional parts", () => {
  test.each([
    ["when p is present and p == p", "p == p"],
    ["when p is present and p in parts", "p in parts"],
    ["when parts != parts", "parts != parts"],
  ])("%s", (condition, underlined) => {
    expect(allow(condition)).toContain(`POL3008 ${underlined}`);
  });

  test("are compared where every part may be absent", () => {
    expect(allow('when parts == parts @absent_ok(parts.n, "only m counts")')).toEqual([]);
  });
});

describe("`@absent_ok`", () => {
  test("silences its path in its rule and is recorded", () => {
    const text = `${HEAD}allow r on go when x is absent and y is absent @absent_ok(x, "why")`;
    expect(underlines(text).filter((u) => u.startsWith("POL3"))).toEqual(["POL3004 y is absent"]);
  });

  test.each([
    ['when flag @absent_ok(nope, "why")', "POL3010 nope"],
    ['when flag @absent_ok(bot.cpa, "why")', "POL3010 cpa"],
    ['when flag @absent_ok(bot.lim, "why")', "POL3019 bot.lim"],
  ])("%s", (condition, underlined) => {
    expect(allow(condition)).toContain(underlined);
  });

  test("that is not needed, or written twice, is a warning", () => {
    const text = (tags: string) => underlines(`${HEAD}allow r on go when x is absent ${tags}`);
    expect(text('@absent_ok(x, "w") @absent_ok(x, "w")')).toEqual(["POL9009 x"]);
    expect(text('@absent_ok(x, "w") @absent_ok(p.n, "w")')).toEqual(["POL9009 p.n"]);
  });

  test("cannot name who approves unnoticed", () => {
    const hold = (tag: string) =>
      errors(`hold r on go when a > 3 until approved by (q ?? bot) within 1h ${tag}`);
    expect(hold("")).toEqual(["POL3009 q ?? bot"]);
    expect(hold('@absent_ok(q, "the bot itself decides")')).toEqual([]);
  });
});
