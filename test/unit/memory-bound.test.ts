/** What the manifest states of memory: it is near, and nothing exceeds it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadUnsigned, openUnsigned } from "@polity/runtime/authoring.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { ask, type Instance } from "@polity/runtime/instance.ts";
import { instantiate, type Evaluator as Opened, openFacts } from "@polity/runtime/load.ts";
import { memoryBytes } from "@polity/runtime/manifest.ts";
import { expect, test, vi } from "vitest";
import { assemble } from "../../compiler/4-emit/assemble.ts";
import { buildWith, type Evaluator, manifestOf } from "../../compiler/evaluator.ts";
import { compile, limitsOf } from "../../compiler/pipeline.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { HEADER } from "../support/asking.ts";
import { compiled } from "../support/compiled.ts";
import { ROOT } from "../support/repository.ts";
import { readPage } from "../support/spec-page.ts";

const { sha256 } = portableCrypto;

/** Unoptimised, which is faster to make and lays the same in memory. */
function quick(text: string): Promise<Evaluator> {
  return buildWith(compiled(text), ({ options, ...rest }) =>
    assemble({
      ...rest,
      options: options.map((one, at) => (options[at - 1] === "--optimizeLevel" ? "0" : one)),
    }),
  );
}

function exportsOf({ wasm }: Evaluator) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(wasm)));
  const call = (name: string) => exports[name] as (...args: number[]) => number;
  return { memory: exports.memory as WebAssembly.Memory, region: call("pol_region"), call };
}

async function open({ wasm }: Evaluator): Promise<Opened> {
  const opened = await openUnsigned(wasm);
  if ("code" in opened) throw new Error(`${opened.code}: ${opened.message}`);
  return opened;
}

async function withFacts(evaluator: Opened, facts: object): Promise<{ instance: Instance; bytes: number }> {
  const loaded = await openFacts(evaluator, JSON.stringify(facts), sha256);
  if ("code" in loaded) throw new Error(`${loaded.code}: ${loaded.message}`);
  const instance = await instantiate(evaluator, loaded, sha256);
  if ("code" in instance) throw new Error(`${instance.code}: ${instance.message}`);
  return { instance, bytes: loaded.block.length };
}

/** Pages whose programs take memory for something that others do not. */
const PAGES = [
  ...["approvals", "documents", "images-and-segments", "maps", "obligations"],
  ...["request-entities", "set-algebra", "tables", "urls-and-mail"],
];

/** Of each the longest sound program, which uses most of what the page is about. */
const LONGEST = PAGES.map((name) => {
  const page = readPage(name, readFileSync(join(ROOT, "test", "spec", `${name}.md`), "utf8"));
  const sound = page
    .map(({ program }) => program)
    .filter((text) => compile({ file: "x.pol", text }).value !== null);
  return { name, text: sound.sort((a, b) => b.length - a.length)[0] ?? "" };
});

const rule = (at: number) => `allow r${at} on call when tool == "tool-${at}" and rows < ${at}\n`;
const MANY_RULES = `polity 1
policy test.many version 1
action call { tool: string id max 64, rows: int 0..999 }
${Array.from({ length: 500 }, (_, at) => rule(at)).join("")}`;

test("what is counted before assembling is what is used, and little more", { timeout: 120_000 }, async () => {
  for (const { name, text } of [...LONGEST, { name: "many rules", text: MANY_RULES }]) {
    const made = await quick(text);
    const { memory, region } = exportsOf(made);
    const { staticBytes } = made.manifest.limits;
    // Unoptimised programs begin a KiB lower.
    const spare = staticBytes - region(2, 0) - 64;
    expect([name, spare >= 0 && spare < 1_536]).toEqual([name, true]);
    expect([name, memory.buffer.byteLength]).toEqual([name, memoryBytes(staticBytes, 0)]);
    expect(limitsOf(compiled(text))).toEqual(made.manifest.limits);
    expect(manifestOf(compiled(text))).toEqual(made.manifest);
  }
});

const LARGE = `polity 1
policy test.large version 1
action go {
  names: list<string max 256> min 0 max 64, tags: set<string max 64> min 0 max 100, dir: path max 4096
  text: string max 65536, doc: json max 4096, at: url
}
allow r on go when names.size > 0 and tags.size > 0 and text != "" and dir.within("/d")
  and doc.has("k") and at.scheme == "https"
`;

test("a policy without facts keeps the memory that it begins with, whatever is asked", async () => {
  const made = await buildEvaluator(compiled(LARGE));
  const { limits } = made.manifest;
  expect(limits.factsBytesMax).toBe(32);
  const { instance } = await withFacts(await open(made), { entities: [] });
  expect(instance.memory.buffer.byteLength).toBe(limits.memoryBytesMax);
  expect(memoryBytes(limits.staticBytes, 0)).toBe(limits.memoryBytesMax);
  const largest = {
    names: Array.from({ length: 64 }, () => "n".repeat(256)),
    tags: Array.from({ length: 100 }, (_, at) => String(at).padStart(64, "t")),
    dir: `/d/${"x".repeat(4_093)}`,
    text: "\u{1f512}".repeat(16_384),
    doc: { k: "v".repeat(4_000) },
    at: `https://example.com/${"p".repeat(1_000)}`,
  };
  for (let round = 0; round < 300; round += 1) {
    expect(ask(instance, "go", largest, HEADER)?.verdict).toBe("allow");
    const longer = { ...largest, text: `${largest.text}!` };
    expect(ask(instance, "go", longer, HEADER)?.code).toBe("input.too_large");
  }
  expect(instance.memory.buffer.byteLength).toBe(limits.memoryBytesMax);
  // The engine's own bound: nobody gets another page.
  expect(() => instance.memory.grow(1)).toThrow(RangeError);
  const { call, memory } = exportsOf(made);
  for (const bytes of [33, 65_536, 0x2000_0000, 0x7fff_ffff, -1])
    expect(call("pol_reserve")(2, bytes)).toBe(0);
  expect(memory.buffer.byteLength).toBe(limits.memoryBytesMax);
});

test("settings alone have a largest block as well", async () => {
  const made = await quick(`polity 1
policy test.settings version 1
setting words: set<string max 40> min 0 max 8 = {}
action go { word: string max 40 }
allow r on go when word in words
`);
  const { limits } = made.manifest;
  expect(limits.factsBytesMax).toBe(32 + 8 + 8 * (8 + 40));
  const words = Array.from({ length: 8 }, (_, at) => String(at).padStart(40, "w"));
  const { bytes, instance } = await withFacts(await open(made), { entities: [], settings: { words } });
  expect(bytes).toBe(limits.factsBytesMax);
  expect(ask(instance, "go", { word: words[3]! }, HEADER)?.verdict).toBe("allow");
});

const ENTITIES = `polity 1
policy test.entities version 1
entity A in A
entity B in A { n: int }
action go { a: A, b: B }
allow r on go when a in A::"a" and b in A::"a"
`;

/** The shortest ids, whose index is largest beside them. */
function facts(count: number): object {
  const id = (at: number) => at.toString(36);
  return {
    entities: [
      { type: "A", id: "a", parents: [] },
      ...Array.from({ length: count }, (_, at) => ({ type: "A", id: `${id(at)}-`, parents: [] })),
      ...Array.from({ length: count }, (_, at) => ({
        type: "B",
        id: id(at),
        attributes: { n: at },
        parents: [],
      })),
    ],
  };
}

test("facts of any number take what follows from their block, however often they are replaced", async () => {
  const made = await buildEvaluator(compiled(ENTITIES));
  const { limits } = made.manifest;
  const evaluator = await open(made);
  for (const count of [0, 1, 2, 10, 1_000, 5_461, 5_462, 20_000]) {
    const { instance, bytes } = await withFacts(evaluator, facts(count));
    expect(instance.memory.buffer.byteLength).toBe(memoryBytes(limits.staticBytes, bytes));
  }
  const instantiating = vi.spyOn(WebAssembly, "instantiate");
  const loaded = await loadUnsigned(made.wasm, { facts: JSON.stringify(facts(1_000)) });
  if (!loaded.ok) throw new Error(loaded.message);
  const most = memoryBytes(limits.staticBytes, (await withFacts(evaluator, facts(1_000))).bytes);
  for (let round = 0; round < 100; round += 1) {
    expect(await loaded.host.replace({ facts: JSON.stringify(facts(round * 10)) })).toEqual({ ok: true });
    loaded.host.decide("go", { a: "0-", b: "0" }, HEADER);
  }
  expect(instantiating.mock.results.length).toBeGreaterThan(100);
  for (const { value } of instantiating.mock.results) {
    const { exports } = (await value) as WebAssembly.Instance;
    expect((exports.memory as WebAssembly.Memory).buffer.byteLength).toBeLessThanOrEqual(most);
  }
  instantiating.mockRestore();
});

test("the largest block fills the memory, and the module gives room for no larger one", async () => {
  const made = await quick(ENTITIES);
  const { limits } = made.manifest;
  const { call, memory } = exportsOf(made);
  for (let bytes = 1_024; bytes <= limits.factsBytesMax; bytes *= 8) {
    expect(call("pol_reserve")(2, bytes)).toBe(1);
    expect(memory.buffer.byteLength).toBeLessThanOrEqual(memoryBytes(limits.staticBytes, bytes));
  }
  expect(call("pol_reserve")(2, limits.factsBytesMax + 8)).toBe(0);
  expect(call("pol_reserve")(2, limits.factsBytesMax)).toBe(1);
  expect(memory.buffer.byteLength).toBe(limits.memoryBytesMax);
  expect(() => memory.grow(1)).toThrow(RangeError);
});

test("a search ends, whatever has been written over its index", async () => {
  const made = await buildEvaluator(compiled(ENTITIES));
  const { instance } = await withFacts(await open(made), facts(100));
  const asked = { a: "0-", b: "0" };
  expect(ask(instance, "go", asked, HEADER)?.code).toBe("no_rule");
  const { region } = exportsOf(made);
  // Behind the block: where each record is, then the indexes. No place is empty now, and none is anybody's.
  const words = new DataView(instance.memory.buffer);
  const behind = region(2, 0) + words.getUint32(region(2, 0) + 8, true) + 201 * 4;
  for (let at = behind; at < behind + 4_000; at += 4) words.setUint32(at, 2, true);
  expect(ask(instance, "go", asked, HEADER)?.code).toBe("entity.unknown");
});
