/**
 * A process is killed after any call, the next one goes on from what it finds, and then the power goes. What
 * the first one did and did not sync is on the disk for the second one, and gone afterwards: whoever goes on
 * from something has to make sure of it first. Everything lies two folders deeper than what is there before.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../test/support/random.ts";
import { type Case, NOTHING, type Outcome, recovered, type Section, type Settings } from "./case.ts";
import { erasedBy, remainingProblems } from "./erasure.ts";
import { checkAfter } from "./invariants.ts";
import type { KeeperName } from "./keeper.ts";
import type { KeeperPlan } from "./keeper-writer.ts";
import { problemsAfter } from "./keepers.ts";
import { hear, type Ledger, makeLedger, type Said, silent } from "./ledger.ts";
import { apply, currentBytes, type Loss, type LossyDisk, lossyDisk, writeRemains } from "./lossy-disk.ts";
import type { Place } from "./place.ts";
import type { Plan, Step } from "./plan.ts";
import { AT_ONCE, pooled } from "./pooled.ts";
import { type Event, eventsOf, RECORD_ARGS } from "./recorded.ts";
import type { RedactStep } from "./redactions.ts";
import { runTraced, straceMissing } from "./strace.ts";
import { copyOf, makeTemplate, removePlace } from "./templates.ts";

interface Promised {
  readonly ledger: Ledger;
  readonly said: Said;
}

/** What is killed and started again; `base` is there before, its paths end in what `DEEP` says. */
interface Subject {
  readonly name: string;
  readonly prepare: (base: string) => Promise<Ledger>;
  /** What the first process does, and the second. */
  readonly plans: (base: string) => readonly [Told, Told];
  readonly problems: (base: string, promised: Promised) => Promise<readonly string[]>;
}

type Told =
  | { readonly script: "writer"; readonly plan: Plan }
  | { readonly script: "keeper"; readonly plan: KeeperPlan };

const DEEP = join("deep", "deeper");
const SOME: Step = { do: "append", nodes: 2, each: 2 };
const NEARLY_A_TILE: Step = { do: "append", nodes: 3, each: 84 };
const ALONE: Step = { do: "append", nodes: 1, each: 16 };
const CHECKPOINT: Step = { do: "checkpoint" };
const CLOSE: Step = { do: "close" };
const ERASE: RedactStep = { do: "redact", index: 267, node: 0, seq: 99, pointers: [] };
const ERASE_FIELD: RedactStep = { do: "redact", index: 264, node: 0, seq: 96, pointers: ["/card"] };

function placeIn(base: string): Place {
  return { dir: join(base, DEEP, "log"), anchor: join(base, DEEP, "anchors", "anchor") };
}

interface LogSteps {
  readonly before: readonly Step[];
  readonly first: readonly Step[];
  readonly second: readonly Step[];
}

function logSubject(name: string, scratch: string, { before, first, second }: LogSteps): Subject {
  const plan = (base: string, steps: readonly Step[]): Told => {
    return { script: "writer", plan: { ...placeIn(base), create: true, steps } };
  };
  return {
    name,
    async prepare(base) {
      if (before.length === 0) return makeLedger();
      const template = await makeTemplate(scratch, `twice-${name}`, { steps: before });
      const made = template.copy(`twice-${name}`);
      const { dir, anchor } = placeIn(base);
      cpSync(made.dir, dir, { recursive: true });
      cpSync(made.anchor, anchor, { recursive: true });
      removePlace(made);
      return template.ledger;
    },
    plans: (base) => [plan(base, [...first, CLOSE]), plan(base, [...second, CLOSE])],
    problems: async (base, { ledger }) => (await checkAfter(placeIn(base), copyOf(ledger))).problems,
  };
}

function keeperSubject(keeper: KeeperName): Subject {
  const home = (base: string) => join(base, DEEP);
  const plan = (base: string): Told => ({ script: "keeper", plan: { keeper, home: home(base), times: 2 } });
  return {
    name: keeper,
    prepare: async () => makeLedger(),
    plans: (base) => [plan(base), plan(base)],
    problems: (base, { said }) => problemsAfter(keeper, home(base), said),
  };
}

function subjects(scratch: string): readonly Subject[] {
  const grown = [NEARLY_A_TILE, ALONE, CHECKPOINT];
  return [
    logSubject("new", scratch, {
      before: [],
      first: [SOME, CHECKPOINT],
      second: [SOME, CHECKPOINT, SOME],
    }),
    logSubject("grown", scratch, {
      before: [NEARLY_A_TILE, CHECKPOINT],
      first: [SOME, SOME, CHECKPOINT, SOME],
      second: [SOME, CHECKPOINT, SOME],
    }),
    logSubject("redact", scratch, { before: grown, first: [ERASE_FIELD], second: [ERASE, CHECKPOINT] }),
    keeperSubject("epoch-floor"),
    keeperSubject("anchor"),
    keeperSubject("witness"),
  ];
}

export const TWICE: Section = {
  name: "twice",
  atOnce: 2,
  quickCases: 5,
  cases: async (settings) => {
    const missing = straceMissing();
    if (missing !== null) return [notRecorded(missing)];
    const wanted = chosen(subjects(settings.scratch), settings).filter((each) => isWanted(each, settings));
    return (await pooled(wanted, AT_ONCE, (subject) => casesOf(subject, settings))).flat();
  },
};

/** Each has to be recorded first; of a slice, which ones hangs on the seed. */
function chosen(all: readonly Subject[], { quick, only, seed }: Settings): readonly Subject[] {
  if (!quick || only !== "") return all;
  const half = all.length / 2;
  return [all[seed % half]!, all[half + (seed % half)]!];
}

function isWanted({ name }: Subject, { only }: Settings): boolean {
  return `twice/${name}/`.startsWith(only) || only.startsWith(`twice/${name}/`);
}

function notRecorded(why: string): Case {
  return { name: "twice/all", row: "twice", run: async () => ({ ...NOTHING, notRun: why }) };
}

async function casesOf(subject: Subject, { scratch }: Settings): Promise<readonly Case[]> {
  const base = mkdtempSync(join(scratch, `twice-${subject.name}-`));
  const ledger = await subject.prepare(base);
  const before = mkdtempSync(join(scratch, "twice-before-"));
  cpSync(base, before, { recursive: true });
  const events = await recorded(subject.plans(base)[0], base);
  const cases: Case[] = [];
  for (const [at, { kind }] of events.entries()) {
    if (QUIET.has(kind)) continue;
    cases.push({
      name: `twice/${subject.name}/${at + 1}/${kind}`,
      row: `${subject.name.replace("-", " ")}: killed, then power loss`,
      run: (random) =>
        killedThenDark({ subject, scratch, base, before, ledger, events: events.slice(0, at + 1) }, random),
    });
  }
  return cases;
}

/** After these there is nothing on the disk that was not there before. */
const QUIET: ReadonlySet<string> = new Set(["said", "close", "sync"]);

async function recorded(told: Told, base: string): Promise<readonly Event[]> {
  const options = { args: RECORD_ARGS, file: `${base}.trace`, script: told.script };
  const { said, trace, errors } = await runTraced<Plan | KeeperPlan>(told.plan, makeLedger(), options);
  if (!said.done) throw new Error(`it does not go on: ${JSON.stringify(said)} ${errors}`);
  return eventsOf(trace, { dir: join(base, "-"), anchor: "" });
}

interface Killed {
  readonly subject: Subject;
  readonly scratch: string;
  /** Where the first process ran, and what was there before it. */
  readonly base: string;
  readonly before: string;
  readonly ledger: Ledger;
  /** What it did until it was killed. */
  readonly events: readonly Event[];
}

/** How often the power goes at any time; besides, it goes after everything that the second process says. */
const DRAWN = 4;
const LOSSES: readonly Loss[] = ["nothing-left", "beginning-left", "some-left"];

async function killedThenDark(
  { subject, scratch, base, before, ledger, events }: Killed,
  random: Random,
): Promise<Outcome> {
  const disk = { ...lossyDisk(before), base };
  const promised: Promised = { ledger: copyOf(ledger), said: silent() };
  for (const event of events) play(disk, event, promised);
  // A process that is killed has closed its files, and synced nothing.
  disk.handles.clear();
  const home = mkdtempSync(join(scratch, "twice-second-"));
  writeRemains(disk, home, "all-left", random);
  let problems: readonly string[] = [];
  let losses = 0;
  try {
    const offset = disk.event;
    const next = (await recorded(subject.plans(home)[1], home)).map((event) =>
      moved(event, home, base, offset),
    );
    const drawn = new Set(Array.from({ length: DRAWN }, () => random.below(next.length)));
    for (const [at, event] of next.entries()) {
      play(disk, event, promised);
      const isSaid = event.kind === "said" && /^(?:ack|note|kept|erased|done)/.test(event.line);
      if (!isSaid && !drawn.has(at)) continue;
      const loss = isSaid ? "nothing-left" : LOSSES[random.below(LOSSES.length)]!;
      problems = await afterDark(subject, { disk, scratch, loss, promised, random });
      losses += 1;
      if (problems.length > 0)
        return {
          ...recovered(
            at === 0 ? problems : [`power gone after event ${at + 1} of the second one:`, ...problems],
          ),
          injected: losses,
          fired: losses,
        };
    }
    return { ...NOTHING, injected: losses, fired: losses, recovered: losses };
  } catch (error) {
    return { ...recovered([`I4: ${error}`]) };
  } finally {
    rmSync(home, { recursive: true });
  }
}

interface Dark {
  readonly disk: LossyDisk;
  readonly scratch: string;
  readonly loss: Loss;
  readonly promised: Promised;
  readonly random: Random;
}

async function afterDark(
  subject: Subject,
  { disk, scratch, loss, promised, random }: Dark,
): Promise<readonly string[]> {
  const remains = mkdtempSync(join(scratch, "twice-remains-"));
  try {
    writeRemains(disk, remains, loss, random);
    mkdirSync(join(remains, DEEP), { recursive: true });
    const gone = remainingProblems(placeIn(remains), erasedBy(promised.ledger.erased));
    return [...gone, ...(await subject.problems(remains, promised))];
  } finally {
    rmSync(remains, { recursive: true });
  }
}

function play(disk: LossyDisk, event: Event, { ledger, said }: Promised): void {
  apply(disk, event);
  if (event.kind === "said") hear(ledger, said, event.line);
  const head = join(placeIn(disk.base).dir, "public", "checkpoint");
  // Whoever reads what lies there may keep it, whatever becomes of the file.
  if ((event.kind === "rename" || event.kind === "link") && event.to === head) {
    ledger.notes.add(currentBytes(disk, head)!.toString());
  }
}

/** An event of the second process, as if it had run where the first one did. */
function moved(event: Event, from: string, to: string, offset: number): Event {
  const path = (old: string) =>
    old === from || old.startsWith(`${from}/`) ? to + old.slice(from.length) : old;
  if (event.kind === "rename" || event.kind === "link")
    return { ...event, from: path(event.from), to: path(event.to) };
  if (event.kind === "sync") return { ...event, begun: event.begun + offset };
  return "path" in event ? { ...event, path: path(event.path) } : event;
}
