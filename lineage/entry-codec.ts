/** Entries as bytes: canonical JSON of at most 65,535 bytes, one byte string for each entry. */
import { utf8 } from "@polity/runtime/hash.ts";
import { parseJson } from "@polity/runtime/json.ts";
import { utf8Length } from "@polity/runtime/text-order.ts";
import type { Entry, EntryKind } from "./entry.ts";
import { ENTRY_SHAPES, LIMITS } from "./entry-schema.ts";
import { FieldError, pathText, type Shape } from "./entry-shape.ts";

export interface EntryRefusal {
  readonly ok: false;
  readonly code: "entry.too_large" | "entry.malformed" | "entry.version" | "entry.kind" | "entry.field";
  readonly message: string;
  /** `members[0].rules[3]`; empty where no single member is meant. */
  readonly path: string;
}

export type EncodedEntry = { readonly ok: true; readonly bytes: Uint8Array } | EntryRefusal;
export type WrittenEntry = { readonly ok: true; readonly text: string } | EntryRefusal;
export type DecodedEntry = { readonly ok: true; readonly entry: Entry } | EntryRefusal;

/**
 * The text whose UTF-8 bytes the entry is. Refuses whatever `decodeEntry` would not read, as long as each
 * member says the same whenever it is asked. Never throws.
 */
export function writeEntry(entry: Entry): WrittenEntry {
  try {
    const shape = shapeOf(entry);
    if ("code" in shape) return shape;
    const text = shape.write(entry);
    // Most texts are short enough whatever they say.
    const sizeBytes = text.length * 3 <= LIMITS.entryBytes ? 0 : utf8Length(text);
    return sizeBytes > LIMITS.entryBytes ? tooLarge(sizeBytes) : { ok: true, text };
  } catch (error) {
    return refusalOf(error);
  }
}

/** As `writeEntry`, in bytes. */
export function encodeEntry(entry: Entry): EncodedEntry {
  const written = writeEntry(entry);
  return written.ok ? { ok: true, bytes: utf8(written.text) } : written;
}

/** Reads exactly what `encodeEntry` writes. Never throws. */
export function decodeEntry(bytes: Uint8Array): DecodedEntry {
  if (!(bytes instanceof Uint8Array)) return refuse("entry.malformed", "an entry is read from bytes");
  if (bytes.length > LIMITS.entryBytes) return tooLarge(bytes.length);
  const text = textOf(bytes);
  if (text === null)
    return refuse("entry.malformed", "an entry is JSON in UTF-8, and these bytes are not UTF-8");
  const written = readWritten(text);
  if (written !== null) return { ok: true, entry: written };
  const parsed = parseJson(text, { depthMax: LIMITS.depth });
  if (!parsed.ok) return refuse("entry.malformed", `${parsed.message} at ${parsed.offset}`);
  try {
    const shape = shapeOf(parsed.value);
    if ("code" in shape) return shape;
    // Nothing is checked twice: what is wrong with an entry is found when it is written again.
    const entry = shape.read(parsed.value);
    if (shape.write(entry) === text) return { ok: true, entry };
    return refuse("entry.malformed", "this is an entry, but not in canonical form (RFC 8785)");
  } catch (error) {
    return refusalOf(error);
  }
}

/**
 * The entry whose canonical form the text is, else null. What the platform's reader makes of other texts does
 * not matter: whatever is lost or accepted by it is not there when the entry is written again.
 */
function readWritten(text: string): Entry | null {
  try {
    const json: unknown = JSON.parse(text);
    const shape = shapeOf(json);
    if ("code" in shape) return null;
    const entry = shape.read(json);
    return shape.write(entry) === text ? entry : null;
  } catch {
    return null;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** By version and kind, which look the same in memory and in JSON. */
function shapeOf(entry: unknown): Shape<Entry> | EntryRefusal {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    return refuse("entry.malformed", "an entry is an object");
  }
  const { v, kind } = entry as Readonly<Record<string, unknown>>;
  if (v !== 1) return refuse("entry.version", "only version 1 of entries is known here", "v");
  if (typeof kind !== "string" || !Object.hasOwn(ENTRY_SHAPES, kind)) {
    return refuse("entry.kind", `no kind of entry: ${Object.keys(ENTRY_SHAPES).join(", ")}`, "kind");
  }
  // The shape refuses everything that is not of its kind.
  return ENTRY_SHAPES[kind as EntryKind] as unknown as Shape<Entry>;
}

function refusalOf(error: unknown): EntryRefusal {
  if (error instanceof FieldError) return refuse("entry.field", error.message, pathText(error.parts));
  // A getter or a proxy threw: such a thing is no entry.
  return refuse("entry.field", "cannot be read");
}

function tooLarge(bytes: number): EntryRefusal {
  return refuse("entry.too_large", `${bytes} bytes, and an entry has at most ${LIMITS.entryBytes}`);
}

function refuse(code: EntryRefusal["code"], message: string, path = ""): EntryRefusal {
  return { ok: false, code, message, path };
}
