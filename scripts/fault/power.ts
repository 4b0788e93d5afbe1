/** The power goes at any moment of a recorded run, and takes any part of what was not synced. */
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../test/support/random.ts";
import { type Case, NOTHING, recovered, type Section, type Settings } from "./case.ts";
import { checkAfter } from "./invariants.ts";
import { hear, type Ledger, silent } from "./ledger.ts";
import { apply, currentBytes, type Loss, type LossyDisk, lossyDisk, writeRemains } from "./lossy-disk.ts";
import { homeOf, type Place } from "./place.ts";
import type { Step } from "./plan.ts";
import { AT_ONCE, pooled } from "./pooled.ts";
import { type Event, eventsOf, RECORD_ARGS } from "./recorded.ts";
import { runTraced, straceMissing } from "./strace.ts";
import { copyOf, makeTemplate, removePlace, type Template } from "./templates.ts";

const CHECKPOINT: Step = { do: "checkpoint" };
const SOME: Step = { do: "append", nodes: 4, each: 4 };

/** From the making of the log over a full tile and several segments to its end. */
const RUNS: readonly {
  readonly name: string;
  readonly before: readonly Step[];
  readonly steps: readonly Step[];
}[] = [
  { name: "new", before: [], steps: [SOME, CHECKPOINT, SOME] },
  {
    name: "grown",
    before: [{ do: "append", nodes: 4, each: 60 }, CHECKPOINT],
    steps: [SOME, CHECKPOINT, SOME, SOME, CHECKPOINT, { do: "append", nodes: 4, each: 20 }, CHECKPOINT],
  },
];
const LOSSES: readonly Loss[] = ["nothing-left", "all-left", "beginning-left", "some-left", "some-left"];

export const POWER: Section = {
  name: "power",
  atOnce: 2,
  quickCases: 24,
  cases: async (settings) => {
    const missing = straceMissing();
    if (missing !== null) return [notRecorded(missing)];
    return (await pooled(RUNS, AT_ONCE, (run) => casesOf(run, settings))).flat();
  },
};

function notRecorded(why: string): Case {
  return { name: "power/all", row: "power loss", run: async () => ({ ...NOTHING, notRun: why }) };
}

export interface Recording {
  readonly template: Template;
  readonly place: Place;
  readonly events: readonly Event[];
}

/** Lets a writer go on from where `before` has led to, and writes down all that it does. */
export async function record(
  { name, before, steps }: (typeof RUNS)[number],
  scratch: string,
): Promise<Recording> {
  const template = await makeTemplate(scratch, `power-${name}`, { steps: before });
  const place = template.copy(`record-${name}`);
  mkdirSync(homeOf(place), { recursive: true });
  const plan = { ...place, create: true, steps: [...steps, { do: "close" } as const] };
  const file = join(scratch, `power-${name}.trace`);
  const options = { args: RECORD_ARGS, file };
  const { said, trace, errors } = await runTraced(plan, copyOf(template.ledger), options);
  if (said.done) return { template, place, events: eventsOf(trace, place) };
  throw new Error(`the run to be recorded failed: ${JSON.stringify(said)} ${errors}`);
}

async function casesOf(run: (typeof RUNS)[number], { scratch, rounds }: Settings): Promise<readonly Case[]> {
  const recording = await record(run, scratch);
  const cases: Case[] = [];
  for (let until = 1; until <= recording.events.length; until += 1) {
    for (let variant = 0; variant < (rounds ?? LOSSES.length); variant += 1) {
      const loss = LOSSES[variant % LOSSES.length]!;
      cases.push({
        name: `power/${run.name}/${until}/${loss}-${variant}`,
        row: `power loss, ${loss.replace("-", " ")}`,
        run: async (random) =>
          recovered(await problemsAfterLoss(recording, { until, loss, random, scratch })),
      });
    }
  }
  return cases;
}

interface PowerLoss {
  /** The power goes after so many events. */
  readonly until: number;
  readonly loss: Loss;
  readonly random: Random;
  readonly scratch: string;
}

export async function problemsAfterLoss(
  recording: Recording,
  { until, loss, random, scratch }: PowerLoss,
): Promise<readonly string[]> {
  const { disk, ledger } = replay(recording, until);
  const home = mkdtempSync(join(scratch, `power-${until}-`));
  writeRemains(disk, home, loss, random);
  const remains: Place = { dir: join(home, "log"), anchor: join(home, "anchor") };
  try {
    if (ledger.acknowledged.size > 0 && !existsSync(remains.dir)) return ["I1: no folder is left"];
    return (await checkAfter(remains, ledger)).problems;
  } finally {
    removePlace(remains);
  }
}

/** The disk and the promises after so many events. */
function replay({ template, place, events }: Recording, until: number): { disk: LossyDisk; ledger: Ledger } {
  const home = join(place.dir, "..");
  const before = template.copy("power-before");
  const disk = { ...lossyDisk(join(before.dir, "..")), base: home };
  removePlace(before);
  const ledger = copyOf(template.ledger);
  const said = silent();
  const head = join(place.dir, "public", "checkpoint");
  for (const event of events.slice(0, until)) {
    apply(disk, event);
    if (event.kind === "said") hear(ledger, said, event.line);
    // Whoever reads what lies there may keep it, whatever becomes of the file.
    if ((event.kind === "rename" || event.kind === "link") && event.to === head) {
      ledger.notes.add(currentBytes(disk, head)!.toString());
    }
  }
  return { disk, ledger };
}
