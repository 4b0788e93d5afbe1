/** Several who believe that a log is theirs: at once, after a death, after a pause, over copies. */
import { cpSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  addOutcomes,
  type Case,
  NOTHING,
  type Outcome,
  recovered,
  refused,
  type Section,
  type Settings,
} from "./case.ts";
import { checkAfter } from "./invariants.ts";
import { type Ledger, makeLedger } from "./ledger.ts";
import type { Place } from "./place.ts";
import type { Plan, Step } from "./plan.ts";
import { type Ended, runWriter, startWriter } from "./process.ts";
import { copyOf, makeTemplate, removePlace, type Template } from "./templates.ts";

const SOME: Step = { do: "append", nodes: 2, each: 3 };
const CHECKPOINT: Step = { do: "checkpoint" };
const CLOSE: Step = { do: "close" };
const WAIT: Step = { do: "wait" };
const BEGUN: readonly Step[] = [{ do: "append", nodes: 3, each: 90 }, CHECKPOINT];
/** Longer than any lease would be here. */
const PAUSE_MS = 1_500;
const RACES = 4;
const CROWD = 5;

type Scenario = (place: Place, ledger: Ledger) => Promise<Outcome>;

export const RIVALS: Section = {
  name: "rivals",
  atOnce: 2,
  quickCases: null,
  cases: async ({ scratch, rounds }: Settings) => {
    const template = await makeTemplate(scratch, "rivals", { steps: BEGUN });
    const races = Array.from({ length: rounds ?? RACES }, (_, round) =>
      caseOf(template, `race-of-copies/${round}`, race),
    );
    return [...SCENARIOS.map(([name, scenario]) => caseOf(template, name, scenario)), ...races];
  },
};

function caseOf(template: Template, name: string, scenario: Scenario): Case {
  const row = name.split("/")[0]!.replaceAll("-", " ");
  const run = async () => {
    const place = template.copy(name);
    try {
      return await scenario(place, copyOf(template.ledger));
    } finally {
      removePlace(place);
    }
  };
  return { name: `rivals/${name}`, row, run };
}

function planFor(place: Place, ...steps: readonly Step[]): Plan {
  return { ...place, create: false, steps };
}

/** What a writer that must not get in, or must not publish, was told; a problem where it did. */
function refusalOf({ said }: Ended, expected: readonly string[]): Outcome {
  const answer = said.refused ?? said.failed;
  if (answer === null) return { ...NOTHING, injected: 1, problems: ["a second writer was let in"] };
  if (expected.includes(answer.code)) return refused(answer.code);
  return { ...refused(answer.code), problems: [`refused with ${answer.code}: ${answer.text}`] };
}

async function afterwards(place: Place, ledger: Ledger, before: Outcome): Promise<Outcome> {
  const { problems } = await checkAfter(place, ledger);
  return addOutcomes(before, { ...NOTHING, recovered: problems.length === 0 ? 1 : 0, problems });
}

async function secondWriter(place: Place, ledger: Ledger): Promise<Outcome> {
  const first = startWriter(planFor(place, SOME, WAIT, SOME, CHECKPOINT, CLOSE), ledger);
  await first.heard("waiting");
  const outcome = refusalOf(await runWriter(planFor(place, CLOSE), ledger), ["log.locked"]);
  first.child.stdin.write("\n");
  const { said } = await first.ended;
  const problems = said.done ? [] : [`the first writer was disturbed: ${JSON.stringify(said)}`];
  return afterwards(place, ledger, addOutcomes(outcome, { ...NOTHING, problems }));
}

async function pausedWriter(place: Place, ledger: Ledger): Promise<Outcome> {
  const first = startWriter(planFor(place, { do: "load", nodes: 2, outstanding: 4 }), ledger);
  await first.heard("note");
  first.child.kill("SIGSTOP");
  await sleep(PAUSE_MS);
  const outcome = refusalOf(await runWriter(planFor(place, SOME, CHECKPOINT, CLOSE), ledger), ["log.locked"]);
  const onward = first.heard("note");
  first.child.kill("SIGCONT");
  const goesOn = await onward;
  first.child.kill("SIGKILL");
  await first.ended;
  const problems = goesOn ? [] : ["the resumed writer did not go on"];
  return afterwards(place, ledger, addOutcomes(outcome, { ...NOTHING, problems }));
}

async function staleLock(place: Place, ledger: Ledger): Promise<Outcome> {
  const dead = startWriter(planFor(place, SOME, WAIT), ledger);
  await dead.heard("waiting");
  dead.child.kill("SIGKILL");
  await dead.ended;
  const crowd = Array.from({ length: CROWD }, () => startWriter(planFor(place, SOME, WAIT), ledger));
  const waiting = crowd.map(({ heard }) => heard("waiting"));
  const inside = (await Promise.all(waiting)).filter((isIn) => isIn).length;
  for (const { child } of crowd) child.kill("SIGKILL");
  const outcomes = (await Promise.all(crowd.map(({ ended }) => ended)))
    .filter(({ said }) => said.open === null)
    .map((ended) => refusalOf(ended, ["log.locked"]));
  const problems = inside === 1 ? [] : [`${inside} of ${CROWD} writers got in after a death`];
  return afterwards(place, ledger, outcomes.reduce(addOutcomes, { ...recovered(problems), recovered: 0 }));
}

/** A copy of the folder with the same key and anchor: whoever publishes first goes on, the other is out. */
async function clone(place: Place, ledger: Ledger, copyFirst: boolean): Promise<Outcome> {
  const copy: Place = { ...place, dir: `${place.dir}-copy` };
  cpSync(place.dir, copy.dir, { recursive: true });
  const [winner, loser] = copyFirst ? [copy, place] : [place, copy];
  const lost = makeLedger();
  const late = startWriter(
    planFor(loser, { do: "append", nodes: 1, each: 4 }, WAIT, CHECKPOINT, CLOSE),
    lost,
  );
  await late.heard("waiting");
  const { said } = await runWriter(planFor(winner, SOME, CHECKPOINT, CLOSE), ledger);
  const problems = said.done ? [] : [`the first one could not publish: ${JSON.stringify(said)}`];
  late.child.stdin.write("\n");
  const outcome = refusalOf(await late.ended, LOST_RACE);
  if (lost.notes.size > 0) problems.push("I3: the copy published as well");
  const again = refusalOf(await runWriter(planFor(loser, SOME, CHECKPOINT, CLOSE), lost), ROLLED_BACK);
  return afterwards(winner, ledger, [outcome, again, { ...NOTHING, problems }].reduce(addOutcomes));
}

/** Both publish at the same moment. */
async function race(place: Place, ledger: Ledger): Promise<Outcome> {
  const copy: Place = { ...place, dir: `${place.dir}-copy` };
  cpSync(place.dir, copy.dir, { recursive: true });
  const sides = [place, copy].map((each, at) => {
    const own = copyOf(ledger);
    const steps: Step[] = [{ do: "append", nodes: 1 + at, each: 5 }, WAIT, CHECKPOINT, CLOSE];
    return { place: each, ledger: own, running: startWriter(planFor(each, ...steps), own) };
  });
  await Promise.all(sides.map(({ running }) => running.heard("waiting")));
  for (const { running } of sides) running.child.stdin.write("\n");
  const ended = await Promise.all(sides.map(({ running }) => running.ended));
  const winners = sides.filter((_, at) => ended[at]!.said.done);
  if (winners.length !== 1) {
    const said = ended.map((each) => JSON.stringify(each.said)).join(" and ");
    return {
      ...NOTHING,
      injected: 1,
      fired: 1,
      problems: [`I3: ${winners.length} of 2 copies published: ${said}`],
    };
  }
  const loser = ended.find(({ said }) => !said.done)!;
  return afterwards(winners[0]!.place, winners[0]!.ledger, refusalOf(loser, LOST_RACE));
}

/** The whole folder as it was some checkpoints ago. */
async function oldCopy(place: Place, ledger: Ledger): Promise<Outcome> {
  const old = `${place.dir}-old`;
  cpSync(place.dir, old, { recursive: true });
  await runWriter(planFor(place, SOME, CHECKPOINT, CLOSE), ledger);
  renameSync(place.dir, `${place.dir}-new`);
  renameSync(old, place.dir);
  const outcome = refusalOf(
    await runWriter(planFor(place, SOME, CHECKPOINT, CLOSE), makeLedger()),
    ROLLED_BACK,
  );
  rmSync(place.dir, { recursive: true });
  renameSync(`${place.dir}-new`, place.dir);
  return afterwards(place, ledger, outcome);
}

/** Only the signed checkpoint is put back. */
async function oldCheckpoint(place: Place, ledger: Ledger): Promise<Outcome> {
  const path = join(place.dir, "public", "checkpoint");
  cpSync(path, `${place.dir}-checkpoint`);
  await runWriter(planFor(place, SOME, CHECKPOINT, CLOSE), ledger);
  cpSync(`${place.dir}-checkpoint`, path);
  return afterwards(place, ledger, { ...NOTHING, injected: 1, fired: 1 });
}

/** What a writer is told whose log has been published by somebody else. */
const LOST_RACE: readonly string[] = ["log.failed", "log.rolled_back", "log.anchor_moved"];
const ROLLED_BACK: readonly string[] = ["log.rolled_back", "log.other_root", "log.behind_anchor"];

const SCENARIOS: readonly (readonly [string, Scenario])[] = [
  ["second-writer", secondWriter],
  ["paused-writer", pausedWriter],
  ["stale-lock", staleLock],
  ["copy-of-the-folder/original-first", (place, ledger) => clone(place, ledger, false)],
  ["copy-of-the-folder/copy-first", (place, ledger) => clone(place, ledger, true)],
  ["old-copy-restored", oldCopy],
  ["old-checkpoint-restored", oldCheckpoint],
];
