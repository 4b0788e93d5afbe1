/** What a host would say to a bundle, check by check. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import { loadSetUnsigned } from "@polity/runtime/authoring.ts";
import { type BundledMember, openContents } from "@polity/runtime/bundle-contents.ts";
import { openManifest } from "@polity/runtime/bundle-manifest.ts";
import { BUNDLE_BYTES_MAX } from "@polity/runtime/bundle-paths.ts";
import { unsaidRollback, versionsOf } from "@polity/runtime/bundle-rollback.ts";
import { type EpochFloor, firstFloor, followRoots, mayActivate } from "@polity/runtime/epoch.ts";
import { checkFreshness } from "@polity/runtime/freshness.ts";
import type { SetManifest } from "@polity/runtime/set-manifest.ts";
import { timeText } from "@polity/runtime/signed-document.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import { bundleHint } from "./bundle-hints.ts";
import type { Refusal } from "./refusal.ts";

export interface AskedOfBundle {
  readonly set: string;
  readonly audience: string | null;
  readonly nowMs: number;
  /** The latest note; null where nobody asks about it. */
  readonly freshness: Uint8Array | null;
  /** What a host has activated; null where nobody asks about it. */
  readonly floor: EpochFloor | null;
}

/** A check that passed, and what was seen. */
export interface Passed {
  readonly check: string;
  readonly says: string;
}

export interface CheckedBundle {
  readonly passed: readonly Passed[];
  /** Null where a host would load it. */
  readonly refusal: Refusal | null;
  readonly manifest: SetManifest | null;
  readonly digest: string | null;
  readonly signers: readonly string[];
}

/** Never throws. */
export async function checkBundle(
  files: BundleFiles,
  trust: TrustWalk,
  asked: AskedOfBundle,
): Promise<CheckedBundle> {
  const passed: Passed[] = [];
  const tell = (check: string, says: string) => void passed.push({ check, says });
  const { root } = trust;
  const wanted = { set: asked.set, audience: asked.audience, nowMs: asked.nowMs, bytesMax: BUNDLE_BYTES_MAX };
  tell("trust root", `${root.name} version ${root.version}, until ${timeText(root.expiresMs)}`);
  const signed = openManifest(files, root, wanted, nodeCrypto, tell);
  if (!signed.ok) {
    return { passed, refusal: refused(signed), manifest: null, digest: null, signers: [] };
  }
  const { manifest, digest, signers } = signed;
  const end = (problem: Why | null): CheckedBundle => {
    return { passed, refusal: problem === null ? null : refused(problem), manifest, digest, signers };
  };
  const { name, audience, epoch, change } = manifest;
  const statement = { set: name, audience, epoch, digest, change };
  const first = firstFloor(trust, name, audience);
  const followed = asked.floor === null ? null : followRoots(asked.floor, trust.path);
  if (followed?.ok === false) return end(followed);
  const activation = mayActivate(followed?.floor ?? first, statement, root);
  if (!activation.ok) return end(activation);
  tell("epoch", epochSays(epoch, followed?.floor.epoch ?? null, root.minEpoch));
  if (asked.freshness !== null) {
    const fresh = checkFreshness(asked.freshness, root, asked.nowMs, statement, nodeCrypto);
    if (!fresh.ok) return end(fresh);
    tell("freshness", `the latest epoch, until ${timeText(fresh.note.untilMs)}`);
  }
  const contents = openContents(signed, root, wanted, nodeCrypto, tell);
  if (!contents.ok) return end(contents);
  const known = followed?.floor.versions ?? null;
  const versions = versionsOf(manifest, contents.facts?.statement.version ?? null);
  const back = known === null ? null : unsaidRollback(known, versions, change);
  if (back !== null) {
    return end({ code: "bundle.unsaid_rollback", message: `${back}, which nobody signed as a rollback` });
  }
  if (known !== null)
    tell("versions", change === "rollback" ? "a rollback, as it was signed" : "none goes back");
  const unloaded = await loadProblem(contents.members, contents.facts?.bytes);
  if (unloaded !== null) return end(unloaded);
  tell("load", "the members agree, and take their facts");
  return end(null);
}

function epochSays(epoch: number, kept: number | null, minEpoch: number): string {
  if (kept === null) return `${epoch}, the trust root lets in ${minEpoch} and higher`;
  return `${epoch}, the last one here was ${kept}`;
}

interface Why {
  readonly code: string;
  readonly message: string;
}

function refused({ code, message }: Why): Refusal {
  return { ok: false, code, message, hint: bundleHint(code) };
}

/** Why no host would load these members together; null where one would. */
async function loadProblem(
  members: readonly BundledMember[],
  facts: Uint8Array | undefined,
): Promise<Why | null> {
  const given = members.map(({ name, shadow, wasm }) => ({ name, shadow, wasm }));
  const { sha256 } = nodeCrypto;
  const options = { obligations: "any", sha256, spare: false } as const;
  const loaded = await loadSetUnsigned(given, { ...options, ...(facts !== undefined && { facts }) });
  return loaded.ok ? null : loaded;
}
