/** Agents that work, err, delegate, go on after they were stopped, and now and then do what they must not. */
import { enforce } from "@polity/governor/answers.ts";
import type { Authorized } from "@polity/governor/governor.ts";
import { count } from "./counts.ts";
import { AGENTS } from "./policies.ts";
import type { Crowd, Held, Paying, Running } from "./running.ts";
import { attestAnew, counts, IMAGES, measure } from "./workloads.ts";

const STEPS_MAX = 6;
const DEPTH_MAX = 4;

/** One execution from its begin to its end, with those that it begins. */
export async function work(crowd: Crowd, parent: Running | null, depth = 1): Promise<void> {
  const { node } = crowd;
  const { world, life } = node;
  const { random } = world;
  const running = await begin(crowd, parent);
  if (running === null) return;
  const children: Promise<void>[] = [];
  for (let left = 1 + random.below(STEPS_MAX); left > 0 && life === node.life; left -= 1) {
    await world.sleep(random.below(4_000));
    if (life !== node.life) return;
    if (random.chance(world.mood.attestedAnew)) void attestLater(crowd, running);
    if (depth < DEPTH_MAX && random.chance(0.25)) children.push(work(crowd, running, depth + 1));
    await act(crowd, running);
  }
  // It may have nothing to do for a while: then only its lease says that it may go on.
  if (random.chance(0.1)) await world.sleep(random.below(60_000));
  if (random.chance(0.8)) await Promise.all(children);
  if (life !== node.life) return;
  running.hasEnded = true;
  const ending = running.execution.end(random.pick(["succeeded", "failed", "abandoned"]));
  await crowd.checks.waits(`the end of ${running.execution.id}`, ending);
}

/** At any moment, also while something runs. */
async function attestLater(crowd: Crowd, running: Running): Promise<void> {
  const { world } = crowd.node;
  await world.sleep(world.random.below(8_000));
  if (running.life === crowd.node.life && !running.hasEnded) await attestAnew(crowd, running);
}

/** Null where it did not begin. */
async function begin(crowd: Crowd, parent: Running | null): Promise<Running | null> {
  const { node, checks } = crowd;
  const { governor, life } = node;
  const { random, mood } = node.world;
  if (governor === null) {
    count(checks, "begin: nobody is there");
    return null;
  }
  const who = anybody(crowd, parent);
  const { agent, zone } = who;
  const isAttested = who.paper === undefined && random.chance(mood.attested);
  const measured = isAttested ? await measure(node, agent, random.pick(IMAGES)) : null;
  const paper = who.paper ?? measured;
  if (life !== node.life) return null;
  const isGood = paper === null || counts(node, paper);
  const beginning = governor.begin({
    agent: { type: "Agent", id: `a${agent}` },
    purpose: "simulated",
    parent: parent?.execution.id ?? null,
    zone,
    attestation: paper?.envelope ?? null,
  });
  const begun = await checks.waits("a begin", beginning);
  if (life !== node.life) return null;
  if (!begun.ok) {
    count(checks, `begin: ${begun.code}`);
    return null;
  }
  if (!isGood) checks.violations.push(`it began with an attestation that does not count: ${paper.fault}`);
  const { execution } = begun;
  const running: Running = {
    ...{ life, execution, agent, zone, parent, paper, isWithdrawn: false, begunAt: node.clock() },
    ...{ acting: null, held: null, requestId: null, hasEnded: false },
  };
  checks.begun(running);
  return running;
}

async function act(crowd: Crowd, running: Running): Promise<void> {
  const { node, checks, held } = crowd;
  const { world } = node;
  const again = takeLost(crowd, running);
  const requestId = again === null && world.random.chance(world.mood.askedById) ? anyId(crowd) : null;
  const fields = again ?? askedUnder(crowd, running, requestId) ?? anyPaying(crowd);
  const forged = world.random.chance(0.02) ? { ...fields, agent: "a0" } : fields;
  const { life, agent, zone, parent, paper } = running;
  running.requestId = requestId;
  if (requestId !== null) crowd.asked.set(`${agent} ${requestId}`, fields);
  const asking = running.execution.authorize({ action: "pay", fields: forged, requestId });
  const first = await checks.waits(`a step of ${running.execution.id}`, asking);
  if (life !== node.life) return;
  count(checks, `steps: ${first.verdict} ${first.code}`);
  const waiting: Held = { life, agent, zone, fields, paper };
  if (first.pending !== null && requestId === null && parent === null) held.add(waiting);
  const answer = await decided(crowd, running, first);
  if (answer === null || life !== node.life) return;
  // An answer may have grown old by the time somebody uses it.
  if (world.random.chance(0.3)) await world.sleep(world.random.below(30_000));
  const isTwice = life === node.life && world.random.chance(0.1);
  const atOnce = isTwice ? use(crowd, running, answer) : null;
  if (life === node.life) await use(crowd, running, answer);
  await atOnce;
  if (life === node.life) held.delete(waiting);
  if (world.random.chance(0.1) && life === node.life) await use(crowd, running, answer);
}

function anyPaying({ node }: Crowd): Paying {
  const { random, mood } = node.world;
  const until = node.clock() + random.pick([500, 5_000, 60_000, 3_600_000, 3_600_000]);
  const amount = random.pick(mood.amounts);
  const to = random.chance(0.01) ? random.pick(["mallory", "thief"]) : `shop-${random.below(50)}`;
  return { amount, to, until: new Date(until).toISOString() };
}

function anyId({ node: { world } }: Crowd): string {
  return `r${world.random.below(world.mood.requestIds)}`;
}

/** Mostly what was asked for under it before, by the same agent: another request is refused. */
function askedUnder({ asked, node }: Crowd, { agent }: Running, id: string | null): Paying | null {
  const before = id === null ? undefined : asked.get(`${agent} ${id}`);
  return before !== undefined && node.world.random.chance(0.8) ? before : null;
}

/** What is held waits for somebody; null where nobody decides. */
async function decided(crowd: Crowd, running: Running, answer: Authorized): Promise<Authorized | null> {
  running.held = answer.pending?.id ?? null;
  if (answer.pending === null) return answer;
  const anew = await crowd.onHeld(running, answer);
  if (anew === null || running.life !== crowd.node.life) return null;
  count(crowd.checks, `released anew: ${anew.verdict} ${anew.code}`);
  return anew;
}

/** As whoever acts for nobody; an execution of others would be judged for them too. */
function takeLost({ held, checks, node }: Crowd, { agent, zone, parent, paper }: Running): Paying | null {
  const lost = parent === null ? [...held].filter((one) => one.life !== node.life) : [];
  const found = lost.find((one) => one.agent === agent && one.zone === zone && one.paper === paper);
  if (found === undefined) return null;
  held.delete(found);
  count(checks, "asked again after a crash");
  return found.fields;
}

/** Mostly whoever has lost something comes back for it. */
interface Who extends Pick<Held, "agent" | "zone"> {
  /** Left out where anything may attest it. */
  readonly paper?: Held["paper"];
}

function anybody({ held, node }: Crowd, parent: Running | null): Who {
  const { random } = node.world;
  const lost = parent === null ? [...held].filter((one) => one.life !== node.life) : [];
  if (lost.length > 0 && random.chance(0.7)) return random.pick(lost);
  return { agent: random.below(AGENTS), zone: random.chance(0.9) ? "eu" : null };
}

async function use({ node, checks }: Crowd, running: Running, answer: Authorized): Promise<void> {
  const { world } = node;
  const { random } = world;
  try {
    await enforce(answer, {
      async allow(grant) {
        checks.released(running, answer, grant);
        await world.sleep(random.below(25_000));
        // Before anybody is told what came of it; where it was stopped, this end is nobody's.
        if (running.life === node.life) checks.ran(running);
        if (random.chance(0.05)) throw new Error("it did not work");
      },
      refuse: ({ code }) => count(checks, `enforced: ${code}`),
    });
  } catch (error) {
    count(checks, `stopped: ${(error as { code?: string }).code ?? "error"}`);
  }
}
