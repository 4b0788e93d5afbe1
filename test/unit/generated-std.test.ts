import { readFileSync } from "node:fs";
import { filesIn } from "@polity/compiler/files.ts";
import { diagnose } from "@polity/compiler/pipeline.ts";
import { STD_FILES } from "@polity/compiler/std.ts";
import { describe, expect, test } from "vitest";
import { stdJson } from "../../scripts/generate-std.ts";

test("std.json is what scripts/generate-std.ts makes of std/", () => {
  const committed = readFileSync(new URL("../../compiler/std.json", import.meta.url), "utf8");
  expect(JSON.parse(committed)).toEqual(JSON.parse(stdJson()));
});

describe.each(STD_FILES)("%s", (name) => {
  const text = readFileSync(new URL(`../../${name}.pol`, import.meta.url), "utf8");

  test("is a module without a flaw", () => {
    const { diagnostics } = diagnose({ file: "std.pol", text }, filesIn(new Map()));
    expect(diagnostics).toEqual([]);
    expect(text.startsWith(`polity 1\nmodule ${name.replace("/", ".")}\n`)).toBe(true);
  });

  test("says what each of its declarations is for", () => {
    const undocumented = text.matchAll(
      /(?<!^\/\/\/.*\n)^(?:enum|ordered|record|fn|const|entity|action) (\w+)/gm,
    );
    expect([...undocumented].map(([, word]) => word)).toEqual([]);
  });
});
