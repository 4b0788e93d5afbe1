import { describe, expect, test } from "vitest";
import { diagnose, firstMessage, underlined } from "../support/parsing.ts";

const OK = "allow ok on go always\n";

describe("what is underlined", () => {
  test.each([
    ["characters", `allow r on go when a § b\n${OK}`, ['POL0003 "§"']],
    ["a zero-width space in a comment", `// a\u200bb\n${OK}`, ['POL0002 "\u200b"']],
    ["a direction mark in a text", `allow r on go when a == "\u202e"\n`, ['POL0002 "\u202e"']],
    ["a byte order mark within", `\ufeff${OK}`, ['POL0002 "\ufeff"']],
    ["a lone carriage return", `${OK}\r${OK}`, ['POL0002 "\\r"']],
    ["half a character", `// \ud800\n${OK}`, ['POL0002 "\\ud800"']],
    ["an open text", `allow r on go when a == "b\n${OK}`, ['POL0004 "\\"b"']],
    ["an open hole", `deny r on go always because "b {a\n${OK}`, ['POL0004 "a"']],
    [
      "escapes",
      'allow r on go when a == "\\q \\u{110000} \\u{d800} \\u12 \\{"\n',
      [
        'POL0005 "\\\\q"',
        'POL0005 "\\\\u{110000}"',
        'POL0005 "\\\\u{d800}"',
        'POL0005 "\\\\u"',
        'POL0005 "\\\\{"',
      ],
    ],
    [
      "numbers",
      "allow r on go when a in {01, 1__0, 1_, 1e5, 0x1, 0.12345, 15x}\n",
      [
        'POL0006 "01"',
        'POL0006 "1__0"',
        'POL0006 "1_"',
        'POL0006 "1e5"',
        'POL0006 "0x1"',
        'POL0007 "0.12345"',
        'POL0006 "15x"',
      ],
    ],
    [
      "too large numbers",
      "allow r on go when a in {9223372036854775808, 922337203685477.5808}\n",
      ['POL0008 "9223372036854775808"', 'POL0008 "922337203685477.5808"'],
    ],
    [
      "times",
      "allow r on go when a in {2026-13-01T00:00:00Z, 2026-11-01T00:00:00+01:00, 2026-11-01T24:00:00Z}\n",
      [
        'POL0009 "2026-13-01T00:00:00Z"',
        'POL0009 "2026-11-01T00:00:00+01:00"',
        'POL0009 "2026-11-01T24:00:00Z"',
      ],
    ],
    [
      "durations",
      "allow r on go when a in {1m1h, 1h1h, 9_999_999_999d}\n",
      ['POL0010 "1m1h"', 'POL0010 "1h1h"', 'POL0010 "9_999_999_999d"'],
    ],
    ["a missing word", "allow r go when a\n", ['POL0101 "go"']],
    ["a missing rule name", "allow on go when a\n", ['POL0101 "go"']],
    ["a missing condition", `deny r on go when\n${OK}`, ['POL0101 "allow"']],
    ["the end of the file", "allow r on go when (a", ['POL0101 ""']],
    ["a missing brace", `enum A { x, y\n${OK}`, ['POL0101 "allow"']],
    ["an unknown declaration", `permit r on go always\n${OK}`, ['POL0102 "permit"']],
    ["chained comparisons", "allow r on go when a < b == c in d\n", ['POL0106 "=="']],
    [
      "slips",
      "allow r on go when a && !b || c = d; deny s on go when a === 'x'\n",
      [
        'POL0105 "&&"',
        'POL0105 "!"',
        'POL0105 "||"',
        'POL0105 "="',
        'POL0105 ";"',
        'POL0105 "==="',
        "POL0105 \"'x'\"",
      ],
    ],
    ["null", "allow r on go when a == null\n", ['POL0115 "null"']],
    ["a second clause", "allow r on go when a when b\n", ['POL0108 "when"']],
    ["a clause too early", "allow r on go unless a when b\n", ['POL0109 "unless"']],
    ["no condition", 'deny r on go because "x"\n', ['POL0110 "r"']],
    ["always and a condition", "deny r on go always unless a\n", ['POL0111 "unless"']],
    [
      "a short row",
      `test "t" on go { | a | b | expect | | 1 | allow | | 1 | 2 | allow | }\n`,
      ['POL0107 "| 1 | allow |"'],
    ],
    ["a second line of the head", `policy b version 2\n${OK}`, ['POL0112 "policy"']],
    ["a late line of the head", `${OK}containment within 5s\n`, ['POL0113 "containment"']],
  ])("%s", (_name, body, expected) => {
    expect(diagnose(body)).toEqual(expected);
  });

  test("the head", () => {
    expect(underlined("")).toEqual(['POL0103 ""']);
    expect(underlined("policy a version 1\n")).toEqual(['POL0103 "policy"']);
    expect(underlined("polity 2\nwhatever (\n")).toEqual(['POL0104 "2"']);
    expect(underlined("polity 1\nenum A { x }\n")).toEqual(['POL0114 "enum"']);
    expect(underlined("polity 1\n")).toEqual(['POL0114 "1"']);
    expect(underlined("polity one\n")).toEqual(['POL0101 "one"']);
  });
});

describe("what is said", () => {
  test.each([
    ["allow r go when a\n", "found `go` where `on` is expected"],
    ["allow r on go when )\n", "found `)` where an expression is expected"],
    [
      "allow r on go wehn a\n",
      "found `wehn` where a clause or a declaration is expected (did you mean `when`?)",
    ],
    ["alow r on go always\n", "`alow` begins no declaration (did you mean `allow`?)"],
    ["forbid r on go always\n", "`forbid` begins no declaration (write `deny`)"],
    ["allow r on go if a\n", "found `if` where a clause or a declaration is expected (write `when`)"],
    ["enum A { or, in }\n", "found `or` where a name is expected (in backticks it is a name)"],
    ["allow r on go when a && b\n", "`&&` is not part of the language (write `and`)"],
    ["allow r on go when a is nothing\n", "found `nothing` where `present` or `absent` is expected"],
    [
      'test "t" on go { given { a = 1 } expect allow }\n',
      "found `=` where `:` is expected (a name and its value are joined with `:`)",
    ],
  ])("%s", (body, expected) => {
    expect(firstMessage(body)).toBe(expected);
  });

  test("text of the user cannot act on a terminal", () => {
    expect(firstMessage("\u001b[31m\n")).not.toContain("\u001b");
  });
});

describe("several errors", () => {
  test("each declaration gives its own", () => {
    const body = `enum A { x y }\n${OK}record R { a int }\ndeny r on go when +\n${OK}allow s on\n`;
    expect(diagnose(body)).toEqual(['POL0101 "y"', 'POL0101 "int"', 'POL0101 "+"', 'POL0101 ""']);
  });

  test("at most 100 are given", () => {
    expect(diagnose("allow r\n".repeat(500))).toHaveLength(100);
    expect(diagnose("allow r on go\n".repeat(500))).toHaveLength(100);
  });
});
