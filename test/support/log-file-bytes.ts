/** Takes the files of a log apart and puts them together again, checksums included, as a forger would. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeFileHeader } from "@polity/lineage/file-store/file-header.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type Frame } from "@polity/lineage/file-store/frame.ts";

export interface LogFileParts {
  /** With its line feed. */
  readonly line: Buffer;
  readonly generation: Uint8Array;
  readonly frames: readonly Frame[];
}

export function readParts(dir: string, name: string): LogFileParts {
  const bytes = readFileSync(join(dir, name));
  const decoded = decodeFileHeader(bytes);
  if (!decoded.ok) throw new Error(decoded.message);
  const frames: Frame[] = [];
  for (let at = decoded.sizeBytes; at < bytes.length; ) {
    const end = at + FRAME_HEADER_BYTES + bytes.readUInt32LE(at);
    const mark = Number(bytes.readBigUInt64LE(at + 8));
    frames.push({ mark, body: Uint8Array.from(bytes.subarray(at + FRAME_HEADER_BYTES, end)) });
    at = end;
  }
  return { line: bytes.subarray(0, decoded.sizeBytes), generation: decoded.header.generation, frames };
}

/** Every frame where it would lie, with the checksum that it would have there. */
function writeParts(dir: string, name: string, { line, generation, frames }: LogFileParts): void {
  const parts: Uint8Array[] = [line];
  let offset = line.length;
  for (const frame of frames) {
    const bytes = new Uint8Array(FRAME_HEADER_BYTES + frame.body.length);
    encodeFrame(bytes, 0, offset, frame, generation);
    parts.push(bytes);
    offset += bytes.length;
  }
  writeFileSync(join(dir, name), Buffer.concat(parts));
}

/** Rewrites a file with other frames. */
export function editFrames(
  dir: string,
  name: string,
  edit: (frames: readonly Frame[]) => readonly Frame[],
): void {
  const parts = readParts(dir, name);
  writeParts(dir, name, { ...parts, frames: edit(parts.frames) });
}

/** Where each frame begins. */
export function frameOffsets({ line, frames }: LogFileParts): readonly number[] {
  const offsets: number[] = [];
  let offset = line.length;
  for (const { body } of frames) {
    offsets.push(offset);
    offset += FRAME_HEADER_BYTES + body.length;
  }
  return offsets;
}
