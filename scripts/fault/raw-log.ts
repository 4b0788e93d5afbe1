/**
 * Reads the public folder of a log with code of its own: nothing here comes from the store or from the
 * readers, so that a mistake which those share with each other is still a contradiction here. It knows the
 * formats (RFC 6962, 2.1; C2SP tlog-tiles, tlog-checkpoint, signed-note) and Node's hash and verification.
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface RawCheckpoint {
  readonly origin: string;
  readonly size: number;
  /** 64 hex digits. */
  readonly root: string;
}

const WIDTH = 256;
const HASH_BYTES = 32;
/** SubjectPublicKeyInfo of Ed25519 (RFC 8410) before the 32 bytes of the key. */
const SPKI_START = Buffer.from("302a300506032b6570032100", "hex");

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function rawLeaf(entry: Uint8Array): Buffer {
  return sha256(Buffer.of(0), entry);
}

function node(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(Buffer.of(1), left, right);
}

/** The definition of RFC 6962, 2.1, as it stands there. */
export function rawRoot(leaves: readonly Uint8Array[], from = 0, to = leaves.length): Buffer {
  const count = to - from;
  if (count === 0) return sha256();
  if (count === 1) return Buffer.from(leaves[from]!);
  let half = 1;
  while (half * 2 < count) half *= 2;
  return node(rawRoot(leaves, from, from + half), rawRoot(leaves, from + half, to));
}

/** The roots of the first `size` leaves for all these sizes, each hash computed once. */
export function rawPrefixRoots(
  leaves: readonly Uint8Array[],
  sizes: ReadonlySet<number>,
): ReadonlyMap<number, string> {
  const roots = new Map<number, string>();
  // Complete subtrees from the left, the largest first, as the bits of the size say.
  const peaks: Buffer[] = [];
  for (let size = 0; size <= leaves.length; size += 1) {
    if (sizes.has(size)) {
      const root = peaks.length === 0 ? sha256() : peaks.reduceRight((right, left) => node(left, right));
      roots.set(size, root.toString("hex"));
    }
    if (size === leaves.length) break;
    peaks.push(Buffer.from(leaves[size]!));
    for (let bits = size; bits % 2 === 1; bits = (bits - 1) / 2) {
      const [left, right] = peaks.splice(-2);
      peaks.push(node(left!, right!));
    }
  }
  return roots;
}

/** Throws where the note is none of this key, or signs no checkpoint. */
export function rawCheckpoint(note: string, publicKey: Uint8Array): RawCheckpoint {
  const end = note.lastIndexOf("\n\n");
  if (end === -1) throw new Error("a note without a blank line");
  const text = note.slice(0, end + 1);
  const [origin = "", size = "", root = "", ...more] = text.split("\n");
  if (more.length !== 1 || more[0] !== "" || !/^(?:0|[1-9]\d{0,15})$/.test(size)) {
    throw new Error(`no checkpoint: ${JSON.stringify(text)}`);
  }
  const key = createPublicKey({
    key: Buffer.concat([SPKI_START, publicKey]),
    format: "der",
    type: "spki",
  });
  const id = sha256(Buffer.from(`${origin}\n`), Buffer.of(1), publicKey).subarray(0, 4);
  const isSigned = note
    .slice(end + 2)
    .split("\n")
    .some((line) => {
      const [dash, name, blob = ""] = line.split(" ");
      const bytes = Buffer.from(blob, "base64");
      const isOurs = dash === "\u2014" && name === origin && bytes.subarray(0, 4).equals(id);
      return isOurs && verify(null, Buffer.from(text), key, bytes.subarray(4));
    });
  if (!isSigned) throw new Error(`nobody signed ${JSON.stringify(text)}`);
  return { origin, size: Number(size), root: Buffer.from(root, "base64").toString("hex") };
}

/** The digits of a tile's number, by threes. */
function numberPath(number: number): string {
  const digits = `${number}`;
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  const groups = padded.match(/\d{3}/g)!;
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join("/");
}

export function tilePath(level: number | "entries", number: number, width = WIDTH): string {
  const path = `tile/${level}/${numberPath(number)}`;
  return width === WIDTH ? path : `${path}.p/${width}`;
}

/** The widths of the tiles of a level with so many hashes, in order. */
function widths(count: number): readonly number[] {
  const full = Array<number>(Math.floor(count / WIDTH)).fill(WIDTH);
  return count % WIDTH === 0 ? full : [...full, count % WIDTH];
}

/** A partial one may be gone once the full one is there, whose beginning it is. */
function readTile(dir: string, level: number | "entries", number: number, width: number): Buffer {
  const exact = join(dir, tilePath(level, number, width));
  return readFileSync(existsSync(exact) ? exact : join(dir, tilePath(level, number)));
}

/** The first `size` entries that the bundles hold. */
export function rawEntries(publicDir: string, size: number): readonly Buffer[] {
  const entries: Buffer[] = [];
  for (const [number, width] of widths(size).entries()) {
    const bytes = readTile(publicDir, "entries", number, width);
    let at = 0;
    for (let count = 0; count < width; count += 1) {
      const length = bytes.readUInt16BE(at);
      if (at + 2 + length > bytes.length) throw new Error(`bundle ${number} ends within an entry`);
      entries.push(bytes.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    const isExact = existsSync(join(publicDir, tilePath("entries", number, width)));
    if (isExact && at !== bytes.length) throw new Error(`bundle ${number} has bytes behind its entries`);
  }
  return entries;
}

/** What is wrong with the tiles of hashes under a tree of these leaves. */
export function tileProblems(publicDir: string, leaves: readonly Uint8Array[]): readonly string[] {
  const problems: string[] = [];
  let hashes = leaves;
  for (let level = 0; hashes.length > 0; level += 1) {
    for (const [number, width] of widths(hashes.length).entries()) {
      const expected = Buffer.concat(hashes.slice(number * WIDTH, number * WIDTH + width));
      try {
        const found = readTile(publicDir, level, number, width).subarray(0, width * HASH_BYTES);
        if (!found.equals(expected)) problems.push(`${tilePath(level, number, width)} has other hashes`);
      } catch (error) {
        problems.push(`${tilePath(level, number, width)}: ${error}`);
      }
    }
    const above: Buffer[] = [];
    for (let at = 0; at + WIDTH <= hashes.length; at += WIDTH) above.push(rawRoot(hashes, at, at + WIDTH));
    hashes = above;
  }
  return problems;
}
