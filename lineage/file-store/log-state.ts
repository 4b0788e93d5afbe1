/** What an open log knows of its folder. Only the writer changes it, and only once entries are durable. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { LogError } from "../store.ts";
import type { Disk } from "./disk.ts";
import type { Published } from "./published.ts";
import type { TileReader } from "./tile-read.ts";

export interface LogState {
  readonly disk: Disk;
  readonly dir: string;
  readonly origin: string;
  readonly crypto: CryptoPort;
  readonly tiles: TileReader;
  /** Entries that are durable; for readers, those that the checkpoint covers. */
  readonly size: () => number;
  /** First indices of the segments of openings, ascending. */
  readonly requestsFirsts: () => readonly number[];
  published: Published | null;
  isClosed: boolean;
}

export function closedError(): LogError {
  return new LogError("log.closed", "the log was closed: open it again");
}
