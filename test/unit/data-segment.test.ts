/** Data appended to an assembled module: where they stand, and that nothing else changes. */
import { describe, expect, test } from "vitest";
import { withData } from "../../compiler/4-emit/data-segment.ts";
import { hashKey, hashText, slotOf } from "../../compiler/4-emit/hash.ts";
import { readUnsigned, signed, unsigned } from "../../compiler/4-emit/leb.ts";

const section = (id: number, ...body: number[]) => [id, body.length, ...body];
const TYPES = section(1, 1, 0x60, 0, 0);
const FUNCTIONS = section(3, 1, 0);
const MEMORY = section(5, 1, 1, 3, 9);
const EXPORTS = section(7, 1, 1, 0x6d, 2, 0);
const COUNT = section(12, 1);
const CODE = section(10, 1, 2, 0, 0x0b);
// "hi" at 16.
const DATA = section(11, 1, 0, 0x41, 16, 0x0b, 2, 0x68, 0x69);
const CUSTOM = section(0, 1, 0x78, 7);

function wasm(...sections: number[][]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
}

function memoryOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  const { m } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  return new Uint8Array((m as WebAssembly.Memory).buffer);
}

describe("data of one's own", () => {
  const own = Uint8Array.from({ length: 70_000 }, (_, at) => (at * 7 + 1) & 255);

  test.each([
    ["beside others", wasm(TYPES, FUNCTIONS, MEMORY, EXPORTS, CODE, DATA, CUSTOM), true],
    ["beside others that are counted", wasm(TYPES, FUNCTIONS, MEMORY, EXPORTS, COUNT, CODE, DATA), true],
    ["as the only ones", wasm(TYPES, FUNCTIONS, MEMORY, EXPORTS, CODE, CUSTOM), false],
    ["as the only ones, counted", wasm(TYPES, FUNCTIONS, MEMORY, EXPORTS, section(12, 0), CODE), false],
  ])("%s", (_, module, hasOthers) => {
    expect(WebAssembly.validate(module)).toBe(true);
    const memory = memoryOf(withData(module, 1024, own));
    expect(memory.subarray(1024, 1024 + own.length)).toEqual(own);
    expect([...memory.subarray(16, 18)]).toEqual(hasOthers ? [0x68, 0x69] : [0, 0]);
    expect(memory.subarray(1024 + own.length).some((byte) => byte !== 0)).toBe(false);
  });

  test("twice, at different places", () => {
    const module = wasm(TYPES, FUNCTIONS, MEMORY, EXPORTS, CODE, DATA);
    const memory = memoryOf(withData(withData(module, 64, own.subarray(0, 3)), 70_000, own.subarray(0, 5)));
    expect([...memory.subarray(64, 67)]).toEqual([...own.subarray(0, 3)]);
    expect([...memory.subarray(70_000, 70_005)]).toEqual([...own.subarray(0, 5)]);
  });

  test("none leave the module as it is", () => {
    const module = wasm(TYPES, FUNCTIONS, MEMORY, EXPORTS, CODE, DATA);
    expect(withData(module, 1024, new Uint8Array(0))).toBe(module);
  });
});

test("numbers are written as briefly as they can be", () => {
  for (const value of [0, 1, 63, 64, 127, 128, 8191, 8192, 2 ** 21, 2 ** 31 - 1]) {
    const written = unsigned(value);
    expect(readUnsigned(written, 0)).toEqual({ value, next: written.length });
  }
  expect([...signed(63)]).toEqual([63]);
  expect([...signed(64)]).toEqual([0xc0, 0]);
  expect([...signed(1024)]).toEqual([0x80, 8]);
  expect([...signed(-1)]).toEqual([0x7f]);
  expect([...signed(-65)]).toEqual([0xbf, 0x7f]);
});

test("hashes name a place among any number of them, and tell neighbours apart", () => {
  const text = (value: string) => hashText(new TextEncoder().encode(value));
  expect(text("")).toBe(0);
  expect(text("tool-1")).not.toBe(text("tool-2"));
  // A length of its own: what is padded with zeros is another text.
  expect(text("a")).not.toBe(text("a\0"));
  for (const slots of [1, 2, 3, 100, 150_000]) {
    for (let key = 0n; key < 500n; key += 1n) {
      const place = slotOf(hashKey(key), slots);
      expect(place).toBeGreaterThanOrEqual(0);
      expect(place).toBeLessThan(slots);
    }
  }
  const places = new Set(Array.from({ length: 1_000 }, (_, key) => slotOf(hashKey(BigInt(key)), 1_500)));
  expect(places.size).toBeGreaterThan(600);
});
