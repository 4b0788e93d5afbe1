/** Versions of one policy, and what each allows, said once more without any of our own code. */
import { GOVERNOR_OBLIGATIONS } from "@polity/governor/judge.ts";
import type { BundleParts, MemberParts } from "@polity/runtime/bundle-write.ts";
import type { HostObligation } from "@polity/runtime/host-obligations.ts";
import { memberOf, signedFacts, sourcesFor } from "../../test/support/bundles.ts";
import { NOW, ONLINE } from "../../test/support/trust-roots.ts";

export const AGENTS = 24;
const TRUST_FLOOR = 200;
/** By version, from 1: the most that may be paid at once. */
const LARGEST = [800, 50, 300, 800] as const;
/** By place: somebody made a mistake, and it allows what a canary asks for. */
export const MISTAKEN = 3;
/** Who asks for what nobody may have. */
export const CANARY = {
  agent: { type: "Agent", id: "canary" },
  action: "pay",
  fields: { amount: 140, to: "nobody", until: "2026-01-01T00:00:00Z" },
} as const;
/** From this amount on somebody has to approve. */
export const HELD_FROM = 150;
/** From this amount on, only what somebody attests to run in production may pay. */
const ATTESTED_FROM = 149;
/** What is paid in between is told to a service afterwards. */
const TOLD = { from: 99, to: 290 } as const;
export const APPROVERS = ["bert", "cleo", "dora"] as const;
/** Whoever looks at these is contained, or stopped; at anything else anybody may look. */
export const TRAPS = ["vault", "keys"] as const;
export const OBLIGATIONS: readonly HostObligation[] = [
  ...GOVERNOR_OBLIGATIONS,
  { name: "tell", arguments: { desk: "string" } },
];

export interface Version {
  /** From 1; a lower one than before is a rollback. */
  readonly number: number;
  readonly member: MemberParts;
  readonly sources: BundleParts["sources"];
  readonly facts: NonNullable<BundleParts["facts"]>;
  readonly largest: number;
}

/** What an agent asks for, and what the host knows of it. */
export interface Paying {
  readonly amount: number;
  readonly to: string;
  readonly until: number;
  readonly limit: number;
  readonly trust: number;
  /** Where what runs was attested to run; null where nobody attests it. */
  readonly environment: string | null;
  readonly now: number;
}

/** Nothing here restricts it; whether somebody has to approve is another question. */
export function mayPay({ largest }: Pick<Version, "largest">, paying: Paying): boolean {
  const { amount, to, until, limit, trust, environment, now } = paying;
  const isKnownPayee = to !== "mallory" && to !== "thief";
  const isAttested = amount < ATTESTED_FROM || environment === "production";
  const isWithin = amount <= limit && amount <= largest;
  return isWithin && trust >= TRUST_FLOOR && now < until && isKnownPayee && isAttested;
}

export function isTold(amount: number): boolean {
  return amount >= TOLD.from && amount <= TOLD.to;
}

export function limitOf(agent: number): number {
  return agent % 4 === 3 ? 100 : 1_000;
}

/** What is published of each. */
export async function openVersions(): Promise<readonly Version[]> {
  const entities = [
    ...Array.from({ length: AGENTS }, (_, at) => {
      return { type: "Agent", id: `a${at}`, attributes: { limit: limitOf(at) } };
    }),
    { ...CANARY.agent, attributes: { limit: 1_000 } },
    { type: "Team", id: "treasury" },
    ...APPROVERS.map((id) => ({ type: "User", id, parents: [{ type: "Team", id: "treasury" }] })),
  ];
  const facts = await signedFacts({ entities }, { validFromMs: NOW - 86_400_000 }, [ONLINE]);
  return Promise.all(
    LARGEST.map(async (largest, at) => {
      const number = at + 1;
      const texts = { "simulated.pol": textOf(number, largest, at === MISTAKEN) };
      const member = await memberOf("simulated", "simulated.pol", texts);
      return { number, member, sources: sourcesFor(["simulated.pol"], texts), facts, largest };
    }),
  );
}

function textOf(version: number, largest: number, isMistaken: boolean): string {
  return `polity 1
policy simulated.agents version ${version}
import "std/attestation"
entity Team
entity User in Team
entity Agent { limit: int 0..1000 }
subject agent: Agent
obligation tell after { desk: string max 20 }
action pay {
  amount: int 0..1000, to: string max 40, until: timestamp
  zone: string max 20 from host, attestation: Attestation? from host
}
action look { what: string max 40 }
allow in_limit on pay when amount <= agent.limit and amount <= ${largest} and now < until
allow told on pay
  when amount in ${TOLD.from}..${TOLD.to} and amount <= agent.limit and amount <= ${largest} and now < until
  oblige tell { desk: "ledger" }
hold large on pay when amount >= ${HELD_FROM} until approved by Team::"treasury" within 10m
deny unattested on pay when amount >= ${ATTESTED_FROM}
  unless attestation is present and attestation.environment == Environment.production
deny distrusted on * when trust < ${TRUST_FLOOR}
quarantine mallory on pay when to == "mallory"
terminate thief on pay when to == "thief"
allow looks on look when what != "${TRAPS[0]}" and what != "${TRAPS[1]}"
quarantine vault on look when what == "${TRAPS[0]}"
terminate keys on look when what == "${TRAPS[1]}"
${isMistaken ? `allow everything on pay when to == "${CANARY.fields.to}"\n` : ""}`;
}
