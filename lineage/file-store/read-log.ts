/** What every open log answers; each answer is checked against the checksums again. */
import type { Opening } from "../commitment.ts";
import { LIMITS } from "../entry-schema.ts";
import { LogError, type LogStore } from "../store.ts";
import { ioError, readUpTo } from "./disk.ts";
import type { LogFile } from "./folder.ts";
import { decodeFrame, FRAME_HEADER_BYTES } from "./frame.ts";
import { OPENING_BYTES_MAX } from "./limits.ts";
import { closedError, type LogState } from "./log-state.ts";
import { decodeOpeningBody } from "./opening-body.ts";

export type LogReading = Pick<LogStore, "head" | "entry" | "opening" | "inclusionProof" | "consistencyProof">;

export function makeReading(state: LogState): LogReading {
  const expectOpen = () => {
    if (state.isClosed) throw closedError();
  };
  return {
    head: async () => {
      expectOpen();
      return state.published?.note ?? null;
    },
    entry: async (index) => {
      expectOpen();
      return readEntry(state, index);
    },
    opening: async (index) => {
      expectOpen();
      return readOpening(state, index);
    },
    inclusionProof: async (index, size) => {
      expectOpen();
      return state.tree.inclusionProof(index, size);
    },
    consistencyProof: async (from, to) => {
      expectOpen();
      return state.tree.consistencyProof(from, to);
    },
  };
}

async function readEntry(state: LogState, index: number): Promise<Uint8Array | null> {
  const offset = state.entryOffsets[index];
  if (offset === undefined) return null;
  const end = state.entryOffsets[index + 1] ?? state.entriesEnd;
  return readBody(state.files.entries, offset, end - offset, LIMITS.entryBytes, index);
}

async function readOpening(state: LogState, index: number): Promise<Opening | null> {
  const { openings } = state.files;
  const offset = state.openingOffsets[index] ?? -1;
  if (openings === null || offset === -1) return null;
  const header = await readUpTo(openings.handle, offset, FRAME_HEADER_BYTES);
  const sized = decodeFrame(header, offset, { ...openings.header, bodyBytesMax: OPENING_BYTES_MAX });
  const length = !sized.ok && sized.problem === "short" ? sized.neededBytes : 0;
  const body = await readBody(openings, offset, length, OPENING_BYTES_MAX, index);
  const decoded = decodeOpeningBody(body);
  if (decoded.ok) return decoded.opening;
  throw new LogError("log.malformed", `${decoded.message}: restore the file from a copy`, {
    file: openings.name,
    offset,
    index,
  });
}

async function readBody(
  file: LogFile,
  offset: number,
  length: number,
  bodyBytesMax: number,
  index: number,
): Promise<Uint8Array> {
  const place = { file: file.name, offset, index };
  const bytes = await readUpTo(file.handle, offset, length).catch((error: unknown) => {
    throw ioError(error, file.name, "read");
  });
  const result = decodeFrame(bytes, offset, { generation: file.header.generation, bodyBytesMax });
  if (result.ok && result.sizeBytes === length) return result.frame.body;
  const message = "the record is no longer what it was: restore the file from a copy";
  throw new LogError("log.malformed", message, place);
}
