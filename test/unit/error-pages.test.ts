/** Every diagnostic code has a page, and every page's examples do what the page says. */
import { readdirSync, readFileSync } from "node:fs";
import { codes as parseCodes } from "@polity/compiler/1-parse/messages.ts";
import { codes as checkCodes } from "@polity/compiler/2-check/messages.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { describe, expect, test } from "vitest";

const FOLDER = new URL("../../docs/errors/", import.meta.url);

/** Wrong examples that are too large for a page, with the reason on the page. */
const MADE_EXAMPLES: ReadonlyMap<string, () => string> = new Map([
  ["POL0001", () => `polity 1\n${"// more\n".repeat(2_200_000)}`],
]);

const pages = readdirSync(FOLDER).filter((name) => name.endsWith(".md"));
const codes = [...parseCodes, ...checkCodes];

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
      expect(diagnose(made()).map((diagnostic) => diagnostic.code)).toEqual([code]);
      return;
    }
    const wrong = example(text, "Wrong");
    const right = example(text, "Right");
    expect(diagnose(wrong).map((diagnostic) => diagnostic.code)).toContain(code);
    expect(diagnose(right)).toEqual([]);
  });
});

function example(text: string, heading: string): string {
  const match = new RegExp(`^## ${heading}\\n\\n\`\`\`pol\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(text);
  expect(match, `a pol block under "## ${heading}"`).not.toBeNull();
  return match?.[1] ?? "";
}

function diagnose(text: string) {
  return compile({ file: "example.pol", text }).diagnostics;
}
