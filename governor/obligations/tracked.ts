/**
 * Obligations that are due after what was allowed. That one is owed stands in the log before anything runs;
 * then it is tried, again with growing pauses, until it is done or given up, which are entries as well. So a
 * restart knows which ones are open.
 */
import type { EntryBody, Links } from "@polity/lineage/recorder.ts";
import { LogError } from "@polity/lineage/store.ts";
import { toHex, utf8 } from "@polity/runtime/hash.ts";
import type { Outstanding } from "../governor.ts";
import type { Discharge, Discharger, GovernorPorts } from "../ports.ts";
import { eventOf, type Owed, obligationDigest } from "./owed.ts";
import { unknownObligation } from "./problem.ts";
import { within } from "./within.ts";

export interface TrackerPorts extends Pick<GovernorPorts, "wake" | "sha256"> {
  /** Resolves once it is as durable as the log's mode says. */
  readonly note: (body: EntryBody, links: Links) => Promise<unknown>;
  readonly dischargers: ReadonlyMap<string, Discharger>;
  /** It is given up: whoever owes it does nothing more. */
  readonly onUnmet: (execution: string, message: string) => void;
}

export interface TrackerLimits {
  /** How many may be open at once. */
  readonly openMax: number;
  readonly attemptsMax: number;
  /** For one attempt; then it has failed. */
  readonly withinMs: number;
  /** The first pause; each is twice the one before, up to `pauseMsMax`. */
  readonly pauseMs: number;
  readonly pauseMsMax: number;
}

export const TRACKER_LIMITS: TrackerLimits = Object.freeze({
  openMax: 1_024,
  attemptsMax: 8,
  withinMs: 15_000,
  pauseMs: 1_000,
  pauseMsMax: 60_000,
});

export interface Tracker {
  /** Once it is written down that all are owed. Rejects otherwise: then nothing may run. */
  readonly begin: (owed: readonly Owed[]) => Promise<void>;
  /** What they are owed for is over: from now on they are tried. */
  readonly ran: (owed: readonly Owed[], outcome: Discharge["outcome"]) => void;
  /** What a former process began. */
  readonly resume: (owed: readonly Owed[], outcome: Discharge["outcome"]) => void;
  readonly outstanding: () => readonly Outstanding[];
  /** Attempts that are under way end; what is open then is the next process's. */
  readonly close: () => Promise<void>;
}

interface Task {
  readonly id: string;
  readonly owed: Owed;
  attempts: number;
  problem: string | null;
  isStarted: boolean;
}

interface Tracking {
  readonly ports: TrackerPorts;
  readonly limits: TrackerLimits;
  readonly tasks: Map<string, Task>;
  readonly running: Set<Promise<void>>;
  /** Each ends one pause. */
  readonly pauses: Set<() => void>;
  readonly ending: AbortController;
  isClosing: boolean;
}

export function openTracker(ports: TrackerPorts, limits: TrackerLimits = TRACKER_LIMITS): Tracker {
  const tracking: Tracking = {
    ...{ ports, limits, tasks: new Map(), running: new Set(), pauses: new Set() },
    ...{ ending: new AbortController(), isClosing: false },
  };
  const { tasks } = tracking;
  return Object.freeze({
    begin: (owed: readonly Owed[]) => begin(tracking, owed),
    ran(all: readonly Owed[], outcome: Discharge["outcome"]) {
      for (const owed of all) {
        const task = tasks.get(idOf(owed, ports));
        if (task !== undefined) start(tracking, task, outcome);
      }
    },
    resume(all: readonly Owed[], outcome: Discharge["outcome"]) {
      for (const owed of all) start(tracking, take(tracking, owed), outcome);
    },
    outstanding: () =>
      [...tasks.values()].map(({ owed, attempts, problem }) => {
        const { execution, decision, action, obligation } = owed;
        return { execution, decision, action, obligation, attempts, problem };
      }),
    close: () => close(tracking),
  });
}

/** The same in every process. */
function idOf({ decision, obligation }: Owed, { sha256 }: TrackerPorts): string {
  const named = `${decision} ${obligationDigest(obligation, sha256)}`;
  return toHex(sha256(utf8(named)).subarray(0, 16));
}

function take({ ports, tasks }: Tracking, owed: Owed): Task {
  const id = idOf(owed, ports);
  const task: Task = { id, owed, attempts: 0, problem: null, isStarted: false };
  tasks.set(id, task);
  return task;
}

async function begin(tracking: Tracking, all: readonly Owed[]): Promise<void> {
  const { ports, limits, tasks } = tracking;
  const unknown = all.find(({ obligation }) => !ports.dischargers.has(obligation.name));
  if (unknown !== undefined) throw unknownObligation(unknown.obligation);
  if (tasks.size + all.length > limits.openMax)
    throw new Error(`${tasks.size} obligations are open already: no more are taken`);
  const taken = all.map((owed) => take(tracking, owed));
  const noted: Owed[] = [];
  try {
    for (const { owed } of taken) {
      await ports.note(eventOf(owed, "released", ports.sha256), linksOf(owed));
      noted.push(owed);
    }
  } catch (error) {
    for (const { id } of taken) tasks.delete(id);
    // Nothing runs: what is written down as owed already is owed no longer.
    for (const owed of noted) void settle(tracking, owed, "failed");
    throw error;
  }
}

/** What cannot be written down as done is open after the next start, and done again. */
async function settle(tracking: Tracking, owed: Owed, phase: "ok" | "failed"): Promise<void> {
  const { ports, limits } = tracking;
  for (let made = 1; ; made += 1) {
    try {
      await ports.note(eventOf(owed, phase, ports.sha256), linksOf(owed));
      return;
    } catch (error) {
      const isBusy = error instanceof LogError && error.code === "log.busy";
      if (!isBusy || made >= limits.attemptsMax || tracking.isClosing) return;
    }
    await pause(tracking, made);
  }
}

function pause({ ports, limits, pauses }: Tracking, made: number): Promise<void> {
  const pauseMs = Math.min(limits.pauseMs * 2 ** (made - 1), limits.pauseMsMax);
  return new Promise((resolve) => {
    const end = () => {
      unset();
      pauses.delete(end);
      resolve();
    };
    const unset = ports.wake(pauseMs, end);
    pauses.add(end);
  });
}

function start(tracking: Tracking, task: Task, outcome: Discharge["outcome"]): void {
  if (task.isStarted) return;
  task.isStarted = true;
  const { running } = tracking;
  const run = carryOut(tracking, task, outcome).finally(() => running.delete(run));
  running.add(run);
}

/** Never rejects. */
async function carryOut(tracking: Tracking, task: Task, outcome: Discharge["outcome"]): Promise<void> {
  const { ports, limits, tasks } = tracking;
  const { id, owed } = task;
  const { name } = owed.obligation;
  const handler = ports.dischargers.get(name);
  if (handler === undefined) {
    // Another process, with other handlers, may do it.
    task.problem = unknownObligation(owed.obligation).message;
    return;
  }
  for (;;) {
    if (tracking.isClosing && task.attempts > 0) return;
    task.attempts += 1;
    task.problem = await attempt(tracking, handler, task, outcome);
    if (task.problem === null || task.attempts >= limits.attemptsMax) break;
    await pause(tracking, task.attempts);
  }
  await settle(tracking, owed, task.problem === null ? "ok" : "failed");
  tasks.delete(id);
  if (task.problem !== null) ports.onUnmet(owed.execution, `\`${name}\`: ${task.problem}`);
}

/** Null where it was done. */
async function attempt(
  { ports, limits, ending }: Tracking,
  handler: Discharger,
  { id, owed }: Task,
  outcome: Discharge["outcome"],
): Promise<string | null> {
  const { execution, action, fields, obligation } = owed;
  const note = (body: EntryBody) => ports.note(body, linksOf(owed));
  const about = { execution, action, fields, outcome, id, note, signal: ending.signal };
  const message = `it was not discharged within ${limits.withinMs} ms`;
  try {
    await within(ports.wake, limits.withinMs, message, () => handler(obligation, about));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** For attempts that are under way when it closes. */
const CLOSING_MS_MAX = 10_000;

async function close(tracking: Tracking): Promise<void> {
  const { ports, running, pauses, ending } = tracking;
  tracking.isClosing = true;
  for (const end of [...pauses]) end();
  const unset = ports.wake(CLOSING_MS_MAX, () => ending.abort());
  while (running.size > 0) await Promise.all(running);
  unset();
}

function linksOf({ execution, leaf }: Owed): Links {
  const parents = leaf === null ? [] : [{ leaf, relation: "caused", log: null } as const];
  return { execution, parents };
}
