/** Walks the openings beside the entries: each must open what its entry commits to. */
import { checkOpening } from "../commitment.ts";
import type { Entry } from "../entry.ts";
import { LogError, type LogPlace } from "../store.ts";
import type { Disk } from "./disk.ts";
import { openingOf } from "./openings.ts";
import { damaged, endOf, framesOf, type PlacedFrame, readSegment, type Segment } from "./segment-read.ts";

export interface OpeningsCheck {
  /** To be called for each entry that can be read, in turn; what was erased is not missed. */
  readonly expectOpens: (entry: Entry, index: number) => Promise<void>;
  /** Whether nothing else is left than what an interrupted writer leaves, or one at work, in words. */
  readonly expectEnd: () => Promise<string | null>;
  /** Openings that were checked. */
  readonly found: () => number;
}

interface Next {
  readonly segment: Segment;
  readonly frame: PlacedFrame;
}

/** `firsts`: of the segments, ascending. */
export function makeOpeningsCheck(
  disk: Disk,
  dir: string,
  origin: string,
  firsts: readonly number[],
): OpeningsCheck {
  let found = 0;
  let isTorn = false;
  const all = openings();
  let next: Next | null | undefined;

  async function* openings(): AsyncGenerator<Next> {
    let due = 0;
    for (const [at, first] of firsts.entries()) {
      const segment = await readSegment(disk, dir, "requests", first);
      if (segment === null) continue;
      if (segment.header.origin !== origin) throw damaged(segment.file, 0, "this is of another log");
      const frames = framesOf(segment);
      for (let read = frames.next(); ; read = frames.next()) {
        if (read.done) {
          isTorn = expectClean(segment, read.value, at === firsts.length - 1);
          break;
        }
        const { index, offset } = read.value;
        // Segments were being made one, and the next one is still there.
        if (index >= (firsts[at + 1] ?? Number.POSITIVE_INFINITY)) continue;
        if (index < due) throw damaged(segment.file, offset, `openings are not in order: ${index} again`);
        due = index + 1;
        yield { segment, frame: read.value };
      }
    }
  }

  async function look(): Promise<Next | null> {
    if (next === undefined) {
      const read = await all.next();
      next = read.done ? null : read.value;
    }
    return next;
  }

  return {
    found: () => found,
    async expectOpens(entry, index) {
      let read = await look();
      for (; read !== null && read.frame.index < index; read = await look()) next = undefined;
      if (read === null || read.frame.index > index) return;
      next = undefined;
      if (read.frame.isMarked) return;
      expectOpened(entry, read);
      found += 1;
    },
    async expectEnd() {
      let ahead = 0;
      for (; (await look()) !== null; next = undefined) ahead += 1;
      const parts: string[] = [];
      if (ahead > 0) parts.push(`${ahead} for entries that are not there`);
      if (isTorn) parts.push("the beginning of one");
      if (parts.length === 0) return null;
      return `openings end with ${parts.join(", and ")}: a writer was interrupted, or is at work`;
    },
  };
}

/** Whether it ends within a record, as only the last segment may. */
function expectClean(segment: Segment, offset: number, isLast: boolean): boolean {
  const { dataEnd, isTorn } = endOf(segment, offset);
  if (dataEnd <= offset) return false;
  if (isTorn && isLast) return true;
  throw damaged(segment.file, offset, "the checksum of the record is wrong");
}

function expectOpened(entry: Entry, { segment, frame }: Next): void {
  const place: LogPlace = { file: segment.file, offset: frame.offset, index: frame.index };
  const opening = openingOf(segment, frame);
  if (entry.kind !== "decision" || entry.request === null) {
    throw mismatch("there is an opening, but the entry commits to no request", place);
  }
  const result = checkOpening(entry.request, opening);
  if (!result.ok) throw mismatch(result.message, place);
}

function mismatch(message: string, place: LogPlace): LogError {
  return new LogError("log.opening_mismatch", `${message}: restore the file from a copy`, place);
}
