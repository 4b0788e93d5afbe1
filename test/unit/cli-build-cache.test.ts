/** What was built before is found again, and never believed where it is not whole. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { type Assembler, openAssembler } from "../../cli/assembler.ts";
import { assemblyKey, openBuildCache } from "../../cli/build-cache.ts";
import { openBuilder } from "../../cli/builder.ts";
import { assemblyOf } from "../../compiler/4-emit/assembly.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { compiled } from "../support/compiled.ts";

const work = mkdtempSync(join(tmpdir(), "cli-build-cache-"));
let root = "";
let count = 0;

beforeEach(() => {
  count += 1;
  root = join(work, String(count));
  vi.stubEnv("POLITY_CACHE", root);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(work, { recursive: true, force: true });
});

const policy = (limit: number) => `polity 1
policy doors version 1
action open { door: string max 16, times: int 0..100 }
allow known on open when door == "north" and times < ${limit}
`;
const keyOf = (text: string) => assemblyKey(assemblyOf(new Map([["policy.ts", text]]), "policy.ts"));
const key = keyOf("a");
const bytes = Uint8Array.from({ length: 300 }, (_, at) => at & 255);

function entries(): readonly string[] {
  return readdirSync(join(root, "build-1")).map((name) => join(root, "build-1", name));
}

function cacheOf() {
  const cache = openBuildCache();
  if (cache === null) throw new Error("no cache");
  return cache;
}

test("what was put is found, by its key alone", () => {
  const cache = cacheOf();
  expect(cache.get(key)).toBe(null);
  cache.put(key, bytes);
  expect(cache.get(key)).toEqual(bytes);
  expect(openBuildCache()?.get(key)).toEqual(bytes);
  expect(cache.get(keyOf("b"))).toBe(null);
});

test("the key is of every file, its name, the options and the assembler", () => {
  const assembly = assemblyOf(new Map([["policy.ts", "a"]]), "policy.ts");
  const [first] = assembly.files;
  const others = [
    { ...assembly, assembler: "assemblyscript 9.9.9" },
    { ...assembly, options: [...assembly.options, "--debug"] },
    { ...assembly, files: new Map([...assembly.files, ["more.ts", ""]]) },
    { ...assembly, files: new Map([...assembly.files].slice(1)) },
    { ...assembly, files: new Map([...assembly.files, [first![0], `${first![1]} `]]) },
    assemblyOf(new Map([["policy.ts", "a"]]), "policy.ts", { level: 0 }),
    assemblyOf(new Map([["policy.ts", "a"]]), "policy.ts", { simd: true }),
  ];
  const keys = new Set([assembly, ...others].map((one) => assemblyKey(one).toString("hex")));
  expect(keys.size).toBe(others.length + 1);
  // The support library is part of it.
  expect([...assembly.files.keys()].some((name) => name.startsWith("prelude/"))).toBe(true);
});

test("an entry in which any byte is another is no entry", () => {
  const cache = cacheOf();
  cache.put(key, bytes);
  const [path = ""] = entries();
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += 1) {
    const changed = Buffer.from(whole);
    changed[at] = changed[at]! ^ 1;
    writeFileSync(path, changed);
    expect(cache.get(key), `byte ${at}`).toBe(null);
  }
  for (const length of [0, 1, 16, 79, 80, whole.length - 1]) {
    writeFileSync(path, whole);
    truncateSync(path, length);
    expect(cache.get(key), `${length} bytes`).toBe(null);
  }
  writeFileSync(path, Buffer.concat([whole, Buffer.from([0])]));
  expect(cache.get(key)).toBe(null);
  // Another's entry under this name.
  cache.put(keyOf("b"), bytes);
  writeFileSync(path, readFileSync(join(root, "build-1", keyOf("b").toString("hex"))));
  expect(cache.get(key)).toBe(null);
  // It is made anew.
  cache.put(key, bytes);
  expect(cache.get(key)).toEqual(bytes);
});

test("a link or a folder in the place of an entry is no entry", () => {
  const cache = cacheOf();
  cache.put(key, bytes);
  const [path = ""] = entries();
  const elsewhere = join(work, "elsewhere");
  writeFileSync(elsewhere, readFileSync(path));
  rmSync(path);
  symlinkSync(elsewhere, path);
  expect(cache.get(key)).toBe(null);
  rmSync(path);
  mkdirSync(path);
  expect(cache.get(key)).toBe(null);
  cache.put(key, bytes);
  expect(cache.get(key)).toBe(null);
  expect(entries()).toEqual([path]);
});

test("an entry that others can write is no entry", () => {
  const cache = cacheOf();
  cache.put(key, bytes);
  const [path = ""] = entries();
  chmodSync(path, 0o666);
  expect(cache.get(key)).toBe(null);
  chmodSync(path, 0o600);
  expect(cache.get(key)).toEqual(bytes);
});

test("a folder that others can write is not used, nor none, nor a file", () => {
  mkdirSync(root, { recursive: true });
  chmodSync(root, 0o777);
  expect(openBuildCache()).toBe(null);
  chmodSync(root, 0o700);
  expect(openBuildCache()).not.toBe(null);
  chmodSync(join(root, "build-1"), 0o720);
  expect(openBuildCache()).toBe(null);
  vi.stubEnv("POLITY_CACHE", "");
  expect(openBuildCache()).toBe(null);
  writeFileSync(join(work, "file"), "");
  vi.stubEnv("POLITY_CACHE", join(work, "file"));
  expect(openBuildCache()).toBe(null);
  vi.stubEnv("POLITY_CACHE", undefined);
  vi.stubEnv("XDG_CACHE_HOME", join(root, "xdg"));
  openBuildCache();
  expect(existsSync(join(root, "xdg", "polity", "build-1"))).toBe(true);
});

test("it does not grow without end: what was used longest ago goes first", () => {
  const cache = cacheOf();
  cache.put(key, bytes);
  const folder = join(root, "build-1");
  const [first = ""] = entries();
  for (let at = 0; at < 511; at += 1) {
    const path = join(folder, at.toString(16).padStart(64, "0"));
    writeFileSync(path, "x");
    utimesSync(path, 1_000_000 + at, 1_000_000 + at);
  }
  writeFileSync(join(folder, "old.tmp"), "");
  utimesSync(join(folder, "old.tmp"), 1_000, 1_000);
  writeFileSync(join(folder, "new.tmp"), "");
  utimesSync(first, 1, 1);
  expect(cache.get(key)).toEqual(bytes);
  cache.put(keyOf("b"), bytes);
  const left = entries();
  expect(left.length).toBe(384 + 1);
  expect(left).toContain(first);
  expect(left).toContain(join(folder, "new.tmp"));
  expect(left).not.toContain(join(folder, "old.tmp"));
  expect(left).not.toContain(join(folder, "0".repeat(64)));
  expect(left).toContain(join(folder, (510).toString(16).padStart(64, "0")));
});

test("with the cache, without it, from it: the same bytes, and a bad entry makes no other ones", async () => {
  const checked = compiled(policy(10));
  const { wasm: plain } = await buildEvaluator(checked);
  const without = openBuilder({ cache: false });
  expect((await without.build(checked)).wasm).toEqual(plain);
  expect(existsSync(root)).toBe(false);
  for (const round of ["made", "found", "damaged"]) {
    const builder = openBuilder({ cache: true });
    expect((await builder.build(compiled(policy(10)))).wasm, round).toEqual(plain);
    builder.close();
    const [path = "", ...more] = entries();
    expect(more).toEqual([]);
    if (round !== "found") continue;
    const changed = readFileSync(path);
    changed[changed.length - 1]! ^= 1;
    writeFileSync(path, changed);
  }
  without.close();
}, 120_000);

test("what is found is not assembled, and what reads the same is found", async () => {
  const builder = openBuilder({ cache: true });
  await builder.build(compiled(policy(10)));
  // A comment changes the sources' digests and with them the manifest, but not the program.
  const commented = compiled(`${policy(10)}// afterwards\n`);
  const { wasm } = await builder.build(commented);
  expect(entries()).toHaveLength(1);
  expect(wasm).toEqual((await buildEvaluator(commented)).wasm);
  await builder.build(compiled(policy(11)));
  expect(entries()).toHaveLength(2);
  builder.close();
}, 120_000);

let assembler: Assembler;

test("the assembler says what is wrong and goes on, one after the other, and comes again", async () => {
  assembler = openAssembler();
  const good = assemblyOf(new Map([["policy.ts", "export function one(): i32 { return 1; }"]]), "policy.ts", {
    level: 0,
  });
  const bad = assemblyOf(new Map([["policy.ts", "export function one(): i32 { return x; }"]]), "policy.ts", {
    level: 0,
  });
  const all = await Promise.allSettled([bad, good, good].map(assembler.assemble));
  expect(all.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(String((all[0] as PromiseRejectedResult).reason)).toContain("does not assemble");
  assembler.close();
  const again = await assembler.assemble(good);
  expect(again).toEqual((all[1] as PromiseFulfilledResult<Uint8Array>).value);
  const other = { ...good, assembler: "assemblyscript 0.0.1" };
  await expect(assembler.assemble(other)).rejects.toThrow(
    "is installed where assemblyscript 0.0.1 is needed",
  );
  const ended = expect(assembler.assemble(good)).rejects.toThrow("the assembler ended with SIGKILL");
  setTimeout(assembler.close, 20);
  await ended;
}, 120_000);
