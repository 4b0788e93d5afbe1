/** Hosts of bundles with a floor in memory, whose news are good unless somebody says otherwise. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import {
  type BundleCode,
  type BundleHome,
  type BundleHost,
  type BundleNews,
  type BundleRefusal,
  type FloorKeeper,
  loadBundle,
} from "@polity/runtime/bundle.ts";
import { manifestOf } from "@polity/runtime/bundle-write.ts";
import type { EpochFloor } from "@polity/runtime/epoch.ts";
import { type FreshnessNote, signFreshness } from "@polity/runtime/freshness.ts";
import { digestName } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { encodeSetManifest } from "@polity/runtime/set-manifest.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { encodeTrustRoot, type TrustRoot } from "@polity/runtime/trust-root.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import { BUNDLE_ROOT } from "./bundles.ts";
import { NOW, ONLINE } from "./trust-roots.ts";

/** A floor that is as durable as a variable. */
export function memoryFloor(first: EpochFloor | null = null): FloorKeeper & { written: EpochFloor[] } {
  let kept = first;
  const written: EpochFloor[] = [];
  return {
    written,
    read: async () => kept,
    write: async (floor) => {
      kept = floor;
      written.push(floor);
    },
  };
}

/** As if somebody had walked there, one version after the other. */
export function walkOf(...roots: readonly TrustRoot[]): TrustWalk {
  const path = roots.map((root) => ({ root, digest: digestName(nodeCrypto.sha256(encodeTrustRoot(root))) }));
  return { ok: true, ...path.at(-1)!, path };
}

export const WALK = walkOf(BUNDLE_ROOT);

/** That this bundle is the latest, for ten minutes from `NOW` on. */
export async function noteFor(
  files: BundleFiles,
  change: Partial<FreshnessNote> = {},
  signers: readonly Signer[] = [ONLINE],
): Promise<string> {
  const manifest = manifestOf(files)!;
  const digest = digestName(nodeCrypto.sha256(encodeSetManifest(manifest)));
  const { name, audience, epoch } = manifest;
  const about = { root: BUNDLE_ROOT.name, set: name, audience, epoch, digest };
  return signFreshness({ ...about, fromMs: NOW, untilMs: NOW + 600_000, ...change }, signers);
}

export async function newsOf(files: BundleFiles, change: Partial<BundleNews> = {}): Promise<BundleNews> {
  const { freshness = await noteFor(files) } = change;
  return { trust: WALK, now: NOW, ...change, freshness };
}

export const homeOf = (epochFloor: FloorKeeper, change: Partial<BundleHome> = {}): BundleHome => {
  return { set: "payments", audience: "eu-1", epochFloor, ...change };
};

export async function load(
  files: BundleFiles,
  floor: FloorKeeper = memoryFloor(),
  news: Partial<BundleNews> = {},
  home: Partial<BundleHome> = {},
) {
  return loadBundle(files, homeOf(floor, home), await newsOf(files, news), nodeCrypto);
}

export async function opened(
  files: BundleFiles,
  floor: FloorKeeper = memoryFloor(),
  trust: TrustWalk = WALK,
): Promise<BundleHost> {
  const loaded = await load(files, floor, { trust });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  return loaded.host;
}

/** The code of the refusal; empty where there was none. */
export function codeOf(result: { readonly ok: true } | BundleRefusal): BundleCode | "" {
  return result.ok ? "" : result.code;
}

export function headerAt(now: number): Header {
  const far = 9 * 86_400_000;
  const times = { now, policyFrom: NOW - far, policyUntil: NOW + far, factsUntil: NOW + far };
  return { ...times, containment: { state: "free", readAt: now }, trust: 500, approvals: [] };
}

export function ask(host: BundleHost, amount: number, now = NOW) {
  return host.decide("pay", { agent: "a", amount }, headerAt(now));
}
