/**
 * Epochs only grow. A floor says below which epoch nothing is activated any more; whoever keeps one writes it
 * to the disk before the epoch that raises it decides anything. The rules alone are here: `lineage/node/`
 * keeps the file.
 */
import { digestBytes } from "./hash.ts";
import { isLabel } from "./signed-document.ts";
import type { TrustRoot } from "./trust-root.ts";
import type { SignedRoot } from "./trust-walk.ts";

/** What a set manifest says about itself, once its signatures were found good. */
export interface EpochStatement {
  /** The policy set's name. */
  readonly set: string;
  /** Where it may run; null: it is bound to no place. */
  readonly audience: string | null;
  /** 1 to 2^53-1. */
  readonly epoch: number;
  /** Of the manifest: `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** A rollback is an epoch of its own, higher than all before, whose content is older. */
  readonly change: "activation" | "rollback";
}

/** What a bundle has, so that whoever was not there can tell whether the next one goes back. */
export interface ActiveVersions {
  readonly set: bigint;
  /** Ascending by name. */
  readonly members: readonly { readonly name: string; readonly policy: string; readonly version: bigint }[];
  /** Of the snapshot of facts; null where there is none. */
  readonly facts: bigint | null;
}

export interface EpochFloor {
  /** What the trust root governs, its version and digest when the floor was last written. */
  readonly root: string;
  readonly rootVersion: number;
  readonly rootDigest: string;
  /** The version with which the floor began, or began anew. */
  readonly sinceVersion: number;
  /** Ids of the keys of these roles then, ascending. */
  readonly policyKeys: readonly string[];
  readonly freshnessKeys: readonly string[];
  readonly set: string;
  readonly audience: string | null;
  /** Nothing below is activated. */
  readonly epoch: number;
  /** Of the manifest that was activated as this epoch; null: none was yet. */
  readonly digest: string | null;
  /** Of what was active last; null where that is not known, or the floor began anew since. */
  readonly versions: ActiveVersions | null;
}

export type EpochCode =
  | "epoch.invalid"
  | "epoch.other_root"
  | "epoch.root_rolled_back"
  | "epoch.root_forked"
  | "epoch.wrong_set"
  | "epoch.below_minimum"
  | "epoch.rolled_back"
  | "epoch.forked";

export interface EpochRefusal {
  readonly ok: false;
  readonly code: EpochCode;
  readonly message: string;
}

export type FollowResult =
  | {
      readonly ok: true;
      readonly floor: EpochFloor;
      /** Whether keys left the roles, so that the floor went back to the root's `minEpoch`. */
      readonly isReset: boolean;
    }
  | EpochRefusal;

export type ActivationResult =
  | {
      readonly ok: true;
      /** To be written, where it is another one, before the epoch decides anything. */
      readonly floor: EpochFloor;
      /** False where exactly this epoch was active before: a restart. */
      readonly isNew: boolean;
    }
  | EpochRefusal;

/** Where nothing was activated yet. */
export function firstFloor({ root, digest }: SignedRoot, set: string, audience: string | null): EpochFloor {
  const begins = { sinceVersion: root.version, epoch: root.minEpoch, digest: null, versions: null };
  return { ...ofRoot(root, digest), set, audience, ...begins };
}

function ofRoot(root: TrustRoot, rootDigest: string) {
  return {
    root: root.name,
    rootVersion: root.version,
    rootDigest,
    policyKeys: root.policy.keys,
    freshnessKeys: root.freshness.keys,
  };
}

/**
 * Brings a floor to the root at the end of `path`, the roots that `walkRoots` went through. Where a key has
 * left the roles `policy` or `freshness` since the floor was written, the floor starts anew at `minEpoch`:
 * whoever had that key may have signed the highest epoch there is, after which none could follow.
 */
export function followRoots(floor: EpochFloor, path: readonly SignedRoot[]): FollowResult {
  const last = path.at(-1);
  if (last === undefined) return refuse("epoch.invalid", "no trust root to follow");
  const { root, digest } = last;
  if (root.name !== floor.root) {
    return refuse(
      "epoch.other_root",
      `the floor is one of ${floor.root}, the trust root that of ${root.name}`,
    );
  }
  if (root.version < floor.rootVersion) {
    const seen = `version ${floor.rootVersion} of the trust root was seen here`;
    return refuse("epoch.root_rolled_back", `${seen}, and this is version ${root.version}`);
  }
  const known = path.find((one) => one.root.version === floor.rootVersion);
  if (known !== undefined && known.digest !== floor.rootDigest) {
    const was = `version ${floor.rootVersion} of the trust root was ${floor.rootDigest}`;
    return refuse("epoch.root_forked", `${was}, and here it is ${known.digest}`);
  }
  const since = lastLoss(floor, path);
  const isReset = since !== null;
  const isRaised = isReset || root.minEpoch > floor.epoch;
  // Whoever had a key may also have signed the highest versions there are.
  const forgets = isReset ? { versions: null } : {};
  const begins = isRaised ? { epoch: root.minEpoch, digest: null, ...forgets } : {};
  const sinceVersion = since ?? floor.sinceVersion;
  return { ok: true, floor: { ...floor, ...ofRoot(root, digest), ...begins, sinceVersion }, isReset };
}

type RoleKeys = Pick<EpochFloor, "policyKeys" | "freshnessKeys">;

/** The last version after the floor's in which a key is gone; null: none is. A new key has signed nothing. */
function lastLoss(floor: EpochFloor, path: readonly SignedRoot[]): number | null {
  let before: RoleKeys = floor;
  let loss: number | null = null;
  for (const { root, digest } of path) {
    if (root.version <= floor.rootVersion) continue;
    const now = ofRoot(root, digest);
    const isGone = (id: string, keys: readonly string[]) => !keys.includes(id);
    if (
      before.policyKeys.some((id) => isGone(id, now.policyKeys)) ||
      before.freshnessKeys.some((id) => isGone(id, now.freshnessKeys))
    ) {
      loss = root.version;
    }
    before = now;
  }
  return loss;
}

/** Whether an epoch may be activated over a floor that follows `root`. Never throws. */
export function mayActivate(floor: EpochFloor, statement: EpochStatement, root: TrustRoot): ActivationResult {
  try {
    return judge(floor, statement, root);
  } catch {
    return refuse("epoch.invalid", "floor, statement or trust root cannot be read");
  }
}

function judge(floor: EpochFloor, statement: EpochStatement, root: TrustRoot): ActivationResult {
  const { set, audience, epoch, digest } = statement;
  if (!Number.isSafeInteger(epoch) || epoch < 1 || digestBytes(digest) === null || !isLabel(set)) {
    return refuse(
      "epoch.invalid",
      "an epoch is 1 to 2^53-1, of a set with a name and a manifest with a digest",
    );
  }
  if (root.name !== floor.root || root.version !== floor.rootVersion) {
    const kept = `version ${floor.rootVersion} of ${floor.root}`;
    return refuse(
      "epoch.other_root",
      `the floor follows ${kept}, not version ${root.version} of ${root.name}`,
    );
  }
  if (set !== floor.set || audience !== floor.audience) {
    const [given, kept] = [statement, floor].map((of) => `${of.set} for ${of.audience ?? "no place"}`);
    return refuse("epoch.wrong_set", `an epoch of ${given}, but the floor is one of ${kept}`);
  }
  if (epoch < root.minEpoch) {
    return refuse("epoch.below_minimum", `epoch ${epoch}; the trust root says ${root.minEpoch} at least`);
  }
  if (epoch < floor.epoch) {
    return refuse(
      "epoch.rolled_back",
      `epoch ${epoch} after epoch ${floor.epoch}: older content needs a new epoch`,
    );
  }
  if (epoch === floor.epoch && floor.digest !== null && digest !== floor.digest) {
    return refuse("epoch.forked", `epoch ${epoch} was ${floor.digest}, and here it is ${digest}`);
  }
  const isNew = epoch !== floor.epoch || floor.digest === null;
  return { ok: true, floor: isNew ? { ...floor, epoch, digest } : floor, isNew };
}

/**
 * Whether `next` may be written over `kept`, which another process may have written meanwhile: a floor never
 * goes down, unless it began anew with a later trust root than the one that is kept.
 */
export function mayReplace(kept: EpochFloor, next: EpochFloor): EpochRefusal | null {
  if (next.root !== kept.root) {
    return refuse("epoch.other_root", `a floor of ${kept.root} is here, and this is one of ${next.root}`);
  }
  if (next.set !== kept.set || next.audience !== kept.audience) {
    const [given, here] = [next, kept].map((of) => `${of.set} for ${of.audience ?? "no place"}`);
    return refuse("epoch.wrong_set", `a floor of ${here} is here, and this is one of ${given}`);
  }
  const [version, seen] = [next.rootVersion, kept.rootVersion];
  if (version < seen) {
    return refuse("epoch.root_rolled_back", `version ${seen} of the trust root was seen, this is ${version}`);
  }
  if (version === seen && next.rootDigest !== kept.rootDigest) {
    const was = `version ${seen} of the trust root was ${kept.rootDigest}`;
    return refuse("epoch.root_forked", `${was}, and here it is ${next.rootDigest}`);
  }
  if (next.sinceVersion < kept.sinceVersion) {
    const began = `the floor began anew with version ${kept.sinceVersion} of the trust root`;
    return refuse("epoch.rolled_back", `${began}, and this one with version ${next.sinceVersion}`);
  }
  const isAnew = version > seen && next.sinceVersion > seen;
  if (next.epoch < kept.epoch && !isAnew) {
    return refuse("epoch.rolled_back", `epoch ${next.epoch} after epoch ${kept.epoch}, which was active`);
  }
  const isSame = next.epoch === kept.epoch && kept.digest !== null && !isAnew;
  if (!isSame || next.digest === kept.digest) return null;
  return refuse("epoch.forked", `epoch ${kept.epoch} was ${kept.digest}, and here it is ${next.digest}`);
}

function refuse(code: EpochCode, message: string): EpochRefusal {
  return { ok: false, code, message };
}
