import { describe, expect, test } from "vitest";
import { codeOnly } from "./support/code-only.ts";
import { readRepository } from "./support/repository.ts";
import { RULES, tidy } from "./support/tidy.ts";

/** For each rule: files that break it, and the same thought written well. */
const PLANTED: ReadonlyMap<string, { bad: readonly [string, string][]; good: readonly [string, string][] }> =
  new Map([
    [
      "layers",
      {
        bad: [
          ["runtime/planted.ts", 'import { parse } from "@polity/grammar/parser.ts";'],
          ["grammar/planted.ts", 'export { a } from "@polity/runtime/layout.ts";'],
          ["grammar/planted.ts", 'import type {\n  A,\n} from "@polity/compiler/ast.ts";'],
          ["compiler/planted.ts", 'const cli = await import("@polity/cli/main.ts");'],
          ["compiler/2-check/planted.ts", 'import { LAYOUT } from "../../runtime/layout.ts";'],
        ],
        good: [
          ["compiler/good.ts", 'import { parse } from "@polity/grammar/parser.ts";'],
          ["cli/good.ts", 'import { load } from "@polity/runtime/load.ts";'],
          [
            "grammar/good.ts",
            '// import "@polity/cli/main.ts";\nconst text = `import "@polity/cli/main.ts"`;',
          ],
        ],
      },
    ],
    [
      "shared nouns",
      {
        bad: [["compiler/4-emit/planted.ts", 'import { load } from "@polity/runtime/load.ts";']],
        good: [["compiler/4-emit/good.ts", 'import { HEADER } from "@polity/runtime/layout.ts";']],
      },
    ],
    [
      "phases",
      {
        bad: [
          ["compiler/3-lower/planted.ts", 'import { check } from "../2-check/check.ts";'],
          ["compiler/ast.ts", 'import type { Scope } from "./2-check/scope.ts";'],
          ["compiler/interpret/planted.ts", 'import { compile } from "../pipeline.ts";'],
          ["compiler/format/planted.ts", 'import { p } from "@polity/compiler/1-parse/parse.ts";'],
        ],
        good: [
          ["compiler/pipeline.ts", 'import { check } from "./2-check/check.ts";'],
          [
            "compiler/3-lower/good.ts",
            'import type { Checked } from "../checked.ts";\nimport { x } from "./x.ts";',
          ],
        ],
      },
    ],
    [
      "library owners",
      {
        bad: [
          ["compiler/1-parse/planted.ts", 'import { createToken } from "chevrotain";'],
          ["compiler/4-emit/planted.ts", 'import asc from "assemblyscript/asc";'],
          ["test/planted.ts", 'const asc = await import("assemblyscript/asc");'],
          ["runtime/planted.ts", 'import { verify } from "@noble/ed25519";'],
          ["lineage/file-store/planted.ts", 'import { randomUUID } from "node:crypto";'],
          ["cli/commands/planted.ts", 'import { createHash } from "node:crypto";'],
        ],
        good: [
          ["runtime/ed25519.ts", 'import { verify } from "@noble/ed25519";'],
          ["runtime/hash.ts", 'import { sha256 } from "@noble/hashes/sha2.js";'],
          ["lineage/node/crypto.ts", 'import { verify } from "node:crypto";'],
          ["test/good.ts", 'import { createHmac } from "node:crypto";'],
          ["grammar/good.ts", 'import { createToken } from "chevrotain";'],
          ["compiler/4-emit/assemble.ts", 'import asc from "assemblyscript/asc";'],
        ],
      },
    ],
    [
      "pure lineage",
      {
        bad: [
          ["lineage/planted.ts", 'import { nodeCrypto } from "./node/crypto.ts";'],
          ["lineage/planted.ts", 'import { open } from "@polity/lineage/file-store/open.ts";'],
        ],
        good: [
          ["lineage/file-store/good.ts", 'import { makeTree } from "../tree.ts";'],
          ["lineage/good.ts", 'import { makeTree } from "./tree.ts";'],
        ],
      },
    ],
    [
      "runtime dependencies",
      {
        bad: [
          ["runtime/planted.ts", 'import { x } from "left-pad";'],
          ["runtime/planted.ts", 'import { createHash } from "node:crypto";'],
        ],
        good: [
          ["runtime/good.ts", 'import { sha256 } from "@noble/hashes/sha2.js";\nimport { y } from "./y.ts";'],
        ],
      },
    ],
    [
      "manifest layers",
      {
        bad: [
          ["runtime/package.json", '{ "dependencies": { "left-pad": "1.0.0" } }'],
          ["grammar/package.json", '{ "devDependencies": { "@polity/runtime": "0.1.0" } }'],
        ],
        good: [["compiler/package.json", '{ "dependencies": { "@polity/grammar": "0.1.0" } }']],
      },
    ],
    [
      "file length",
      {
        bad: [["cli/planted.ts", "x;\n".repeat(401)]],
        good: [["cli/good.ts", "x;\n".repeat(400)]],
      },
    ],
    [
      "line width",
      {
        bad: [["compiler/4-emit/prelude/planted.ts", `// ${"x".repeat(108)}`]],
        good: [["cli/good.ts", `// ${"é".repeat(107)}`]],
      },
    ],
    [
      "kebab-case",
      {
        bad: [
          ["cli/runCommand.ts", ""],
          ["docs/decisions/One_Two.md", "# T"],
        ],
        good: [
          ["compiler/4-emit/run-command.test.ts", ""],
          ["docs/errors/POL1234.md", "# T"],
          ["README.md", "# T"],
        ],
      },
    ],
    [
      "classes",
      {
        bad: [
          ["compiler/planted.ts", "export class Scope {}"],
          ["compiler/planted.ts", "const scope = class extends Map<string, Node> {};"],
          ["compiler/planted.ts", "class Parser extends EmbeddedActionsParser {}"],
        ],
        good: [
          ["grammar/good.ts", "class PolityParser extends EmbeddedActionsParser {}"],
          ["cli/good.ts", "// a class of its own {\nclass UsageError extends Error {}"],
        ],
      },
    ],
    [
      "exhaustive switch",
      {
        bad: [
          [
            "compiler/planted.ts",
            'switch (node.kind) {\n  case "a": return f("unreachable()");\n}\nunreachable(x);',
          ],
        ],
        good: [
          [
            "compiler/good.ts",
            'switch (node.kind) {\n  case "a": { return 1; }\n  default: return unreachable(node);\n}',
          ],
        ],
      },
    ],
    [
      "checked casts",
      {
        bad: [["compiler/3-lower/planted.ts", "const program = made as Checked;"]],
        good: [
          ["compiler/2-check/good.ts", "return made as Checked;"],
          ["compiler/3-lower/good.ts", "export function lower(checked: Checked): Ir {}"],
        ],
      },
    ],
    [
      "leftovers",
      {
        bad: [
          ["cli/planted.ts", `// ${"TO"}DO: later`],
          ["docs/planted.md", `# T\n\n${"FIX"}ME`],
          ["docs/planted.md", `# T\n\n${"<".repeat(7)} HEAD\n`],
        ],
        good: [["cli/good.ts", "// what to do later"]],
      },
    ],
    [
      "one title",
      {
        bad: [
          ["docs/planted.md", "# One\n\n# Two\n"],
          ["docs/planted.md", "text\n"],
        ],
        good: [["docs/good.md", "# One\n\n```sh\n# a comment\n```\n"]],
      },
    ],
    [
      "links",
      {
        bad: [
          ["docs/planted.md", "# T\n\n[gone](gone.md)\n"],
          ["docs/planted.md", "# T\n\n[gone](#gone)\n"],
          ["docs/planted.md", "# T\n\n[gone](../nowhere/)\n"],
        ],
        good: [
          [
            "docs/good.md",
            "# A title, here\n\n[a](#a-title-here) [b](good.md) [c](../docs/) [d](https://e.f)\n",
          ],
        ],
      },
    ],
  ]);

test("the repository is tidy", () => {
  expect(tidy(readRepository())).toEqual([]);
});

describe("each rule", () => {
  test.each([...RULES.keys()])("%s finds a planted violation and lets the good way pass", (name) => {
    const planted = PLANTED.get(name) ?? { bad: [], good: [] };
    expect(planted.bad.length, "violations planted").toBeGreaterThan(0);
    for (const file of planted.bad) expect(rulesBroken(file), file.join(": ")).toContain(name);
    for (const file of planted.good) expect(rulesBroken(file), file.join(": ")).not.toContain(name);
  });

  function rulesBroken([path, text]: readonly [string, string]): string[] {
    return tidy(new Map([[path, text]])).map((finding) => finding.split(": ")[1] ?? "");
  }
});

test("codeOnly keeps code, offsets and lines, and blanks everything else", () => {
  const text = "a('x'); // y\n/* z\n*/ `t${ { b: `u` } }v` / c; d(/[/'\"]\\//g); '\\'e' + f";
  const code = codeOnly(text);
  expect(code.length).toBe(text.length);
  expect(code.split("\n").length).toBe(text.split("\n").length);
  expect(code.replace(/\s+/g, " ")).toBe("a(' '); ` ${ { b: ` ` } } ` / c; d(/ /g); ' ' + f");
});
