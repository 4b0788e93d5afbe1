/** What an open log knows of its folder. Only the writer changes it, and only once entries are durable. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { LogError } from "../store.ts";
import type { Tree } from "../tree.ts";
import type { LogFiles } from "./folder.ts";
import type { Published } from "./published.ts";

export interface LogState {
  readonly dir: string;
  readonly origin: string;
  readonly crypto: CryptoPort;
  readonly files: LogFiles;
  readonly tree: Tree;
  /** Of each entry's frame in the entries file. */
  readonly entryOffsets: number[];
  /** Of each entry's opening in the openings file; -1 where there is none. */
  readonly openingOffsets: number[];
  /** Where the next frame goes. */
  entriesEnd: number;
  openingsEnd: number;
  published: Published | null;
  isClosed: boolean;
}

export function closedError(): LogError {
  return new LogError("log.closed", "the log was closed: open it again");
}
