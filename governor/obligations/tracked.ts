/**
 * Obligations that are due after what was allowed: begun, tried again with growing pauses, and done or given
 * up, each an entry in the log, so that a restart knows which ones are open.
 */
import type { Entry } from "@polity/lineage/entry.ts";
import type { EntryBody } from "@polity/lineage/recorder.ts";
import type { Obligation } from "@polity/runtime/decision.ts";
import { digestName, type Sha256, utf8 } from "@polity/runtime/hash.ts";
import { canonicalJson, parseJson } from "@polity/runtime/json.ts";
import type { Wake } from "./handler.ts";

/** Writes an entry about an execution; resolves once it is as durable as the log's mode says. */
export type Note = (body: EntryBody, execution: string) => Promise<unknown>;

export interface TrackerPorts {
  readonly note: Note;
  readonly wake: Wake;
  readonly sha256: Sha256;
}

export interface TrackerLimits {
  /** How many may be open at once. */
  readonly openMax: number;
  readonly attemptsMax: number;
  /** The first pause; each is twice the one before, up to `pauseMsMax`. */
  readonly pauseMs: number;
  readonly pauseMsMax: number;
}

export const TRACKER_LIMITS: TrackerLimits = Object.freeze({
  openMax: 1_024,
  attemptsMax: 8,
  pauseMs: 1_000,
  pauseMsMax: 60_000,
});

export interface Tracker {
  /**
   * Once it is written down that it is open; it goes on by itself. Rejects where that could not be written,
   * or too many are open: then nothing of it was begun.
   */
  readonly track: (task: TrackedTask) => Promise<void>;
  readonly open: () => number;
  /** Once nothing is open. */
  readonly idle: () => Promise<void>;
}

export interface TrackedTask {
  readonly execution: string;
  readonly obligation: Obligation;
  /** One attempt; what it rejects with is why it is tried again. */
  readonly attempt: () => Promise<void>;
}

export function openTracker(ports: TrackerPorts, limits: TrackerLimits = TRACKER_LIMITS): Tracker {
  const running = new Set<Promise<void>>();
  let reserved = 0;

  async function track(task: TrackedTask): Promise<void> {
    if (running.size + reserved >= limits.openMax) {
      throw new Error(`${limits.openMax} obligations are open already: no more are taken`);
    }
    reserved += 1;
    try {
      await ports.note(eventOf(task, "released", ports.sha256), task.execution);
    } finally {
      reserved -= 1;
    }
    const run = carryOut(task, ports, limits).finally(() => running.delete(run));
    running.add(run);
  }

  return Object.freeze({
    track,
    open: () => running.size + reserved,
    idle: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  });
}

/** Never rejects. What cannot be written down as done is open after the next start, and done again. */
async function carryOut(task: TrackedTask, ports: TrackerPorts, limits: TrackerLimits): Promise<void> {
  const phase = await attempts(task, ports.wake, limits);
  try {
    await ports.note(eventOf(task, phase, ports.sha256), task.execution);
  } catch {
    // The log has stopped: the governor says so by itself.
  }
}

async function attempts(
  { attempt }: TrackedTask,
  wake: Wake,
  { attemptsMax, pauseMs, pauseMsMax }: TrackerLimits,
): Promise<"ok" | "failed"> {
  for (let made = 1; made <= attemptsMax; made += 1) {
    try {
      await attempt();
      return "ok";
    } catch {
      if (made === attemptsMax) break;
    }
    const pause = Math.min(pauseMs * 2 ** (made - 1), pauseMsMax);
    await new Promise<void>((resolve) => {
      wake(pause, resolve);
    });
  }
  return "failed";
}

function eventOf(
  { execution, obligation }: Pick<TrackedTask, "execution" | "obligation">,
  phase: "released" | "ok" | "failed",
  sha256: Sha256,
): EntryBody {
  const digest = obligationDigest(execution, obligation, sha256);
  return { kind: "event", name: obligation.name, phase, event: TRACKED, digest };
}

/** What events about obligations are called. */
const TRACKED = "obligation";

export function obligationDigest(
  execution: string,
  { name, arguments: given }: Pick<Obligation, "name" | "arguments">,
  sha256: Sha256,
): string {
  return digestName(sha256(utf8(canonicalJson({ arguments: given, execution, name }))));
}

// ---- after a restart

export interface OpenObligation {
  readonly execution: string;
  readonly obligation: Obligation;
}

/**
 * What was begun and neither done nor given up, from all entries of a node in their order. An obligation that
 * was imposed several times is open as often as it was begun and not ended.
 */
export function outstandingOf(entries: Iterable<Entry>, sha256: Sha256): readonly OpenObligation[] {
  const imposed = new Map<string, OpenObligation>();
  const open = new Map<string, number>();
  for (const entry of entries) {
    const { execution } = entry;
    if (execution === null) continue;
    if (entry.kind === "decision") {
      for (const { name, phase: when, arguments: json } of entry.obligations) {
        const parsed = when === "after" ? parseJson(json) : null;
        if (parsed?.ok !== true) continue;
        const obligation = { name, when, arguments: parsed.value as Obligation["arguments"] };
        imposed.set(obligationDigest(execution, obligation, sha256), { execution, obligation });
      }
    } else if (entry.kind === "event" && entry.event === TRACKED && entry.digest !== null) {
      const change = entry.phase === "released" ? 1 : -1;
      open.set(entry.digest, (open.get(entry.digest) ?? 0) + change);
    }
  }
  return [...open].flatMap(([digest, count]) => {
    const one = imposed.get(digest);
    return one === undefined ? [] : new Array<OpenObligation>(Math.max(0, count)).fill(one);
  });
}
