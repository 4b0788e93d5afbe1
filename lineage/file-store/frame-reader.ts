/** Reads the frames of a file one after the other, in as much memory as the largest of them needs. */
import type { FileHandle } from "node:fs/promises";
import { decodeFrame, FRAME_HEADER_BYTES, type FrameLimits } from "./frame.ts";

export type FrameRead =
  | {
      readonly kind: "frame";
      readonly offset: number;
      /** Where the next one begins. */
      readonly end: number;
      readonly mark: number;
      /** Valid until the next read. */
      readonly body: Uint8Array;
    }
  | { readonly kind: "end"; readonly offset: number }
  | { readonly kind: "short"; readonly offset: number; readonly message: string }
  | { readonly kind: "wrong"; readonly offset: number; readonly message: string };

export interface FrameReader {
  /** After anything but a frame there is no next one. */
  readonly next: () => Promise<FrameRead>;
}

export interface FrameSource extends FrameLimits {
  readonly handle: FileHandle;
  /** Where the first frame begins, and where the file ends for this reader even if it grows. */
  readonly from: number;
  readonly until: number;
}

const CHUNK_BYTES = 1024 * 1024;

export function makeFrameReader(source: FrameSource): FrameReader {
  const window: Window = {
    bytes: new Uint8Array(Math.max(FRAME_HEADER_BYTES, Math.min(CHUNK_BYTES, source.until - source.from))),
    filled: 0,
    at: 0,
    offset: source.from,
  };
  return { next: () => next(source, window) };
}

/** `bytes` from `at` up to `filled` are those of the file from `offset` on. */
interface Window {
  bytes: Uint8Array;
  filled: number;
  at: number;
  offset: number;
}

async function next(source: FrameSource, window: Window): Promise<FrameRead> {
  const { offset } = window;
  if (offset >= source.until) return { kind: "end", offset };
  // Usually the frame is there; otherwise its header is needed first, then as many bytes as that asks for.
  for (;;) {
    const result = decodeFrame(window.bytes.subarray(window.at, window.filled), offset, source);
    if (result.ok) {
      const end = offset + result.sizeBytes;
      window.at += result.sizeBytes;
      window.offset = end;
      return { kind: "frame", offset, end, ...result.frame };
    }
    if (result.problem === "wrong") return { kind: "wrong", offset, message: result.message };
    if (!(await fill(source, window, result.neededBytes))) {
      const message = `the file ends within a record, ${source.until - offset} bytes after its beginning`;
      return { kind: "short", offset, message };
    }
  }
}

/** Whether the file has as many bytes. */
async function fill(source: FrameSource, window: Window, neededBytes: number): Promise<boolean> {
  if (window.offset + neededBytes > source.until) return false;
  const held = window.bytes.subarray(window.at, window.filled);
  const target = neededBytes > window.bytes.length ? new Uint8Array(neededBytes) : window.bytes;
  target.set(held);
  window.bytes = target;
  window.filled = held.length;
  window.at = 0;
  while (window.filled < neededBytes) {
    const position = window.offset + window.filled;
    const length = Math.min(target.length - window.filled, source.until - position);
    const { bytesRead } = await source.handle.read(target, window.filled, length, position);
    if (bytesRead === 0) return false;
    window.filled += bytesRead;
  }
  return true;
}
