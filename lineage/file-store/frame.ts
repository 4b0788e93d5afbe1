/**
 * How a record lies in a file of the log, all numbers little-endian:
 *
 *     u32 length of the body | u32 CRC-32 | u64 mark | body
 *
 * The checksum covers generation, offset in the file, length, mark and body: a frame that was moved, or comes
 * from another file, is as wrong as one that was changed. The mark of an entry's frame says how many bytes of
 * the file were durable when it was written; that of an opening's is the entry's index.
 */
import { crc32 } from "node:zlib";
import { GENERATION_BYTES } from "./file-header.ts";

export const FRAME_HEADER_BYTES = 16;

export interface FrameLimits {
  readonly generation: Uint8Array;
  readonly bodyBytesMax: number;
}

export interface Frame {
  readonly mark: number;
  /** A view of the bytes given. */
  readonly body: Uint8Array;
}

/**
 * `short`: the bytes end before the frame does; `wrong`: no frame, whatever may follow. A decoder that was
 * told less than 16 bytes cannot know which.
 */
export type FrameResult =
  | { readonly ok: true; readonly frame: Frame; readonly sizeBytes: number }
  | { readonly ok: false; readonly problem: "short"; readonly neededBytes: number }
  | { readonly ok: false; readonly problem: "wrong"; readonly message: string };

/** Writes a frame to `target` at `at`; `offset` is where in the file it will lie. */
export function encodeFrame(
  target: Uint8Array,
  at: number,
  offset: number,
  { mark, body }: Frame,
  generation: Uint8Array,
): void {
  const view = viewOf(target);
  view.setUint32(at, body.length, true);
  setUint64(view, at + 8, mark);
  target.set(body, at + FRAME_HEADER_BYTES);
  view.setUint32(at + 4, checksum(generation, offset, mark, body), true);
}

/** Reads what `encodeFrame` wrote, from the start of `bytes`, which lie at `offset` in the file. */
export function decodeFrame(bytes: Uint8Array, offset: number, limits: FrameLimits): FrameResult {
  if (bytes.length < FRAME_HEADER_BYTES) {
    return { ok: false, problem: "short", neededBytes: FRAME_HEADER_BYTES };
  }
  const view = viewOf(bytes);
  const length = view.getUint32(0, true);
  const mark = getUint64(view, 8);
  if (length === 0 || length > limits.bodyBytesMax) {
    return wrong(`a record of ${length} bytes, where 1 to ${limits.bodyBytesMax} are possible`);
  }
  const sizeBytes = FRAME_HEADER_BYTES + length;
  if (bytes.length < sizeBytes) return { ok: false, problem: "short", neededBytes: sizeBytes };
  const body = bytes.subarray(FRAME_HEADER_BYTES, sizeBytes);
  if (mark === null || checksum(limits.generation, offset, mark, body) !== view.getUint32(4, true)) {
    return wrong("the checksum of the record is wrong");
  }
  return { ok: true, frame: { mark, body }, sizeBytes };
}

/** The mark that the 16 bytes before a body claim, whatever the checksum says; null beyond 2^53-1. */
export function markOf(header: Uint8Array): number | null {
  return getUint64(viewOf(header), 8);
}

/** A copy of a frame that says itself to be as long as it is. */
export function withLength(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  viewOf(copy).setUint32(0, frame.length - FRAME_HEADER_BYTES, true);
  return copy;
}

function wrong(message: string): FrameResult {
  return { ok: false, problem: "wrong", message };
}

/** What the checksum covers besides the body; nothing here is asynchronous, so one buffer is enough. */
const prefix = new Uint8Array(GENERATION_BYTES + 20);
const prefixView = viewOf(prefix);

function checksum(generation: Uint8Array, offset: number, mark: number, body: Uint8Array): number {
  prefix.set(generation);
  setUint64(prefixView, GENERATION_BYTES, offset);
  prefixView.setUint32(GENERATION_BYTES + 8, body.length, true);
  setUint64(prefixView, GENERATION_BYTES + 12, mark);
  return crc32(body, crc32(prefix));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** Null beyond 2^53-1. */
function getUint64(view: DataView, at: number): number | null {
  const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  return Number.isSafeInteger(value) ? value : null;
}
