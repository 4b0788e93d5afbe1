/** How a node comes by its policy: what lies in its folder, by its floor and the latest note. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type BundleHost, type FloorKeeper, loadBundle } from "@polity/runtime/bundle.ts";
import type { EpochFloor } from "@polity/runtime/epoch.ts";
import { GOVERNED } from "../../test/support/papers.ts";
import type { Node } from "./node.ts";
import { OBLIGATIONS } from "./policies.ts";
import { latestOf, noteOf, walkNow } from "./publisher.ts";

export interface KeptFloor {
  kept: EpochFloor | null;
}

/** As durable as a variable, after a while; who crashes meanwhile may have written it. */
export function floorOf({ world, floor }: Node, isAlive: () => boolean): FloorKeeper {
  return {
    read: async () => floor.kept,
    async write(next) {
      await world.sleep(1 + world.random.below(5));
      if (isAlive() || world.random.chance(0.5)) floor.kept = next;
      if (!isAlive()) await new Promise(() => {});
    },
  };
}

const RETRY_MS = 1_000;

/** Tried until something can be loaded; null where the process ended before. */
export async function loadSome(
  node: Node,
  epochFloor: FloorKeeper,
  isAlive: () => boolean,
  count: (what: string) => void,
): Promise<BundleHost | null> {
  const { world, source } = node;
  const { publisher } = source;
  const home = { set: GOVERNED.set, audience: GOVERNED.audience!, epochFloor };
  for (;;) {
    // Somebody may have put an old folder back, with a note that was good when it was written.
    const isOld = world.random.chance(0.3);
    const one = isOld ? world.random.pick(publisher.published.slice(-4)) : latestOf(publisher);
    const note = await noteOf(publisher, one);
    if (!isAlive()) return null;
    const news = { trust: walkNow(publisher), freshness: note.text, now: node.clock() };
    const loaded = await loadBundle(one.files, home, news, { ...nodeCrypto, obligations: OBLIGATIONS });
    if (!isAlive()) return null;
    count(`loading: ${loaded.ok ? "a bundle" : loaded.code}`);
    if (loaded.ok) {
      node.notes.set(one.digest, note.untilMs - 1);
      return loaded.host;
    }
    await world.sleep(RETRY_MS);
    if (!isAlive()) return null;
  }
}
