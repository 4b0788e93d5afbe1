/** The first line of a log's files: which file of which log this is, readable by people. */
import { crc32 } from "node:zlib";
import { equalBytes, toHex, utf8 } from "@polity/runtime/hash.ts";
import { isOrigin } from "../checkpoint.ts";

export type FileKind = "entries" | "openings";

export interface FileHeader {
  readonly kind: FileKind;
  readonly origin: string;
  /**
   * 8 random bytes that both files of one log share and every checksum covers, so that what lay on the disk
   * before, or comes from another log, never passes for a frame of this one.
   */
  readonly generation: Uint8Array;
}

export const GENERATION_BYTES = 8;
/** Above the longest line: 255 bytes of origin and 54 of all else. */
export const FILE_HEADER_BYTES_MAX = 320;

const LINE = /^polity-log\/1 (entries|openings) (\S+) ([0-9a-f]{16}) [0-9a-f]{8}\n$/;

export type FileHeaderResult =
  | { readonly ok: true; readonly header: FileHeader; readonly sizeBytes: number }
  | { readonly ok: false; readonly message: string };

/** `polity-log/1 <kind> <origin> <generation in hex> <CRC-32 of what precedes its space>` and a line feed. */
export function encodeFileHeader({ kind, origin, generation }: FileHeader): Uint8Array {
  const start = `polity-log/1 ${kind} ${origin} ${toHex(generation)}`;
  return utf8(`${start} ${crc32(start).toString(16).padStart(8, "0")}\n`);
}

/** Reads what `encodeFileHeader` wrote, from the first bytes of a file. */
export function decodeFileHeader(bytes: Uint8Array): FileHeaderResult {
  const end = bytes.subarray(0, FILE_HEADER_BYTES_MAX).indexOf(0x0a) + 1;
  if (end === 0) return { ok: false, message: "the first line, which names the log, is not there" };
  const line = bytes.subarray(0, end);
  const match = LINE.exec(String.fromCharCode(...line));
  const origin = match?.[2] ?? "";
  if (match !== null && isOrigin(origin)) {
    const generation = Uint8Array.from(match[3]!.match(/../g)!, (pair) => Number.parseInt(pair, 16));
    const header: FileHeader = { kind: match[1] as FileKind, origin, generation };
    if (equalBytes(encodeFileHeader(header), line)) return { ok: true, header, sizeBytes: end };
  }
  return { ok: false, message: "the first line does not name a log, or was changed" };
}
