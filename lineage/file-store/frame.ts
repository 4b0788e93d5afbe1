/**
 * One record of a segment: `u32le length | u32le crc32 | u64le index | u64le generation | body`. Of the
 * generation's 8 bytes the first 6 are random and those of the segment, so that what lay on the disk before
 * never passes for a record. The last 2 say how many records of the same batch came before it, and bear the
 * segment's own mark. A batch is written once the one before it is durable: whoever finds record n of place p
 * knows that the records before n - p were durable. The CRC-32 covers all of it. It is against accidents.
 */
import { crc32 } from "node:zlib";

export const FRAME_HEADER_BYTES = 24;
export const GENERATION_BYTES = 6;
/** Records in a batch at most: the place has 15 bits. */
export const PLACES_MAX = 2 ** 15;
const MARK = 0x8000;

export interface Frame {
  /** Of the entry, from 0. */
  readonly index: number;
  /** Records of the same batch before this one. */
  readonly place: number;
  /** In the log: the entry came with an opening. Among openings: this one was erased. */
  readonly isMarked: boolean;
  readonly body: Uint8Array;
}

/** Writes a frame at `at`, and returns where the next one goes. */
export function encodeFrame(target: Buffer, at: number, frame: Frame, generation: Uint8Array): number {
  const { index, place, isMarked, body } = frame;
  target.writeUInt32LE(body.length, at);
  target.writeUInt32LE(0, at + 4);
  target.writeUInt32LE(index % 2 ** 32, at + 8);
  target.writeUInt32LE(Math.floor(index / 2 ** 32), at + 12);
  target.set(generation, at + 16);
  target.writeUInt16LE(place + (isMarked ? MARK : 0), at + 22);
  const end = at + FRAME_HEADER_BYTES + body.length;
  target.set(body, at + FRAME_HEADER_BYTES);
  target.writeUInt32LE(crc32(target.subarray(at, end)), at + 4);
  return end;
}

/** The frame that begins at `at`; null where there is none of this generation. Shares the source's memory. */
export function decodeFrame(
  source: Buffer,
  at: number,
  generation: Uint8Array,
  bodyBytesMax: number,
): Frame | null {
  const start = at + FRAME_HEADER_BYTES;
  if (start > source.length) return null;
  const length = source.readUInt32LE(at);
  if (length > bodyBytesMax || start + length > source.length) return null;
  return decodeWithLength(source, at, generation, length);
}

/** As `decodeFrame`, where the length is known from elsewhere; the one in the frame is not looked at. */
export function decodeWithLength(
  source: Buffer,
  at: number,
  generation: Uint8Array,
  length: number,
): Frame | null {
  const start = at + FRAME_HEADER_BYTES;
  if (source.compare(generation, 0, GENERATION_BYTES, at + 16, at + 16 + GENERATION_BYTES) !== 0) return null;
  const body = source.subarray(start, start + length);
  const header = Buffer.from(source.subarray(at, start));
  const found = header.readUInt32LE(4);
  header.writeUInt32LE(length, 0);
  header.writeUInt32LE(0, 4);
  if (crc32(body, crc32(header)) !== found) return null;
  const index = source.readUInt32LE(at + 8) + source.readUInt32LE(at + 12) * 2 ** 32;
  if (!Number.isSafeInteger(index)) return null;
  const place = source.readUInt16LE(at + 22);
  return { index, place: place % MARK, isMarked: place >= MARK, body };
}
