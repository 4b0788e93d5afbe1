/** What is published, and what nodes hear of it: some of it is lost, and some of it is no news. */
import { count } from "./counts.ts";
import { activeOf } from "./node.ts";
import type { Outside } from "./operators.ts";
import {
  latestOf,
  type Note,
  noteOf,
  type Published,
  publishNext,
  rotateKeys,
  spoiledFor,
  walkNow,
} from "./publisher.ts";

/** Another epoch, of which nodes hear sooner or later. */
export async function publish(outside: Outside): Promise<void> {
  const { node, others, checks } = outside;
  const { publisher } = node.source;
  const { random, mood } = node.world;
  await publishNext(publisher, publisher.versions[random.pick(mood.versions)]!);
  count(checks, "world: another policy");
  for (const one of [node, ...others]) {
    const told = { ...outside, node: one };
    if (random.chance(0.8)) node.world.after(random.below(50), () => void hear(told));
  }
}

export function rotate({ node, checks }: Outside): void {
  rotateKeys(node.source.publisher);
  node.source.rotatedAt = node.world.now();
  count(checks, "world: other keys");
}

/** What there is at the moment, unless it is lost on its way. */
export async function hear(outside: Outside): Promise<void> {
  const { node, checks } = outside;
  const { random } = node.world;
  if (random.chance(0.25)) {
    count(checks, "world: a note was lost");
    return;
  }
  if (random.chance(0.3)) await hearSpoiled(outside);
  const { publisher } = node.source;
  const latest = latestOf(publisher);
  await take(outside, latest, await noteOf(publisher, latest));
}

async function take({ node, checks }: Outside, latest: Published, note: Note): Promise<void> {
  const { host, governor, life, notes } = node;
  if (host === null) return;
  const news = { trust: walkNow(node.source.publisher), freshness: note.text, now: node.clock() };
  const isRenewal = host.digest === latest.digest;
  const before = notes.get(latest.digest) ?? 0;
  if (!isRenewal) notes.set(latest.digest, note.untilMs - 1);
  const taken = isRenewal ? host.renew(news) : await host.replace(latest.files, news);
  if (life !== node.life) return;
  count(checks, `news: ${isRenewal ? "a note" : "a bundle"} ${taken.ok ? "taken" : taken.code}`);
  if (!taken.ok) return;
  if (isRenewal) notes.set(latest.digest, Math.max(before, note.untilMs - 1));
  void governor?.changed();
}

/** Nothing of it may change anything. */
async function hearSpoiled({ node, checks }: Outside): Promise<void> {
  const { host, life, source } = node;
  const active = activeOf(node);
  if (host === null || active === null) return;
  const { what, files, note } = await spoiledFor(source.publisher, active);
  if (life !== node.life) return;
  const news = { trust: walkNow(source.publisher), freshness: note.text, now: node.clock() };
  const isReplacement = node.world.random.chance(0.5) || host.digest !== active.digest;
  const taken = isReplacement ? await host.replace(files, news) : host.renew(news);
  if (life !== node.life) return;
  count(checks, `spoiled: ${what} ${taken.ok ? "taken" : taken.code}`);
  // A note about what is active renews it, whatever bundle comes with it.
  if (taken.ok && (isReplacement || what === "a stranger's note" || what === "an old note"))
    checks.violations.push(`at ${node.world.now()}, ${node.name}: ${what} was taken in`);
}
