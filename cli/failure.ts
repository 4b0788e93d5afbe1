/** What the user can mend: one line and maybe a hint, never a stack trace. */

export const EXIT = {
  done: 0,
  /** The answer is no: errors in the source, a failing test. */
  no: 1,
  /** Usage, or a file that cannot be read or written. */
  usage: 2,
  /** A bug in pol (`EX_SOFTWARE` of sysexits.h). */
  bug: 70,
  /** Nobody reads the output any more; what a shell reports for a command that SIGPIPE ended. */
  pipe: 141,
} as const;

/** The same failure with advice, for those who have read the message. */
export function advised(error: unknown, hint: string): unknown {
  return isFailure(error) ? failure(error.message, error.hint ?? hint, error.exitCode) : error;
}

const FAILURE = Symbol("failure");

export interface Failure extends Error {
  readonly hint: string | null;
  readonly exitCode: number;
}

/** An error to throw for what the user can mend. Exit code 2 unless told otherwise. */
export function failure(message: string, hint: string | null = null, exitCode: number = EXIT.usage): Failure {
  return Object.assign(new Error(message), { hint, exitCode, [FAILURE]: true });
}

export function isFailure(error: unknown): error is Failure {
  return error instanceof Error && FAILURE in error;
}

/** What `--json` prints for a file that could not be read; nothing where all could. */
export function unreadData(failed: ReadonlyMap<string, Failure>) {
  const unread = [...failed].map(([file, { message, hint }]) => ({ file, message, hint }));
  return unread.length === 0 ? {} : { unread };
}

/** The code of an operating system's error (`ENOENT`), or null for anything else. */
function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** What is said of a file that should not be there. */
export const IS_THERE = "it is there already";

const SYSTEM_MESSAGES: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "no such file or folder"],
  ["EEXIST", IS_THERE],
  ["EISDIR", "is a folder"],
  ["ENOTDIR", "a part of the path is not a folder"],
  ["EACCES", "permission denied"],
  ["EPERM", "operation not permitted"],
  ["ENOSPC", "no space left on the disk"],
  ["EDQUOT", "disk quota exceeded"],
  ["EFBIG", "file too large"],
  ["EROFS", "the file system is read-only"],
  ["ELOOP", "too many symbolic links"],
  ["ENAMETOOLONG", "name too long"],
  ["EMFILE", "too many open files"],
  ["EIO", "input or output error"],
]);

/** What an operating system's error says to the user; every other error is handed back as it is. */
export function fileFailure(what: string, name: string, error: unknown): unknown {
  const code = systemCode(error);
  return code === null ? error : failure(`cannot ${what} ${name}: ${SYSTEM_MESSAGES.get(code) ?? code}`);
}
