import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { accepts, readSpecification, refuses } from "./support/clauses.ts";
import { ROOT } from "./support/repository.ts";
import { readPage, type SpecCase } from "./support/spec-page.ts";

const { clauses, faults } = readSpecification(readFileSync(join(ROOT, "docs", "spec.md"), "utf8"));
const cases = readdirSync(join(ROOT, "test", "spec"))
  .sort()
  .flatMap((name) => readPage(`test/spec/${name}`, readFileSync(join(ROOT, "test", "spec", name), "utf8")));

function shown(number: string, by: (spec: SpecCase) => boolean): boolean {
  return cases.some((spec) => spec.clauses.includes(number) && by(spec));
}

test("clauses are numbered in turn", () => {
  expect(faults).toEqual([]);
});

test("every clause that states a rule is shown accepting something", () => {
  const missing = clauses.filter(({ number, isDefinition }) => !isDefinition && !shown(number, accepts));
  expect(missing.map(({ number }) => number)).toEqual([]);
});

test("every clause that states a rule is shown refusing something", () => {
  const missing = clauses.filter(({ number, isDefinition }) => !isDefinition && !shown(number, refuses));
  expect(missing.map(({ number }) => number)).toEqual([]);
});

test("no case cites a clause that is not there", () => {
  const numbers = new Set(clauses.map(({ number }) => number));
  const unknown = cases.flatMap(({ file, line, clauses: cited }) =>
    cited.filter((number) => !numbers.has(number)).map((number) => `${file}:${line}: ${number}`),
  );
  expect(unknown).toEqual([]);
});

describe("the reference interpreter", () => {
  const folder = join(ROOT, "compiler", "interpret");
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));

  test("cites only clauses that are there", () => {
    const numbers = new Set(clauses.map(({ number }) => number));
    const unknown = files.flatMap((name) =>
      citedIn(readFileSync(join(folder, name), "utf8"))
        .filter((number) => !numbers.has(number))
        .map((number) => `${name}: ${number}`),
    );
    expect(unknown).toEqual([]);
  });

  test("says in every file which clauses it carries out", () => {
    const silent = files.filter(
      (name) => !PLUMBING.has(name) && citedIn(readFileSync(join(folder, name), "utf8")).length === 0,
    );
    expect(silent).toEqual([]);
  });
});

/** Files without a meaning of their own. */
const PLUMBING: ReadonlySet<string> = new Set([
  "denial.ts",
  "explain.ts",
  "failure.ts",
  "interpret.ts",
  "objects.ts",
  "path.ts",
  "reads.ts",
  "text.ts",
]);

/** `(spec 5.6.1, 5.6.2)` in a comment. */
function citedIn(text: string): readonly string[] {
  return [...text.matchAll(/\(spec ((?:\d+(?:\.\d+)+(?:, )?)+)\)/g)].flatMap(([, list = ""]) =>
    list.split(", ").filter((number) => number !== ""),
  );
}
