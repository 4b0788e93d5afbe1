/** `pol log` over logs of a few entries. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Entry } from "@polity/lineage/entry.ts";
import { writePublicKey } from "@polity/runtime/keys.ts";
import { freshFolder } from "./file-log.ts";
import { noteSigner } from "./lineage-log.ts";
import { bytesOf, nthEntry } from "./log-entries.ts";
import { logFilesOf, type TileFiles } from "./tile-folder.ts";

export const LAUNCHER = fileURLToPath(new URL("../../cli/bin/pol.js", import.meta.url));
export const env = {
  ...process.env,
  NO_COLOR: "1",
  XDG_CACHE_HOME: mkdtempSync(join(tmpdir(), "polity-cache-")),
};

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export function pol(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, ...args], { env, maxBuffer: 1e8 }, (failed, out, error) => {
      resolve({ code: typeof failed?.code === "number" ? failed.code : 0, out, error });
    });
  });
}

export const many = (count: number): Entry[] =>
  Array.from({ length: count }, (_, seq) => nthEntry(seq).entry);
export const filesOf = (entries: readonly Entry[]) => logFilesOf(entries.map(bytesOf));

/** A folder with a log's public files, and its key. */
export function made(files: TileFiles): { readonly dir: string; readonly key: string } {
  const dir = freshFolder();
  const key = join(dir, "log.pub.pem");
  writeFileSync(key, writePublicKey(noteSigner().key.publicKey));
  put(dir, files);
  return { dir: join(dir, "log"), key };
}

/** In place of what was there. */
export function put(parent: string, files: TileFiles): void {
  rmSync(join(parent, "log", "public"), { recursive: true, force: true });
  // The checkpoint comes last, as writers have it.
  for (const [path, bytes] of files) {
    const file = join(parent, "log", "public", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}
