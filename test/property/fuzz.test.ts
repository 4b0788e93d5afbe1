/** A short slice of the fuzzer (laws.md, F1 and F2); `npm run fuzz` runs it at length. */
import { describe, expect, test } from "vitest";
import { type Accepted, runCampaign } from "../support/generate/campaign.ts";
import { referenceEngine, wasmEngines } from "../support/generate/engines.ts";

const OPTIONS = {
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
};

test("compiled evaluators agree with the reference", { timeout: 180_000 }, async () => {
  const disagreements: string[] = [];
  const result = await runCampaign({
    ...OPTIONS,
    engines: (programs) => wasmEngines(programs, 30),
    report: (disagreement) => disagreements.push(disagreement),
  });
  expect(disagreements.length, disagreements[0]).toBe(0);
  expect(result.programs).toBe(60);
  // Facts that do not fit are refused by both, and then nothing is decided.
  expect(result.decisions).toBeGreaterThan((60 + 4) * 30 * 0.85);
  expect(result.coverage.events.get("frame by a generated writer")).toBeGreaterThan(20);
});

describe("a program of which no evaluator can be made", () => {
  const run = async (fails: (programs: readonly Accepted[]) => boolean) => {
    const reports: string[] = [];
    const result = await runCampaign({
      ...OPTIONS,
      count: 9,
      sets: 0,
      report: (disagreement) => reports.push(disagreement),
      engines: async (programs) => {
        if (fails(programs)) throw new Error("no such function");
        return programs.map(({ checked }) => new Map([["again", referenceEngine(checked)]]));
      },
    });
    return { reports, result };
  };

  test("is named, and all others are compared", async () => {
    let fifth = "";
    const { reports, result } = await run((programs) => {
      if (programs.length === 9) fifth = programs[5]!.text;
      return programs.some(({ text }) => text === fifth);
    });
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain("seed 22, program ");
    expect(reports[0]).toContain(fifth);
    expect(reports[0]).toContain("no evaluator: Error: no such function");
    expect([result.programs, result.disagreements]).toEqual([9, 1]);
    expect(result.decisions).toBeGreaterThan(9 * 20);
  });

  test("is looked for among those that fail only together", async () => {
    const { reports, result } = await run((programs) => programs.length > 5);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain("no evaluator of all of them together");
    expect([result.programs, result.disagreements]).toEqual([9, 1]);
  });
});
