/**
 * The small project that the recorded session works on. Everything in it is made up; the keys open nothing.
 */

/** Relative path -> content. */
export const PROJECT_FILES: ReadonlyMap<string, string> = new Map([
  ["README.md", "# Cart\n\nA shopping cart that adds up prices.\n"],
  [
    "package.json",
    '{\n  "name": "cart",\n  "version": "1.4.0",\n  "scripts": { "test": "node --test" }\n}\n',
  ],
  ["src/index.ts", 'export { total } from "./cart.ts";\n'],
  [
    "src/cart.ts",
    "export interface Line {\n  readonly price: number;\n  readonly count: number;\n}\n\n" +
      "export function total(lines: readonly Line[]): number {\n  let sum = 0;\n" +
      "  for (const line of lines) sum += line.price;\n  return sum;\n}\n",
  ],
  ["src/old/tax.ts", "export const TAX = 0.2;\n"],
  [
    "test/cart.test.ts",
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\n' +
      'import { total } from "../src/cart.ts";\n\n' +
      'test("counts", () => assert.equal(total([{ price: 3, count: 2 }]), 6));\n',
  ],
  [".env", "PAYMENT_KEY=not-a-key\n"],
  [".git/HEAD", "ref: refs/heads/main\n"],
  [".git/config", "[core]\n\tbare = false\n"],
  [".git/hooks/pre-push.sample", "#!/bin/sh\nexit 0\n"],
  ["secrets/deploy.pem", "not a key\n"],
  [".github/workflows/release.yml", "on: push\njobs: {}\n"],
  ["docs/design.md", "# Design\n\nPrices are in cents.\n"],
]);
