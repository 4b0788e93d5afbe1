/** Bundles as one file: what is written is read, and nothing else is. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type BundleFiles, readArchive, writeArchive } from "@polity/runtime/archive.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { notRun } from "../support/not-run.ts";

const LONG = `sources/${"a-long-folder-name/".repeat(10)}policy.pol`;
const FILES: BundleFiles = new Map([
  ["sources/b.pol", utf8("b")],
  ["set.dsse.json", utf8("{}")],
  [LONG, utf8("x".repeat(513))],
  ["evaluators/a.wasm", new Uint8Array(512)],
  ["facts.json", utf8("")],
]);
const ARCHIVE = writeArchive(FILES);
const BLOCK = 512;

function codeOf(bytes: Uint8Array): string {
  const read = readArchive(bytes);
  return read.ok ? "" : read.code;
}

/** With these bytes at a place of the first header, and its sum mended. */
function withHeader(changes: readonly (readonly [number, string | readonly number[]])[]): Uint8Array {
  const archive = Uint8Array.from(ARCHIVE);
  for (const [at, bytes] of changes) archive.set(typeof bytes === "string" ? utf8(bytes) : bytes, at);
  archive.set(utf8("        "), 148);
  const sum = archive.subarray(0, BLOCK).reduce((total, byte) => total + byte, 0);
  archive.set(utf8(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return archive;
}

const named = (path: string) => withHeader([[0, [...utf8(path), ...new Uint8Array(100 - path.length)]]]);

describe("an archive", () => {
  test("has the manifest first and the others by path, whatever their order was", () => {
    const read = readArchive(ARCHIVE);
    expect(read.ok && [...read.files.keys()]).toEqual([
      "set.dsse.json",
      "evaluators/a.wasm",
      "facts.json",
      LONG,
      "sources/b.pol",
    ]);
    expect(writeArchive(new Map([...FILES].reverse()))).toEqual(ARCHIVE);
  });

  test("gives back every byte", () => {
    const read = readArchive(ARCHIVE);
    for (const [path, content] of FILES) expect(read.ok && [...read.files.get(path)!]).toEqual([...content]);
    expect(read.ok && writeArchive(read.files)).toEqual(ARCHIVE);
    expect(codeOf(writeArchive(new Map()))).toBe("");
  });

  test("is unpacked by tar", () => {
    const tar = ["/usr/bin/tar", "/bin/tar"].find((path) => existsSync(path));
    if (tar === undefined) return notRun("archives of bundles unpacked by tar", "no tar on this machine");
    const folder = mkdtempSync(join(tmpdir(), "bundle-tar-"));
    writeFileSync(join(folder, "bundle.tar"), ARCHIVE);
    execFileSync(tar, ["-xf", "bundle.tar"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    for (const [path, content] of FILES) expect([...readFileSync(join(folder, path))]).toEqual([...content]);
    rmSync(folder, { recursive: true });
  });

  test("is not written with what would not be read", () => {
    for (const path of ["../x", "sources/x.txt", "set.dsse.json/x"]) {
      expect(() => writeArchive(new Map([[path, utf8("")]]))).toThrow(RangeError);
    }
    const meeting = ["sources/x.pol", "sources/X.pol"].map((path) => [path, utf8("")] as const);
    expect(() => writeArchive(new Map(meeting))).toThrow("meet in one place");
    const deep = `sources/${"a".repeat(120)}/${"b".repeat(110)}.pol`;
    expect(() => writeArchive(new Map([[deep, utf8("")]]))).toThrow("too long");
  });
});

describe("a hostile one is refused", () => {
  test.each([
    ["a path that leads out", named("../../etc/passwd")],
    ["an absolute path", named("/etc/passwd")],
    ["a path for another system", named("..\\x.pol")],
    ["a hidden file", named("sources/.x.pol")],
    ["no path", named("")],
    ["a path in two parts that leads out", withHeader([[345, "../.."]])],
  ])("%s", (_, archive) => expect(codeOf(archive)).toBe("bundle.path"));

  test("a link, hard or symbolic", () => {
    for (const kind of ["1", "2"]) {
      expect(
        codeOf(
          withHeader([
            [156, kind],
            [157, "/etc/passwd"],
          ]),
        ),
      ).toBe("bundle.link");
    }
  });

  test.each([
    ["a folder", withHeader([[156, "5"]])],
    ["a device", withHeader([[156, "3"]])],
    ["a header of another dialect", withHeader([[156, "x"]])],
    ["a sparse file", withHeader([[156, "S"]])],
    ["an old archive's file", withHeader([[156, [0]]])],
    ["a file of somebody", withHeader([[108, "0001750"]])],
    ["a file of some time", withHeader([[136, "14000000000"]])],
    ["a program", withHeader([[100, "0000755"]])],
    ["another dialect", withHeader([[257, "ustar  \0"]])],
    ["a size in another base", withHeader([[124, [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]]])],
    ["a size with a space", withHeader([[124, "         2 "]])],
    ["a name with something behind it", withHeader([[20, "x"]])],
    ["a sum that is wrong", Uint8Array.from(ARCHIVE, (byte, at) => (at === 150 ? byte ^ 1 : byte))],
    ["something behind a file", Uint8Array.from(ARCHIVE, (byte, at) => (at === BLOCK + 2 ? 1 : byte))],
    ["one that is cut off", ARCHIVE.subarray(0, -BLOCK)],
    ["one that goes on", new Uint8Array([...ARCHIVE, ...new Uint8Array(BLOCK)])],
    ["another archive behind the first", new Uint8Array([...ARCHIVE, ...ARCHIVE])],
    ["a byte too many", new Uint8Array([...ARCHIVE, 0])],
    ["nothing", new Uint8Array(0)],
    ["a compressed one, which could be larger than it looks", gzipSync(ARCHIVE)],
    ["no bytes", "ustar" as unknown as Uint8Array],
  ])("%s", (_, archive) => expect(codeOf(archive)).toBe("bundle.archive"));

  test("a size that goes beyond the file, or beyond all bounds", () => {
    expect(codeOf(withHeader([[124, "00000077777"]]))).toBe("bundle.archive");
    expect(codeOf(withHeader([[124, "77777777777"]]))).toBe("bundle.too_large");
  });

  test("more files than a bundle has", () => {
    const many = new Map(Array.from({ length: 1_025 }, (_, at) => [`sources/a${at}.pol`, utf8("")] as const));
    expect(() => writeArchive(many)).toThrow("more than 1024 files");
  });

  test("files twice, in another order or in one place", () => {
    const [first, second] = ["sources/a.pol", "sources/b.pol"].map((path) =>
      writeArchive(new Map([[path, utf8("")]])).subarray(0, BLOCK),
    );
    const end = new Uint8Array(2 * BLOCK);
    const joined = (...headers: readonly Uint8Array[]) =>
      new Uint8Array([...headers, end].flatMap((one) => [...one]));
    expect(codeOf(joined(first!, second!))).toBe("");
    expect(codeOf(joined(first!, first!))).toBe("bundle.path");
    expect(codeOf(joined(second!, first!))).toBe("bundle.archive");
  });

  test("any changed byte, but of a file's content, which the manifest knows", () => {
    const small = writeArchive(
      new Map([
        ["set.dsse.json", utf8("{}")],
        [LONG, utf8("text")],
      ]),
    );
    const passed: number[] = [];
    for (let at = 0; at < small.length; at += 1) {
      const changed = Uint8Array.from(small);
      changed[at]! ^= 1 << (at % 8);
      if (readArchive(changed).ok) passed.push(at);
    }
    expect(passed).toEqual([512, 513, 1_536, 1_537, 1_538, 1_539]);
  });
});
