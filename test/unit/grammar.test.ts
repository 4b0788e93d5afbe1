import { readFileSync } from "node:fs";
import { ebnf } from "@polity/grammar/ebnf.ts";
import { createGrammar } from "@polity/grammar/parser.ts";
import { readTree } from "@polity/grammar/read.ts";
import { textMate } from "@polity/grammar/textmate.ts";
import { describe, expect, test } from "vitest";

const FOLDER = new URL("../../grammar/", import.meta.url);

test("Chevrotain finds no mistake in the grammar", () => {
  expect(() => createGrammar(true)).not.toThrow();
});

test("the committed grammars are what the parser makes", () => {
  expect(readFileSync(new URL("pol.ebnf", FOLDER), "utf8")).toBe(ebnf());
  expect(readFileSync(new URL("pol.tmLanguage.json", FOLDER), "utf8")).toBe(textMate());
});

test("every pattern for editors is a valid regular expression", () => {
  for (const [, pattern = ""] of textMate().matchAll(/"(?:match|begin|end)": ("(?:[^"\\]|\\.)*")/g)) {
    expect(() => new RegExp(JSON.parse(pattern) as string)).not.toThrow();
  }
});

describe("limits", () => {
  const HEAD = "polity 1\npolicy demo.limits version 1\n";
  const kinds = (body: string) => readTree(HEAD + body).problems.map(({ kind }) => kind);

  test.each([
    ["parentheses", "allow r on a when ", "(", "b", ")"],
    ["lists", "allow r on a when ", "[", "b", "]"],
    ["sets", "allow r on a when ", "{", "b", "}"],
    ["calls", "allow r on a when ", "b.c(", "b", ")"],
    ["not", "allow r on a when ", "not ", "b", ""],
    ["minus", "allow r on a when ", "- ", "b", ""],
    ["not and parentheses", "allow r on a when ", "not (", "b", ")"],
    ["if", "allow r on a when ", "(if ", "b", ")"],
    ["types", "record R { a: ", "list<", "int", ">"],
  ])("%s may not be nested too deep", (_name, before, open, middle, close) => {
    const isDouble = open.length > 1 && open.endsWith("(") && !open.startsWith("b");
    const nested = (depth: number) => before + open.repeat(depth) + middle + close.repeat(depth);
    expect(kinds(nested(30)), "30").not.toContain("nested-too-deep");
    if (!isDouble) expect(kinds(nested(60)), "60").not.toContain("nested-too-deep");
    for (const depth of [200, 5000, 1_000_000]) {
      expect(kinds(nested(depth)), String(depth)).toEqual(["nested-too-deep"]);
      expect(kinds(before + open.repeat(depth)), `${depth}, open`).toEqual(["nested-too-deep"]);
    }
  });

  test.each(["or", "and", "+", "*"])("a chain of %s has at most 1,000 operands", (operator) => {
    const chain = (operands: number) => `allow r on a when ${`b ${operator} `.repeat(operands - 1)}c\n`;
    expect(kinds(chain(1000))).toEqual([]);
    for (const operands of [1001, 5000, 200_000]) expect(kinds(chain(operands))).toEqual(["chain-too-long"]);
  });

  test("a chain to the right has at most 64", () => {
    const chain = (operands: number) => `allow r on a when ${"b ?? ".repeat(operands - 1)}c\n`;
    expect(kinds(chain(64))).toEqual([]);
    for (const operands of [65, 5000, 200_000]) expect(kinds(chain(operands))).toEqual(["chain-too-long"]);
  });

  test("a chain of attributes is limited as well", () => {
    expect(kinds(`allow r on a when b${".c".repeat(1000)}\n`)).toEqual([]);
    expect(kinds(`allow r on a when b${".c".repeat(100_000)}\n`)).toEqual(["chain-too-long"]);
  });

  test("chains in parentheses do not add up to a deep tree", () => {
    let nested = "b";
    for (let level = 0; level < 30; level += 1) nested = `(${nested}${" or b".repeat(900)})`;
    expect(kinds(`allow r on a when ${nested}\n`)).toEqual(["chain-too-long"]);
  });

  test("a source has at most 16 MiB in UTF-8", () => {
    const size = 16 * 1024 * 1024;
    expect(readTree(" ".repeat(size)).problems.map(({ kind }) => kind)).toEqual(["no-version"]);
    for (const text of [" ".repeat(size + 1), "é".repeat(size / 2 + 1), "€".repeat(size / 3 + 1)]) {
      expect(readTree(text).problems.map(({ kind }) => kind)).toEqual(["file-too-large"]);
    }
  });

  test("10 MB of anything are answered", () => {
    const fill = (text: string) => text.repeat(10_000_000 / text.length);
    for (const text of [
      '"',
      "§",
      "\u0000",
      "1_",
      "1h",
      "allow x\n",
      "if a then ",
      "a[1]",
      "'",
      "`",
      "/*",
      "\\",
    ]) {
      const { tree, problems } = readTree(`${HEAD}allow r on a when ${fill(text)}`);
      expect(tree.kind).toBe("program");
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.length).toBeLessThanOrEqual(100);
    }
  });
});

test("10,000 lines are read in well under a second", () => {
  const rule = (index: number) =>
    `deny r${index} on go\n  when a.b > ${index} and (c or not d) and e is present\n  note "above {a.b}"\n`;
  const rules = Array.from({ length: 3333 }, (_, index) => rule(index)).join("");
  const text = `polity 1\npolicy a version 1\n${rules}`;
  readTree(text);
  const started = performance.now();
  const { tree, problems } = readTree(text);
  // Measured at 0.1 s; the rest is for busy machines.
  expect(performance.now() - started).toBeLessThan(2000);
  expect(problems).toEqual([]);
  expect(tree.items).toHaveLength(3334);
});
