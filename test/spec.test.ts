import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runCase } from "./support/spec.ts";
import { readPage } from "./support/spec-page.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pages = readdirSync(join(root, "test", "spec"))
  .filter((name) => name.endsWith(".md"))
  .sort()
  .map((name) => `test/spec/${name}`);

let rows = 0;

for (const file of [...pages, "docs/language.md", "docs/std.md"]) {
  describe(file, () => {
    for (const spec of readPage(file, readFileSync(join(root, file), "utf8"))) {
      test(`${spec.heading}, line ${spec.line}`, async () => {
        const result = await runCase(spec);
        expect(result.failures.join("\n")).toBe("");
        rows += result.rows;
      });
    }
  });
}

test("enough is said by example", () => {
  expect(rows).toBeGreaterThan(500);
});

describe("a case that is wrong is found", () => {
  test.each([
    {
      what: "a row that expects another verdict",
      program: 'allow a on go when x > 1\ntest "t" on go {\n  | x | expect |\n  | 2 | deny |\n}',
      says: /^page\.md:12 \(Heading\): expected deny\n {2}wasm: .*\n {2}reference: /,
    },
    {
      what: "a row that expects another rule",
      program:
        "allow a on go when x > 1\ndeny b on go when x > 5\n" +
        'test "t" on go {\n  | x | expect |\n  | 0 | deny by b |\n}',
      says: /^page\.md:13 \(Heading\): expected deny by b\n/,
    },
    {
      what: "a diagnostic that does not come",
      program: 'allow a on go when x > 1 // error: POL1005 "x"',
      says: /^page\.md:9 \(Heading\): expected error: POL1005 "x"$/,
    },
    {
      what: "a diagnostic that nobody expects",
      program: "allow a on go when y > 1",
      says: /^page\.md:9 \(Heading\): unexpected error: POL1005 "y": /,
    },
    {
      what: "a diagnostic under another text",
      program: 'allow a on go when y > 1 // error: POL1005 "y > 1"',
      says: /^page\.md:9 \(Heading\): expected .*\npage\.md:9 \(Heading\): unexpected /,
    },
    {
      what: "a request that is answered otherwise",
      program:
        "allow a on go when x > 1\n```\n\n```requests\n" +
        '{"expect": "deny", "action": "go", "fields": {"x": 2}}',
      says: /^page\.md:13 \(Heading\): expected deny.*\n {2}wasm: .*\n {2}reference: /,
    },
    {
      what: "a reason that is not given",
      program:
        'allow a on go when x > 1 because "{x}"\n```\n\n```requests\n' +
        '{"expect": "allow by a", "reasons": ["3"], "action": "go", "fields": {"x": 2}}',
      says: /^page\.md:13 \(Heading\): expected allow by a \{"reasons":\["3"\]\}/,
    },
  ])("$what", async ({ program, says }) => {
    const head = "polity 1\npolicy spec.self version 1\naction go { x: int }";
    const [spec] = readPage("page.md", `# Page\n\n## Heading\n\n\`\`\`pol\n${head}\n${program}\n\`\`\`\n`);
    expect(spec).toBeDefined();
    if (spec === undefined) return;
    expect((await runCase(spec)).failures.join("\n")).toMatch(says);
  });

  test.each([
    {
      what: "a row of a set that expects another rule",
      end: '```requests\n{"expect": "deny by a/x, b/no", "action": "go", "fields": {"x": 9}}\n```\n',
      says: /^page\.md:20 \(Heading\): expected deny by a\/x, b\/no\n {2}said: .*\["a\/all","b\/no"\]/,
    },
    {
      what: "a set that is not refused",
      end: "```set.action\na and b differ in the field go.x\n```\n",
      says: /^page\.md:19 \(Heading\): expected set\.action: a and b .* field go\.x\n {2}said: taken$/,
    },
    {
      what: "facts that a set takes",
      end: '```facts.invalid\n{"entities": []}\n```\n',
      says: /^page\.md:19 \(Heading\): expected facts to be refused with facts\.invalid: taken$/,
    },
  ])("$what", async ({ end, says }) => {
    const head = "action go { x: int }";
    const member = (name: string, kind: string, rule: string) => {
      const text = `polity 1\n${kind} spec.${name} version 1\n${head}\n${rule}`;
      return `\`\`\`pol member=${name}\n${text}\n\`\`\`\n`;
    };
    const [a, b] = [
      member("a", "policy", "allow all on go always"),
      member("b", "guard", "deny no on go when x > 5"),
    ];
    const [spec] = readPage("page.md", `# Page\n\n## Heading\n\n${a}\n${b}\n${end}`);
    expect(spec?.members.map(({ name }) => name)).toEqual(["a", "b"]);
    if (spec === undefined) return;
    expect((await runCase(spec)).failures.join("\n")).toMatch(says);
  });

  test.each([
    ["a fence that is never closed", "# Page\n\n```pol\npolity 1\n"],
    ["requests before any program", "# Page\n\n```requests\n{}\n```\n"],
    ["a request that is no JSON", "# Page\n\n```pol\n```\n\n```requests\n{\n```\n"],
  ])("%s", (_what, text) => {
    expect(() => readPage("page.md", text)).toThrow(/^page\.md:\d+: /);
  });
});
