/** Agents that work, err, delegate, go on after they were stopped, and now and then do what they must not. */
import { enforce } from "@polity/governor/answers.ts";
import type { Authorized } from "@polity/governor/governor.ts";
import type { Checks, Running } from "./checks.ts";
import type { Node } from "./node.ts";
import { AGENTS } from "./policies.ts";

export interface Crowd {
  readonly node: Node;
  readonly checks: Checks;
  /** Told of what waits for approval. */
  /** What was held when its process ended: the same agent asks for it again. */
  readonly lost: Lost[];
  readonly onHeld: (running: Running, answer: Authorized) => Promise<Authorized | null>;
}

interface Lost {
  readonly agent: number;
  readonly zone: string | null;
  readonly fields: Paying;
}

interface Paying {
  readonly amount: number;
  readonly to: string;
  readonly until: string;
}

const STEPS_MAX = 6;
const DEPTH_MAX = 4;

/** One execution from its begin to its end, with those that it begins. */
export async function work(crowd: Crowd, parent: Running | null, depth = 1): Promise<void> {
  const { node, checks } = crowd;
  const { world, governor, life } = node;
  const { random } = world;
  if (governor === null) return;
  const agent = random.below(AGENTS);
  const zone = random.chance(0.9) ? "eu" : null;
  const begun = await governor.begin({
    agent: { type: "Agent", id: `a${agent}` },
    purpose: "simulated",
    parent: parent?.execution.id ?? null,
    zone,
    attestation: null,
  });
  if (life !== node.life) return;
  if (!begun.ok) {
    count(checks, `begin: ${begun.code}`);
    return;
  }
  const { execution } = begun;
  const running: Running = {
    life,
    execution,
    agent,
    zone,
    parent,
    isActing: false,
    held: null,
    hasEnded: false,
  };
  checks.begun(running);
  const children: Promise<void>[] = [];
  for (let left = 1 + random.below(STEPS_MAX); left > 0 && life === node.life; left -= 1) {
    await world.sleep(random.below(4_000));
    if (life !== node.life) return;
    if (depth < DEPTH_MAX && random.chance(0.25)) children.push(work(crowd, running, depth + 1));
    await act(crowd, running);
  }
  if (random.chance(0.8)) await Promise.all(children);
  if (life !== node.life) return;
  running.hasEnded = true;
  await execution.end(random.pick(["succeeded", "failed", "abandoned"]));
}

async function act(crowd: Crowd, running: Running): Promise<void> {
  const { node, checks, onHeld } = crowd;
  const { world } = node;
  const { random } = world;
  const until = node.clock() + random.pick([500, 5_000, 60_000, 3_600_000]);
  const amount = random.pick([1, 20, 99, 100, 149, 150, 290, 400, 700, 900]);
  const to = random.chance(0.01) ? random.pick(["mallory", "thief"]) : `shop-${random.below(50)}`;
  const again = takeLost(crowd, running);
  const fields = again ?? { amount, to, until: new Date(until).toISOString() };
  const forged = random.chance(0.02) ? { ...fields, agent: "a0" } : fields;
  const requestId = again === null && random.chance(0.1) ? `r${random.below(500)}` : null;
  const lose = () => {
    if (requestId !== null || forged !== fields || running.parent !== null) return;
    crowd.lost.push({ agent: running.agent, zone: running.zone, fields });
  };
  let answer = await running.execution.authorize({ action: "pay", fields: forged, requestId });
  if (running.life !== node.life) return;
  count(checks, `steps: ${answer.verdict} ${answer.code}`);
  running.held = answer.pending?.id ?? null;
  if (answer.pending !== null) {
    const decided = await onHeld(running, answer);
    if (running.life !== node.life) lose();
    if (decided === null || running.life !== node.life) return;
    answer = decided;
    count(checks, `released anew: ${answer.verdict} ${answer.code}`);
  }
  // An answer may have grown old by the time somebody uses it.
  if (random.chance(0.3)) await world.sleep(random.below(30_000));
  if (running.life !== node.life) {
    if (running.held !== null) lose();
    return;
  }
  await use(crowd, running, answer);
  if (running.life !== node.life && running.held !== null) lose();
  if (random.chance(0.1) && running.life === node.life) await use(crowd, running, answer);
}

/** As whoever acts for nobody; an execution of others would be judged for them too. */
function takeLost({ lost, checks }: Crowd, { agent, zone, parent }: Running): Paying | null {
  const at = parent === null ? lost.findIndex((one) => one.agent === agent && one.zone === zone) : -1;
  const [found] = at < 0 ? [] : lost.splice(at, 1);
  if (found !== undefined) count(checks, "asked again after a crash");
  return found?.fields ?? null;
}

async function use({ node, checks }: Crowd, running: Running, answer: Authorized): Promise<void> {
  const { world } = node;
  const { random } = world;
  try {
    await enforce(answer, {
      async allow(grant) {
        checks.released(running, answer, grant);
        await world.sleep(random.below(15_000));
        if (random.chance(0.05)) throw new Error("it did not work");
      },
      refuse: ({ code }) => count(checks, `enforced: ${code}`),
    });
  } catch (error) {
    count(checks, `stopped: ${(error as { code?: string }).code ?? "error"}`);
  }
  running.isActing = false;
}

export function count({ counts }: Checks, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
