/** Every diagnostic code has a page, and every page's examples do what the page says. */
import { readdirSync, readFileSync } from "node:fs";
import { codes as parseCodes } from "@polity/compiler/1-parse/messages.ts";
import { checkCoverage } from "@polity/compiler/2-check/coverage.ts";
import { codes as checkCodes } from "@polity/compiler/2-check/messages.ts";
import type { Checked } from "@polity/compiler/checked.ts";
import type { Diagnostic } from "@polity/compiler/diagnostic.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { checkBudget } from "@polity/compiler/weigh/budget.ts";
import { codes as weighCodes } from "@polity/compiler/weigh/messages.ts";
import { describe, expect, test } from "vitest";

const FOLDER = new URL("../../docs/errors/", import.meta.url);

/** Wrong examples that are too large for a page, with the reason on the page. */
const MADE_EXAMPLES: ReadonlyMap<string, () => string> = new Map([
  ["POL0001", () => `polity 1\n${"// more\n".repeat(2_200_000)}`],
]);

const pages = readdirSync(FOLDER).filter((name) => name.endsWith(".md"));
const codes = [...parseCodes, ...checkCodes, ...weighCodes];

test("every code has a page, every page a code, and no code is given twice", () => {
  expect(pages.map((name) => name.slice(0, -".md".length)).sort()).toEqual([...codes].sort());
});

describe.each(pages)("%s", (name) => {
  const code = name.slice(0, -".md".length);
  const text = readFileSync(new URL(name, FOLDER), "utf8");

  test("begins with its code", () => {
    expect(text).toMatch(new RegExp(`^# ${code}: \\S`));
  });

  test("the wrong example gives the code, the right one nothing", () => {
    const made = MADE_EXAMPLES.get(code);
    if (made !== undefined) {
      expect(diagnose(made(), code).map((diagnostic) => diagnostic.code)).toEqual([code]);
      return;
    }
    const wrong = example(text, "Wrong");
    const right = example(text, "Right");
    expect(diagnose(wrong, code).map((diagnostic) => diagnostic.code)).toContain(code);
    expect(diagnose(right, code)).toEqual([]);
  });
});

function example(text: string, heading: string): string {
  const match = new RegExp(`^## ${heading}\\n\\n\`\`\`pol\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(text);
  expect(match, `a pol block under "## ${heading}"`).not.toBeNull();
  return match?.[1] ?? "";
}

/** Codes that are only given to whoever asks, with the question that their pages ask. */
const ASKED: ReadonlyMap<string, (checked: Checked) => readonly Diagnostic[]> = new Map([
  ["POL5001", (checked: Checked) => checkBudget(checked, 2_000n)],
  ["POL9101", checkCoverage],
]);

function diagnose(text: string, code: string): readonly Diagnostic[] {
  const { value, diagnostics } = compile({ file: "example.pol", text });
  const asked = value === null ? undefined : ASKED.get(code)?.(value);
  return [...diagnostics, ...(asked ?? [])];
}
