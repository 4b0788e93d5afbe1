/** The one layout: laws L1 to L3 of laws.md, on every program that there is and on generated ones. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readPieces } from "@polity/grammar/pieces.ts";
import { readTree } from "@polity/grammar/read.ts";
import { describe, expect, test } from "vitest";
import { format } from "../../compiler/format/format.ts";
import { generateProgram } from "../support/generate/program.ts";
import { createRandom } from "../support/generate/random.ts";
import { ROOT } from "../support/repository.ts";

function filesBelow(folder: string, ending: string): readonly string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

/** The programs in a page: indented ones and those that are refused too. */
function programsIn(page: string): readonly string[] {
  return [...readFileSync(join(ROOT, page), "utf8").matchAll(/^```pol\n([\s\S]*?)^```$/gm)].map(
    ([, text = ""]) => text,
  );
}

const pages = [...filesBelow("docs", ".md"), ...filesBelow("test/spec", ".md")];
const sources = [
  // The tour stands as it was first written down.
  ...filesBelow("examples", ".pol").filter((path) => !path.includes("tour")),
  ...filesBelow("test", ".pol"),
  ...filesBelow("std", ".pol"),
];

/** Formats it again and compares everything that may not change; answers whether it could be read. */
function obeysLaws(text: string): boolean {
  const formatted = format(text);
  if (formatted === null) {
    expect(readTree(text).problems, `left alone without a reason:\n${text}`).not.toEqual([]);
    return false;
  }
  expect(format(formatted), "L1: formatting twice").toBe(formatted);
  expect(treeOf(formatted), "L2: the same tree").toBe(treeOf(text));
  expect(commentsOf(formatted), "L3: the same comments").toEqual(commentsOf(text));
  expect(formatted.split("\n").filter((line) => line !== line.trimEnd())).toEqual([]);
  return true;
}

function treeOf(text: string): string {
  const { tree } = readTree(text);
  return JSON.stringify(tree, (key, value: unknown) =>
    key === "start" || key === "end" ? undefined : value,
  );
}

function commentsOf(text: string): readonly string[] {
  return readPieces(text)
    .filter(({ kind }) => kind === "Comment")
    .map((piece) => piece.text);
}

describe("what is written", () => {
  test.each(pages)("%s", (page) => {
    for (const text of programsIn(page)) obeysLaws(text);
  });

  test.each(sources)("%s is in order", (path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    expect(obeysLaws(text)).toBe(true);
    expect(format(text)).toBe(text);
  });
});

test("generated programs", () => {
  let read = 0;
  for (let number = 0; number < 300; number += 1) {
    if (obeysLaws(generateProgram(createRandom(5, number)))) read += 1;
  }
  expect(read).toBeGreaterThan(250);
});

describe("programs whose lines were broken anywhere", () => {
  const whole = [
    ...pages.flatMap(programsIn),
    ...sources.map((path) => readFileSync(join(ROOT, path), "utf8")),
  ];

  test("as many lines as words, and all on one line", () => {
    for (const text of whole.filter((one) => readTree(one).problems.length === 0)) {
      obeysLaws(reflowed(text, () => "\n"));
      obeysLaws(reflowed(text, () => " "));
    }
  });

  test("at random, with comments anywhere", () => {
    const random = createRandom(9, 1);
    for (const text of whole.filter((one) => readTree(one).problems.length === 0)) {
      for (let turn = 0; turn < 1; turn += 1) {
        obeysLaws(
          reflowed(text, () => random.pick([" ", "  ", "\n", "\n\n\n", " // a comment\n", "\n// another\n"])),
        );
      }
    }
  });
});

/** The same words with other white space between them; holes in texts stay on their lines. */
function reflowed(text: string, between: () => string): string {
  let result = "";
  let holes = 0;
  let last = "";
  for (const { kind, text: word } of readPieces(text)) {
    if (kind === "TemplateTail") holes -= 1;
    const isTight = last === "Dot" || last === "At" || kind === "TemplateMiddle" || last === "TemplateMiddle";
    const space = last === "Comment" ? "\n" : holes > 0 || isTight ? " " : between();
    result += result === "" ? word : space + word;
    if (kind === "TemplateHead") holes += 1;
    last = kind;
  }
  return `${result}\n`;
}
