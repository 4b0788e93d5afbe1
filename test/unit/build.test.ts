import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type PackageFolder, unresolved } from "../../scripts/build/closed.ts";
import { publishedManifest, type WorkspaceManifest } from "../../scripts/build/manifest.ts";
import { embeddingProgram, packagePage } from "../../scripts/build/readme.ts";
import { jsonModule, publishedDeclarations, publishedJs } from "../../scripts/build/specifiers.ts";
import { makeScratch } from "../support/scratch.ts";

const work = mkdtempSync(join(tmpdir(), "polity-build-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const WORKSPACE: WorkspaceManifest = {
  name: "@polity/one",
  version: "1.2.3",
  description: "One",
  license: "Apache-2.0",
  engines: { node: ">=20" },
  exports: { ".": "./index.ts", "./*": "./*" },
  dependencies: { "@polity/two": "1.2.3", library: "4.5.6" },
};

describe("specifiers", () => {
  test.each([
    ['import { a } from "@polity/runtime/a-b.ts";', 'import { a } from "@polity/runtime/a-b.js";'],
    ['await import("@polity/compiler/2-check/c.ts")', 'await import("@polity/compiler/2-check/c.js")'],
    ['import { a } from "@polity/runtime";', 'import { a } from "@polity/runtime";'],
    ['new URL("./thread.ts", import.meta.url)', 'new URL("./thread.js", import.meta.url)'],
    ['import p from "./p.json" with { type: "json" };', 'import p from "./p.json.js";'],
    ['emit(`import { b } from "./prelude.ts"`)', 'emit(`import { b } from "./prelude.ts"`)'],
    ['const name = "@polity/runtime/a.ts";', 'const name = "@polity/runtime/a.ts";'],
  ])("of a module: %s", (emitted, published) => {
    expect(publishedJs(emitted)).toBe(published);
  });

  test.each([
    ['import type { A } from "./a.ts";', 'import type { A } from "./a.js";'],
    ['a: import("../b.ts").B;', 'a: import("../b.js").B;'],
    ['a: import("@polity/runtime/b.ts").B;', 'a: import("@polity/runtime/b.js").B;'],
    ['import type { T } from "library";', 'import type { T } from "library";'],
  ])("of a declaration: %s", (emitted, published) => {
    expect(publishedDeclarations(emitted)).toBe(published);
  });

  test("JSON becomes a module", () => {
    expect(jsonModule('{ "a": "\\u2028" }\n')).toBe('export default { "a": "\\u2028" };\n');
  });
});

describe("a published manifest", () => {
  test("names what was emitted", () => {
    expect(publishedManifest(WORKSPACE, "1.2.3", ["notes.txt", "bin/one.js"])).toMatchObject({
      exports: {
        ".": { types: "./index.d.ts", default: "./index.js" },
        "./*.js": { types: "./*.d.ts", default: "./*.js" },
      },
      types: "./index.d.ts",
      files: ["**/*.js", "**/*.d.ts", "notes.txt"],
      dependencies: { "@polity/two": "1.2.3", library: "4.5.6" },
    });
  });

  test.each([
    ["is 1.2.3, the project 2.0.0", WORKSPACE, "2.0.0"],
    ["library ^4.0.0 is no exact version", { ...WORKSPACE, dependencies: { library: "^4.0.0" } }, "1.2.3"],
    ["@polity/two 1.0.0 is not the one", { ...WORKSPACE, dependencies: { "@polity/two": "1.0.0" } }, "1.2.3"],
    ["./a.json is no source", { ...WORKSPACE, exports: { "./a": "./a.json" } }, "1.2.3"],
  ])("is refused: %s", (message, manifest, version) => {
    expect(() => publishedManifest(manifest, version, [])).toThrow(message);
  });
});

describe("packages that do not hold together", () => {
  test.each([
    ['import "@polity/two/gone.js";', "main.js: @polity/two/gone.js names no file"],
    ['import "@polity/two/there.ts";', "main.js: @polity/two/there.ts names no file"],
    ['import "@polity/two";', "main.js: @polity/two names no file"],
    ['export { a } from "@polity/three/a.js";', "main.js: @polity/one does not depend on @polity/three/a.js"],
    ['await import("left-pad");', "main.js: @polity/one does not depend on left-pad"],
  ])("are found out: %s", async (program, problem) => {
    expect(await unresolved(packages(program))).toEqual([problem]);
  });

  test("an import of a file that is not there rejects", async () => {
    await expect(unresolved(packages('import "./gone.js";'))).rejects.toThrow("./gone.js");
  });

  test("and packages that do hold together pass", async () => {
    const program = 'import "@polity/two/there.js";\nimport "library/sub.js";\nimport "node:fs";';
    expect(await unresolved(packages(program))).toEqual([]);
  });

  function packages(program: string): readonly PackageFolder[] {
    const folder = mkdtempSync(join(work, "packages-"));
    const one = publishedManifest(WORKSPACE, "1.2.3", []);
    const two = publishedManifest(
      { ...WORKSPACE, name: "@polity/two", exports: { "./*": "./*" }, dependencies: {} },
      "1.2.3",
      [],
    );
    return [
      plant(join(folder, "one"), one, { "main.js": program }),
      plant(join(folder, "two"), two, { "there.js": "" }),
    ];
  }

  function plant(
    folder: string,
    manifest: PackageFolder["manifest"],
    texts: Readonly<Record<string, string>>,
  ): PackageFolder {
    for (const [name, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return { folder, manifest, files: Object.keys(texts) };
  }
});

describe("the page of a package", () => {
  const page = "# P\n\n## In a service\n\n```ts\nconst a = '$&';\n```\n";

  test("has the program of the project's page where it asks for it", () => {
    const place = "<!-- the program that README.md shows under “In a service” -->";
    expect(packagePage(`# Q\n\n${place}\n`, page)).toBe("# Q\n\n```ts\nconst a = '$&';\n```\n");
    expect(packagePage("# Q\n", page)).toBe("# Q\n");
  });

  test("is refused where the project's page shows no program", () => {
    expect(() => embeddingProgram("# P\n\n```ts\n1;\n```\n")).toThrow("no program");
  });
});

test("what Node 20 does not have does not compile", () => {
  const scratch = makeScratch();
  try {
    scratch.plant("runtime/p.ts", "export const { promise } = Promise.withResolvers<void>();\n");
    scratch.plant("runtime/q.ts", "export const s = new Set([1]).union(new Set([2]));\n");
    const { status, output } = scratch.run("tsc", "-p", "tsconfig.build.json", "--pretty", "false");
    expect(status).not.toBe(0);
    expect(output).toMatch(/^runtime\/p\.ts.*withResolvers/m);
    expect(output).toMatch(/^runtime\/q\.ts.*union/m);
  } finally {
    scratch.remove();
  }
});
