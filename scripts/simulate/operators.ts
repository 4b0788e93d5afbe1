/** What goes on by itself: news, orders and questions from outside, and everything that goes wrong. */
import type { Entry } from "@polity/lineage/entry.ts";
import { LogError } from "@polity/lineage/store.ts";
import { askOnce } from "./askers.ts";
import type { Checks } from "./checks.ts";
import { count } from "./counts.ts";
import type { Mood } from "./moods.ts";
import { hear, publish, rotate } from "./news.ts";
import { crash, type Node, start } from "./node.ts";
import { order } from "./orders.ts";
import { NOTE_MS } from "./publisher.ts";

export interface Outside {
  readonly node: Node;
  /** Which have the same source of orders, and the same publisher. */
  readonly others: readonly Node[];
  readonly checks: Checks;
}

/** Each begins by itself and goes on until the end of the world. */
export function beginLife(outside: Outside): void {
  const { node } = outside;
  const { world, disk } = node;
  const { everyMs } = world.mood;
  const each = (meanMs: number, run: () => void) => {
    const again = () => {
      run();
      world.after(1 + world.random.below(meanMs * 2), again);
    };
    world.after(world.random.below(meanMs), again);
  };
  disk.onKept = ({ entry }) => crashAfter(outside, entry);
  world.after(0, () => void open(outside));
  each(NOTE_MS / 4, () => void hear(outside));
  each(everyMs.order, () => void order(outside));
  each(1_500, () => void askOnce(outside));
  each(everyMs.publish, () => void publish(outside));
  each(1_600_000, () => rotate(outside));
  each(everyMs.crash, () => {
    if (node.governor !== null) void crashAndReturn(outside);
  });
  each(everyMs.jump, () => jump(outside));
  each(everyMs.cutOff, () => cutOff(outside));
  each(everyMs.disk, () => troubleDisk(outside));
  each(80_000, () => leaveDesk(outside));
}

async function open(outside: Outside): Promise<void> {
  const { node, checks } = outside;
  const starting = node.life + 1;
  try {
    await start(node, (what) => count(checks, what));
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    // What was left undone cannot be written down: the process ends, and is started again.
    count(checks, `opening: ${error.code}`);
    if (starting === node.life) await crashAndReturn(outside);
    return;
  }
  if (starting === node.life) checks.opened();
}

async function crashAndReturn(outside: Outside): Promise<void> {
  const { node, checks } = outside;
  crash(node);
  count(checks, "world: a crash");
  const { life } = node;
  await node.world.sleep(node.world.random.below(6_000));
  if (life !== node.life) return;
  node.disk.trouble = "none";
  await open(outside);
}

/** A process may end at the very moment at which an entry is there: between two that belong together. */
function crashAfter(outside: Outside, entry: Entry): void {
  const { random, mood } = outside.node.world;
  if (outside.node.governor === null || !random.chance(dangerOf(entry, mood))) return;
  count(outside.checks, `world: a crash right after ${what(entry)}`);
  void crashAndReturn(outside);
}

function what(entry: Entry): string {
  return entry.kind === "decision" ? `${entry.kind} ${entry.verdict}` : entry.kind;
}

function dangerOf(entry: Entry, { crashAfterUse }: Mood): number {
  if (entry.kind === "decision") {
    if (entry.verdict === "quarantine" || entry.verdict === "terminate") return 0.2;
    return entry.approvalsConsumed.length > 0 ? crashAfterUse : 0.0005;
  }
  if (entry.kind === "event") return entry.name.startsWith("obligation.") ? 0.02 : 0.002;
  return entry.kind === "approval" || entry.kind === "containment" ? 0.01 : 0.0005;
}

function jump({ node, checks }: Outside): void {
  const { random } = node.world;
  // What was an hour ahead once refuses everything for as long as most worlds last.
  const isFar = random.chance(0.06);
  node.skewMs += isFar ? 3_600_000 : random.pick([-7_200_000, -5_000, -900, 400, 7_000, 20_000]);
  node.jumpedAt = node.world.now();
  count(checks, "world: the clock jumped");
  // Somebody sets it right again.
  node.world.after(random.below(40_000), () => {
    node.skewMs = 0;
    node.jumpedAt = node.world.now();
  });
}

function cutOff({ node, checks }: Outside): void {
  if (node.isCutOff) return;
  node.isCutOff = true;
  count(checks, "world: cut off");
  const { random, mood } = node.world;
  const [usual, long] = mood.cutOffMs;
  node.world.after(random.below(random.chance(0.2) ? long : usual), () => {
    node.isCutOff = false;
  });
}

function troubleDisk(outside: Outside): void {
  const { node, checks } = outside;
  const { random } = node.world;
  const { disk } = node;
  if (disk.trouble !== "none") return;
  disk.trouble = random.chance(0.85) ? "busy" : "failing";
  node.troubledAt = node.world.now();
  count(checks, `world: the disk is ${disk.trouble}`);
  const isFailing = disk.trouble === "failing";
  node.world.after(random.below(20_000), () => {
    disk.trouble = "none";
    node.troubledAt = node.world.now();
    // Nothing but another start helps.
    if (!isFailing || node.governor === null) return;
    crash(node);
    void open(outside);
  });
}

/** Nobody can be told of anything. */
function leaveDesk({ node: { desk, world }, checks }: Outside): void {
  if (desk.isAway) return;
  desk.isAway = true;
  count(checks, "world: nobody at the desk");
  world.after(world.random.below(60_000), () => {
    desk.isAway = false;
  });
}
