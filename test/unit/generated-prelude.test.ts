import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { preludeJson } from "../../scripts/generate-prelude.ts";

test("prelude.json is what scripts/generate-prelude.ts makes of compiler/4-emit/prelude/", () => {
  const committed = readFileSync(new URL("../../compiler/4-emit/prelude.json", import.meta.url), "utf8");
  // A yes or no: the difference of two libraries is nothing that anybody reads.
  expect(JSON.stringify(JSON.parse(committed)) === JSON.stringify(JSON.parse(preludeJson()))).toBe(true);
});
