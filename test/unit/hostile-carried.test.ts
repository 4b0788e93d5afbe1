import type { Instance } from "@polity/runtime/instance.ts";
import { beforeAll, expect, test } from "vitest";
import { frameOf, type Opened, openSource } from "../support/frame-vectors.ts";
import { instanceOf, judgeBytes } from "../support/raw-instance.ts";
import { SOURCES } from "../support/vector-sources.ts";

const SOURCE = SOURCES.get("carried")!;
const FIXED = 160;

let opened: Opened;
let instance: Instance;

beforeAll(async () => {
  opened = await openSource(SOURCE);
  instance = instanceOf(opened, SOURCE.facts);
});

function codeOf(bytes: Uint8Array): string {
  return judgeBytes(instance, bytes).code;
}

function frame(name: string): Uint8Array {
  const bytes = frameOf(opened, SOURCE.cases.find((one) => one.name === name)!);
  if (typeof bytes === "string") throw new Error(bytes);
  return bytes;
}

/** The frame with these words in the place of others, by their offsets. */
function changed(bytes: Uint8Array, words: Readonly<Record<number, number>>): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const [at, word] of Object.entries(words)) view.setUint32(Number(at), word, true);
  return copy;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer).getUint32(at, true);
}

test("each bit turned over is refused or answered, and what was asked before is forgotten", () => {
  for (const name of ["through folders", "two parents", "a reason", "another document"]) {
    const bytes = frame(name);
    const code = codeOf(bytes);
    const codes = new Set<string>();
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const turned = bytes.slice();
      turned[bit >> 3]! ^= 1 << (bit & 7);
      codes.add(codeOf(turned));
    }
    expect(codes).toContain("input.invalid");
    expect(codes).toContain("entity.unknown");
    expect([name, codeOf(bytes)]).toEqual([name, code]);
    expect(codeOf(frame("nothing"))).toBe("entity.unknown");
  }
});

test("what the encoder would not write", () => {
  const bytes = frame("through folders");
  expect(codeOf(bytes)).toBe("rule");
  // Behind the fixed part stand the document, whose attributes take 24 bytes, and two folders.
  const first = FIXED + wordAt(bytes, 144);
  const folders = [first + 48, first + 72];
  const [f1, f2] = folders as [number, number];
  expect([wordAt(bytes, first), wordAt(bytes, f1), wordAt(bytes, f2)]).toEqual([0, 1, 1]);
  const refused = {
    count: { 92: 2 },
    "one more": { 92: 4 },
    "too many": { 92: 65 },
    "far too many": { 92: 0xffffffff },
    "a type of the facts": { [f2]: 2 },
    "no type": { [f2]: 0xffffffff },
    reserved: { [f1 + 4]: 1 },
    "the same id": { [f2 + 8]: wordAt(bytes, f1 + 8), [f2 + 12]: wordAt(bytes, f1 + 12) },
    "no id": { [f1 + 8]: 0, [f1 + 12]: 0 },
    "an id elsewhere": { [f1 + 8]: bytes.length, [f1 + 12]: 1 },
    "a long id": { [f1 + 12]: 0x7fffffff },
    "no parents but a place": { [f1 + 20]: 0 },
    "many parents": { [f1 + 20]: 17 },
  };
  for (const [name, words] of Object.entries(refused)) {
    expect([name, codeOf(changed(bytes, words)).slice(0, 6)]).toEqual([name, "input."]);
  }
  const parent = wordAt(bytes, f1 + 16);
  expect(codeOf(changed(bytes, { [parent]: 0 }))).toBe("input.invalid");
  expect(codeOf(changed(bytes, { [parent + 4]: 1 }))).toBe("input.invalid");
  // `f1` in `f2` becomes `f1` in `f1`.
  const id = wordAt(bytes, parent + 8);
  expect(codeOf(changed(bytes, { [id]: wordAt(bytes, id) - 0x100 }))).toBe("input.invalid");
});
