import { describe, expect, test } from "vitest";
import type { Expr } from "../../compiler/checked.ts";
import { checkedOf, diagnose, underlines } from "../support/diagnose.ts";

const HEAD = `enum Zone { eu, us }
record R { n: int }
entity Team entity Agent in Team { limit: int 0..100, owner: Team }
subject agent: Agent
action go {
  i: int, n: int 0..9, d: decimal 0..10, t: timestamp, u: duration, r: R
  l: list<int 0..9>, z: Zone, o: int?, w: string, q: Agent
}
allow all on go when n == 5
`;

function errors(rule: string): readonly string[] {
  return underlines(`${HEAD}${rule}\n`).filter((u) => !u.startsWith("POL9"));
}

describe("the parts of a rule", () => {
  test.each([
    ["allow r on * always", "POL3011 *"],
    [
      "deny r on go when n > 1 until approved by agent within 1h",
      "POL3013 until approved by agent within 1h",
    ],
    [
      "hold r on go when n > 1 until approved by 0 of agent within 1h",
      "POL3014 until approved by 0 of agent within 1h",
    ],
    [
      "hold r on go when n > 1 until approved by agent within 31d",
      "POL3014 until approved by agent within 31d",
    ],
    [
      "hold r on go when n > 1 until approved by agent within 999ms",
      "POL3014 until approved by agent within 999ms",
    ],
    ["hold r on go when n > 1 until approved by n within 1h", "POL3015 n"],
    ['deny r on go when n > 1 because "{agent.limit}"', "POL3016 agent.limit"],
    ['deny r on go when n > 1 because "{agent.owner.id}"', "POL3016 agent.owner"],
    ['deny r on go when n > 1 because "{now}"', "POL3016 now"],
    ['deny r on go when n > 1 because "{trust}"', "POL3016 trust"],
    ['deny r on go when n > 1 because "{any(x in l: x > 1)}"', "POL3016 any(x in l: x > 1)"],
    ['deny r on go when n > 1 because "{agent in Team::"t"}"', 'POL3016 agent in Team::"t"'],
    ['deny r on go when n > 1 note "{r}"', "POL3017 r"],
    ['deny r on go when n > 1 note "{l}"', "POL3017 l"],
    ['deny r on go when n > 1 note "{o}"', "POL3001 o"],
    [`deny r on go when n > 1 note "${"é".repeat(513)}"`, `POL3018 "${"é".repeat(513)}"`],
  ])("%s", (rule, underlined) => {
    expect(errors(rule)).toEqual([underlined]);
  });

  test.each([
    "hold r on go when n > 1",
    "hold r on go when n > 1 until approved by 16 of agent.owner within 30d",
    'quarantine r on go when n > 1 because "{n + 1} {agent} {agent.id} {z} {r.n} {-d} {Team::"t"} {o ?? 1}"',
    'deny r on go when n > 1 note "{agent.limit} {now} {trust} {count(x in l: x > 1)} {now - t} {w} {u}"',
    `deny r on go when n > 1 note "${"é".repeat(512)}"`,
  ])("%s", (rule) => {
    expect(errors(rule)).toEqual([]);
  });

  test("a subject is needed for what is about it", () => {
    const text = "action go { b: bool }\nallow all on go always\nterminate r on go when b\n";
    expect(underlines(text)).toEqual(["POL3012 terminate"]);
  });

  test("a rule is checked for each action, with the types that the field has there", () => {
    const checked = checkedOf(`action one { a: int } action two { a: decimal }
allow r on two, one when a > 1`);
    expect(checked.rules[0]?.cases.map((c) => [c.action, literalOf(c.when)])).toEqual([
      ["one", 1n],
      ["two", 10_000n],
    ]);
    const found = diagnose("action one { a: int } action two { a: string }\nallow r on one, two when a > 1");
    expect(found.map((d) => `${d.code} ${d.underlined}`)).toEqual(["POL2002 a > 1"]);
  });

  test("entity literals are collected in canonical order", () => {
    const checked = checkedOf(`${HEAD}
deny a on go when agent in {Team::"b", Team::"ﬀ", Team::"😀"} or q == Agent::"z"
hold b on go when n > 1 until approved by Team::"a" within 1h note "{Agent::"é"} {trust}"`);
    expect(checked.entityLiterals.map((e) => `${e.type} ${e.id}`)).toEqual([
      "Agent z",
      "Agent é",
      "Team a",
      "Team b",
      "Team ﬀ",
      "Team 😀",
    ]);
    expect(checked.readsTrust).toBe(true);
  });

  test("members of set literals are in canonical order, paths are canonical", () => {
    const checked = checkedOf(`enum Z { c, a } action go { p: path, z: Z, i: int }
allow a on go when p in {"/b/", "/a/../a//c"} and z in {a, c} and i in {3, -1}`);
    const values: unknown[] = [];
    visit(checked.rules[0]?.cases[0]?.when ?? null, (expr) => {
      if (expr.kind === "literal") values.push(expr.value);
    });
    expect(values).toEqual([
      ["/a/c", "/b"],
      [{ member: 0 }, { member: 1 }],
      [-1n, 3n],
    ]);
  });
});

describe("what may err", () => {
  const MAX = "9_223_372_036_854_775_807";

  test.each([
    ["i + 1 > 0", "overflow"],
    ["n + 1 > 0", ""],
    ["n + agent.limit > 0", ""],
    [`n + ${MAX} > i`, "overflow"],
    [`n - ${MAX} > i`, ""],
    ["i * 2 > 0", "overflow"],
    ["n * n * n > 0", ""],
    ["i / 2 > 0", ""],
    ["i / -1 > 0", "overflow"],
    ["i / n > 0", "divide"],
    ["n / agent.limit > 0", "divide"],
    ["n / (n + 1) > 0", ""],
    ["i % n > 0", "divide"],
    ["i % 3 > 0", ""],
    ["-i > 0", "overflow"],
    ["-n < 0", ""],
    ["d * d > 0", ""],
    ["d / 0.0001 > 0", ""],
    ["1 / d > 0", "divide"],
    ["d * 900_000_000_000_000 > 0", "overflow"],
    ["now - t > u", ""],
    ["now + u > t", ""],
    ["now + u + u + u > t", ""],
    ["u * n > u", ""],
    ["u * i > u", "overflow"],
    ["u / n > u", "divide"],
    ["u / 1h > 1", ""],
    ["u / u > 1", "divide"],
    ["trust + 1 > 0", ""],
    ["count(x in l: x > 1) + n > 0", ""],
    [`count(x in l: x > 1) + ${MAX} > i`, "overflow"],
    [`count(x in l: x > 1) - 65 < 0`, ""],
    ["any(x in l: x / n > 1)", "divide"],
  ])("%s: %s", (condition, expected) => {
    const rule = checkedOf(`${HEAD}deny r on go when ${condition}`).rules.find(({ name }) => name === "r");
    const kinds = new Set<string>();
    visit(rule?.cases[0]?.when ?? null, (expr) => {
      if ("mayOverflow" in expr && expr.mayOverflow) kinds.add("overflow");
      if ("mayDivideByZero" in expr && expr.mayDivideByZero) kinds.add("divide");
    });
    expect([...kinds].join()).toBe(expected);
    expect(rule?.cases[0]?.when?.mayErr).toBe(expected !== "");
  });

  test("constants are folded exactly", () => {
    const folded = (text: string) =>
      literalOf(checkedOf(`${HEAD}deny r on go when d > ${text}`).rules[1]?.cases[0]?.when);
    expect(folded("0.0003 * 0.5")).toBe(2n);
    expect(folded("0.0005 * 0.5")).toBe(2n);
    expect(folded("-2 / 3.0")).toBe(-6666n);
    expect(folded("5.5 % -2")).toBe(15_000n);
    expect(folded("1 + 2 * 3.5")).toBe(80_000n);
  });
});

function literalOf(expr: Expr | null | undefined): unknown {
  return expr?.kind === "order" && expr.right.kind === "literal" ? expr.right.value : undefined;
}

function visit(node: unknown, see: (expr: Expr) => void): void {
  if (typeof node !== "object" || node === null) return;
  if ("kind" in node && "mayErr" in node) see(node as Expr);
  for (const [key, value] of Object.entries(node)) if (key !== "type" && key !== "value") visit(value, see);
}
