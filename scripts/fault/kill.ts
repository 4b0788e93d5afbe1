/**
 * Writers under load that are killed at times nobody chose: while opening, appending, publishing, rotating.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../test/support/random.ts";
import {
  addOutcomes,
  type Case,
  NOTHING,
  type Outcome,
  recovered,
  type Section,
  type Settings,
} from "./case.ts";
import { checkAfter } from "./invariants.ts";
import { type Ledger, makeLedger } from "./ledger.ts";
import type { Place } from "./place.ts";
import type { Plan } from "./plan.ts";
import { startWriter } from "./process.ts";
import { makeTemplate, removePlace } from "./templates.ts";

const ROUNDS = 20;
/** On one log; the longer it gets the longer a check takes. */
const ROUNDS_PER_LOG = 5;

export const KILL: Section = {
  name: "kill",
  atOnce: 2,
  quickCases: null,
  cases: async (settings) => {
    const rounds = settings.rounds ?? ROUNDS;
    const logs = Math.ceil(rounds / ROUNDS_PER_LOG);
    return Array.from({ length: logs }, (_, log): Case => {
      const count = Math.min(ROUNDS_PER_LOG, rounds - log * ROUNDS_PER_LOG);
      const run = (random: Random) => killOneLog(settings, log, count, random);
      return { name: `kill/log-${log}`, row: "kill -9 under load", run };
    });
  },
};

async function killOneLog(
  { scratch }: Settings,
  log: number,
  rounds: number,
  random: Random,
): Promise<Outcome> {
  const template = await makeTemplate(scratch, `kill-${log}`, { steps: [] });
  const place = template.copy(`kill-${log}`);
  const ledger = makeLedger();
  let outcome = NOTHING;
  try {
    for (let round = 0; round < rounds && outcome.problems.length === 0; round += 1) {
      const signal = await killOnce(place, ledger, random);
      const goesOn = round === rounds - 1 || random.below(2) === 0;
      const { problems } = await checkAfter(place, ledger, { goesOn });
      const missed = signal === "SIGKILL" ? [] : [`round ${round}: the writer ended by itself (${signal})`];
      outcome = addOutcomes(
        outcome,
        recovered([...missed, ...problems.map((text) => `round ${round}: ${text}`)]),
      );
    }
    return outcome;
  } finally {
    removePlace(place);
  }
}

/** Mostly after so many acknowledgements, sometimes while the log is being opened. */
async function killOnce(place: Place, ledger: Ledger, random: Random): Promise<string> {
  const nodes = 1 + random.below(8);
  const plan: Plan = {
    ...place,
    create: true,
    steps: [{ do: "load", nodes, outstanding: 1 + random.below(16) }],
  };
  const least = random.below(4) === 0 ? 0 : 1 + random.below(800);
  let lines = 0;
  const running = startWriter(plan, ledger, {
    onLine: (line) => {
      lines += 1;
      if (least > 0 && lines === least && line !== "") kill();
    },
  });
  let killed = false;
  const kill = () => {
    killed = true;
    running.child.kill("SIGKILL");
  };
  if (least === 0 && (await running.heard("begin"))) {
    await sleep(random.below(40));
    kill();
  }
  const { signal, code, said, errors } = await running.ended;
  if (!killed || signal === null) return `${code}: ${JSON.stringify(said)} ${errors}`;
  return signal;
}
