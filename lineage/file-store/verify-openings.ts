/** Walks the openings beside the entries: each must open what its entry commits to. */
import { checkOpening } from "../commitment.ts";
import type { Entry } from "../entry.ts";
import { LogError, type LogPlace } from "../store.ts";
import { type LogFile, OPENINGS_FILE } from "./folder.ts";
import { type FrameRead, makeFrameReader } from "./frame-reader.ts";
import { OPENING_BYTES_MAX } from "./limits.ts";
import { decodeOpeningBody } from "./opening-body.ts";

export interface OpeningsCheck {
  /** To be called for each entry in turn; what was erased is not missed. */
  readonly expectOpens: (entry: Entry, index: number) => Promise<void>;
  /** Whether nothing is left, of a log with so many entries. */
  readonly expectEnd: (size: number) => Promise<void>;
  /** Openings that were checked. */
  readonly found: () => number;
}

export function makeOpeningsCheck(file: LogFile | null): OpeningsCheck {
  let found = 0;
  if (file === null) return { expectOpens: async () => {}, expectEnd: async () => {}, found: () => found };
  const { handle, header, firstFrame, sizeBytes } = file;
  const limits = { generation: header.generation, bodyBytesMax: OPENING_BYTES_MAX };
  const reader = makeFrameReader({ ...limits, handle, from: firstFrame, until: sizeBytes });
  let next: FrameRead | null = null;
  return {
    found: () => found,
    expectOpens: async (entry, index) => {
      next ??= await reader.next();
      const place = { file: OPENINGS_FILE, offset: next.offset, index };
      if (next.kind === "short" || next.kind === "wrong") throw damaged(next.message, place);
      if (next.kind === "end" || next.mark > index) return;
      if (next.mark < index)
        throw damaged(`openings are not in order: here is that of entry ${next.mark}`, place);
      expectOpened(entry, next.body, place);
      found += 1;
      next = null;
    },
    expectEnd: async (size) => {
      next ??= await reader.next();
      if (next.kind === "end") return;
      const place = { file: OPENINGS_FILE, offset: next.offset };
      if (next.kind === "frame")
        throw damaged(`an opening of entry ${next.mark}, and there are ${size}`, place);
      throw damaged(next.message, place);
    },
  };
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
