/**
 * Bundles: as one archive, with one file changed, and their manifests. A host that refuses one must have
 * left the epoch floor as it was (I7).
 */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type BundleFiles, readArchive, writeArchive } from "@polity/runtime/archive.ts";
import { loadBundle } from "@polity/runtime/bundle.ts";
import { manifestOf } from "@polity/runtime/bundle-write.ts";
import { decodeSetManifest, encodeSetManifest } from "@polity/runtime/set-manifest.ts";
import { homeOf, memoryFloor, newsOf } from "../../test/support/bundle-host.ts";
import { bundleOf } from "../../test/support/bundles.ts";
import { plainSample, type Read, type Sample, type Samples, signedSample } from "./sample.ts";

/** A host in its place that has activated nothing yet. */
async function loader(good: BundleFiles): Promise<(files: BundleFiles) => Promise<Read>> {
  const news = await newsOf(good);
  return async (files) => {
    const floor = memoryFloor();
    const loaded = await loadBundle(files, homeOf(floor), news, nodeCrypto);
    if (loaded.ok) return { ok: true, meaning: `${loaded.host.digest} ${loaded.host.manifest.epoch}` };
    const raised = floor.written.some(({ digest }) => digest !== null);
    return raised ? { ok: true, meaning: `a floor that was raised by ${loaded.code}` } : loaded;
  };
}

async function archives(): Promise<readonly Sample[]> {
  const good = await bundleOf();
  const load = await loader(good);
  const read = async (bytes: Uint8Array): Promise<Read> => {
    const opened = readArchive(bytes);
    return opened.ok ? load(opened.files) : opened;
  };
  return [await sampleOf(writeArchive(good), read)];
}

/** All files but one are right. */
async function files(): Promise<readonly Sample[]> {
  const good = await bundleOf();
  const load = await loader(good);
  const samples = [...good].map(([path, bytes]) =>
    sampleOf(bytes, (changed) => load(new Map([...good, [path, changed]]))),
  );
  return Promise.all(samples);
}

async function manifests(): Promise<readonly Sample[]> {
  const rewrite = (bytes: Uint8Array) => {
    const decoded = decodeSetManifest(bytes);
    if (!decoded.ok) return { ok: false as const, code: "bundle.malformed" };
    return { ok: true as const, bytes: encodeSetManifest(decoded.manifest) };
  };
  return [plainSample(encodeSetManifest(manifestOf(await bundleOf())!), rewrite)];
}

async function sampleOf(bytes: Uint8Array, read: (bytes: Uint8Array) => Promise<Read>): Promise<Sample> {
  const found = await read(bytes);
  if (!found.ok) throw new Error(`a good bundle is refused: ${found.code}`);
  return signedSample(bytes, read, found.meaning);
}

export const BUNDLE_SAMPLES: readonly (readonly [string, Samples])[] = [
  ["bundle-archive", archives],
  ["bundle-file", files],
  ["set-manifest-form", manifests],
];
