/** Each file call of each thing that a log does, made to fail in each way. */
import { join } from "node:path";
import { addOutcomes, type Case, NOTHING, type Outcome, type Section, type Settings } from "./case.ts";
import { askAgain, halfErasedProblems } from "./erasure.ts";
import { checkAfter, collectNotes } from "./invariants.ts";
import type { Ledger } from "./ledger.ts";
import { verifyFor } from "./log-api.ts";
import { homeOf, type Place } from "./place.ts";
import type { Step } from "./plan.ts";
import { AT_ONCE, pooled } from "./pooled.ts";
import type { RedactStep } from "./redactions.ts";
import {
  type Aim,
  aimsOf,
  type Call,
  callsOf,
  FILE_CALLS,
  firedIn,
  injectArgs,
  runTraced,
  straceMissing,
  type Traced,
} from "./strace.ts";
import { copyOf, makeTemplate, removePlace, type Template, type TemplateOptions } from "./templates.ts";

interface Phase {
  readonly name: string;
  readonly from: TemplateOptions;
  readonly steps: readonly Step[];
  /** What is to be erased in the end, whoever does it. */
  readonly erases?: readonly RedactStep[];
}

const SOME: Step = { do: "append", nodes: 3, each: 2 };
const MUCH: Step = { do: "append", nodes: 3, each: 90 };
const INDEX: Step = { do: "index" };
const CHECKPOINT: Step = { do: "checkpoint" };
/** Just below 256, so that what comes next completes a tile. */
const NEARLY_A_TILE: Step = { do: "append", nodes: 3, each: 84 };

/** So that two decisions have a request that no other has, nor will have: salts go by number. */
const ALONE: Step = { do: "append", nodes: 1, each: 16 };
const ERASE_FIELD: RedactStep = { do: "redact", index: 264, node: 0, seq: 96, pointers: ["/card"] };
const ERASE_WHOLE: RedactStep = { do: "redact", index: 267, node: 0, seq: 99, pointers: [] };

const PHASES: readonly Phase[] = [
  { name: "create", from: { steps: [] }, steps: [SOME] },
  { name: "append", from: { steps: [NEARLY_A_TILE, CHECKPOINT] }, steps: [SOME, SOME] },
  {
    name: "checkpoint",
    from: { steps: [NEARLY_A_TILE, CHECKPOINT] },
    steps: [SOME, CHECKPOINT, SOME, CHECKPOINT],
  },
  { name: "recovery", from: { steps: [NEARLY_A_TILE, CHECKPOINT, SOME], killed: true }, steps: [CHECKPOINT] },
  {
    name: "index",
    from: { steps: [NEARLY_A_TILE, CHECKPOINT, INDEX] },
    steps: [SOME, CHECKPOINT, INDEX],
  },
  {
    name: "rotation",
    from: { steps: [SOME, CHECKPOINT] },
    // The first segment has 128 KiB.
    steps: [MUCH, SOME, CHECKPOINT, MUCH, CHECKPOINT],
  },
  {
    name: "redact",
    from: { steps: [NEARLY_A_TILE, ALONE, CHECKPOINT] },
    steps: [ERASE_FIELD, SOME, ERASE_WHOLE, CHECKPOINT],
    erases: [ERASE_FIELD, ERASE_WHOLE],
  },
  {
    name: "redact-resumed",
    from: { steps: [NEARLY_A_TILE, ALONE, CHECKPOINT, { ...ERASE_WHOLE, stops: true }], killed: true },
    steps: [CHECKPOINT],
    erases: [ERASE_WHOLE],
  },
];

const WRITES = /^p?writev?(?:64)?$/;
const READS = /^p?read(?:64)?$/;
const NAMES = /^(?:rename|link|mkdir|unlink|ftruncate|fallocate)/;

/** What strace is told, by what it stands for. */
function faultsOf({ name, result }: Call): readonly (readonly [string, string])[] {
  const usual: (readonly [string, string])[] = [
    ["EIO", "error=EIO"],
    ["SIGKILL", "signal=KILL"],
  ];
  if (READS.test(name)) return usual;
  usual.push(["ENOSPC", "error=ENOSPC"]);
  if (name === "openat") usual.push(["EMFILE", "error=EMFILE"]);
  if (WRITES.test(name) && result !== null && result > 1) {
    usual.push(["lost-write", `retval=${result}`], ["short-write", `retval=${result >> 1}`]);
  }
  if (NAMES.test(name) && result === 0) usual.push(["lost", "retval=0"]);
  return usual;
}

export const MATRIX: Section = {
  name: "matrix",
  atOnce: 2,
  quickCases: 20,
  cases: async (settings) => {
    const missing = straceMissing();
    if (missing !== null) return [notTraced(missing)];
    const wanted = PHASES.filter((phase) => isWanted(phase, settings));
    return (await pooled(wanted, AT_ONCE, (phase) => phaseCases(phase, settings))).flat();
  },
};

function isWanted({ name }: Phase, { only }: Settings): boolean {
  return `matrix/${name}/`.startsWith(only) || only.startsWith(`matrix/${name}/`);
}

function notTraced(why: string): Case {
  return { name: "matrix/all", row: "matrix", run: async () => ({ ...NOTHING, notRun: why }) };
}

async function phaseCases(phase: Phase, { scratch }: Settings): Promise<readonly Case[]> {
  const template = await makeTemplate(scratch, phase.name, phase.from);
  const place = template.copy(`count-${phase.name}`);
  const calls = await countCalls(phase, template, place);
  const aims = aimsOf(calls);
  removePlace(place);
  const cases: Case[] = [];
  for (const [at, call] of calls.entries()) {
    const aim = relativeTo(place, aims[at]!);
    for (const [fault, told] of faultsOf(call)) {
      cases.push({
        name: `matrix/${phase.name}/${call.name}/${aim.path || "."}/${aim.ordinal}/${fault}`,
        row: `${phase.name}: ${call.name} ${fault}`,
        run: () => runCase({ phase, template, aim, fault, told }),
      });
    }
  }
  return unique(cases);
}

/** A file that two threads use in the same way is hit for both. */
function unique(cases: readonly Case[]): readonly Case[] {
  return [...new Map(cases.map((each) => [each.name, each])).values()];
}

async function countCalls(phase: Phase, template: Template, place: Place): Promise<readonly Call[]> {
  const ledger = copyOf(template.ledger);
  const args = ["-e", `trace=${FILE_CALLS.join(",")}`];
  const file = join(place.dir, "..", "trace");
  const { said, trace, errors } = await runTraced(planOf(phase, place), ledger, { args, file });
  if (!said.done) throw new Error(`${phase.name} fails without any fault: ${JSON.stringify(said)} ${errors}`);
  return callsOf(trace, place);
}

function planOf({ steps }: Phase, place: Place) {
  return { ...place, create: true, steps: [...steps, { do: "close" } as const] };
}

/** With a path below the folder that holds log and anchor. */
function relativeTo(place: Place, aim: Aim): Aim {
  return { ...aim, path: aim.path.slice(homeOf(place).length + 1) };
}

function absoluteIn(place: Place, aim: Aim): Aim {
  return { ...aim, path: join(homeOf(place), aim.path) };
}

interface Shot {
  readonly phase: Phase;
  readonly template: Template;
  readonly aim: Aim;
  readonly fault: string;
  readonly told: string;
}

/** A fault that does not fire hit a run that went another way: two more tries. */
const TRIES = 3;

async function runCase(shot: Shot): Promise<Outcome> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await runOnce(shot);
    if (outcome.fired > 0 || outcome.problems.length > 0 || tries === TRIES) {
      if (outcome.fired > 0 || outcome.problems.length > 0) return outcome;
      return { ...outcome, problems: [`the fault never happened in ${TRIES} runs`] };
    }
  }
}

async function runOnce({ phase, template, aim, fault, told }: Shot): Promise<Outcome> {
  const place = template.copy(`${phase.name}-${aim.name}-${fault}`);
  try {
    const ledger = copyOf(template.ledger);
    const args = injectArgs(absoluteIn(place, aim), told);
    const file = join(place.dir, "..", "trace");
    const ended = await runTraced(planOf(phase, place), ledger, { args, file });
    const fired = Math.min(1, firedIn(ended.trace));
    const outcome = { ...NOTHING, injected: 1, fired, problems: processProblems(ended, fault) };
    const lies = fault.startsWith("lost") || fault.startsWith("short");
    return addOutcomes(
      outcome,
      lies ? await afterLie(place, ledger, ended) : await afterFault(phase, place, ledger),
    );
  } finally {
    removePlace(place);
  }
}

/** A failure is an answer with a code: no hanging, no stack trace, no other end. */
function processProblems({ said, code, signal, errors, timedOut }: Traced, fault: string): readonly string[] {
  const problems: string[] = [];
  if (timedOut) problems.push("the writer hung");
  else if (fault === "SIGKILL") return problems;
  else if (signal !== null || (code !== 0 && code !== 1))
    problems.push(`the writer ended with ${signal ?? code}`);
  const thrown = [said.refused, said.failed].find((answer) => answer?.code === "thrown");
  if (thrown) problems.push(`an error without a code: ${thrown.text}`);
  if (/\n {4}at |\bUnhandled|Error:/.test(errors))
    problems.push(`on standard error: ${errors.slice(0, 600)}`);
  return problems;
}

async function afterFault({ erases = [] }: Phase, place: Place, ledger: Ledger): Promise<Outcome> {
  const half = erases.length === 0 ? [] : await halfErasedProblems(place, ledger);
  const checked = await checkAfter(place, ledger);
  const problems = [...half, ...checked.problems];
  if (erases.length > 0 && problems.length === 0) problems.push(...(await askAgain(place, erases)));
  return { ...NOTHING, recovered: problems.length === 0 ? 1 : 0, problems };
}

/**
 * A disk that says it did what it did not. What a checkpoint covers may be lost, but not without somebody
 * saying so: the writer, the next opening or the check of the folder. What none covers yet nobody can miss.
 */
async function afterLie(place: Place, ledger: Ledger, { said }: Traced): Promise<Outcome> {
  const told = said.failed ?? said.refused;
  if (told !== null) return found(told.code);
  collectNotes(place, ledger);
  const covered = Math.max(0, ...[...ledger.notes].map((note) => Number(note.split("\n")[1])));
  const { refused, stopped, problems } = await checkAfter(place, copyOf(ledger), { mayRefuse: ANY });
  if (refused !== null) return found(refused);
  if (stopped !== null && stopped !== "thrown") return found(stopped);
  if (problems.length === 0) return { ...NOTHING, recovered: 1 };
  const verified = await verifyFor(place.dir);
  if (!verified.ok) return found(verified.error.code);
  for (const index of [...ledger.acknowledged.keys()]) {
    if (index >= covered) ledger.acknowledged.delete(index);
  }
  const again = await checkAfter(place, ledger);
  if (again.stopped !== null && again.stopped !== "thrown") return found(again.stopped);
  return again.problems.length === 0
    ? found("(lost before any checkpoint)")
    : { ...NOTHING, problems: again.problems };
}

function found(code: string): Outcome {
  return { ...NOTHING, refused: new Map([[code, 1]]) };
}

/** Of a log whose bytes are not those that were written. */
const ANY: readonly string[] = [
  ...["log.malformed", "log.truncated", "log.other_root", "log.bad_signature", "log.missing"],
  ...["log.entry_invalid", "log.opening_mismatch", "log.rolled_back", "log.behind"],
  ...["log.other_entry", "log.other_tile"],
];
