/**
 * Puts data into a module that is assembled already: the assembler takes seconds for what is copied in
 * milliseconds. WebAssembly core specification, sections 5.5.14 (data) and 5.5.16 (data count).
 */
import { concat, readUnsigned, signed, unsigned } from "./leb.ts";

const CODE = 10;
const DATA = 11;
const DATA_COUNT = 12;
const PREAMBLE_BYTES = 8;

interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

/** `wasm` is what the assembler wrote, with a memory that holds the data. */
export function withData(
  wasm: Uint8Array<ArrayBuffer>,
  address: number,
  bytes: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (bytes.length === 0) return wasm;
  const written: Section[] = [];
  let count = 1;
  let others: Uint8Array = new Uint8Array(0);
  for (const section of sectionsOf(wasm)) {
    if (section.id !== DATA) {
      written.push(section);
      continue;
    }
    const { value, next } = readUnsigned(section.body, 0);
    count += value;
    others = section.body.subarray(next);
  }
  const data: Section = { id: DATA, body: concat(unsigned(count), others, segment(address, bytes)) };
  // The code is always there, and data stand right behind it.
  const all = written.flatMap((one) => {
    if (one.id === DATA_COUNT) return [{ id: DATA_COUNT, body: unsigned(count) }];
    return one.id === CODE ? [one, data] : [one];
  });
  const parts = all.flatMap(({ id, body }) => [new Uint8Array([id]), unsigned(body.length), body]);
  return concat(wasm.subarray(0, PREAMBLE_BYTES), ...parts);
}

/** An active one: `i32.const address end`, then its bytes. */
function segment(address: number, bytes: Uint8Array): Uint8Array {
  return concat(
    new Uint8Array([0, 0x41]),
    signed(address),
    new Uint8Array([0x0b]),
    unsigned(bytes.length),
    bytes,
  );
}

function sectionsOf(wasm: Uint8Array): readonly Section[] {
  const sections: Section[] = [];
  for (let at = PREAMBLE_BYTES; at < wasm.length; ) {
    const { value, next } = readUnsigned(wasm, at + 1);
    sections.push({ id: wasm[at] ?? 0, body: wasm.subarray(next, next + value) });
    at = next + value;
  }
  return sections;
}
