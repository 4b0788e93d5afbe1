/**
 * Policy sets as they are published: whole bundles, in which everything that can change a decision is signed,
 * and of which a host takes only what its trust root, its epoch floor and the latest news let in.
 */
import type { BundleFiles } from "./archive.ts";
import { type BundleContents, openContents } from "./bundle-contents.ts";
import { openManifest, type SignedManifest } from "./bundle-manifest.ts";
import { BUNDLE_BYTES_MAX } from "./bundle-paths.ts";
import { type BundleRefusal, refusal } from "./bundle-refusal.ts";
import { unsaidRollback, versionsOf } from "./bundle-rollback.ts";
import { type CryptoPort, portableCrypto } from "./crypto-port.ts";
import {
  type ActiveVersions,
  type EpochFloor,
  type EpochStatement,
  firstFloor,
  followRoots,
  mayActivate,
} from "./epoch.ts";
import {
  type CurrentWindow,
  checkFreshness,
  currentWindow,
  type Freshness,
  type WhenStale,
} from "./freshness.ts";
import type { Header } from "./header.ts";
import { openSetHost, type SetHost } from "./set-host.ts";
import type { SetManifest } from "./set-manifest.ts";
import { type HostOptions, settingsOf } from "./signed.ts";
import type { TrustRoot } from "./trust-root.ts";
import type { TrustWalk } from "./trust-walk.ts";

export type { BundleFiles } from "./archive.ts";
export type { BundleCode, BundleRefusal } from "./bundle-refusal.ts";

/** Where the epoch floor outlives this process. */
export interface FloorKeeper {
  /** What was written last; null where nothing ever was. Rejects where that cannot be known. */
  readonly read: () => Promise<EpochFloor | null>;
  /** Resolves once it is durable, and rejects where it may not be. */
  readonly write: (floor: EpochFloor) => Promise<void>;
}

/** What does not change while a host runs. */
export interface BundleHome {
  /** The name of the policy set. */
  readonly set: string;
  /** Where this host runs; left out: only sets that are bound to no place. */
  readonly audience?: string;
  readonly epochFloor: FloorKeeper;
  /** What follows when the last freshness note has ended; left out: every request is denied. */
  readonly whenStale?: WhenStale;
  /** Of all files together; 256 MiB where it is left out, which is also the most. */
  readonly bytesMax?: number;
}

/** What is known at the moment. */
export interface BundleNews {
  /** As `walkRoots` gives it. */
  readonly trust: TrustWalk;
  /** The latest note, as the bytes or the text of its file; null where there is none: nothing is let in. */
  readonly freshness: Uint8Array | string | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface BundleHost extends Omit<SetHost, "replace"> {
  /**
   * Lets another bundle in, in place of the whole one before, or refuses it, after which everything is as it
   * was. Several take their turns; a decision ends on what it began with. `keep` is for whoever has to have
   * what decides before it does: it is called once nothing else speaks against the bundle, never for one that
   * is refused, and where it rejects the bundle is refused (`bundle.not_kept`).
   */
  readonly replace: (
    files: BundleFiles,
    news: BundleNews,
    keep?: () => Promise<void>,
  ) => Promise<{ readonly ok: true } | BundleRefusal>;
  /** Takes a later freshness note for what is active; refused, the one before holds until it ends. */
  readonly renew: (news: BundleNews) => { readonly ok: true } | BundleRefusal;
  /** A header as `decide` takes it: no longer current than note and facts say. For whoever logs decisions. */
  readonly headerOf: (header: Header) => Header;
  /** What is active. */
  readonly manifest: SetManifest;
  /** Of the manifest that was signed: `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** Ids of the policy keys that signed it, ascending. */
  readonly signers: readonly string[];
}

export type BundleResult = { readonly ok: true; readonly host: BundleHost } | BundleRefusal;

/**
 * The host of a bundle, or the first check that fails: signatures, scope, epoch, freshness, files, members,
 * facts, and then those of loading a set. The floor is durable before anything decides. Never rejects.
 */
export async function loadBundle(
  files: BundleFiles,
  home: BundleHome,
  news: BundleNews,
  options: HostOptions = {},
): Promise<BundleResult> {
  try {
    const kept = keptHome(home);
    const active = await prepare(null, files, kept, { ...news }, options, NOTHING_TO_KEEP);
    return "code" in active ? active : { ok: true, host: makeHost(active, kept, options) };
  } catch (error) {
    return refusal(thrown(error));
  }
}

type Home = Required<Omit<BundleHome, "audience">> & { readonly audience: string | null };

/** Read once, so that nobody can change later what a host asks for. */
function keptHome({ set, audience, epochFloor, whenStale, bytesMax }: BundleHome): Home {
  return {
    set,
    audience: audience ?? null,
    epochFloor,
    whenStale: whenStale?.kind === "continue" ? { ...whenStale } : { kind: "deny" },
    bytesMax: bytesMax ?? BUNDLE_BYTES_MAX,
  };
}

interface ActiveBundle {
  readonly set: SetHost;
  readonly signed: SignedManifest;
  readonly statement: EpochStatement;
  readonly versions: ActiveVersions;
  /** The trust root that let it in: news under an older one are no news. */
  readonly root: TrustRoot;
  readonly factsUntilMs: number | undefined;
  readonly window: CurrentWindow;
}

function cryptoOf({ sha256, verify }: HostOptions): CryptoPort {
  return { sha256: sha256 ?? portableCrypto.sha256, verify: verify ?? portableCrypto.verify };
}

async function prepare(
  before: ActiveBundle | null,
  files: BundleFiles,
  home: Home,
  news: BundleNews,
  options: HostOptions,
  keep: () => Promise<void>,
): Promise<ActiveBundle | BundleRefusal> {
  const crypto = cryptoOf(options);
  const { root } = news.trust ?? {};
  const wanted = { set: home.set, audience: home.audience, nowMs: news.now, bytesMax: home.bytesMax };
  if (!(files instanceof Map)) return refusal(NOT_WHOLE);
  const signed = openManifest(files, root, wanted, crypto, NOBODY);
  if (!signed.ok) return refusal(signed);
  const { manifest, digest } = signed;
  const { name, audience, epoch, change } = manifest;
  const statement: EpochStatement = { set: name, audience, epoch, digest, change };
  const kept = await readFloor(home.epochFloor, news.trust, statement);
  if ("code" in kept) return refusal(kept);
  const activation = mayActivate(kept.floor, statement, root);
  if (!activation.ok) return refusal(activation);
  const fresh = checkFreshness(news.freshness, root, news.now, statement, crypto);
  const stale = staleness(fresh, currentWindow(fresh, root, home.whenStale), news.now);
  if (stale !== null) return refusal(stale);
  const contents = openContents(signed, root, wanted, crypto, NOBODY);
  if (!contents.ok) return refusal(contents);
  const facts = contents.facts?.statement;
  const versions = versionsOf(manifest, facts?.version ?? null);
  // Another process of this host may have activated something since.
  const known = kept.floor.versions ?? before?.versions ?? null;
  const back = known === null ? null : unsaidRollback(known, versions, change);
  if (back !== null) {
    return refusal({ code: "bundle.unsaid_rollback", message: `${back}, which nobody signed as a rollback` });
  }
  const opened = await openSet(contents, manifest, news.now, options);
  if (!opened.ok) return refusal(opened, opened);
  const unkept = await keptProblem(keep);
  if (unkept !== null) return refusal(unkept);
  // One that was written before there were versions in it gets them.
  if (activation.floor !== kept.written || activation.floor.versions === null) {
    const wrong = await writeFloor(home.epochFloor, { ...activation.floor, versions });
    if (wrong !== null) return refusal(wrong);
  }
  const factsUntilMs = facts?.validUntilMs;
  const window = currentWindow(fresh, root, home.whenStale, factsUntilMs);
  return { set: opened.set, signed, statement, versions, root, factsUntilMs, window };
}

const NOBODY = () => undefined;
const NOTHING_TO_KEEP = async () => {};
const NOT_WHOLE = {
  code: "bundle.delta",
  message: "a bundle is replaced by another bundle as a whole, never in part",
} as const;

interface Kept {
  /** What is on the disk; null where nothing is. */
  readonly written: EpochFloor | null;
  /** The same for the trust root of today. */
  readonly floor: EpochFloor;
}

type Wrong = Pick<BundleRefusal, "code" | "message">;

async function keptProblem(keep: () => Promise<void>): Promise<Wrong | null> {
  try {
    await keep();
    return null;
  } catch (error) {
    return { code: "bundle.not_kept", message: `what decides cannot be kept: ${messageOf(error)}` };
  }
}

async function readFloor(
  keeper: FloorKeeper,
  trust: TrustWalk,
  { set, audience }: EpochStatement,
): Promise<Kept | Wrong> {
  let written: EpochFloor | null;
  try {
    written = await keeper.read();
  } catch (error) {
    return { code: "bundle.not_kept", message: `the epoch floor cannot be read: ${messageOf(error)}` };
  }
  if (written === null) return { written, floor: firstFloor(trust, set, audience) };
  const followed = followRoots(written, trust.path);
  return followed.ok ? { written, floor: followed.floor } : followed;
}

async function writeFloor(keeper: FloorKeeper, floor: EpochFloor): Promise<Wrong | null> {
  try {
    await keeper.write(floor);
    return null;
  } catch (error) {
    return { code: "bundle.not_kept", message: `the epoch floor cannot be written: ${messageOf(error)}` };
  }
}

/** A note that has ended may still do for a while; nothing else that is wrong with one may. */
function staleness(fresh: Freshness, { policyUntil }: CurrentWindow, now: number): Wrong | null {
  if (fresh.ok || (fresh.code === "freshness.expired" && now <= policyUntil)) return null;
  return fresh;
}

/** Members come in for what the set manifest says of them, which was compared with what they are. */
function openSet(
  { members, facts }: BundleContents,
  manifest: SetManifest,
  now: number,
  options: HostOptions,
) {
  const { abi, audience, validFromMs, validUntilMs } = manifest;
  const settings = new Map(
    members.map(({ name, policy, version, digest, sources }) => {
      const statement = { name: policy, version, digest, abi, sources, audience, validFromMs, validUntilMs };
      return [name, settingsOf(options, () => () => ({ ok: true, statement }))];
    }),
  );
  const given = members.map(({ name, wasm, digest }) => {
    const own = new Uint8Array(wasm);
    return [name, { wasm: own, envelope: undefined, now, facts: undefined, expect: digest }] as const;
  });
  return openSetHost(() => ({
    given: { members: new Map(given), twice: null, facts: facts?.bytes },
    settings: {
      seats: members.map(({ name, shadow }) => ({ name, shadow })),
      settingsOf: (name) => settings.get(name)!,
    },
  }));
}

function makeHost(first: ActiveBundle, home: Home, options: HostOptions): BundleHost {
  let current = first;
  let lastReplacement: Promise<unknown> = Promise.resolve();

  async function replaceNow(files: BundleFiles, news: BundleNews, keep: () => Promise<void>) {
    const next = await prepare(current, files, home, news, options, keep);
    if ("code" in next) return next;
    current = next;
    return { ok: true as const };
  }

  const methods: Pick<BundleHost, "decide" | "lasts" | "request" | "fieldsToExecute" | "ready"> &
    Pick<BundleHost, "replace" | "renew" | "headerOf"> = {
    decide(action, fields, header, entities) {
      const { set, window } = current;
      return set.decide(action, fields, narrowed(header, window), entities);
    },
    lasts(action, fields, header, entities) {
      const { set, window } = current;
      return set.lasts(action, fields, narrowed(header, window), entities);
    },
    request: (action, fields, entities) => current.set.request(action, fields, entities),
    fieldsToExecute: (action, fields, decision, discharged) =>
      current.set.fieldsToExecute(action, fields, decision, discharged),
    ready: () => current.set.ready(),
    headerOf: (header) => narrowed(header, current.window),
    replace(files, news, keep = NOTHING_TO_KEEP) {
      // Its turn may come later; bytes that change until then are not those that were signed.
      const [copy, then] = [files instanceof Map ? new Map(files) : files, { ...news }];
      const result = lastReplacement
        .then(() => replaceNow(copy, then, keep))
        .catch((error: unknown) => refusal(thrown(error)));
      lastReplacement = result;
      return result;
    },
    renew(news) {
      const renewed = renewedWindow(current, home, news, cryptoOf(options));
      if ("code" in renewed) return refusal(renewed);
      current = { ...current, window: renewed };
      return { ok: true };
    },
  };
  const getters = {
    members: { enumerable: true, get: () => current.set.members },
    facts: { enumerable: true, get: () => current.set.facts },
    manifest: { enumerable: true, get: () => current.signed.manifest },
    digest: { enumerable: true, get: () => current.signed.digest },
    signers: { enumerable: true, get: () => current.signed.signers },
  };
  return Object.freeze(Object.defineProperties(methods, getters)) as BundleHost;
}

/** A note that ends sooner than the one before says nothing new. */
function renewedWindow(
  { statement, root: known, factsUntilMs, window }: ActiveBundle,
  { whenStale }: Home,
  news: BundleNews,
  crypto: CryptoPort,
): CurrentWindow | Wrong {
  try {
    const { trust, freshness, now } = news;
    if (trust.root.version < known.version) {
      const message = `version ${trust.root.version} of the trust root after version ${known.version}`;
      return { code: "epoch.root_rolled_back", message };
    }
    const fresh = checkFreshness(freshness, trust.root, now, statement, crypto);
    if (!fresh.ok) return fresh;
    const next = currentWindow(fresh, trust.root, whenStale, factsUntilMs);
    return next.policyUntil > window.policyUntil ? next : window;
  } catch (error) {
    return thrown(error);
  }
}

/** What is no header, or no time in one, is for the evaluators to refuse. */
function narrowed(header: Header, { policyFrom, policyUntil, factsUntil }: CurrentWindow): Header {
  try {
    if (typeof header !== "object" || header === null) return header;
    const own = { ...header };
    if (isTime(own.policyFrom) && own.policyFrom < policyFrom) own.policyFrom = policyFrom;
    if (isTime(own.policyUntil) && own.policyUntil > policyUntil) own.policyUntil = policyUntil;
    if (isTime(own.factsUntil) && own.factsUntil > factsUntil) own.factsUntil = factsUntil;
    return own;
  } catch {
    // A getter threw, and will throw again where it is refused for that.
    return header;
  }
}

function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value);
}

function thrown(error: unknown): Wrong {
  return { code: "load.trap", message: `something threw while loading: ${messageOf(error)}` };
}

/** What was thrown may itself throw when it is looked at. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : "no error";
  } catch {
    return "an error that cannot be read";
  }
}
