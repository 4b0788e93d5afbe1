/** What every open log answers. */
import { LogError, type LogStore } from "../store.ts";
import { closedError, type LogState } from "./log-state.ts";
import { readOpening } from "./openings.ts";
import { readOpenings } from "./read-openings.ts";
import { makeTileTree } from "./tile-tree.ts";

export type LogReading = Pick<
  LogStore,
  "head" | "published" | "entry" | "opening" | "openings" | "inclusionProof" | "consistencyProof" | "root"
>;

export function makeReading(state: LogState): LogReading {
  const { disk, dir, tiles } = state;
  const tree = makeTileTree(tiles.hashes, state.crypto.sha256);
  const expectOpen = () => {
    if (state.isClosed) throw closedError();
  };
  const isThere = (index: number) => Number.isSafeInteger(index) && index >= 0 && index < state.size();
  return {
    async head() {
      expectOpen();
      return state.published?.note ?? null;
    },
    published: () => state.published && { note: state.published.note, ...state.published.checkpoint },
    async entry(index) {
      expectOpen();
      return isThere(index) ? (await tiles.entry(index)).slice() : null;
    },
    async opening(index) {
      expectOpen();
      return isThere(index) ? readOpening(disk, dir, state.requestsFirsts(), index) : null;
    },
    async openings() {
      expectOpen();
      return readOpenings(dir, disk);
    },
    async root(size = state.size()) {
      expectOpen();
      expectWithin("size", size, 0, state.size());
      return tree.root(size);
    },
    async inclusionProof(index, size) {
      expectOpen();
      expectWithin("size", size, 0, state.size());
      expectWithin("index", index, 0, size - 1);
      return tree.inclusionProof(index, size);
    },
    async consistencyProof(from, to) {
      expectOpen();
      expectWithin("size", to, 0, state.size());
      expectWithin("earlier size", from, 0, to);
      return tree.consistencyProof(from, to);
    },
  };
}

function expectWithin(what: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const range = max < min ? "but there is none in an empty tree" : `not an integer from ${min} to ${max}`;
  throw new RangeError(`the ${what} is ${value}, ${range}`);
}

/** What a store that was opened for reading says to writers. */
export function readOnly(): LogError {
  return new LogError("log.read_only", "the log was opened for reading: open it with a signer to write");
}
