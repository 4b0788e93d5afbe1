/** How long after a save is a watched policy built again? Everything counts: noticing, building, writing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const WAIT_MS = 60_000;

/** Nanoseconds of so many saves, each of another text; the first build is not among them. */
export async function timeSaves(
  pol: string,
  policy: string,
  folder: string,
  times: number,
): Promise<number[]> {
  const file = join(folder, "watched.pol");
  copyFileSync(policy, file);
  const text = readFileSync(file, "utf8");
  const args = ["build", "--watch", "--no-cache", "--json", file, "-o", join(folder, "watched.wasm")];
  const child = spawn(process.execPath, [pol, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  try {
    await nextBuild(lines);
    const saves: number[] = [];
    for (let at = 1; at <= times; at += 1) {
      // Not at the same moment of its poll each time.
      await new Promise((resolve) => setTimeout(resolve, 400 + at * 37));
      writeFileSync(file, text.replace(/version \d+/, `version ${at + 1}`));
      const from = performance.now();
      await nextBuild(lines);
      saves.push((performance.now() - from) * 1e6);
    }
    return saves;
  } finally {
    child.kill();
    await ended;
  }
}

async function nextBuild(lines: AsyncIterator<string>): Promise<void> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`nothing was built within ${WAIT_MS / 1e3} s`)), WAIT_MS).unref();
  });
  const { value, done } = await Promise.race([lines.next(), late]);
  const built = done === true ? null : (JSON.parse(value) as { readonly digest?: string });
  if (built?.digest === undefined) throw new Error("the watched policy was not built");
}
