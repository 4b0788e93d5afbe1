/** Bundles in folders and archives on the disk, whoever put what there. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readBundle } from "@polity/lineage/node/bundle-files.ts";
import { type BundleFiles, writeArchive } from "@polity/runtime/archive.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { afterAll, expect, test } from "vitest";
import { notRun } from "../support/not-run.ts";

const home = mkdtempSync(join(tmpdir(), "bundle-folder-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const FILES: BundleFiles = new Map([
  ["set.dsse.json", utf8("{}")],
  ["sources/a/b.pol", utf8("b")],
]);

let count = 0;

function folderWith(more: Readonly<Record<string, string>> = {}): string {
  count += 1;
  const folder = join(home, String(count));
  const texts = [...FILES].map(([path, content]) => [path, new TextDecoder().decode(content)] as const);
  for (const [path, text] of [...texts, ...Object.entries(more)]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function codeOf(path: string, bytesMax?: number): string {
  const read = readBundle(path, bytesMax);
  return read.ok ? "" : read.code;
}

test("a folder and an archive give the same files", () => {
  const folder = folderWith();
  const archive = join(home, "a.tar");
  writeFileSync(archive, writeArchive(FILES));
  for (const [path, form] of [
    [folder, "folder"],
    [archive, "archive"],
  ] as const) {
    const read = readBundle(path);
    expect(read).toMatchObject({ ok: true, form });
    const texts = (files: BundleFiles) =>
      [...files].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]);
    expect(read.ok && texts(read.files).sort()).toEqual(texts(FILES).sort());
  }
});

test("links are not followed, to files or to folders", () => {
  const folder = folderWith();
  symlinkSync("/etc/hostname", join(folder, "facts.json"));
  expect(codeOf(folder)).toBe("bundle.link");
  const other = folderWith();
  symlinkSync("/etc", join(other, "std"));
  expect(codeOf(other)).toBe("bundle.link");
});

test("what has no place in a bundle is refused before it is read", () => {
  expect(codeOf(folderWith({ ".git/config": "" }))).toBe("bundle.path");
  expect(codeOf(folderWith({ "README.md": "" }))).toBe("bundle.path");
  const folder = folderWith();
  const made = spawnSync("mkfifo", [join(folder, "facts.json")]);
  if (made.status !== 0) return notRun("a pipe in the folder of a bundle", "no mkfifo on this machine");
  expect(codeOf(folder)).toBe("bundle.path");
});

test("files without an end are not read", () => {
  const folder = folderWith({ "facts.json": "" });
  truncateSync(join(folder, "facts.json"), 65 * 1024 * 1024);
  expect(codeOf(folder)).toBe("bundle.too_large");
  truncateSync(join(folder, "facts.json"), 2 ** 40);
  expect(codeOf(folder)).toBe("bundle.too_large");
  const archive = join(home, "huge.tar");
  writeFileSync(archive, "");
  truncateSync(archive, 2 ** 40);
  expect(codeOf(archive)).toBe("bundle.too_large");
});

test("nor more than somebody wants", () => {
  const folder = folderWith({ "facts.json": "x".repeat(1_000) });
  expect(codeOf(folder, 1_003)).toBe("");
  expect(codeOf(folder, 1_002)).toBe("bundle.too_large");
  expect(codeOf(folder, Number.NaN)).toBe("bundle.too_large");
});

test("nor more files than a bundle has", () => {
  const many = Object.fromEntries(Array.from({ length: 1_025 }, (_, at) => [`sources/c${at}.pol`, ""]));
  expect(codeOf(folderWith(many))).toBe("bundle.too_large");
  const deep = `sources/${"a/".repeat(130)}b.pol`;
  expect(codeOf(folderWith({ [deep]: "" }))).toBe("bundle.path");
});

test("what is not there, or may not be read, is said to be so", () => {
  expect(codeOf(join(home, "nothing"))).toBe("bundle.unreadable");
  expect(codeOf("/dev/null")).toBe("bundle.path");
});
