/** Laws of programs in several files: it does not matter which file says what, nor in which order. */

import type { Checked } from "@polity/compiler/checked.ts";
import { emitAssemblyScript } from "@polity/compiler/evaluator.ts";
import { filesIn } from "@polity/compiler/files.ts";
import { compile, diagnose } from "@polity/compiler/pipeline.ts";
import { fileAt, filesOf } from "@polity/compiler/source.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateProgram } from "../support/generate/program.ts";
import { createRandom, type Random } from "../support/generate/random.ts";

/** What the evaluator does, without the places in the source that comments name. */
function codeOf(checked: Checked): string {
  return emitAssemblyScript(checked).replace(/^\/\/ .*$/gm, "");
}

interface Split {
  readonly entry: string;
  readonly files: ReadonlyMap<string, string>;
}

const TYPE = /^(?:ordered|enum|record|entity|table|obligation) /;
const DEFINITION = /^(?:const|fn|setting) /;
const ACTING = /^(?:subject|every|action) /;

/** The same declarations in four files. */
function split(text: string): Split {
  const lines = text.trimEnd().split("\n");
  const isMoved = (line: string) => TYPE.test(line) || DEFINITION.test(line) || ACTING.test(line);
  const head = lines.slice(2).filter((line) => /^(?:valid|containment) /.test(line));
  const rest = lines.slice(2).filter((line) => !isMoved(line) && !head.includes(line));
  const moduleOf = (name: string, imports: readonly string[], what: RegExp) =>
    ["polity 1", `module ${name}`, ...imports, ...lines.filter((line) => what.test(line)), ""].join("\n");
  const files = new Map([
    ["types/all.pol", moduleOf("types", [], TYPE)],
    ["types/names.pol", moduleOf("names", ['import "./all.pol"'], DEFINITION)],
    ["actions.pol", moduleOf("actions", ['import "./types/all.pol"'], ACTING)],
  ]);
  const imports = [...files.keys()].map((file) => `import "./${file}"`);
  return { entry: [...lines.slice(0, 2), ...imports, ...head, ...rest, ""].join("\n"), files };
}

function shuffledImports(text: string, random: Random): string {
  const lines = text.split("\n");
  const imports = [...random.shuffle(lines.filter((line) => line.startsWith("import ")))];
  return lines.map((line) => (line.startsWith("import ") ? (imports.pop() ?? line) : line)).join("\n");
}

describe("a program that is split into files", () => {
  test("does the same, whatever the order of files and imports", () => {
    let sound = 0;
    let guards = 0;
    for (let seed = 1; seed <= 120; seed += 1) {
      const text = generateProgram(createRandom(seed));
      const one = compile({ file: "p.pol", text });
      const { entry, files } = split(text);
      const many = compile({ file: "p.pol", text: entry }, filesIn(files));
      const codes = (of: typeof one) =>
        of.diagnostics.map(({ code, message }) => `${code} ${message}`).sort();
      if (one.value === null || many.value === null) {
        expect(many.value, text).toBe(one.value);
        continue;
      }
      sound += 1;
      if (many.value.kind === "guard") guards += 1;
      expect(codeOf(many.value)).toBe(codeOf(one.value));
      const random = createRandom(seed);
      const other = shuffledImports(entry, random);
      const again = compile({ file: "p.pol", text: other }, filesIn(new Map(random.shuffle([...files]))));
      expect(codes(again)).toEqual(codes(many));
      expect(again.value && emitAssemblyScript(again.value)).toBe(emitAssemblyScript(many.value));
    }
    expect(sound).toBeGreaterThan(40);
    expect(guards).toBeGreaterThan(2);
  });
});

describe("any files whatsoever", () => {
  const names = ["a.pol", "b.pol", "lib/c.pol", "lib/d.pol"];
  const paths = ["./a.pol", "./b.pol", "../b.pol", "./lib/c.pol", "./c.pol", "./d.pol", "../../x.pol"];
  const line = fc.oneof(
    fc.constantFrom(...paths, "std/http", "std/none", "").map((path) => `import "${path}"`),
    fc.constantFrom("enum Zone { eu, us }", "record Site { zone: Zone }", "action go { site: Site }"),
    fc.constantFrom("allow all on go always", "module m", "policy p version 1", "enum {", '"'),
    fc.string({ maxLength: 12 }),
  );
  const text = fc
    .tuple(
      fc.constantFrom("module m", "policy p version 1", "guard g version 2"),
      fc.array(line, { maxLength: 6 }),
    )
    .map(([naming, lines]) => ["polity 1", naming, ...lines].join("\n"));

  test("are answered, and every message lies in one of the files", () => {
    fc.assert(
      fc.property(text, fc.dictionary(fc.constantFrom(...names), text), (entry, others) => {
        const find = filesIn(new Map(Object.entries(others)));
        for (const run of [compile, diagnose]) {
          const { value, source, diagnostics } = run({ file: "a.pol", text: entry }, find);
          const files = filesOf(source);
          expect(files[0]).toMatchObject({ file: "a.pol", text: entry, start: 0 });
          for (const { span } of diagnostics) {
            const { file, start } = fileAt(source, span.start);
            const text_ = files.find((one) => one.file === file)?.text ?? "";
            expect(span.start - start).toBeGreaterThanOrEqual(0);
            expect(span.end - start).toBeLessThanOrEqual(text_.length);
          }
          if (run === compile && value === null) {
            expect(diagnostics.some(({ severity }) => severity === "error")).toBe(true);
          }
        }
      }),
      { numRuns: 1_500, seed: 11 },
    );
  });
});
