/**
 * Disks without room: real ones, of a megabyte, and a limit on the size of files. The system itself says that
 * there is no space, and writes a part of what it was given. Each case is a process in a place of its own for
 * file systems, which nobody else sees and which is gone with it.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Random } from "../../test/support/random.ts";
import { type Case, NOTHING, type Outcome, type Section } from "./case.ts";
import type { SmallDisk } from "./small-disk.ts";

/** Of util-linux. */
const UNSHARE = "unshare";
const PRLIMIT = "prlimit";
const CHILD = fileURLToPath(new URL("./small-disk.ts", import.meta.url));
const ROUNDS = 6;

export const FULL_DISK: Section = {
  name: "full-disk",
  atOnce: 2,
  quickCases: 6,
  cases: async ({ scratch, rounds }) => {
    const cases: Case[] = [];
    for (const what of ["log", "ballast", "anchor", "limit"] as const) {
      for (let round = 0; round < (rounds ?? ROUNDS); round += 1) {
        const row = ROWS[what];
        const run = (random: Random) => runApart(scratch, what, random);
        cases.push({ name: `full-disk/${what}/${round}`, row, run });
      }
    }
    return cases;
  },
};

const ROWS = {
  log: "1 MB tmpfs filled by the log",
  ballast: "1 MB tmpfs filled by others",
  anchor: "1 MB tmpfs full below the anchor",
  limit: "limit on file sizes",
} as const;

function missingFor(what: SmallDisk["what"]): string | null {
  if (what === "limit")
    return spawnSync(PRLIMIT, ["--fsize=1000000", "true"]).status === 0 ? null : "no prlimit";
  const mount = ["-m", "mount", "-t", "tmpfs", "-o", "size=64k", "polity", "/tmp"];
  return spawnSync(UNSHARE, mount).status === 0 ? null : "no permission to mount a tmpfs";
}

async function runApart(scratch: string, what: SmallDisk["what"], random: Random): Promise<Outcome> {
  const missing = missingFor(what);
  if (missing !== null) return { ...NOTHING, notRun: missing };
  const home = mkdtempSync(join(scratch, "full-"));
  mkdirSync(join(home, "anchor"));
  const disk: SmallDisk = { what, home, seed: random.below(2 ** 32) };
  // A limit is for all children of a process, so the writer gets it, not its judge.
  const command = what === "limit" ? [process.execPath] : [UNSHARE, "-m", process.execPath];
  return JSON.parse(await outputOf([...command, CHILD, JSON.stringify(disk)]), (key, value) =>
    key === "refused" ? new Map(value) : value,
  );
}

function outputOf([program = "", ...args]: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(output) : reject(new Error(`${code}: ${errors}`))));
  });
}
