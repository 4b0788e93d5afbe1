/** Bundles from the disk and to it: a folder, or one file that ends in `.tar`. */
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readBundle } from "@polity/lineage/node/bundle-files.ts";
import { type BundleFiles, writeArchive } from "@polity/runtime/archive.ts";
import { MANIFEST_PATH, STATEMENT_PATH } from "@polity/runtime/bundle-paths.ts";
import { bundleHint } from "./bundle-hints.ts";
import { failure, fileFailure, IS_THERE } from "./failure.ts";
import type { Refusal } from "./refusal.ts";
import { quoted } from "./words.ts";
import { bringFolderToDisk, expectWritable, writeWhole } from "./write-file.ts";

export interface OpenedBundle {
  readonly ok: true;
  readonly files: BundleFiles;
  readonly form: "folder" | "archive";
}

/** Fails where there is nothing to read; what is no bundle is refused. */
export function openBundle(path: string): OpenedBundle | Refusal {
  expectThere(path);
  const read = readBundle(path);
  if (read.ok) return read;
  const { code, message } = read;
  if (code === "bundle.unreadable") throw failure(`${quoted(path)}: ${message}`);
  return { ok: false, code, message, hint: bundleHint(code) };
}

function expectThere(path: string): void {
  try {
    if (path === "-") throw failure("a bundle is not read from standard input", "name a file or a folder");
    statSync(path);
  } catch (error) {
    throw fileFailure("read", quoted(path), error);
  }
}

const ARCHIVE = ".tar";

/** Fails where something else is in the way, before any work is done. */
export function expectNewBundle(path: string): void {
  if (path.endsWith(ARCHIVE)) expectWritable(path);
  else if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw failure(
      `cannot write ${quoted(path)}: ${IS_THERE}`,
      "name a new folder, or a file that ends in .tar",
    );
  }
}

/** A folder appears whole or not at all, and so does an archive. */
export function writeBundle(path: string, files: BundleFiles): void {
  if (path.endsWith(ARCHIVE)) {
    writeWhole(path, writeArchive(files));
    return;
  }
  const draft = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    for (const [file, content] of files) {
      mkdirSync(dirname(join(draft, file)), { recursive: true });
      writeWhole(join(draft, file), content);
    }
    renameSync(draft, path);
    bringFolderToDisk(dirname(path));
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw fileFailure("write", quoted(path), error);
  }
}

/** In place: of a folder only the manifest is written anew. */
export function updateManifest(path: string, { form }: OpenedBundle, files: BundleFiles): void {
  if (form === "archive") {
    writeWhole(path, writeArchive(files));
    return;
  }
  writeWhole(join(path, MANIFEST_PATH), files.get(MANIFEST_PATH) ?? "");
  rmSync(join(path, STATEMENT_PATH), { force: true });
}
