/** Whom the reader trusts: what stands in the field, or versions of a trust root that were dropped. */
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { type GivenRoot, walkGiven } from "../given-roots.ts";
import { readTrust } from "../proof-report.ts";
import { isTrustWalk, type LogKeys } from "../rooted-keys.ts";
import type { LogTrust } from "../witnessed-checkpoint.ts";

export interface GivenTrust {
  /** Null where it cannot be used. */
  readonly trust: LogTrust | null;
  readonly problem: string | null;
  /** What the trust root says of itself. */
  readonly root: string | null;
}

/** Never throws. */
export function trustOf(text: string, roots: readonly GivenRoot[], nowMs: number): GivenTrust {
  const read = readTrust(text, sha256);
  if (!read.ok) return { trust: null, problem: `${read.code}: ${read.message}`, root: null };
  if (roots.length === 0) return { trust: read.trust, problem: null, root: null };
  const walked = walkGiven(roots, nowMs, portableCrypto);
  if (!walked.ok) return { trust: null, problem: `${walked.code}: ${walked.message}`, root: null };
  const { name, version, expiresMs } = walked.root;
  const first = walked.path[0] ?? walked;
  const root =
    `Trust root of ${name}, version ${version}, good until ${new Date(expiresMs).toISOString()}. ` +
    `Compare the digest of version ${first.root.version} with the one that you keep: ${first.digest}`;
  const { keys, policy } = read.trust;
  if (!isTrustWalk(keys) && keys.length > 0) {
    const problem = "Keys above and a trust root exclude each other: take one of them away.";
    return { trust: null, problem, root };
  }
  return { trust: { keys: walked, policy }, problem: null, root };
}

/** Keys of logs that count, wherever they are named; whether a policy wants others is not looked at. */
export function keysOf({ keys, policy }: LogTrust): LogKeys {
  return isTrustWalk(keys) ? keys : [...keys, ...(policy?.logs ?? []).map(({ key }) => key)];
}

/** Whether any log's key is known. */
export function namesLogs({ keys, policy }: LogTrust): boolean {
  return isTrustWalk(keys) || keys.length > 0 || (policy?.logs.length ?? 0) > 0;
}
