/** What the errors of a file system mean to a log. */
import { type LogCode, LogError } from "../store.ts";

const WRITE_ERRORS: ReadonlyMap<string, readonly [LogCode, string]> = new Map([
  ["ENOSPC", ["log.full", "the disk is full: free some space, then open the log again"]],
  ["EDQUOT", ["log.full", "the disk quota is used up: free some space, then open the log again"]],
  ["EFBIG", ["log.full", "the file may not grow any further: raise the limit, then open the log again"]],
  ["EROFS", ["log.read_only", "the file system is read-only: log elsewhere, or open without a signer"]],
  ["EACCES", ["log.read_only", "writing is not permitted: check owner and mode of the folder and its files"]],
  ["EPERM", ["log.read_only", "writing is not permitted: check owner, mode and attributes of the files"]],
]);

const READ_ERRORS: ReadonlyMap<string, readonly [LogCode, string]> = new Map([
  ["ENOENT", ["log.missing", "there is no such file or folder: check the path"]],
  ["ENOTDIR", ["log.not_a_folder", "a log is a folder, and something in this path is none"]],
  [
    "EACCES",
    ["log.unreadable", "reading is not permitted: check owner and mode of the folder and its files"],
  ],
]);

/** What a failed file operation means to the log. `file` is relative to the log's folder, or a path. */
export function ioError(error: unknown, file: string, operation: "read" | "write"): LogError {
  if (error instanceof LogError) return error;
  const known = (operation === "write" ? WRITE_ERRORS : READ_ERRORS).get(errnoOf(error));
  const detail = error instanceof Error ? error.message : "what was thrown is no error";
  if (known !== undefined) return new LogError(known[0], `${known[1]} (${detail})`, { file });
  return operation === "read"
    ? new LogError("log.unreadable", `cannot be read: ${detail}`, { file })
    : new LogError("log.failed", `cannot be written: ${detail}; check the disk, then open the log again`, {
        file,
      });
}

export function errnoOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? "";
}
