/** The support library's functions over text by themselves, in a memory where text has others around it. */
import { assemble } from "@polity/compiler/4-emit/assemble.ts";
import { assemblyOf } from "@polity/compiler/4-emit/assembly.ts";
import { emitConfig } from "@polity/compiler/4-emit/emit.ts";

const PLACE_BYTES = 80_000;

const ENTRY = `
import { containsText } from "./prelude/search";
import { like, compareText, wellFormed } from "./prelude/text";
const PLACE = memory.data(${2 * PLACE_BYTES + 64}, 16);
export function place(): usize { return PLACE; }
export function text(at: u32, from: i32, length: u32): void {
  store<i32>(PLACE + at, from);
  store<u32>(PLACE + at, length, 4);
}
export function run(op: u32): i32 {
  const a = PLACE;
  const b = PLACE + 8;
  if (op == 0) return containsText(a, b);
  if (op == 1) return like(a, b);
  if (op == 2) return compareText(a, b);
  return wellFormed(a + load<i32>(a), load<u32>(a, 4));
}`;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly place: () => number;
  readonly text: (at: number, from: number, length: number) => void;
  readonly run: (op: number) => number;
}

const OPERATIONS = { contains: 0, like: 1, compare: 2, wellFormed: 3 } as const;

export type Run = (operation: keyof typeof OPERATIONS, a: Uint8Array, b?: Uint8Array) => number;

export async function openTextMachine(simd: boolean): Promise<Run> {
  const config = emitConfig([])
    .replace("FRAME_BYTES: i32 = 0", "FRAME_BYTES: i32 = 8")
    .replace("SIMD: bool = false", `SIMD: bool = ${simd}`);
  const files = new Map([
    ["entry.ts", ENTRY],
    ["config.ts", config],
  ]);
  const wasm = await assemble(assemblyOf(files, "entry.ts", { simd }));
  const machine = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as unknown as Exports;
  const place = machine.place();
  const bytes = new Uint8Array(machine.memory.buffer);
  const put = (slot: number, from: number, text: Uint8Array) => {
    const at = place + from;
    // What lies around a text is other text; its padding is zero.
    bytes.fill(0x61, at - 8, at);
    bytes.set(text, at);
    const end = at + ((text.length + 7) & -8);
    bytes.fill(0, at + text.length, end);
    bytes.fill(0x62, end, end + 16);
    machine.text(slot, from - slot, text.length);
  };
  return (operation, a, b = new Uint8Array(0)) => {
    put(0, 24, a);
    put(8, PLACE_BYTES, b);
    return machine.run(OPERATIONS[operation]);
  };
}
