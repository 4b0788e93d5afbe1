/** Trust roots in files: one version each, `1.root.json`, `2.root.json` and so on in a folder. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { ENVELOPE_BYTES_MAX } from "@polity/runtime/dsse.ts";
import { decodeTrustRoot } from "@polity/runtime/trust-root.ts";
import {
  openRoot,
  type SignedRoot,
  STEPS_MAX,
  type TrustWalk,
  takeStep,
  walkRoots,
} from "@polity/runtime/trust-walk.ts";
import { failure, fileFailure } from "./failure.ts";
import { isFolder, nameOf, readBytes } from "./read-file.ts";
import type { Refusal } from "./refusal.ts";

export interface RootFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Of a refusal: which file it is about. */
export type TrustFileRefusal = Refusal & { readonly file: string };

/** Under which name a version lies in a folder. */
const NAME = /^([1-9][0-9]{0,15})\.root\.json$/;

export function rootFileName(version: number): string {
  return `${version}.root.json`;
}

/** Files as they are named, folders by version; fails where there is nothing. */
export async function readRootFiles(paths: readonly string[]): Promise<readonly RootFile[]> {
  const names = paths.flatMap((path) => (isFolder(path) ? versionsIn(path) : [path]));
  if (names.length > STEPS_MAX + 1) throw failure(`more than ${STEPS_MAX + 1} versions of a trust root`);
  const files: RootFile[] = [];
  for (const path of names) files.push({ path, bytes: await readRootFile(path) });
  return files;
}

export function readRootFile(path: string): Promise<Uint8Array> {
  return readBytes(path, ENVELOPE_BYTES_MAX);
}

function versionsIn(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw fileFailure("read", nameOf(folder), error);
  }
  const found = names.flatMap((name) => {
    const version = NAME.exec(name)?.[1];
    return version === undefined ? [] : [{ name, version: Number(version) }];
  });
  if (found.length === 0) {
    throw failure(
      `${nameOf(folder)} has no trust root`,
      "its versions are 1.root.json, 2.root.json and so on",
    );
  }
  return found.sort((a, b) => a.version - b.version).map(({ name }) => join(folder, name));
}

/** The trust root that counts now, or why none does. Fails where a file cannot be read. */
export async function openTrust(
  paths: readonly string[],
  nowMs: number,
  pin: string | null,
): Promise<TrustWalk | TrustFileRefusal> {
  return walkFiles(await readRootFiles(paths), nowMs, pin);
}

/** One version by itself: whether enough of its own root keys have signed it. */
export async function openVersion(
  path: string,
): Promise<({ readonly ok: true } & SignedRoot) | TrustFileRefusal> {
  const file = { path, bytes: await readRootFile(path) };
  const opened = openRoot(file.bytes, nodeCrypto);
  return opened.ok ? opened : refusal(file, unsignedOr(file, opened));
}

export function walkFiles(
  [first, ...steps]: readonly RootFile[],
  nowMs: number,
  pin: string | null,
): TrustWalk | TrustFileRefusal {
  const opened = openRoot(first!.bytes, nodeCrypto, pin);
  if (!opened.ok) return refusal(first!, unsignedOr(first!, opened));
  let last = opened;
  for (const step of steps) {
    const next = takeStep(last, step.bytes, nodeCrypto);
    if (!next.ok) return refusal(step, unsignedOr(step, next));
    last = next;
  }
  const from = { root: opened.root, digest: opened.digest };
  const walked = walkRoots(
    from,
    steps.map(({ bytes }) => bytes),
    nowMs,
    nodeCrypto,
  );
  return walked.ok ? walked : refusal(steps.at(-1) ?? first!, walked);
}

interface Why {
  readonly code: string;
  readonly message: string;
}

/** Before its first signature a version is a bare document. */
function unsignedOr({ bytes }: RootFile, why: Why): Why {
  if (why.code !== "envelope.malformed" || !decodeTrustRoot(bytes).ok) return why;
  return { code: "envelope.unsigned", message: "nobody has signed it yet" };
}

const AS_WRITTEN = "get the file again, as pol trust wrote it";
const TO_SIGN = "pol trust sign adds the signatures of those who have the keys";

const HINTS: ReadonlyMap<string, string> = new Map([
  ["envelope.unsigned", TO_SIGN],
  ["envelope.malformed", AS_WRITTEN],
  ["envelope.too_large", AS_WRITTEN],
  ["envelope.payload_type", "this is the envelope of something else"],
  ["trust.malformed", AS_WRITTEN],
  ["trust.weak_key", "rotate without this key, and distrust whoever made it"],
  ["trust.not_pinned", "find out who wrote it before you trust it"],
  ["trust.wrong_name", "give the versions of one trust root only"],
  ["trust.rolled_back", "give the versions in order, each once"],
  ["trust.skipped", "give every version that lies between"],
  ["trust.bad_signature", AS_WRITTEN],
  ["trust.old_threshold", TO_SIGN],
  ["trust.new_threshold", TO_SIGN],
  ["trust.expired", "pol trust rotate makes the next version; --now asks about another time"],
]);

function refusal({ path }: RootFile, { code, message }: Why): TrustFileRefusal {
  return { ok: false, code, message, hint: HINTS.get(code) ?? null, file: path, place: { file: path } };
}
