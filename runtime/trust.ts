/** Whose keys count, which epoch may be activated, and until when: apart from `index.ts`. */
export {
  type ActivationResult,
  type EpochCode,
  type EpochFloor,
  type EpochRefusal,
  type EpochStatement,
  type FollowResult,
  firstFloor,
  followRoots,
  mayActivate,
  mayReplace,
} from "./epoch.ts";
export {
  type Active,
  type CurrentWindow,
  checkFreshness,
  currentWindow,
  type Freshness,
  type FreshnessCode,
  type FreshnessNote,
  signFreshness,
  type WhenStale,
} from "./freshness.ts";
export { issuerKeysOf, logKeysOf } from "./trust-keys.ts";
export { decodeTrustRoot, encodeTrustRoot, keysOf, TRUST_ROOT_TYPE, type TrustRoot } from "./trust-root.ts";
export {
  openRoot,
  type SignedRoot,
  type TrustRefusal,
  type TrustWalk,
  type TrustWalkCode,
  walkRoots,
} from "./trust-walk.ts";
