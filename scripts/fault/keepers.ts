/** Faults under what must never go back: at each file call, and when the power goes. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../test/support/random.ts";
import { type Case, NOTHING, type Outcome, recovered, type Section, type Settings } from "./case.ts";
import { type KeeperName, openNamed } from "./keeper.ts";
import type { KeeperPlan } from "./keeper-writer.ts";
import { hear, makeLedger, type Said, silent } from "./ledger.ts";
import { apply, type Loss, lossyDisk, writeRemains } from "./lossy-disk.ts";
import { AT_ONCE, pooled } from "./pooled.ts";
import { eventsOf, RECORD_ARGS } from "./recorded.ts";
import {
  type Aim,
  aimsOf,
  callsOf,
  FILE_CALLS,
  firedIn,
  injectArgs,
  runTraced,
  straceMissing,
} from "./strace.ts";

const KEEPERS: readonly KeeperName[] = ["epoch-floor", "anchor", "witness"];
const TIMES = 3;
const FAULTS = ["error=EIO", "error=ENOSPC", "signal=KILL"];
const LOSSES: readonly Loss[] = ["nothing-left", "all-left", "beginning-left", "some-left", "some-left"];

export const KEEPER_SECTION: Section = {
  name: "keepers",
  atOnce: 2,
  quickCases: 22,
  cases: async (settings) => {
    const missing = straceMissing();
    if (missing !== null) return [notTraced(missing)];
    return (await pooled(KEEPERS, AT_ONCE, (keeper) => casesOf(keeper, settings))).flat();
  },
};

function notTraced(why: string): Case {
  return { name: "keepers/all", row: "keepers", run: async () => ({ ...NOTHING, notRun: why }) };
}

async function casesOf(keeper: KeeperName, { scratch }: Settings): Promise<readonly Case[]> {
  const home = freshHome(scratch, `${keeper}-count`);
  const place = { dir: join(home, "-"), anchor: "" };
  const args = ["-e", `trace=${FILE_CALLS.join(",")}`];
  const counted = await trace({ keeper, home, times: TIMES }, args);
  if (!counted.said.done)
    throw new Error(`${keeper} fails without any fault: ${JSON.stringify(counted.said)}`);
  const calls = callsOf(counted.trace, place);
  const cases: Case[] = [];
  for (const [at, aim] of aimsOf(calls).entries()) {
    const relative = { ...aim, path: aim.path.slice(home.length + 1) };
    for (const fault of FAULTS.slice(0, /read/.test(calls[at]!.name) ? 1 : FAULTS.length)) {
      const what = fault.replace(/.*=/, "");
      const name = `keepers/${keeper}/${aim.name}/${relative.path || "."}/${aim.ordinal}/${what}`;
      const run = () => injectOne(scratch, keeper, relative, fault);
      cases.push({ name, row: `${keeper.replace("-", " ")}: ${what}`, run });
    }
  }
  rmSync(home, { recursive: true });
  return [
    ...new Map([...cases, ...(await powerCases(keeper, scratch))].map((each) => [each.name, each])).values(),
  ];
}

let homes = 0;

function freshHome(scratch: string, name: string): string {
  homes += 1;
  const home = join(scratch, `keeper-${name}-${homes}`);
  mkdirSync(home);
  return home;
}

function trace(plan: KeeperPlan, args: readonly string[]) {
  return runTraced(plan, makeLedger(), { args, file: `${plan.home}.trace`, script: "keeper" });
}

async function injectOne(scratch: string, keeper: KeeperName, aim: Aim, fault: string): Promise<Outcome> {
  const home = freshHome(scratch, keeper);
  try {
    const args = injectArgs({ ...aim, path: join(home, aim.path) }, fault);
    const { said, trace: text, timedOut } = await trace({ keeper, home, times: TIMES }, args);
    const fired = Math.min(1, firedIn(text));
    const problems = [...(await problemsAfter(keeper, home, said))];
    if (fired === 0) problems.push("the fault never happened");
    if (timedOut) problems.push("it hung");
    // What keeps the anchor is a port; the store gives its errors a code.
    if (keeper !== "anchor" && said.failed?.code === "thrown")
      problems.push(`an error without a code: ${said.failed.text}`);
    return { ...recovered(problems), fired };
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** Opened again, it says what it last said, or what was on its way, and goes up from there. */
export async function problemsAfter(
  keeper: KeeperName,
  home: string,
  { kept: raised, open }: Said,
): Promise<readonly string[]> {
  // Whoever was told a number by opening acts on it.
  const kept = Math.max(raised, open ?? 0);
  try {
    const opened = await openNamed(keeper, home);
    try {
      const found = await opened.read();
      if (found < kept) return [`I7: it had said ${kept}, and now says ${found}`];
      if (found > kept + 1) return [`it had said ${kept}, and now says ${found}`];
      await opened.raise(found + 1);
      const after = await opened.read();
      return after === found + 1 ? [] : [`raised to ${found + 1}, it says ${after}`];
    } finally {
      await opened.close();
    }
  } catch (error) {
    return [`I4: it does not open again: ${error}`];
  }
}

async function powerCases(keeper: KeeperName, scratch: string): Promise<readonly Case[]> {
  const home = freshHome(scratch, `${keeper}-record`);
  const empty = freshHome(scratch, `${keeper}-empty`);
  const recorded = await trace({ keeper, home, times: TIMES }, RECORD_ARGS);
  const events = eventsOf(recorded.trace, { dir: join(home, "-"), anchor: "" });
  const cases: Case[] = [];
  for (let until = 1; until <= events.length; until += 1) {
    for (const [variant, loss] of LOSSES.entries()) {
      const run = async (random: Random) => {
        const disk = { ...lossyDisk(empty), base: home };
        const said = silent();
        for (const event of events.slice(0, until)) {
          apply(disk, event);
          if (event.kind === "said") hear(makeLedger(), said, event.line);
        }
        const remains = join(scratch, `keeper-${keeper}-${until}-${variant}`);
        writeRemains(disk, remains, loss, random);
        const problems = await problemsAfter(keeper, remains, said);
        rmSync(remains, { recursive: true });
        return recovered(problems);
      };
      const name = `keepers/${keeper}/power/${until}/${loss}-${variant}`;
      cases.push({ name, row: `${keeper.replace("-", " ")}: power loss`, run });
    }
  }
  return cases;
}
