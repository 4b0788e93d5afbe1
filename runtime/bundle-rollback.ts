/** Whether a bundle goes back to something older than what is active, without anybody having said so. */
import type { SetManifest } from "./set-manifest.ts";

/** What a bundle says, with the version of its facts; null where it has none. */
export interface Versions {
  readonly manifest: SetManifest;
  readonly facts: bigint | null;
}

/** What went back; null where nothing did, or the signers said `rollback`. */
export function unsaidRollback(before: Versions, next: Versions): string | null {
  if (next.manifest.change === "rollback") return null;
  const older = (what: string, to: bigint, from: bigint) => `${what} has version ${to} after version ${from}`;
  if (next.manifest.version < before.manifest.version) {
    return older("the set", next.manifest.version, before.manifest.version);
  }
  for (const { name, policy, version } of next.manifest.members) {
    const was = before.manifest.members.find((one) => one.name === name && one.policy === policy);
    if (was !== undefined && version < was.version)
      return older(`the policy of ${name}`, version, was.version);
  }
  if (before.facts === null || next.facts === null || next.facts >= before.facts) return null;
  return older("the snapshot of facts", next.facts, before.facts);
}
