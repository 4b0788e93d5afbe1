import { fileStamp } from "./file-stamp.ts";
import { printLine } from "./terminal.ts";
import { plural } from "./words.ts";

const POLL_MS = 200;
/** Editors save in several steps, and several files at once. */
const QUIET_MS = 60;

/**
 * Looks at once and then after every change of one of the files, one time after the other, as long as the
 * process lives; each look answers which files to watch from then on, and which they are is said after it. A
 * change while it looks is seen afterwards. Asking for the names again and again, unlike the notices of the
 * system, also sees files that are deleted, made again or replaced by another one, and works on every disk.
 */
export async function watchFiles(
  paths: readonly string[],
  look: () => Promise<readonly string[]>,
): Promise<void> {
  let seen = statesOf(paths);
  const lookAgain = async () => {
    const before = statesOf(seen.keys());
    const wanted = await look();
    // What was not watched yet is as it is now.
    seen = new Map(wanted.map((path) => [path, before.get(path) ?? fileStamp(path)]));
    await printLine(`watching ${plural(seen.size, "file")} (Ctrl-C ends)`, "error");
  };
  await lookAgain();
  const hasChanged = () => [...seen].some(([path, state]) => fileStamp(path) !== state);
  const poll = async () => {
    if (hasChanged()) {
      await quiet([...seen.keys()]);
      await lookAgain();
    }
    setTimeout(poll, POLL_MS);
  };
  setTimeout(poll, POLL_MS);
}

/** Waits until nothing changes any more for a moment. */
async function quiet(paths: readonly string[]): Promise<void> {
  for (let before = ""; ; ) {
    const now = [...statesOf(paths).values()].join(" ");
    if (now === before) return;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

function statesOf(paths: Iterable<string>): Map<string, string> {
  return new Map(Array.from(paths, (path) => [path, fileStamp(path)]));
}
