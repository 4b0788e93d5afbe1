/** Clocks that jump, under a writer that publishes by itself: times are claims, and nothing hangs on them. */
import { type Case, recovered, type Section } from "./case.ts";
import { checkAfter } from "./invariants.ts";
import { makeLedger } from "./ledger.ts";
import type { Plan, Step } from "./plan.ts";
import { USUAL, variantOf } from "./plan.ts";
import { runWriter } from "./process.ts";
import { copyOf, makeTemplate, removePlace } from "./templates.ts";

const HOUR_MS = 3_600_000;

const JUMPS: readonly (readonly [string, readonly number[]])[] = [
  ["back-an-hour", [0, -HOUR_MS]],
  ["forward-a-day", [0, 24 * HOUR_MS, 0]],
  ["leap-second", [0, -1000, 0]],
  ["to-and-fro", [-HOUR_MS, HOUR_MS, -24 * HOUR_MS, 5 * HOUR_MS]],
  ["to-1970", [0, -1_700_000_000_000]],
];

export const CLOCK: Section = {
  name: "clock",
  atOnce: 2,
  quickCases: null,
  cases: async ({ scratch }) => {
    const template = await makeTemplate(scratch, "clock", { steps: [] });
    return JUMPS.map(([name, jumps]): Case => {
      const run = async () => {
        const place = template.copy(name);
        const ledger = copyOf(makeLedger());
        const steps = jumps.flatMap((aheadMs): readonly Step[] => {
          const variant = aheadMs === 0 ? USUAL : variantOf({ aheadMs });
          const some: Step = { do: "append", nodes: 3, each: 8, variant };
          return [some, { do: "clock", aheadMs }, some];
        });
        const plan: Plan = { ...place, create: true, steps: [...steps, { do: "close" }], checkpointMs: 5 };
        try {
          const { said, errors } = await runWriter(plan, ledger);
          const problems = said.done ? [] : [`the writer stopped: ${JSON.stringify(said)} ${errors}`];
          return recovered([...problems, ...(await checkAfter(place, ledger)).problems]);
        } finally {
          removePlace(place);
        }
      };
      return { name: `clock/${name}`, row: "clock that jumps", run };
    });
  },
};
