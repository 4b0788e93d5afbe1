/** A short slice of the fuzzer (laws.md, F1 and F2); `npm run fuzz` runs it at length. */
import { expect, test } from "vitest";
import { runCampaign } from "../support/generate/campaign.ts";
import { wasmEngines } from "../support/generate/engines.ts";

test("compiled evaluators agree with the reference", async () => {
  const disagreements: string[] = [];
  const result = await runCampaign({
    seed: 22,
    start: 0,
    count: 60,
    requests: 30,
    similar: 0.1,
    sets: 4,
    part: 0,
    parts: 1,
    progress: () => undefined,
    batch: 60,
    engines: (programs) => wasmEngines(programs, 30),
    report: (disagreement) => disagreements.push(disagreement),
  });
  expect(disagreements.length, disagreements[0]).toBe(0);
  expect(result.programs).toBe(60);
  // Facts that do not fit are refused by both, and then nothing is decided.
  expect(result.decisions).toBeGreaterThan((60 + 4) * 30 * 0.85);
});
