/** The first line of a segment, and the file that names the log: readable by people, with a checksum. */
import { crc32 } from "node:zlib";
import { equalBytes, toHex, utf8 } from "@polity/runtime/hash.ts";
import { isOrigin } from "../checkpoint.ts";
import { readCount } from "../count.ts";
import { GENERATION_BYTES } from "./frame.ts";

/** `wal`: entries. `requests`: what opens their request commitments. */
export type SegmentKind = "wal" | "requests";

export interface SegmentHeader {
  readonly kind: SegmentKind;
  readonly origin: string;
  /** Random, see `frame.ts`. */
  readonly generation: Uint8Array;
  /** No record of the segment has a lower index. */
  readonly first: number;
}

/** Above the longest line: 255 bytes of origin and 64 of all else. */
export const HEADER_BYTES_MAX = 384;

const SEGMENT_LINE = /^polity-log\/2 (wal|requests) (\S+) ([0-9a-f]{12}) (\d+) [0-9a-f]{8}\n$/;
const NAME_LINE = /^polity-log\/2 log (\S+) [0-9a-f]{8}\n$/;

export function encodeSegmentHeader({ kind, origin, generation, first }: SegmentHeader): Uint8Array {
  return summed(`polity-log/2 ${kind} ${origin} ${toHex(generation)} ${first}`);
}

/** Reads what `encodeSegmentHeader` wrote from the first bytes of a file; null for everything else. */
export function decodeSegmentHeader(
  bytes: Uint8Array,
): { readonly header: SegmentHeader; readonly sizeBytes: number } | null {
  const line = firstLine(bytes);
  const match = SEGMENT_LINE.exec(String.fromCharCode(...line));
  if (match === null) return null;
  const first = readCount(match[4]!);
  if (first === null || !isOrigin(match[2]!)) return null;
  const generation = Uint8Array.from(match[3]!.match(/../g)!, (pair) => Number.parseInt(pair, 16));
  const header: SegmentHeader = { kind: match[1] as SegmentKind, origin: match[2]!, generation, first };
  return equalBytes(encodeSegmentHeader(header), line) ? { header, sizeBytes: line.length } : null;
}

/** The whole file `log`. */
export function encodeLogName(origin: string): Uint8Array {
  return summed(`polity-log/2 log ${origin}`);
}

/** Reads what `encodeLogName` wrote; null for everything else. */
export function decodeLogName(bytes: Uint8Array): string | null {
  const origin = NAME_LINE.exec(String.fromCharCode(...bytes.subarray(0, HEADER_BYTES_MAX)))?.[1] ?? "";
  return isOrigin(origin) && equalBytes(encodeLogName(origin), bytes) ? origin : null;
}

function firstLine(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.subarray(0, HEADER_BYTES_MAX).indexOf(0x0a) + 1);
}

function summed(start: string): Uint8Array {
  return utf8(`${start} ${crc32(start).toString(16).padStart(8, "0")}\n`);
}

export function newGeneration(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(GENERATION_BYTES));
}
