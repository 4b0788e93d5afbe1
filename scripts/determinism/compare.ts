/** Runs every engine and compares what they answered. */
import { firstDifference } from "./bisect.ts";
import { type Engine, missingOf } from "./engines.ts";
import { type Ask, askFor, checkpoints, hashesOf, type Job, shareOf, type Told } from "./job.ts";

export interface EngineReport {
  readonly id: string;
  readonly name: string;
  readonly status: "ran" | "not run" | "failed";
  readonly version: string;
  /** Why it did not run, or how it failed. */
  readonly why: string;
  readonly frames: number;
  readonly ms: number;
  /** At each of its checkpoints. */
  readonly hashes: readonly { readonly after: number; readonly sha256: string }[];
}

export interface Difference {
  readonly after: number;
  /** By hash, the engines that had it; the first is that of the most. */
  readonly hashes: readonly { readonly sha256: string; readonly engines: readonly string[] }[];
  readonly first: FirstFrame | null;
}

/** The first frame on which two engines differ; null frames where only the memories do. */
export interface FirstFrame {
  readonly policy: string;
  readonly engines: readonly [string, string];
  /** Of this policy's frames, from 0. */
  readonly index: number;
  readonly frame: string;
  /** The first 64 bytes of what each of the two answered, as hex; empty where it cannot be shown. */
  readonly results: readonly [string, string];
}

export interface Compared {
  readonly engines: readonly EngineReport[];
  /** By policy, as `ToldPolicy` has it, of the first engine that went all the way. */
  readonly tallies: readonly (readonly number[])[];
  readonly differences: readonly Difference[];
}

interface Ran {
  readonly engine: Engine;
  readonly told: Told;
  readonly report: EngineReport;
}

export async function compareEngines(
  folder: string,
  job: Job,
  engines: readonly Engine[],
  count: number,
  say: (text: string) => void,
): Promise<Compared> {
  const ran: Ran[] = [];
  const reports: EngineReport[] = [];
  for (const [at, engine] of engines.entries()) {
    const missing = missingOf(engine);
    if (missing.length > 0) {
      reports.push(absent(engine, missing));
      continue;
    }
    const frames = Math.min(count, engine.framesMax);
    say(`${engine.name}: ${frames} frames (${at + 1} of ${engines.length}) …`);
    const { report, told } = await runEngine(folder, job, engine, frames);
    reports.push(report);
    if (told !== null) ran.push({ engine, told, report });
  }
  const differences = await differencesIn(folder, job, ran, say);
  const whole = ran.find(({ report }) => report.frames === count) ?? ran[0];
  return { engines: reports, tallies: whole?.told.policies.map(({ tally }) => tally) ?? [], differences };
}

function absent({ id, name, packages }: Engine, missing: readonly string[]): EngineReport {
  const why = `no ${missing.join(", ")} (apt-get install ${packages.join(" ")})`;
  return { id, name, status: "not run", version: "", why, frames: 0, ms: 0, hashes: [] };
}

async function runEngine(
  folder: string,
  job: Job,
  engine: Engine,
  frames: number,
): Promise<{ readonly report: EngineReport; readonly told: Told | null }> {
  const { id, name } = engine;
  const version = engine.version();
  const counts = checkpoints(frames);
  const startedMs = performance.now();
  try {
    const told = await engine.run(folder, job, askFor(job, counts));
    const ms = Math.round(performance.now() - startedMs);
    const hashes = hashesOf(told).map((sha256, at) => ({ after: counts[at] ?? 0, sha256 }));
    return { report: { id, name, status: "ran", version, why: "", frames, ms, hashes }, told };
  } catch (error) {
    const ms = Math.round(performance.now() - startedMs);
    const why = error instanceof Error ? error.message : String(error);
    return { report: { id, name, status: "failed", version, why, frames, ms, hashes: [] }, told: null };
  }
}

/** At each checkpoint that some engines reached with different hashes; the first is looked into. */
async function differencesIn(
  folder: string,
  job: Job,
  ran: readonly Ran[],
  say: (text: string) => void,
): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  const places = new Set(ran.flatMap(({ report }) => report.hashes.map(({ after }) => after)));
  for (const after of [...places].sort((a, b) => a - b)) {
    const hashAt = ({ report }: Ran) => report.hashes.find((hash) => hash.after === after)?.sha256;
    const reached = ran.filter((one) => hashAt(one) !== undefined);
    const groups = [...Map.groupBy(reached, (one) => hashAt(one) ?? "")].sort(
      ([, a], [, b]) => b.length - a.length,
    );
    if (groups.length < 2) continue;
    const pair = groups.slice(0, 2).map(([, members]) => members[0]?.engine) as [Engine, Engine];
    const isFirst = differences.length === 0;
    if (isFirst) say(`they differ after ${after} frames; looking for the first …`);
    differences.push({
      after,
      hashes: groups.map(([sha256, members]) => ({
        sha256,
        engines: members.map(({ engine }) => engine.id),
      })),
      first: isFirst ? await firstFrame(folder, job, pair, after) : null,
    });
  }
  return differences;
}

async function firstFrame(
  folder: string,
  job: Job,
  pair: readonly [Engine, Engine],
  count: number,
): Promise<FirstFrame | null> {
  const { policies } = job;
  const asking = (marks: readonly number[], policy: number, show: number): Ask => ({
    marks: policies.map((_, at) => (at === policy ? marks : [0])),
    sums: false,
    show: policies.map((_, at) => (at === policy ? show : -1)),
  });
  const chainsOf = (engine: Engine) => async (policy: number, marks: readonly number[]) => {
    const { policies: told } = await engine.run(folder, job, asking(marks, policy, -1));
    return (told[policy]?.marks ?? []).map(({ chain }) => chain);
  };
  for (const [at, { name }] of policies.entries()) {
    const share = shareOf(count, at, policies.length);
    const index = await firstDifference(chainsOf(pair[0]), chainsOf(pair[1]), at, share);
    if (index === null) continue;
    const shown: { frame: string; result: string }[] = [];
    for (const engine of pair) {
      const told = await engine.run(folder, job, asking([0], at, index));
      shown.push(told.policies[at] ?? { frame: "", result: "" });
    }
    const [one, other] = shown;
    return {
      policy: name,
      engines: [pair[0].id, pair[1].id],
      index,
      frame: one?.frame || other?.frame || "",
      results: [one?.result ?? "", other?.result ?? ""],
    };
  }
  return null;
}
