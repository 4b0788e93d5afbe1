import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "../../compiler/1-parse/parse.ts";
import { check } from "../../compiler/2-check/check.ts";
import { codes } from "../../compiler/2-check/messages.ts";

const FOLDER = new URL("../../compiler/2-check/", import.meta.url);
const FILES = ["names", "types", "rules", "tests", "warnings"].map((topic) => `messages-${topic}.ts`);

test("each code has one constructor, and every constructor a code of the list", () => {
  const sources = FILES.map((file) => readFileSync(new URL(file, FOLDER), "utf8"));
  const constructed = sources.flatMap((text) =>
    text.split(/^export /m).flatMap((part) => {
      if (!part.startsWith("function")) return [];
      return [...new Set(part.match(/POL\d{4}/g) ?? ["none"])];
    }),
  );
  expect(constructed.toSorted()).toEqual([...codes].sort());
  expect(new Set(codes).size).toBe(codes.length);
});

describe("the page of", () => {
  test.each([...codes])("%s has a wrong file with this code, and a right one without any", (code) => {
    const text = readFileSync(new URL(`../../docs/errors/${code}.md`, import.meta.url), "utf8");
    expect(text).toMatch(new RegExp(`^# ${code}: [a-z\`]`));
    const [wrong, right, ...more] = [...text.matchAll(/```pol\n([\s\S]*?)```/g)].map(
      (match) => match[1] ?? "",
    );
    expect(more).toEqual([]);
    expect(diagnose(wrong ?? "").map((d) => d.code)).toContain(code);
    expect(diagnose(right ?? "")).toEqual([]);
  });
});

function diagnose(text: string) {
  const source = { file: "example.pol", text };
  const parsed = parse(source);
  return [...parsed.diagnostics, ...check(source, parsed.value).diagnostics];
}
