/** Governors in simulated time: a short world, twice. `npm run simulate` makes longer and many more. */
import { expect, test } from "vitest";
import { openVersions } from "../scripts/simulate/policies.ts";
import { simulate } from "../scripts/simulate/run.ts";

const TRIED = [
  ...["released", "world: a crash", "entries: containment", "steps: hold rule", "loading: a bundle"],
  ...["events: obligation.tell released", "events: obligation.tell ok", "decisions, single: allow rule"],
  ...["attestations: taken", "begin: attestation.unsigned", "news: a bundle taken", "news: a note taken"],
];

test("everything that must hold does, and a seed makes the same world again", {
  timeout: 300_000,
}, async () => {
  const versions = await openVersions();
  const first = await simulate(41, 80, versions);
  expect(first.violations).toEqual([]);
  const again = await simulate(41, 80, versions);
  expect([again.digest, again.events]).toEqual([first.digest, first.events]);
  const other = await simulate(42, 80, versions);
  expect(other.violations).toEqual([]);
  expect(other.digest).not.toBe(first.digest);
  // Otherwise nothing was tried.
  const seen = (what: string) => (first.counts.get(what) ?? 0) + (other.counts.get(what) ?? 0);
  for (const what of TRIED) expect(seen(what), what).toBeGreaterThan(0);
});
