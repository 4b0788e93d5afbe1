/**
 * A process of `full-disk.ts`: makes the disk, fills it, gives it room again and checks the log. Prints what
 * came of it as JSON.
 */
import { execFileSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Random, seededRandom } from "../../test/support/random.ts";
import { NOTHING, type Outcome } from "./case.ts";
import { checkAfter } from "./invariants.ts";
import { type Ledger, makeLedger, type Said } from "./ledger.ts";
import type { Place } from "./place.ts";
import { type Step, variantOf } from "./plan.ts";
import { runWriter } from "./process.ts";

export interface SmallDisk {
  readonly what: "log" | "ballast" | "anchor" | "limit";
  readonly home: string;
  readonly seed: number;
}

const MOUNT = "mount";
/** What entries are asked to have; 0 for the usual ones. */
const SIZES = [0, 1_500, 9_000, 60_000];

const disk = JSON.parse(process.argv[2] ?? "") as SmallDisk;
const outcome = await run(disk, seededRandom(disk.seed));
console.log(JSON.stringify({ ...outcome, refused: [...outcome.refused] }));

async function run({ what, home }: SmallDisk, random: Random): Promise<Outcome> {
  const place: Place = { dir: join(home, "log"), anchor: join(home, "anchor") };
  const ledger = makeLedger();
  const small = what === "anchor" ? place.anchor : home;
  if (what !== "limit") execFileSync(MOUNT, ["-t", "tmpfs", "-o", "size=1m,mode=755", "polity", small]);
  const variant = variantOf({ bytes: SIZES[random.below(SIZES.length)]! });
  const some: Step = { do: "append", nodes: 2, each: 1 + random.below(40) };
  if (what !== "log") {
    const before = await write(place, ledger, [some, { do: "checkpoint" }]);
    if (!before.done) return { ...NOTHING, problems: [`nothing is full yet: ${JSON.stringify(before)}`] };
  }
  const ballast = join(small, "ballast");
  if (what === "ballast" || what === "anchor") {
    const free = statfsSync(small).bavail * 4096;
    const left = what === "anchor" ? 0 : random.below(64) * 4096;
    writeFileSync(ballast, Buffer.alloc(Math.max(0, free - left)));
  }
  const limit = what === "limit" ? ["prlimit", `--fsize=${150_000 + random.below(200_000)}`] : [];
  const said = await write(place, ledger, [{ do: "fill", variant }], limit);
  rmSync(ballast, { force: true });
  if (what !== "limit") execFileSync(MOUNT, ["-o", "remount,size=16m", small]);
  const told = said.full ?? said.refused?.code ?? said.failed?.code ?? null;
  const problems = [...wrong(said, told, what)];
  const { problems: later } = await checkAfter(place, ledger);
  problems.push(...later);
  return {
    injected: 1,
    fired: told === null ? 0 : 1,
    recovered: problems.length === 0 ? 1 : 0,
    refused: new Map(told === null ? [] : [[told, 1]]),
    problems,
  };
}

async function write(
  place: Place,
  ledger: Ledger,
  steps: readonly Step[],
  tracer: readonly string[] = [],
): Promise<Said> {
  const plan = { ...place, create: true, steps: [...steps, { do: "close" } as const] };
  const { said, errors } = await runWriter(plan, ledger, { tracer });
  if (errors !== "") ledger.problems.push(`on standard error: ${errors.slice(0, 600)}`);
  return said;
}

function wrong({ alive }: Said, told: string | null, what: SmallDisk["what"]): readonly string[] {
  const problems: string[] = [];
  if (told === null) problems.push("nothing was refused");
  else if (!(told === "log.full" || (what === "anchor" && told === "log.anchor_failed"))) {
    problems.push(`a full disk is said to be ${told}`);
  }
  if (alive !== null && alive[0] !== alive[1]) {
    problems.push(`${what}: of ${alive[1]} entries only ${alive[0]} could still be read`);
  }
  return problems;
}
