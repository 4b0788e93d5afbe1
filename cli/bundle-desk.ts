/** What `pol decide BUNDLE` answers with: a set as a host loads it, under its signatures and its epoch. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { folderFloor } from "@polity/lineage/node/epoch-floor.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import { type BundleHost, type FloorKeeper, loadBundle } from "@polity/runtime/bundle.ts";
import { FACTS_PATH } from "@polity/runtime/bundle-paths.ts";
import { envelopeOf, manifestOf } from "@polity/runtime/bundle-write.ts";
import { ENVELOPE_BYTES_MAX } from "@polity/runtime/dsse.ts";
import type { EpochFloor } from "@polity/runtime/epoch.ts";
import { NO_FACTS } from "@polity/runtime/facts-none.ts";
import { checkFreshness, currentWindow, type WhenStale } from "@polity/runtime/freshness.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import { imposedObligations } from "@polity/runtime/host-obligations.ts";
import { decodeManifest } from "@polity/runtime/manifest-codec.ts";
import { manifestText, readModule } from "@polity/runtime/module-bytes.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { openBundle } from "./bundle-files.ts";
import { bundleHint } from "./bundle-hints.ts";
import type { Continued, Desk, DeskMember } from "./desk.ts";
import { EXIT, failure } from "./failure.ts";
import { unlinkedRoot } from "./linked-root.ts";
import { nameOf, readBytes } from "./read-file.ts";
import type { Refusal } from "./refusal.ts";
import { askSet } from "./set-judgement.ts";
import { kindOf } from "./set-members.ts";
import { openTrust } from "./trust-files.ts";
import { visible } from "./words.ts";

export interface BundleDeskFiles {
  readonly bundle: string;
  readonly trust: string;
  readonly freshness: string;
  /** The folder of the epoch floor. */
  readonly floor: string;
  /** There may be no floor yet. */
  readonly isFirst: boolean;
  /** Null: where the bundle says. */
  readonly audience: string | null;
  readonly pin: string | null;
  readonly nowMs: number;
  /** How long to go on after the freshness note has ended; 0: not at all. */
  readonly continueMs: number;
}

/** Fails where a file cannot be used, or the bundle is refused. */
export async function openBundleDesk(files: BundleDeskFiles): Promise<Desk> {
  const { bundle, nowMs } = files;
  const trust = await openTrust([files.trust], nowMs, files.pin);
  if (!trust.ok) throw refused(nameOf(trust.file), trust);
  const freshness = await readBytes(files.freshness, ENVELOPE_BYTES_MAX);
  const opened = openBundle(bundle);
  if (!opened.ok) throw refused(nameOf(bundle), opened);
  // Whoever names a file has said which set is meant; a floor is of one set in one place.
  const said = manifestOf(opened.files);
  const whenStale: WhenStale =
    files.continueMs === 0 ? { kind: "deny" } : { kind: "continue", forMs: files.continueMs };
  const audience = files.audience ?? said?.audience ?? null;
  const epochFloor = folderFloor(files.floor, { mayBegin: files.isFirst });
  const unlinked = unlinkedRoot(await knownFloor(epochFloor), trust, files.pin);
  if (unlinked !== null) throw refused(nameOf(files.trust), unlinked);
  const home = {
    set: said?.name ?? "?",
    ...(audience !== null && { audience }),
    epochFloor,
    whenStale,
  };
  const options = { ...nodeCrypto, obligations: everyObligation(opened.files), spare: false };
  const loaded = await loadBundle(opened.files, home, { trust, freshness, now: nowMs }, options);
  if (loaded.ok) {
    const continued = continuedOf(loaded.host, trust.root, freshness, whenStale, nowMs);
    return { ...deskOf(loaded.host, opened.files), ...(continued !== null && { continued }) };
  }
  const { code, message } = loaded;
  throw refused(nameOf(bundle), { ok: false, code, message, hint: bundleHint(code) });
}

/** Where it cannot be read, the host says why. */
function knownFloor(keeper: FloorKeeper): Promise<EpochFloor | null> {
  return keeper.read().catch(() => null);
}

/** Null where the note still says that this is the latest epoch. */
function continuedOf(
  { manifest, digest }: BundleHost,
  root: TrustRoot,
  freshness: Uint8Array,
  whenStale: WhenStale,
  nowMs: number,
): Continued | null {
  const { name, audience, epoch } = manifest;
  const fresh = checkFreshness(freshness, root, nowMs, { set: name, audience, epoch, digest }, nodeCrypto);
  if (fresh.ok || fresh.note === null) return null;
  const { policyUntil } = currentWindow(fresh, root, whenStale);
  const note = digestName(nodeCrypto.sha256(freshness));
  return { code: fresh.code, note, endedMs: fresh.note.untilMs, untilMs: policyUntil + 1 };
}

const REFUSED = Symbol("refused");

function refused(name: string, { code, message, hint }: Refusal): Error {
  const error = failure(`${name} is refused: ${code}: ${visible(message)}`, hint, EXIT.no);
  return Object.assign(error, { [REFUSED]: code });
}

/** The code by which a bundle was refused; null for anything else that can be wrong. */
export function refusedBundle(error: unknown): string | null {
  return error instanceof Error && REFUSED in error ? String(error[REFUSED]) : null;
}

/** This command shows decisions and executes nothing, so that there is nothing that it cannot discharge. */
function everyObligation(files: BundleFiles) {
  return [...files].flatMap(([path, content]) => {
    const read = path.endsWith(".wasm") ? readModule(content) : null;
    const text = read?.ok ? manifestText(read.shape) : null;
    const decoded = text === null ? null : decodeManifest(text);
    return decoded?.ok ? imposedObligations(decoded.manifest) : [];
  });
}

function deskOf(host: BundleHost, files: BundleFiles): Desk {
  const members = host.members.map(({ name, shadow, evaluator, manifest, validity }): DeskMember => {
    return { name, shadow, evaluator, policy: manifest.policy.name, kind: kindOf(manifest), validity };
  });
  return {
    decide: askSet(host),
    headerOf: host.headerOf,
    policy: "",
    evaluator: host.digest,
    epoch: host.manifest.epoch,
    facts: host.facts,
    members,
    readsTrust: host.members.some(({ manifest }) => manifest.readsTrust),
    nameRequest: host.request,
    artefacts: artefactsOfBundle(files),
    factsBuilt: null,
    host,
  };
}

/** All that decides, by which its decisions can be made again. */
export function artefactsOfBundle(files: BundleFiles): readonly Uint8Array[] {
  const evaluators = [...files].filter(([path]) => path.endsWith(".wasm")).map(([, wasm]) => wasm);
  const statement = envelopeOf(files)?.payload;
  return [...evaluators, ...(statement ? [statement] : []), files.get(FACTS_PATH) ?? utf8(NO_FACTS)];
}
