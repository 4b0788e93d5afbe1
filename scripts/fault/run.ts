/** Runs the cases of sections and says what came of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type Random, seededRandom } from "../../test/support/random.ts";
import { addOutcomes, type Case, NOTHING, type Outcome, type Section, type Settings } from "./case.ts";
import { pooled } from "./pooled.ts";

export interface Row {
  readonly name: string;
  cases: number;
  outcome: Outcome;
}

export interface Failure {
  readonly name: string;
  readonly problems: readonly string[];
}

export interface Campaign {
  readonly rows: ReadonlyMap<string, Row>;
  readonly failures: readonly Failure[];
  readonly notRun: ReadonlyMap<string, string>;
  readonly cases: number;
  /** Cases that were not begun any more, because somebody stopped it. */
  readonly left: number;
}

export interface CampaignOptions extends Omit<Settings, "scratch"> {
  readonly sections: readonly Section[];
  /** Of the cases of a quick run; 1 if left out. */
  readonly share?: number;
  readonly progress: (text: string) => void;
  /** Once it is aborted no further case is begun, and what was found so far is the answer. */
  readonly stop?: AbortSignal;
}

export async function runCampaign({
  sections,
  progress,
  stop,
  ...options
}: CampaignOptions): Promise<Campaign> {
  const scratch = mkdtempSync(join(tmpdir(), "polity-fault-"));
  const rows = new Map<string, Row>();
  const failures: Failure[] = [];
  const notRun = new Map<string, string>();
  let cases = 0;
  let left = 0;
  let next: Promise<readonly Case[]> | undefined;
  try {
    const wanted = sections.filter(({ name }) => isWanted(name, options.only));
    const prepare = (section: Section | undefined) => section?.cases({ ...options, scratch });
    next = prepare(wanted[0]);
    for (const [at, section] of wanted.entries()) {
      const chosen = choose(section, (await next) ?? [], options);
      // Recording what the next one is about takes one process after another, and there is a processor left.
      next = prepare(wanted[at + 1]);
      next?.catch(() => {});
      let done = 0;
      await pooled(chosen, section.atOnce, async (each) => {
        if (stop?.aborted) return;
        const outcome = await runOne(each, options.seed);
        count(rows, each, outcome);
        if (outcome.problems.length > 0) failures.push({ name: each.name, problems: outcome.problems });
        if (outcome.notRun !== undefined) notRun.set(each.row, outcome.notRun);
        done += 1;
        progress(`${section.name}: ${done} of ${chosen.length}`);
      });
      cases += done;
      left += chosen.length - done;
      if (stop?.aborted) break;
    }
  } finally {
    await next?.catch(() => {});
    rmSync(scratch, { recursive: true, force: true });
  }
  return { rows, failures, notRun, cases, left };
}

/** A section is wanted if it holds what is asked for, or is a part of it. */
function isWanted(name: string, only: string): boolean {
  return only === "" || name.startsWith(only) || only.startsWith(`${name}/`);
}

function choose(
  section: Section,
  all: readonly Case[],
  { only, quick, seed, share = 1 }: Omit<CampaignOptions, "sections" | "progress">,
): readonly Case[] {
  const exact = all.filter(({ name }) => name === only);
  if (exact.length > 0) return exact;
  const wanted = all.filter(({ name }) => name.startsWith(only));
  const count = quick && section.quickCases !== null ? Math.ceil(section.quickCases * share) : Infinity;
  return wanted.length <= count ? wanted : drawn(wanted, count, randomFor(seed, section.name));
}

/** One of each row, in an order that is drawn too, and again, until there are enough. */
function drawn(wanted: readonly Case[], count: number, random: Random): readonly Case[] {
  const rows = [...Map.groupBy(shuffled(wanted, random), ({ row }) => row).values()];
  const chosen: Case[] = [];
  for (let turn = 0; chosen.length < count; turn += 1) {
    chosen.push(...rows.flatMap((row) => row.slice(turn, turn + 1)));
  }
  return chosen.slice(0, count);
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const left = [...items];
  for (let at = left.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [left[at], left[other]] = [left[other]!, left[at]!];
  }
  return left;
}

/** The same draws for the same case, whatever runs before it. */
function randomFor(seed: number, name: string): Random {
  return seededRandom((seed ^ crc32(name)) >>> 0);
}

async function runOne(each: Case, seed: number): Promise<Outcome> {
  try {
    return await each.run(randomFor(seed, each.name));
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ...NOTHING, problems: [`the case itself failed: ${text}`] };
  }
}

function count(rows: Map<string, Row>, { row: name }: Case, outcome: Outcome): void {
  const row = rows.get(name) ?? { name, cases: 0, outcome: NOTHING };
  row.cases += 1;
  row.outcome = addOutcomes(row.outcome, outcome);
  rows.set(name, row);
}
