/** Who publishes: signed bundles with ever greater epochs, notes about the latest, and trust roots. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import { manifestOf } from "@polity/runtime/bundle-write.ts";
import { signFreshness } from "@polity/runtime/freshness.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { encodeSetManifest } from "@polity/runtime/set-manifest.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import { walkOf } from "../../test/support/bundle-host.ts";
import { bundleOf } from "../../test/support/bundles.ts";
import { GOVERNED, GOVERNED_ROOT } from "../../test/support/papers.ts";
import {
  ANNA,
  BERT,
  CLEO,
  DORA,
  EMIL,
  following,
  idsOf,
  ONLINE,
  withKeys,
} from "../../test/support/trust-roots.ts";
import type { Version } from "./policies.ts";
import type { World } from "./world.ts";

/** For how long one freshness note holds. */
export const NOTE_MS = 120_000;
/** Clocks of nodes may be behind by so much before a note is not valid yet. */
const BEFORE_MS = 5_000;

export interface Published {
  readonly version: Version;
  readonly epoch: number;
  /** Of the signed manifest. */
  readonly digest: string;
  readonly files: BundleFiles;
}

export interface Publisher {
  readonly world: World;
  readonly versions: readonly Version[];
  /** All epochs, oldest first. */
  readonly published: Published[];
  /** All trust roots, oldest first. */
  readonly roots: TrustRoot[];
}

const ROOT: TrustRoot = withKeys({
  ...GOVERNED_ROOT,
  facts: new Map([
    ["directory", { keys: idsOf(ONLINE), threshold: 1, entities: ["Agent", "Team", "User"], tables: [] }],
  ]),
  settings: new Map(),
});

/** With its first epoch. */
export async function makePublisher(world: World, versions: readonly Version[]): Promise<Publisher> {
  const publisher: Publisher = { world, versions, published: [], roots: [ROOT] };
  await publishNext(publisher, versions[0]!);
  return publisher;
}

export async function publishNext({ published }: Publisher, version: Version): Promise<void> {
  const before = published.at(-1);
  const change = before !== undefined && version.number < before.version.number ? "rollback" : "activation";
  published.push(await made(version, (before?.epoch ?? 0) + 1, change));
}

async function made(
  version: Version,
  epoch: number,
  change: "activation" | "rollback",
  signers: readonly Signer[] = [ANNA, BERT],
): Promise<Published> {
  const { member, sources, facts } = version;
  const parts = { version: BigInt(epoch), epoch, change, members: [member], sources, facts };
  const files = await bundleOf(parts, signers);
  return { version, epoch, digest: digestOf(files), files };
}

function digestOf(files: BundleFiles): string {
  return digestName(nodeCrypto.sha256(encodeSetManifest(manifestOf(files)!)));
}

export function latestOf({ published }: Publisher): Published {
  return published.at(-1)!;
}

export function walkNow({ roots }: Publisher): TrustWalk {
  return walkOf(...roots);
}

export interface Note {
  readonly text: string;
  readonly untilMs: number;
}

/** That this one is the latest, from a little before now on. */
export async function noteOf(
  { world }: Publisher,
  { epoch, digest }: Pick<Published, "epoch" | "digest">,
  signer: Signer = ONLINE,
  lateMs = 0,
): Promise<Note> {
  const { root, set, audience } = GOVERNED;
  const [fromMs, untilMs] = [world.now() - BEFORE_MS - lateMs, world.now() + NOTE_MS - lateMs];
  const note = { root: root.name, set, audience, epoch, digest, fromMs, untilMs };
  return { text: await signFreshness(note, [signer]), untilMs };
}

// ---- what nobody may take in

export interface Spoiled {
  readonly what: string;
  readonly files: BundleFiles;
  readonly note: Note;
}

/** A bundle that too few have signed, or strangers, or that was changed or replaced; or such news. */
export async function spoiledFor(publisher: Publisher, active: Published): Promise<Spoiled> {
  const { random } = publisher.world;
  const { version, epoch, files } = latestOf(publisher);
  const note = (of: Published) => noteOf(publisher, of);
  switch (random.below(6)) {
    case 0: {
      const one = await made(version, epoch + 1, "rollback", [random.pick([ANNA, BERT])]);
      return { what: "one signer", files: one.files, note: await note(one) };
    }
    case 1: {
      const one = await made(version, epoch + 1, "rollback", [ANNA, CLEO, DORA, EMIL]);
      return { what: "other signers", files: one.files, note: await note(one) };
    }
    case 2:
      return { what: "changed", files: changed(files), note: await note(latestOf(publisher)) };
    case 3: {
      const other = random.pick(publisher.versions.filter((one) => one !== active.version));
      const fork = await made(other, active.epoch, "rollback");
      return { what: "a fork", files: fork.files, note: await note(fork) };
    }
    case 4: {
      const late = await noteOf(publisher, latestOf(publisher), ONLINE, 10 * NOTE_MS + 7_200_000);
      return { what: "an old note", files, note: late };
    }
    default:
      return { what: "a stranger's note", files, note: await noteOf(publisher, latestOf(publisher), CLEO) };
  }
}

/** One byte of the evaluator. */
function changed(files: BundleFiles): BundleFiles {
  const [path] = [...files.keys()].filter((name) => name.endsWith(".wasm"));
  const bytes = Uint8Array.from(files.get(path!)!);
  bytes[bytes.length >> 1]! ^= 1;
  return new Map(files).set(path!, bytes);
}

// ---- trust roots

/** Who may contain: Cleo and Anna, or Emil; who attests: Emil, or Dora. */
export function rotateKeys({ roots }: Publisher): void {
  const isRotated = roots.length % 2 === 0;
  const [watch, launcher] = isRotated ? [idsOf(ANNA, CLEO), idsOf(EMIL)] : [idsOf(EMIL), idsOf(DORA)];
  const issuers = {
    ...ROOT.issuers,
    containment: new Map([["watch", watch]]),
    attestation: new Map([["launcher", launcher]]),
  };
  roots.push(following(roots.at(-1)!, { issuers }));
}

/** Whose key counts now, and one that does not. */
export function issuersNow({ roots }: Publisher): Readonly<Record<"watch" | "launcher", RightAndWrong>> {
  const isRotated = roots.length % 2 === 0;
  return {
    watch: isRotated ? { right: EMIL, wrong: CLEO } : { right: CLEO, wrong: DORA },
    launcher: isRotated ? { right: DORA, wrong: EMIL } : { right: EMIL, wrong: DORA },
  };
}

interface RightAndWrong {
  readonly right: Signer;
  readonly wrong: Signer;
}
