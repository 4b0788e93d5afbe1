/** A slice of `npm run fault`, the same one in every run: see docs/faults.md. */
import { afterAll, describe, expect, test } from "vitest";
import type { Section } from "../scripts/fault/case.ts";
import { renderFailures } from "../scripts/fault/report.ts";
import { type Campaign, runCampaign } from "../scripts/fault/run.ts";
import { SECTIONS } from "../scripts/fault/sections.ts";
import { notRun } from "./support/not-run.ts";

const SEED = 20_261_122;
/** Of what `--quick` runs. */
const SHARE = 0.2;
/** What is drawn at random, in rounds; all other sections have a share of their cases. */
const ROUNDS: ReadonlyMap<string, number> = new Map([
  ["kill", 4],
  ["mutate", 1_200],
  ["rivals", 1],
]);

const fired = new Map<string, number>();

function runSlice(section: Section): Promise<Campaign> {
  return runCampaign({
    sections: [section],
    seed: SEED,
    quick: true,
    only: "",
    share: SHARE,
    rounds: ROUNDS.get(section.name) ?? null,
    progress: () => undefined,
  });
}

describe("faults, and what the log has promised", () => {
  test.each(SECTIONS)("$name", { timeout: 300_000 }, async (section) => {
    const campaign = await runSlice(section);
    for (const [what, why] of campaign.notRun) notRun(`faults: ${what}`, why);
    expect(renderFailures(campaign, SEED)).toBe("");
    const rows = [...campaign.rows.values()];
    for (const { name, outcome } of rows) fired.set(name, outcome.fired);
    if (campaign.notRun.size === 0) expect(rows.every(({ outcome }) => outcome.fired > 0)).toBe(true);
  });

  afterAll(() => expect(fired.size).toBeGreaterThan(0));
});
