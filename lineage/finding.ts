/** What a check that goes on after the first thing found says of each. */
import type { LogCode } from "./store.ts";

/** Something that is wrong in a log. */
export interface Finding {
  readonly code: LogCode;
  readonly message: string;
  /** Relative to the log; null where no single file is meant. */
  readonly file: string | null;
  /** In bytes from the start of the file. */
  readonly offset: number | null;
  /** Of the entry. */
  readonly index: number | null;
}
