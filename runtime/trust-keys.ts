/** Which keys a trust root has for a log or a service; none where it does not name them. */
import type { PublicKey } from "./keys.ts";
import { type IssuerKind, keysOf, type TrustRoot } from "./trust-root.ts";

/**
 * By id: the keys whose checkpoint of a tree of `size` entries counts. A key that was replaced counts for
 * what it signed before, so that old proofs stay good and its thief can prove nothing new.
 */
export function logKeysOf(root: TrustRoot, origin: string, size: number): ReadonlyMap<string, PublicKey> {
  const keys = root.logs.get(origin) ?? [];
  const ids = keys.filter(({ sizeMax }) => sizeMax === null || size <= sizeMax).map(({ key }) => key);
  return keysOf(root, ids);
}

/** By id: the keys of one who approves, attests, contains, permits or sets trust. One of them is enough. */
export function issuerKeysOf(
  root: TrustRoot,
  kind: IssuerKind,
  issuer: string,
): ReadonlyMap<string, PublicKey> {
  return keysOf(root, root.issuers[kind].get(issuer) ?? []);
}
