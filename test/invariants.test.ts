import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeScratch, type Scratch } from "./support/scratch.ts";

/** Each row plants one violation and names the rule that must object. */
type Row = readonly [rule: string, path: string, text: string];

const USED = "export const used = 1;\n";

let scratch: Scratch;
beforeAll(() => {
  scratch = makeScratch();
});
afterAll(() => scratch.remove());

describe("Biome refuses", () => {
  const rows: readonly Row[] = [
    ["style/noDefaultExport", "cli/p01.ts", "export default 1;\n"],
    ["performance/noReExportAll", "cli/p02.ts", 'export * from "./used.ts";\n'],
    [
      "correctness/useImportExtensions",
      "cli/p03.ts",
      'import { used } from "./used";\nexport const a = used;\n',
    ],
    ["correctness/noUndeclaredDependencies", "cli/p04.ts", 'import { z } from "zod";\nexport const a = z;\n'],
    ["correctness/noUnusedVariables", "cli/p05.ts", "const a = 1;\n"],
    ["correctness/noUnusedImports", "cli/p06.ts", 'import { used } from "./used.ts";\n'],
    ["style/useFilenamingConvention", "cli/p07Camel.ts", USED],
    [
      "complexity/noExcessiveLinesPerFunction",
      "cli/p08.ts",
      `export function f() {\n${"  f();\n".repeat(71)}}\n`,
    ],
    ["suspicious/noImportCycles", "cli/p09.ts", 'import { b } from "./p10.ts";\nexport const a = () => b;\n'],
    ["suspicious/noImportCycles", "cli/p10.ts", 'import { a } from "./p09.ts";\nexport const b = () => a;\n'],
    ["suspicious/noExplicitAny", "cli/p11.ts", "export const a: any = 1;\n"],
    ["suspicious/noTsIgnore", "cli/p12.ts", "// @ts-ignore\nexport const a: string = 1;\n"],
    ["suspicious/noFocusedTests", "test/p13.test.ts", 'test.only("a", () => {});\n'],
    ...["grammar", "compiler/2-check", "runtime"].flatMap((folder): Row[] => [
      [
        "correctness/noNodejsModules",
        `${folder}/p20.ts`,
        'import * as fs from "node:fs";\nexport const a = fs;\n',
      ],
      ["correctness/noProcessGlobal", `${folder}/p21.ts`, "export const a = process.argv;\n"],
      ["suspicious/noConsole", `${folder}/p22.ts`, "console.log(1);\n"],
      ["complexity/noForEach", `${folder}/p23.ts`, "[1].forEach((a) => { void a; });\n"],
      ["style/noRestrictedGlobals", `${folder}/p24.ts`, "export const a = Date.now();\n"],
      ["style/noRestrictedGlobals", `${folder}/p25.ts`, "export const a = new Intl.Collator();\n"],
      ["style/noRestrictedGlobals", `${folder}/p26.ts`, "export const a = performance.now();\n"],
      ["style/noRestrictedGlobals", `${folder}/p27.ts`, 'export const a = fetch("x");\n'],
      ["style/noRestrictedGlobals", `${folder}/p28.ts`, "setTimeout(() => 1, 1);\n"],
      ["style/noRestrictedGlobals", `${folder}/p29.ts`, "export const a = crypto.randomUUID();\n"],
      ["style/noRestrictedGlobals", `${folder}/p30.ts`, "export const a = globalThis;\n"],
      ["nursery/noJsRestrictedProperties", `${folder}/p31.ts`, "export const a = Math.random();\n"],
      ["nursery/noJsRestrictedProperties", `${folder}/p32.ts`, 'export const a = "a".localeCompare("b");\n'],
      ["nursery/noJsRestrictedProperties", `${folder}/p33.ts`, 'export const a = "a".toLocaleUpperCase();\n'],
    ]),
  ];
  let found: ReadonlySet<string>;

  beforeAll(() => {
    for (const [, path, text] of rows) scratch.plant(path, text);
    for (const folder of ["cli", "grammar", "runtime"]) scratch.plant(`${folder}/used.ts`, USED);
    const { status, output } = scratch.run("biome", "lint", "--reporter=json", "--max-diagnostics=none", ".");
    expect(status).toBe(1);
    found = new Set(lintFindings(output));
  });

  test.each(rows)("%s in %s", (rule, path) => {
    expect([...found]).toContain(`${path} lint/${rule}`);
  });

  test("nothing in a file without fault", () => {
    expect([...found].filter((finding) => finding.includes("/used.ts"))).toEqual([]);
  });

  type Report = { readonly diagnostics: readonly LintFinding[] };
  type LintFinding = {
    readonly severity: string;
    readonly category: string;
    readonly location: { path: string };
  };

  /** Only what fails the check: a rule that merely informs enforces nothing. */
  function lintFindings(output: string): string[] {
    const report = JSON.parse(output) as Report;
    const failing = report.diagnostics.filter(
      ({ severity }) => severity === "error" || severity === "warning",
    );
    return failing.map(({ category, location }) => `${location.path} ${category}`);
  }
});

describe("tsc refuses", () => {
  const rows: readonly Row[] = [
    ["TS2322", "cli/t01.ts", "export const a: string = [1].length;\n"],
    ["TS2322", "cli/t02.ts", 'const names = ["a"];\nexport const a: string = names[0];\n'],
    ["TS2375", "cli/t03.ts", "type A = { b?: string };\nexport const a: A = { b: undefined };\n"],
    ["TS1294", "cli/t04.ts", "export enum A {\n  b,\n}\n"],
    ["TS1484", "cli/t05.ts", 'import { Used } from "./t00.ts";\nexport const a: Used = 1;\n'],
    ["TS2835", "cli/t06.ts", 'import { used } from "./t00";\nexport const a = used;\n'],
    ["TS7006", "cli/t07.ts", "export const a = (b) => b;\n"],
    ["TS2304", "cli/t08.ts", "export const a = localStorageOfTheDom;\n"],
    ["TS2584", "cli/t09.ts", "export const a = document;\n"],
    [
      "TS7029",
      "cli/t10.ts",
      "export function f(a: 1 | 2) {\n  switch (a) {\n    case 1:\n      f(2);\n    case 2:\n  }\n}\n",
    ],
    ["TS2345", "cli/t11.ts", twoKindsOneHandled()],
  ];
  let output = "";

  beforeAll(() => {
    for (const [, path, text] of rows) scratch.plant(path, text);
    scratch.plant("cli/t00.ts", "export type Used = 1;\nexport const used = 1;\n");
    output = scratch.run("tsc", "--noEmit", "--pretty", "false").output;
  });

  test.each(rows)("%s in %s", (code, path) => {
    expect(output.split("\n").filter((line) => line.startsWith(path) && line.includes(code))).not.toEqual([]);
  });

  test("nothing in a file without fault", () => {
    expect(output).not.toContain("cli/t00.ts");
  });

  /** A switch that ends in `unreachable(node)` stops compiling when a kind is added and not handled. */
  function twoKindsOneHandled(): string {
    const types = 'type N = { kind: "a" } | { kind: "b" };\ndeclare function unreachable(n: never): never;\n';
    return `${types}export function f(n: N) {\n  switch (n.kind) {\n    case "a":\n      return 1;
    default:\n      return unreachable(n);\n  }\n}\n`;
  }
});

describe("knip refuses", () => {
  let output = "";

  beforeAll(() => {
    scratch.plant(
      "runtime/k01.ts",
      "export const used = 1;\nexport const unusedExport = 2;\nexport type UnusedType = 1;\n",
    );
    scratch.plant("runtime/k02-nobody-imports.ts", USED);
    scratch.plant("cli/bin/k03.js", 'import { used } from "@polity/runtime/k01.ts";\nused;\n');
    const { status, output: text } = scratch.run("knip", "--no-progress");
    expect(status).toBe(1);
    output = text;
  });

  test.each(["unusedExport", "UnusedType", "runtime/k02-nobody-imports.ts"])("%s", (name) => {
    expect(output).toContain(name);
  });

  test("a dependency that nothing imports", () => {
    expect(output).toMatch(/@noble\/hashes\s+runtime\/package\.json/);
  });

  test("nothing that is used", () => {
    expect(output).not.toMatch(/^used\b/m);
    expect(output).not.toContain("k03.js");
  });
});
