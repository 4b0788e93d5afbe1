/** Openings in the order of their entries: each segment is read once, and one at a time is in memory. */
import type { NextOpening } from "../store.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { expectEnd, lastUpTo, openingOf } from "./openings.ts";
import { framesOf, type PlacedFrame, readSegment, type Segment, segmentFirsts } from "./segment-read.ts";

interface Current {
  readonly first: number;
  readonly segment: Segment;
  readonly frames: ReturnType<typeof framesOf>;
  /** Undefined before the first frame is read, null behind the last. */
  frame: PlacedFrame | null | undefined;
}

/** Rejects with a LogError, as the answer does. A folder without openings has none. */
export async function readOpenings(dir: string, disk: Disk = nodeDisk): Promise<NextOpening> {
  let firsts = await segmentFirsts(disk, dir, "requests");
  let current: Current | null = null;

  /** Null where it was deleted meanwhile. */
  async function segmentFor(first: number): Promise<Current | null> {
    if (current?.first === first) return current;
    const segment = await readSegment(disk, dir, "requests", first);
    current = segment && { first, segment, frames: framesOf(segment), frame: undefined };
    return current;
  }

  return async (index) => {
    let first = lastUpTo(firsts, index);
    if (first === undefined) return null;
    let at = await segmentFor(first);
    if (at === null) {
      // The next writer has made one of several.
      firsts = await segmentFirsts(disk, dir, "requests");
      first = lastUpTo(firsts, index);
      at = first === undefined ? null : await segmentFor(first);
    }
    if (at === null) return null;
    while (at.frame === undefined || (at.frame !== null && at.frame.index < index)) {
      at.frame = nextOf(at.segment, at.frames);
    }
    const { frame } = at;
    return frame?.index !== index || frame.isMarked ? null : openingOf(at.segment, frame);
  };
}

function nextOf(segment: Segment, frames: Current["frames"]): PlacedFrame | null {
  const read = frames.next();
  if (!read.done) return read.value;
  expectEnd(segment, read.value);
  return null;
}
