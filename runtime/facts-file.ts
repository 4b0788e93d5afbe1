/**
 * A facts block in a file: what it was made of, and a sum that shows damage (docs/abi.md, "Facts file").
 * The file is a cache: whoever can write it decides what the facts are, so it needs the care of the facts.
 */
import { type FactsRefusal, refusal } from "./facts-refusal.ts";
import { equalBytes, type Sha256, utf8 } from "./hash.ts";
import { canonicalJson, parseJson } from "./json.ts";
import { padded } from "./layout.ts";
import type { Manifest } from "./manifest.ts";

const MAGIC = "POLFACTS";
const VERSION = 1;
const HEADER_BYTES = 64;
const DIGEST_AT = 16;
const ABOUT_AT = 48;
const SUM_BYTES = 32;
/** Of the block: where its layout tag and its facts tag stand. */
const LAYOUT_TAG_AT = 16;
const FACTS_TAG_AT = 24;
const BLOCK_HEADER_BYTES = 32;

/** For whom a block was built, so that it can be shown without the policy. */
export interface FactsAbout {
  readonly policy: { readonly name: string; readonly version: string };
  /** As the block's directory has them. */
  readonly types: readonly string[];
  readonly tables: readonly string[];
}

/** A block with the name of its facts, both parts of the file's bytes. */
export interface FactsFile {
  readonly block: Uint8Array;
  /** SHA-256 of the facts that the block was made of: 32 bytes. */
  readonly digest: Uint8Array;
  /** Canonical JSON. */
  readonly about: string;
}

export function aboutOf({ policy, types }: Manifest): FactsAbout {
  const { name, version } = policy;
  // Names of types are ASCII.
  const names = [...types.entities.keys()].sort();
  return {
    policy: { name, version: String(version) },
    types: names,
    tables: (types.tables ?? []).map((table) => table.name),
  };
}

export function encodeFactsFile(
  about: FactsAbout,
  block: Uint8Array,
  digest: Uint8Array,
  sha256: Sha256,
): Uint8Array {
  const said = utf8(canonicalJson(about));
  const start = HEADER_BYTES + padded(said.length);
  const file = new Uint8Array(start + block.length + SUM_BYTES);
  for (let at = 0; at < MAGIC.length; at += 1) file[at] = MAGIC.charCodeAt(at);
  const view = new DataView(file.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, block.length, true);
  file.set(digest, DIGEST_AT);
  view.setUint32(ABOUT_AT, said.length, true);
  file.set(said, HEADER_BYTES);
  file.set(block, start);
  const end = file.length - SUM_BYTES;
  file.set(sha256(file.subarray(0, end)), end);
  return file;
}

export function isFactsFile(bytes: Uint8Array): boolean {
  if (bytes.length < MAGIC.length) return false;
  for (let at = 0; at < MAGIC.length; at += 1) if (bytes[at] !== MAGIC.charCodeAt(at)) return false;
  return true;
}

/** The parts of a file, not copied, or why it is none. */
export function decodeFactsFile(bytes: Uint8Array, sha256: Sha256): FactsFile | FactsRefusal {
  if (!isFactsFile(bytes)) return damaged("these are no built facts");
  if (bytes.length < HEADER_BYTES + BLOCK_HEADER_BYTES + SUM_BYTES) return damaged("the file is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number) => view.getUint32(at, true);
  if (word(8) !== VERSION) return damaged(`this is version ${word(8)} of built facts, known is ${VERSION}`);
  const end = bytes.length - SUM_BYTES;
  const start = HEADER_BYTES + padded(word(ABOUT_AT));
  if (start + BLOCK_HEADER_BYTES > end || word(12) !== end - start) return damaged("the file is cut short");
  if (!equalBytes(sha256(bytes.subarray(0, end)), bytes.subarray(end))) {
    return damaged("the file is not as it was built: its sum is wrong");
  }
  const digest = bytes.slice(DIGEST_AT, DIGEST_AT + 32);
  const block = bytes.subarray(start, end);
  const about = aboutText(bytes.slice(HEADER_BYTES, HEADER_BYTES + word(ABOUT_AT)));
  const zeros = [
    bytes.subarray(ABOUT_AT + 4, HEADER_BYTES),
    bytes.subarray(HEADER_BYTES + word(ABOUT_AT), start),
  ];
  const isForm = about !== null && zeros.every((part) => part.every((byte) => byte === 0));
  if (!isForm || !equalBytes(block.subarray(FACTS_TAG_AT, FACTS_TAG_AT + 8), digest.subarray(0, 8))) {
    return damaged("the file has not the form of built facts");
  }
  return { block, digest, about };
}

/** The same for an evaluator with this layout, and for no other. */
export function factsFileFor(
  bytes: Uint8Array,
  layoutTag: Uint8Array,
  sha256: Sha256,
): FactsFile | FactsRefusal {
  const file = decodeFactsFile(bytes, sha256);
  if ("code" in file || equalBytes(layoutTagOf(file), layoutTag)) return file;
  return refusal("facts.layout", "these facts were built for another policy: build them again", null);
}

/** 8 bytes. */
export function layoutTagOf({ block }: FactsFile): Uint8Array {
  return block.subarray(LAYOUT_TAG_AT, LAYOUT_TAG_AT + 8);
}

function damaged(message: string): FactsRefusal {
  return refusal("facts.damaged", message, null);
}

/** Null where it is not what `encodeFactsFile` writes. */
function aboutText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const parsed = parseJson(text);
    return parsed.ok && canonicalJson(parsed.value) === text && isAbout(parsed.value) ? text : null;
  } catch {
    return null;
  }
}

function isAbout(json: unknown): json is FactsAbout {
  const { policy, types, tables, ...others } = (json ?? {}) as Partial<FactsAbout>;
  const isNames = (names: unknown) => Array.isArray(names) && names.every((name) => typeof name === "string");
  const isPolicy = typeof policy?.name === "string" && typeof policy.version === "string";
  return isPolicy && isNames(types) && isNames(tables) && Object.keys(others).length === 0;
}
