/** Walks the openings beside the entries: each must open what its entry commits to. */
import { checkOpening } from "../commitment.ts";
import type { Entry } from "../entry.ts";
import { LogError, type LogPlace } from "../store.ts";
import { type LogFile, OPENINGS_FILE } from "./folder.ts";
import { type FrameRead, type FrameReader, makeFrameReader } from "./frame-reader.ts";
import { OPENING_BYTES_MAX } from "./limits.ts";
import { decodeOpeningBody } from "./opening-body.ts";
import { isTornOpening } from "./torn-tail.ts";

export interface OpeningsCheck {
  /** To be called for each entry in turn; what was erased is not missed. */
  readonly expectOpens: (entry: Entry, index: number) => Promise<void>;
  /** Whether nothing else is left than what an interrupted writer leaves, or one at work, in words. */
  readonly expectEnd: () => Promise<string | null>;
  /** Openings that were checked. */
  readonly found: () => number;
}

/** Of a log with `size` entries. Openings are durable before their entries, so there may be some ahead. */
export function makeOpeningsCheck(file: LogFile | null, size: number): OpeningsCheck {
  let found = 0;
  if (file === null) {
    return { expectOpens: async () => {}, expectEnd: async () => null, found: () => found };
  }
  const { handle, header, firstFrame, sizeBytes } = file;
  const limits = { generation: header.generation, bodyBytesMax: OPENING_BYTES_MAX };
  const reader = makeFrameReader({ ...limits, handle, from: firstFrame, until: sizeBytes });
  let next: Next | null = null;

  /** Stays the same until `next` is null again. */
  async function look(): Promise<Next> {
    next ??= await readNext(reader, file!, size);
    return next;
  }

  return {
    found: () => found,
    expectOpens: async (entry, index) => {
      const read = await look();
      if (read.kind !== "frame" || read.mark > index) return;
      const place = { file: OPENINGS_FILE, offset: read.offset, index };
      if (read.mark < index)
        throw damaged(`openings are not in order: here is that of entry ${read.mark}`, place);
      expectOpened(entry, read.body, place);
      found += 1;
      next = null;
    },
    expectEnd: async () => {
      let ahead = 0;
      let due = size;
      for (let read = await look(); ; read = await look()) {
        if (read.kind !== "frame") return aheadText(ahead, read.kind === "torn");
        const place = { file: OPENINGS_FILE, offset: read.offset };
        if (read.mark < due)
          throw damaged(`openings are not in order: here is that of entry ${read.mark}`, place);
        due = read.mark + 1;
        ahead += 1;
        next = null;
      }
    },
  };
}

type Next =
  | Extract<FrameRead, { kind: "frame" } | { kind: "end" }>
  | { readonly kind: "torn"; readonly offset: number };

async function readNext(reader: FrameReader, file: LogFile, size: number): Promise<Next> {
  const read = await reader.next();
  if (read.kind === "frame" || read.kind === "end") return read;
  const { message, offset } = read;
  if (await isTornOpening(file, offset, size)) return { kind: "torn", offset };
  throw damaged(message, { file: OPENINGS_FILE, offset });
}

/** Of less than a frame's first bytes nobody can say whose opening that was to be. */
function aheadText(whole: number, isTorn: boolean): string | null {
  const parts: string[] = [];
  if (whole > 0) parts.push(`${whole} for entries that are not there`);
  if (isTorn) parts.push("the beginning of one");
  if (parts.length === 0) return null;
  return `openings end with ${parts.join(", and ")}: a writer was interrupted, or is at work`;
}

function expectOpened(entry: Entry, body: Uint8Array, place: LogPlace): void {
  const decoded = decodeOpeningBody(body);
  if (!decoded.ok) throw damaged(decoded.message, place);
  if (entry.kind !== "decision" || entry.request === null) {
    throw mismatch("there is an opening, but the entry commits to no request", place);
  }
  const result = checkOpening(entry.request, decoded.opening);
  if (!result.ok) throw mismatch(result.message, place);
}

function damaged(message: string, place: LogPlace): LogError {
  return new LogError("log.malformed", `${message}: restore the file from a copy`, place);
}

function mismatch(message: string, place: LogPlace): LogError {
  return new LogError("log.opening_mismatch", `${message}: restore the file from a copy`, place);
}
