/** A bundle, its freshness note and its trust root as files that change while a host runs. */
import { join } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import type { BundleHost } from "@polity/runtime/bundle.ts";
import { MANIFEST_PATH } from "@polity/runtime/bundle-paths.ts";
import { envelopeOf } from "@polity/runtime/bundle-write.ts";
import { ENVELOPE_BYTES_MAX } from "@polity/runtime/dsse.ts";
import { digestName } from "@polity/runtime/hash.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { artefactsOfBundle, type BundleDeskFiles } from "./bundle-desk.ts";
import { openBundle } from "./bundle-files.ts";
import type { DeskArtefacts } from "./desk-artefacts.ts";
import { isFailure } from "./failure.ts";
import { fileStamp } from "./file-stamp.ts";
import { nameOf, readBytes } from "./read-file.ts";
import { tellNote } from "./tell.ts";
import { openTrust } from "./trust-files.ts";
import { visible } from "./words.ts";

export interface FollowedBundle {
  readonly stop: () => Promise<void>;
}

interface Followers {
  /** Once it is judged, and before anything is decided by it: what is refused takes no room on the disk. */
  readonly keep: (artefacts: DeskArtefacts["artefacts"]) => Promise<void>;
  /** Another bundle, or a later note; the trust root under which it came in. */
  readonly changed: (root: TrustRoot) => Promise<void>;
  /** Somebody has put there what is not taken in: another thing than the last that was not. */
  readonly refused: (code: string) => Promise<void>;
}

const LOOK_MS = 500;
/** A file that cannot be read at all. */
const UNREADABLE = "bundle.unreadable";

/** The news as it is read; text where there is none to be had. */
type Look = "as before" | "taken" | { readonly refused: string; readonly code: string };

/**
 * Looked at twice a second, and read once two looks found the same, so that nothing half-written is. What is
 * refused changes nothing: what is active goes on until its note ends, and then everything is denied.
 * `loaded` is the stamp of what the host began with.
 */
export function followBundle(
  files: BundleDeskFiles,
  loaded: string,
  host: BundleHost,
  followers: Followers,
): FollowedBundle {
  let [read, seen] = [loaded, ""];
  let told: string | null = null;
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    const stamp = stampOfBundle(files);
    const isQuiet = stamp === seen;
    seen = stamp;
    if (!isQuiet || stamp === read) return;
    read = stamp;
    const found = await takeIn(files, host, followers).catch((error: unknown): Look => {
      const refused = error instanceof Error || isFailure(error) ? error.message : String(error);
      return { refused, code: UNREADABLE };
    });
    if (typeof found === "object") {
      if (found.refused === told) return;
      told = found.refused;
      await tellNote(found.refused);
      await followers.refused(found.code);
      return;
    }
    told = null;
    if (found === "taken") await tellNote(`epoch ${host.manifest.epoch} is active, under a note read anew`);
  }

  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = null;
    });
  }, LOOK_MS);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function takeIn(
  { bundle, trust: trustPath, freshness: notePath, pin }: BundleDeskFiles,
  host: BundleHost,
  { keep, changed }: Followers,
): Promise<Look> {
  const now = Date.now();
  const trust = await openTrust([trustPath], now, pin);
  if (!trust.ok) return refusedAs(trust.file, trust);
  const freshness = await readBytes(notePath, ENVELOPE_BYTES_MAX);
  const opened = openBundle(bundle);
  if (!opened.ok) return refusedAs(bundle, opened);
  const news = { trust, freshness, now };
  if (isActive(opened.files, host)) {
    const renewed = host.renew(news);
    if (!renewed.ok) return refusedAs(notePath, renewed);
  } else {
    const replaced = await host.replace(opened.files, news, () => keep(artefactsOfBundle(opened.files)));
    if (!replaced.ok) return refusedAs(bundle, replaced);
  }
  await changed(trust.root);
  return "taken";
}

function isActive(files: BundleFiles, { digest }: BundleHost): boolean {
  const envelope = envelopeOf(files);
  return envelope !== null && digestName(nodeCrypto.sha256(envelope.payload)) === digest;
}

function refusedAs(path: string, { code, message }: { readonly code: string; readonly message: string }) {
  const why = `${code}: ${visible(message)}`;
  return { refused: `${nameOf(path)} is refused: ${why}; what was active before stays so`, code };
}

/** Another one for other files; of a folder its manifest, which says what all the rest is. */
export function stampOfBundle({ bundle, trust, freshness }: BundleDeskFiles): string {
  return [bundle, join(bundle, MANIFEST_PATH), trust, freshness].map(fileStamp).join("\n");
}
