/** Artefacts on the disk: by digest, written once, judged when they are read. */
import { mkdirSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ARTEFACT_BYTES_MAX, ArtefactError } from "@polity/lineage/artefacts.ts";
import { artefactFolder } from "@polity/lineage/node/artefact-folder.ts";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import { expect, test } from "vitest";
import { freshFolder } from "../support/file-log.ts";

const BYTES = utf8("an evaluator");
const DIGEST = digestName(sha256(BYTES));
const HEX = DIGEST.slice("sha256:".length);

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "",
    (error: unknown) => (error instanceof ArtefactError ? error.code : String(error)),
  );

test("are kept under their digests, once, for their owner alone", async () => {
  const dir = join(freshFolder(), "log", "artefacts");
  const folder = artefactFolder(dir);
  expect(await folder.read(DIGEST)).toBeNull();
  expect(await folder.put(BYTES)).toBe(DIGEST);
  const { ino, mode } = statSync(join(dir, HEX));
  expect([mode & 0o777, statSync(dir).mode & 0o777]).toEqual([0o600, 0o700]);
  expect(await folder.put(BYTES)).toBe(DIGEST);
  const source = join(dir, "..", "facts.jsonl");
  writeFileSync(source, BYTES);
  expect(await folder.putFile(source)).toBe(DIGEST);
  expect([readdirSync(dir), statSync(join(dir, HEX)).ino]).toEqual([[HEX], ino]);
  expect(await folder.read(DIGEST)).toEqual(BYTES);
  await expect(folder.read("sha256:..")).rejects.toThrow("no digest");
});

test("that were changed are not read, and are written anew", async () => {
  const dir = freshFolder();
  const folder = artefactFolder(dir);
  await folder.put(BYTES);
  writeFileSync(join(dir, HEX), "another evaluator");
  expect(await codeOf(folder.read(DIGEST))).toBe("replay.artefact_changed");
  await folder.put(BYTES);
  expect(await folder.read(DIGEST)).toEqual(BYTES);
});

test("what an interrupted writer left goes away, and nothing else does", async () => {
  const dir = freshFolder();
  const draft = ".00000000-0000-4000-8000-000000000000.tmp";
  writeFileSync(join(dir, draft), "half");
  writeFileSync(join(dir, "notes.txt"), "mine");
  await artefactFolder(dir).put(BYTES);
  expect(readdirSync(dir).sort()).toEqual([HEX, "notes.txt"].sort());
});

test("have a largest size, which is looked at before anything is read", async () => {
  const dir = freshFolder();
  const folder = artefactFolder(dir);
  writeFileSync(join(dir, HEX), "");
  truncateSync(join(dir, HEX), ARTEFACT_BYTES_MAX + 1);
  expect(await codeOf(folder.read(DIGEST))).toBe("replay.artefact_too_large");
  mkdirSync(join(dir, "in"));
  symlinkSync(join(dir, HEX), join(dir, "in", HEX));
  expect(await codeOf(artefactFolder(join(dir, "in")).read(DIGEST))).toBe("replay.artefact_too_large");
});
