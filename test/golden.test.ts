/**
 * What the compiler writes for the examples, word for word. UPDATE_EXPECT=1 writes it anew; the difference is
 * then for a person to read.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { emitAssemblyScript } from "@polity/compiler/evaluator.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { expect, test } from "vitest";

test.each(["access", "payments"])("the AssemblyScript of examples/%s", (example) => {
  const source = new URL(`../examples/${example}/policy.pol`, import.meta.url);
  const golden = new URL(`golden/${example}.assemblyscript.txt`, import.meta.url);
  const { value } = compile({ file: "policy.pol", text: readFileSync(source, "utf8") });
  if (value === null) throw new Error(`examples/${example} does not compile`);
  const emitted = emitAssemblyScript(value);
  if (process.env.UPDATE_EXPECT === "1") writeFileSync(golden, emitted);
  expect(emitted).toBe(readFileSync(golden, "utf8"));
});
