/** Whether a bundle goes back to something older than what was active, without anybody having said so. */
import type { ActiveVersions } from "./epoch.ts";
import type { SetManifest } from "./set-manifest.ts";
import { compareText } from "./text-order.ts";

/** Of a bundle; `facts`: null where it has none. */
export function versionsOf({ version, members }: SetManifest, facts: bigint | null): ActiveVersions {
  const own = members.map((member) => ({
    name: member.name,
    policy: member.policy,
    version: member.version,
  }));
  return { set: version, members: own.sort((a, b) => compareText(a.name, b.name)), facts };
}

/** What went back; null where nothing did, or the signers said `rollback`. */
export function unsaidRollback(
  before: ActiveVersions,
  next: ActiveVersions,
  change: SetManifest["change"],
): string | null {
  if (change === "rollback") return null;
  const older = (what: string, to: bigint, from: bigint) => `${what} has version ${to} after version ${from}`;
  if (next.set < before.set) return older("the set", next.set, before.set);
  for (const { name, policy, version } of next.members) {
    const was = before.members.find((one) => one.name === name && one.policy === policy);
    if (was !== undefined && version < was.version)
      return older(`the policy of ${name}`, version, was.version);
  }
  if (before.facts === null || next.facts === null || next.facts >= before.facts) return null;
  return older("the snapshot of facts", next.facts, before.facts);
}
