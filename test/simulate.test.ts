/** Governors in simulated time: a short world, twice. `npm run simulate` makes longer and many more. */
import { expect, test } from "vitest";
import { openVersions } from "../scripts/simulate/policies.ts";
import { simulate } from "../scripts/simulate/run.ts";

test("everything that must hold does, and a seed makes the same world again", async () => {
  const versions = await openVersions();
  const first = await simulate(41, 150, versions);
  expect(first.violations).toEqual([]);
  const again = await simulate(41, 150, versions);
  expect([again.digest, again.events]).toEqual([first.digest, first.events]);
  const other = await simulate(42, 150, versions);
  expect(other.violations).toEqual([]);
  expect(other.digest).not.toBe(first.digest);
  // Otherwise nothing was tried.
  const seen = (what: string) => (first.counts.get(what) ?? 0) + (other.counts.get(what) ?? 0);
  for (const what of ["released", "world: a crash", "entries: containment", "steps: hold rule"]) {
    expect(seen(what), what).toBeGreaterThan(0);
  }
});
