/** Takes the segments of a log apart and puts them together again, checksums included, as a forger would. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeFrame, FRAME_HEADER_BYTES, type Frame } from "@polity/lineage/file-store/frame.ts";
import { decodeSegmentHeader } from "@polity/lineage/file-store/segment-header.ts";
import { framesOf, type PlacedFrame } from "@polity/lineage/file-store/segment-read.ts";

export interface SegmentParts {
  readonly path: string;
  /** In the log's folder. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly generation: Uint8Array;
  /** Where the first frame begins. */
  readonly start: number;
  readonly frames: readonly PlacedFrame[];
  /** Where the last frame ends. */
  readonly end: number;
}

/** The last segment of a kind. */
export function lastSegment(dir: string, kind: "wal" | "requests"): SegmentParts {
  const file = `${kind}/${readdirSync(join(dir, kind)).sort().at(-1)}`;
  const path = join(dir, file);
  const bytes = readFileSync(path);
  const decoded = decodeSegmentHeader(bytes);
  if (decoded === null) throw new Error(`no segment: ${path}`);
  const { header, sizeBytes: start } = decoded;
  const frames = [...framesOf({ file, header, bytes, start })];
  const last = frames.at(-1);
  const end = last === undefined ? start : last.offset + FRAME_HEADER_BYTES + last.body.length;
  return { path, file, bytes, generation: header.generation, start, frames, end };
}

/** Rewrites the last segment with other frames, and so many zeros behind them. */
export function editSegment(
  dir: string,
  kind: "wal" | "requests",
  edit: (frames: readonly Frame[]) => readonly Frame[],
): void {
  const { path, bytes, start, generation, frames } = lastSegment(dir, kind);
  const edited = edit(frames);
  const size = edited.reduce((sum, { body }) => sum + FRAME_HEADER_BYTES + body.length, start);
  const target = Buffer.alloc(size);
  bytes.copy(target, 0, 0, start);
  let at = start;
  for (const frame of edited) at = encodeFrame(target, at, frame, generation);
  writeFileSync(path, target);
}
