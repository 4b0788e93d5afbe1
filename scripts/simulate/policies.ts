/** Three versions of one policy, and what each allows, said once more without any of our own code. */
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { GOVERNOR_OBLIGATIONS } from "@polity/governor/judge.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Host } from "@polity/runtime/host.ts";

export const AGENTS = 24;
const TRUST_FLOOR = 200;
/** By version, from 1: the most that may be paid at once. */
const LARGEST = [800, 300, 500] as const;
/** From this amount on somebody has to approve. */
export const HELD_FROM = 150;
export const APPROVERS = ["bert", "cleo", "dora"] as const;

export interface Version {
  readonly epoch: number;
  readonly host: Host;
  readonly largest: number;
}

/** What an agent asks for, and what the host knows of it. */
export interface Paying {
  readonly amount: number;
  readonly to: string;
  readonly until: number;
  readonly limit: number;
  readonly trust: number;
  readonly now: number;
}

/** Nothing here restricts it; whether somebody has to approve is another question. */
export function mayPay({ largest }: Version, { amount, to, until, limit, trust, now }: Paying): boolean {
  const isKnownPayee = to !== "mallory" && to !== "thief";
  return amount <= limit && amount <= largest && trust >= TRUST_FLOOR && now < until && isKnownPayee;
}

export function limitOf(agent: number): number {
  return agent % 4 === 3 ? 100 : 1_000;
}

/** A host for each version. */
export async function openVersions(): Promise<readonly Version[]> {
  const entities = [
    ...Array.from({ length: AGENTS }, (_, at) => {
      return { type: "Agent", id: `a${at}`, attributes: { limit: limitOf(at) } };
    }),
    { type: "Team", id: "treasury" },
    ...APPROVERS.map((id) => ({ type: "User", id, parents: [{ type: "Team", id: "treasury" }] })),
  ];
  const versions: Version[] = [];
  for (const [at, largest] of LARGEST.entries()) {
    const { value } = compile({ file: "simulated.pol", text: textOf(at + 1, largest) });
    if (value === null) throw new Error("the simulated policy does not compile");
    const { wasm } = await buildEvaluator(value);
    const facts = JSON.stringify({ entities });
    const loaded = await loadUnsigned(wasm, { obligations: GOVERNOR_OBLIGATIONS, facts });
    if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
    await loaded.host.ready();
    versions.push({ epoch: at, host: loaded.host, largest });
  }
  return versions;
}

function textOf(version: number, largest: number): string {
  return `polity 1
policy simulated.agents version ${version}
entity Team
entity User in Team
entity Agent { limit: int 0..1000 }
subject agent: Agent
every action { zone: string max 20 from host }
action pay { amount: int 0..1000, to: string max 40, until: timestamp }
allow in_limit on pay when amount <= agent.limit and amount <= ${largest} and now < until
hold large on pay when amount >= ${HELD_FROM} until approved by Team::"treasury" within 10m
deny distrusted on * when trust < ${TRUST_FLOOR}
quarantine mallory on pay when to == "mallory"
terminate thief on pay when to == "thief"
`;
}

/** Whichever version is in force: a host that is another one from one moment to the next. */
export function switching(current: () => Version): Host {
  const host = {
    decide: (...given: Parameters<Host["decide"]>) => current().host.decide(...given),
    answer: (...given: Parameters<Host["answer"]>) => current().host.answer(...given),
    answerOthers: (...given: Parameters<Host["answerOthers"]>) => current().host.answerOthers(...given),
    lasts: (...given: Parameters<Host["lasts"]>) => current().host.lasts(...given),
    othersLast: (...given: Parameters<Host["othersLast"]>) => current().host.othersLast(...given),
    request: (...given: Parameters<Host["request"]>) => current().host.request(...given),
    fieldsToExecute: (...given: Parameters<Host["fieldsToExecute"]>) =>
      current().host.fieldsToExecute(...given),
    replace: (...given: Parameters<Host["replace"]>) => current().host.replace(...given),
    ready: () => current().host.ready(),
    get manifest() {
      return current().host.manifest;
    },
    get evaluator() {
      return current().host.evaluator;
    },
    get facts() {
      return current().host.facts;
    },
    get validity() {
      return current().host.validity;
    },
  };
  return host;
}
