/** What the page of threats says about tests is true: each that it names is in the file that it names. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/repository.ts";

interface Named {
  readonly file: string;
  readonly name: string;
}

/** `- [name](../test/file): "test", "test"` */
function namedTests(page: string): readonly Named[] {
  return page.split("\n").flatMap((line) => {
    const match = /^- \[[^\]]+\]\(\.\.\/(test\/[^)]+)\): (.+)$/.exec(line);
    if (match === null) return [];
    return [...match[2]!.matchAll(/"([^"]+)"/g)].map(([, name]) => ({ file: match[1]!, name: name! }));
  });
}

/** A test or a group of tests of that name, or a remark of a script of commands. */
function isThere({ file, name }: Named): boolean {
  const text = readFileSync(join(ROOT, file), "utf8");
  if (file.endsWith(".txt")) return text.split("\n").includes(name);
  const quoted = JSON.stringify(name);
  const at = text.indexOf(quoted);
  return (
    at !== -1 && /(?:test|describe)(?:\.each\([\s\S]*\))?\(\s*$/.test(text.slice(Math.max(0, at - 200), at))
  );
}

const page = readFileSync(join(ROOT, "docs/threat-model.md"), "utf8");

test("every test that the page names is there", () => {
  const named = namedTests(page);
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter((one) => !isThere(one))).toEqual([]);
});

test("every threat has a test that shows the answer", () => {
  const [answered = ""] = page.split("## Not answered");
  const threats = answered.split(/^### /m).slice(1);
  expect(threats.length).toBeGreaterThan(15);
  expect(threats.filter((threat) => namedTests(threat).length === 0)).toEqual([]);
});

test("a name that is no test is found", () => {
  const line =
    '- [viewer](../test/browser/viewer.test.ts): "nothing in a file acts as markup", "nothing at all"';
  const named = namedTests(line);
  expect(named.map(isThere)).toEqual([true, false]);
});
