/** One simulated world, from its beginning to its end. */
import { createHash } from "node:crypto";
import { createRandom } from "../../test/support/generate/random.ts";
import { NOW } from "../../test/support/trust-roots.ts";
import { work } from "./agents.ts";
import { approving } from "./approving.ts";
import { makeChecks } from "./checks.ts";
import type { Told } from "./counts.ts";
import { withoutThreads } from "./engine.ts";
import { moodOf } from "./moods.ts";
import { makeNode, makeSource, type Node } from "./node.ts";
import { beginLife } from "./operators.ts";
import type { Version } from "./policies.ts";
import { makePublisher } from "./publisher.ts";
import type { Crowd, Held, Paying } from "./running.ts";
import { makeWorld } from "./world.ts";

export interface Simulated {
  readonly seed: number;
  /** What it has more of than others. */
  readonly mood: string;
  readonly events: number;
  readonly entries: number;
  /** Of all entries, in their order: the same seed gives the same one. */
  readonly digest: string;
  readonly simulatedMs: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
}

const NODES = ["sim/n1", "sim/n2"];
/** How long the world goes on after the last execution was begun. */
const TAIL_MS = 120_000;

/** The same seed and number make the same world. */
export function simulate(
  seed: number,
  executions: number,
  versions: readonly Version[],
  progress: (begun: number) => void = () => undefined,
): Promise<Simulated> {
  return withoutThreads(() => live(seed, executions, versions, progress));
}

async function live(
  seed: number,
  executions: number,
  versions: readonly Version[],
  progress: (begun: number) => void,
): Promise<Simulated> {
  const world = makeWorld(createRandom(seed, 7), NOW, moodOf(seed));
  const source = makeSource(await makePublisher(world, versions));
  const nodes = NODES.map((name) => makeNode(world, name, source));
  const told: Told = { violations: [], counts: new Map() };
  const all = nodes.map((node) => makeChecks(node, told));
  const crowds = nodes.map((node, at): Crowd => {
    const outside = { node, others: nodes.filter((one) => one !== node), checks: all[at]! };
    beginLife(outside);
    const own = { held: new Set<Held>(), asked: new Map<string, Paying>() };
    return { node, checks: all[at]!, onHeld: approving(outside), ...own };
  });
  const settled = () => {
    for (const checks of all) checks.settled();
  };
  let [left, next] = [executions, 500];
  let end = Number.POSITIVE_INFINITY;
  const come = () => {
    left -= 1;
    void work(world.random.pick(crowds), null);
    if (left % 50 === 0) progress(executions - left);
    if (left === 0) end = world.now() + TAIL_MS;
    else world.after(world.random.below(next), come);
  };
  world.after(1_000, come);
  while (world.now() < end && told.violations.length === 0) {
    await world.run(world.now() + 10_000, settled);
    // Now and then there are many at once.
    next = world.random.pick([200, 500, 2_000]);
  }
  for (const checks of all) checks.atTheEnd();
  const { name: mood } = world.mood;
  return { seed, mood, events: world.events(), simulatedMs: world.now() - NOW, ...told, ...summed(nodes) };
}

function summed(nodes: readonly Node[]): Pick<Simulated, "entries" | "digest"> {
  const hash = createHash("sha256");
  const kept = nodes.flatMap(({ disk }) => disk.kept);
  for (const { bytes } of kept) hash.update(bytes);
  return { entries: kept.length, digest: hash.digest("hex") };
}
