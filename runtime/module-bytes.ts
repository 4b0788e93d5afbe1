/**
 * As much of the WebAssembly binary format (core specification 2.0, section 5.5) as a host must see for
 * itself before it instantiates a module: sections, imports, exports, memories, custom sections.
 */
import { equalBytes, type Sha256 } from "./hash.ts";
import { MANIFEST_SECTION } from "./manifest.ts";

export interface ModuleShape {
  readonly imports: number;
  readonly exports: readonly { readonly name: string; readonly kind: number }[];
  readonly memories: readonly {
    readonly flags: number;
    readonly pagesMin: number;
    readonly pagesMax: number;
  }[];
  readonly hasStart: boolean;
  /** In the order of the file. */
  readonly customs: readonly { readonly name: string; readonly content: Uint8Array }[];
}

export type ModuleResult =
  | { readonly ok: true; readonly shape: ModuleShape }
  | { readonly ok: false; readonly message: string };

export const EXPORT_FUNCTION = 0;
export const EXPORT_MEMORY = 2;

const MAGIC = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const SECTION = { custom: 0, import: 2, memory: 5, export: 7, start: 8 } as const;

/** How far reading got; once something is missing nothing more is read. */
interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  isBroken: boolean;
}

/** Reads the sections. Never throws. Whether the code in them is valid is for the engine to say. */
export function readModule(bytes: Uint8Array): ModuleResult {
  if (!equalBytes(bytes.subarray(0, 8), MAGIC)) return { ok: false, message: "no WebAssembly module" };
  const cursor: Cursor = { bytes, at: 8, end: bytes.length, isBroken: false };
  const shape = {
    imports: 0,
    exports: [] as { name: string; kind: number }[],
    memories: [] as { flags: number; pagesMin: number; pagesMax: number }[],
    hasStart: false,
    customs: [] as { name: string; content: Uint8Array }[],
  };
  while (cursor.at < cursor.end && !cursor.isBroken) {
    const id = byte(cursor);
    const size = u32(cursor);
    if (cursor.isBroken || size > cursor.end - cursor.at)
      return { ok: false, message: "a section is cut off" };
    const section: Cursor = { bytes, at: cursor.at, end: cursor.at + size, isBroken: false };
    if (id === SECTION.custom) shape.customs.push({ name: text(section), content: rest(section) });
    else if (id === SECTION.import) shape.imports = u32(section);
    else if (id === SECTION.memory) shape.memories = vector(section, memory);
    else if (id === SECTION.export) shape.exports = vector(section, exported);
    else if (id === SECTION.start) shape.hasStart = true;
    if (section.isBroken) return { ok: false, message: `section ${id} cannot be read` };
    cursor.at = section.end;
  }
  return cursor.isBroken ? { ok: false, message: "a section is cut off" } : { ok: true, shape };
}

function byte(cursor: Cursor): number {
  if (cursor.at >= cursor.end) {
    cursor.isBroken = true;
    return 0;
  }
  cursor.at += 1;
  return cursor.bytes[cursor.at - 1]!;
}

/** Unsigned LEB128 of at most 32 bits. */
function u32(cursor: Cursor): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const next = byte(cursor);
    value += (next & 127) * 2 ** shift;
    if (next < 128) {
      if (value > 0xffff_ffff) cursor.isBroken = true;
      return value;
    }
  }
  cursor.isBroken = true;
  return 0;
}

function rest(cursor: Cursor): Uint8Array {
  return cursor.bytes.subarray(cursor.at, cursor.end);
}

function text(cursor: Cursor): string {
  const length = u32(cursor);
  if (length > cursor.end - cursor.at) cursor.isBroken = true;
  if (cursor.isBroken) return "";
  cursor.at += length;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(cursor.bytes.subarray(cursor.at - length, cursor.at));
  } catch {
    cursor.isBroken = true;
    return "";
  }
}

function vector<T>(cursor: Cursor, read: (cursor: Cursor) => T): T[] {
  const values: T[] = [];
  for (let count = u32(cursor); count > 0 && !cursor.isBroken; count -= 1) values.push(read(cursor));
  return values;
}

function exported(cursor: Cursor): { name: string; kind: number } {
  const found = { name: text(cursor), kind: byte(cursor) };
  u32(cursor);
  return found;
}

/** Flags: bit 0 says that there is a maximum, bit 1 that the memory is shared, bit 2 that it has 64 bits. */
function memory(cursor: Cursor): { flags: number; pagesMin: number; pagesMax: number } {
  const flags = byte(cursor);
  const pagesMin = u32(cursor);
  return { flags, pagesMin, pagesMax: (flags & 1) === 1 ? u32(cursor) : 0 };
}

// ---- our own sections

/** Section id 0, 43 bytes of content, a name of 10 bytes: then the 32 bytes of the sum end the file. */
const SUM_HEAD = Uint8Array.of(0, 43, 10, ...new TextEncoder().encode("polity.sum"));

/** Whether the file ends in the SHA-256 of everything before the section that holds it. */
export function hasGoodSum(bytes: Uint8Array, sha256: Sha256): boolean {
  const sum = bytes.length - 32;
  const head = sum - SUM_HEAD.length;
  if (head < 8 || !equalBytes(bytes.subarray(head, sum), SUM_HEAD)) return false;
  return equalBytes(sha256(bytes.subarray(0, head)), bytes.subarray(sum));
}

/** The manifest's text: of the one section of its name, the last but one. Null where there is none such. */
export function manifestText({ customs }: ModuleShape): string | null {
  const manifest = customs.at(-2);
  const found = customs.filter(({ name }) => name === MANIFEST_SECTION);
  if (manifest === undefined || found.length !== 1 || found[0] !== manifest) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(manifest.content);
  } catch {
    return null;
  }
}
