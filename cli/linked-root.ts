/** Whether a trust root that is given goes on from the one that a host follows. */
import type { EpochFloor } from "@polity/runtime/epoch.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import type { Refusal } from "./refusal.ts";

/**
 * A walk that begins behind what was seen here begins with a root that nobody here has chosen, unless
 * somebody gave its digest: whoever can put files into the folder could begin with a version of their own.
 */
export function unlinkedRoot(
  floor: EpochFloor | null,
  { path }: TrustWalk,
  pin: string | null,
): Refusal | null {
  const [first] = path;
  if (floor === null || pin !== null || first === undefined || first.root.version <= floor.rootVersion) {
    return null;
  }
  const seen = `version ${floor.rootVersion} of the trust root was seen here`;
  const message = `${seen}, and the first one that is given is version ${first.root.version}`;
  const hint =
    "give every version from the one that was seen here on, or say with --pin that this one is right";
  return { ok: false, code: "epoch.root_unlinked", message, hint };
}
