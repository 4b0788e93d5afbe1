/** Every diagnostic code has a page, and every page's examples do what the page says. */
import { readdirSync, readFileSync } from "node:fs";
import { codes as parseCodes } from "@polity/compiler/1-parse/messages.ts";
import { checkCoverage } from "@polity/compiler/2-check/coverage.ts";
import { codes as checkCodes } from "@polity/compiler/2-check/messages.ts";
import type { Checked } from "@polity/compiler/checked.ts";
import type { Diagnostic } from "@polity/compiler/diagnostic.ts";
import { filesIn } from "@polity/compiler/files.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { checkBudget } from "@polity/compiler/weigh/budget.ts";
import { codes as weighCodes } from "@polity/compiler/weigh/messages.ts";
import { describe, expect, test } from "vitest";
import { readPage } from "../support/spec-page.ts";

const FOLDER = new URL("../../docs/errors/", import.meta.url);

/** Wrong examples that are too large for a page, with the reason on the page. */
const MADE_EXAMPLES: ReadonlyMap<string, () => string> = new Map([
  ["POL0001", () => `polity 1\n${"// more\n".repeat(2_200_000)}`],
  ["POL1107", manyFiles],
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
    const wrong = section(text, "Wrong");
    const right = section(text, "Right");
    expect(diagnose(wrong, code).map((diagnostic) => diagnostic.code)).toContain(code);
    expect(diagnose(right, code)).toEqual([]);
  });
});

function section(text: string, heading: string): string {
  const match = new RegExp(`^## ${heading}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(text);
  expect(match, `a section "## ${heading}"`).not.toBeNull();
  return match?.[1] ?? "";
}

/** Codes that are only given to whoever asks, with the question that their pages ask. */
const ASKED: ReadonlyMap<string, (checked: Checked) => readonly Diagnostic[]> = new Map([
  ["POL5001", (checked: Checked) => checkBudget(checked, 2_000n)],
  ["POL9101", checkCoverage],
]);

/** Of the program of a section, with the files before it; or of a text that is no page. */
function diagnose(text: string, code: string): readonly Diagnostic[] {
  const [spec, ...others] = readPage("page.md", text);
  expect(others).toEqual([]);
  const beside = new Map((spec?.imported ?? []).map((one) => [one.file, one.text]));
  const source = { file: "example.pol", text: spec?.program ?? text };
  const { value, diagnostics } = compile(source, filesIn(beside));
  const asked = value === null ? undefined : ASKED.get(code)?.(value);
  return [...diagnostics, ...(asked ?? [])];
}

function manyFiles(): string {
  const numbers = Array.from({ length: 64 }, (_, index) => index + 1);
  const blocks = numbers.map(
    (n) => `\`\`\`pol file=m${n}.pol\npolity 1\nmodule m\nenum E${n} { a }\n\`\`\`\n`,
  );
  const imports = numbers.map((n) => `import "./m${n}.pol"\n`);
  return `${blocks.join("")}\`\`\`pol\npolity 1\npolicy p version 1\n${imports.join("")}\`\`\`\n`;
}
