/**
 * CEL's own conformance cases (outcome.md): where Polity can say an expression, it gives the same answer, or
 * a clause of the specification says why not.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { celCases } from "./cases.ts";
import { judgeCases } from "./outcomes.ts";
import { renderOutcome } from "./render.ts";

const PAGE = new URL("outcome.md", import.meta.url);

test("every case is agreed on, explained by a clause, or not said", async () => {
  const judged = await judgeCases(celCases());
  expect(judged.length).toBe(753);
  const unexplained = judged.filter(({ sort }) => sort === "unexplained");
  expect(unexplained.map(({ one, why }) => `${one.file}/${one.name}: ${one.expression}: ${why}`)).toEqual([]);
  const page = renderOutcome(judged);
  if (process.env.UPDATE_EXPECT === "1") writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, "utf8") === page, "outcome.md is as the cases come out").toBe(true);
}, 120_000);
