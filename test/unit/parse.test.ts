import { parse } from "@polity/compiler/1-parse/parse.ts";
import { describe, expect, test } from "vitest";
import { declarations, onlyRule, shape, shown } from "../support/parsing.ts";

describe("precedence", () => {
  test.each([
    ["a or b and not c == d", "(a or (b and (not (c == d))))"],
    ["a and b or c and d", "((a and b) or (c and d))"],
    ["a - b - c", "((a - b) - c)"],
    ["a + b * c % d / e", "(a + (((b * c) % d) / e))"],
    ["- a.b + c", "((- a.b) + c)"],
    ["a ?? b ?? c", "(a ?? (b ?? c))"],
    ["a ?? b + 1 < c", "((a ?? (b + 1)) < c)"],
    ["not a in b", "(not (a in b))"],
    ["a not in b", "(a not in b)"],
    ["a in 0..100", "(a in 0..100)"],
    ["a in -5..-1 + b", "(a in -5..(-1 + b))"],
    ["a in 0.01..1_000_000", "(a in 100e-4..1000000)"],
    ["a.b is present and c is absent", "((a.b present) and (c absent))"],
    ["(a or b) and c", "((a or b) and c)"],
    ['a like "x*" or a.starts_with("x")', '((a like "x*") or a.starts_with("x"))'],
    ["any(x in xs.ys: x == 1 or z)", "any(x in xs.ys: ((x == 1) or z))"],
    ["count(x in xs: all(y in x.ys: y)) > 2", "(count(x in xs: all(y in x.ys: y)) > 2)"],
    ['a in {"x", "y",} and b in [1, -2]', '((a in set["x" "y"]) and (b in list[1 -2]))'],
    ["a == {}", "(a == set[])"],
    ["2026-11-1-1 == a", "(((2026 - 11) - 1) - 1) == a"],
  ])("%s", (source, expected) => {
    expect(shape(source).replace(/^\((.*)\)$/, "$1")).toBe(expected.replace(/^\((.*)\)$/, "$1"));
  });

  test("parentheses are underlined with what they hold", () => {
    const text = "polity 1\npolicy a version 1\nallow r on a when (x ?? 0) < 5\n";
    const [rule] = parse({ file: "a.pol", text }).value.declarations;
    const when = rule?.kind === "rule" ? rule.when : null;
    expect(text.slice(when?.span.start, when?.span.end)).toBe("(x ?? 0) < 5");
  });
});

describe("literals", () => {
  test.each([
    ["1_000", "1000"],
    ["0.01", "100e-4"],
    ["12.3456", "123456e-4"],
    ["-9_223_372_036_854_775_808", "-9223372036854775808"],
    ["-922337203685477.5808", "-9223372036854775808e-4"],
    ["15m", "900000ms"],
    ["1d2h3m4s5ms", "93784005ms"],
    ["500ms", "500ms"],
    ["-7d", "-604800000ms"],
    ["1970-01-01T00:00:00Z", "0ms"],
    ["1969-12-31T23:59:59.9Z", "-100ms"],
    ["2026-11-22T10:00:00.123Z", "1795341600123ms"],
    ["2000-02-29T00:00:00Z", "951782400000ms"],
    ["0001-01-01T00:00:00Z", "-62135596800000ms"],
    ["9999-12-31T23:59:59.999Z", "253402300799999ms"],
    ["true", "true"],
    ['Team::"a b"', 'Team::"a b"'],
    ['"a\\"\\\\\\n\\t\\r\\u{1F600}{x}"', JSON.stringify('a"\\\n\t\r😀{x}')],
  ])("%s", (source, expected) => {
    expect(shape(source)).toBe(expected);
  });

  test("timestamps agree with the calendar of the engine", () => {
    for (let year = 1; year <= 9999; year += 7) {
      const text = `${String(year).padStart(4, "0")}-03-01T12:34:56.789Z`;
      expect(shape(text)).toBe(`${Date.parse(text)}ms`);
    }
  });
});

describe("names", () => {
  test("keywords are names where they continue nothing", () => {
    const text =
      "record R { from: string in: int path: path, max: int, id: string id, and: bool test: bool list: int }";
    const [record] = declarations(text);
    const names = record?.kind === "record" ? record.fields.map(({ name }) => name.text) : [];
    expect(names).toEqual(["from", "in", "path", "max", "id", "and", "test", "list"]);
    expect(shape("from == a.in and to.by.note and max > min and all and any.count")).toBe(
      "((((from == a.in) and to.by.note) and (max > min)) and all) and any.count"
        .replace(/^/, "(")
        .concat(")"),
    );
    expect(shape("on.when and note or given and test")).toBe("((on.when and note) or (given and test))");
  });

  test("a quoted name is always a name", () => {
    expect(shape("`and` and `not` == `from`")).toBe("(and and (not == from))");
    expect(onlyRule("allow `when` on `on` when `true`\n").name.text).toBe("when");
  });

  test("verdicts and clauses may name rules, actions and members", () => {
    const rule = onlyRule("deny deny on on, allow when when == Verdict.deny\n");
    expect(rule.name.text).toBe("deny");
    expect(rule.actions?.map(({ text }) => text)).toEqual(["on", "allow"]);
    expect(rule.when && shown(rule.when)).toBe("(when == Verdict.deny)");
  });
});

describe("rules", () => {
  test("have their clauses", () => {
    const rule = onlyRule(`/// Twice
///  documented.
hold r on * when a unless b
  until approved by 2 of Team::"t" within 1h30m
  because "to \\{x} {a.b} and {c}" note "{d}"
  @absent_ok(a.b, "why") @absent_ok(c, "because")
`);
    expect(rule).toMatchObject({ verdict: "hold", actions: null, always: false, doc: "Twice\n documented." });
    expect(rule.until).toMatchObject({ count: 2n, withinMs: 5_400_000n });
    expect(rule.because?.parts.map((part) => (part.kind === "text" ? part.text : shown(part.expr)))).toEqual([
      "to {x} ",
      "a.b",
      " and ",
      "c",
    ]);
    expect(rule.note?.parts).toHaveLength(1);
    expect(rule.absentOk.map(({ path, why }) => `${path.map(({ text }) => text).join(".")} ${why}`)).toEqual([
      "a.b why",
      "c because",
    ]);
  });

  test("the holes of a text have their own places", () => {
    const text = 'polity 1\npolicy a version 1\nallow r on a always because "é {a.b} {c}"\n';
    const [rule] = parse({ file: "a.pol", text }).value.declarations;
    const parts = rule?.kind === "rule" ? (rule.because?.parts ?? []) : [];
    const holes = parts.flatMap((part) => (part.kind === "hole" ? [part.expr.span] : []));
    expect(holes.map(({ start, end }) => text.slice(start, end))).toEqual(["a.b", "c"]);
  });
});

describe("types", () => {
  test("take their bounds and marks in either order", () => {
    const [record] = declarations(
      "record R { a: string? max 5 b: string max 5? c: set<string id max 6>? min 1 max 2 }",
    );
    const types = record?.kind === "record" ? record.fields.map(({ type }) => type) : [];
    expect(types[0]).toMatchObject({ kind: "optional", of: { kind: "named", max: 5n } });
    expect(types[1]).toMatchObject({ kind: "optional", of: { kind: "named", max: 5n } });
    expect(types[2]).toMatchObject({
      kind: "optional",
      of: { kind: "collection", min: 1n, max: 2n, of: { id: true, max: 6n } },
    });
  });
});

describe("tests", () => {
  test("have facts, a request, approvals and a table", () => {
    const [block] = declarations(`test "all of it" on pay {
  facts { Team::"t" User::"u" in Team::"t", Team::"s" { age: 5, tags: {"a"}, home: { city: "x" } } }
  given { user: User::"u", items: [{ a: 1 }, { a: -2 }], none: absent, zone: Zone.eu, }
  approved by User::"v" asked 2026-11-03T09:50:00Z given 2026-11-03T09:55:00Z
  | deny  | zone | expect                      |
  | deny  | eu   | deny with error.overflow    |
  | allow | {}   | allow by a, b with no_rule  |
}`);
    if (block?.kind !== "test") throw new Error("no test");
    const [, user] = block.facts;
    if (user?.kind !== "entity") throw new Error("no entity");
    expect(user.parents.map(({ id }) => id)).toEqual(["t", "s"]);
    expect(user.attributes.map(({ value }) => value.kind)).toEqual(["expr", "expr", "record"]);
    expect(block.given.map(({ value }) => value.kind)).toEqual(["expr", "records", "absent", "expr"]);
    expect(block.approvals).toMatchObject([{ id: "v", askedMs: 1793699400000n, givenMs: 1793699700000n }]);
    expect(block.columns.map(({ text }) => text)).toEqual(["deny", "zone"]);
    expect(block.rows.map(({ expect: { verdict, rules, code } }) => [verdict, rules?.length, code])).toEqual([
      ["deny", undefined, "error.overflow"],
      ["allow", 2, "no_rule"],
    ]);
  });

  test("may have one expectation instead of a table", () => {
    const [block] = declarations('test "one" on pay { expect deny by a, b }');
    expect(block).toMatchObject({ columns: [], rows: [{ cells: [], expect: { verdict: "deny" } }] });
  });
});
