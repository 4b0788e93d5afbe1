/**
 * Where the records of a segment lie, read with code of its own: a line, then records of 24 bytes and a
 * body, whose length stands first, up to the zeros that nothing was written to yet.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface RawFrame {
  /** In the file. */
  readonly from: number;
  readonly to: number;
  /** Of the entry. */
  readonly index: number;
}

export interface RawSegment {
  /** Relative to the log. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly frames: readonly RawFrame[];
}

const HEADER_BYTES = 24;

export function rawSegments(dir: string, kind: "wal" | "requests"): readonly RawSegment[] {
  return readdirSync(join(dir, kind))
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(dir, kind, name));
      return { file: `${kind}/${name}`, bytes, frames: framesOf(bytes) };
    });
}

function framesOf(bytes: Buffer): readonly RawFrame[] {
  const frames: RawFrame[] = [];
  let at = bytes.indexOf(0x0a) + 1;
  while (at + HEADER_BYTES <= bytes.length && bytes.readUInt32LE(at) > 0) {
    const to = at + HEADER_BYTES + bytes.readUInt32LE(at);
    frames.push({ from: at, to, index: Number(bytes.readBigUInt64LE(at + 8)) });
    at = to;
  }
  return frames;
}
