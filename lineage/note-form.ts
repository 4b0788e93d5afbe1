/** The written form of a signed note (C2SP signed-note v1): a text, a blank line, signature lines. */
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import { toHex } from "@polity/runtime/hash.ts";
import { utf8Length } from "@polity/runtime/text-order.ts";
import { isStrictText, readText } from "./strict-text.ts";

/** Sixteen signatures must find room, and those of other algorithms take up to 7 KB each. */
export const NOTE_BYTES_MAX = 256 * 1024;
const NOTE_SIGNATURES_MAX = 64;

/** Bytes of a name in UTF-8: as many as a cosignature can carry. */
export const KEY_NAME_BYTES_MAX = 255;

const HINT_BYTES = 4;

/** What stands in one signature line; whether the signature is one is for whoever knows the key. */
export interface SignatureLine {
  readonly name: string;
  /** 8 hex digits: with the name, they lead to the key. */
  readonly hint: string;
  /** Without the hint; at least one byte. */
  readonly signature: Uint8Array;
}

export interface NoteForm {
  /** With its final line feed: what was signed. */
  readonly text: string;
  readonly lines: readonly SignatureLine[];
}

export type NoteFormCode = "note.too_large" | "note.malformed" | "note.unsigned";

export type NoteFormResult =
  | { readonly ok: true; readonly form: NoteForm }
  | { readonly ok: false; readonly code: NoteFormCode; readonly message: string };

/** Whether a text may name a key: no Unicode space, no `+`, no control character, 1 to 255 bytes of UTF-8. */
export function isKeyName(text: string): boolean {
  if (typeof text !== "string" || text === "" || text.length > KEY_NAME_BYTES_MAX) return false;
  if (!text.isWellFormed() || utf8Length(text) > KEY_NAME_BYTES_MAX) return false;
  return isStrictText(text) && !/[\p{White_Space}+]/u.test(text);
}

/** `decodeNote` reads it back. A RangeError means a bug of the caller. */
export function encodeNote({ text, lines }: NoteForm): string {
  let note = `${text}\n`;
  for (const { name, hint, signature } of lines) {
    const bytes = new Uint8Array(HINT_BYTES + signature.length);
    for (let at = 0; at < HINT_BYTES; at += 1)
      bytes[at] = Number.parseInt(hint.slice(at * 2, at * 2 + 2), 16);
    bytes.set(signature, HINT_BYTES);
    note += `— ${name} ${encodeBase64(bytes)}\n`;
  }
  const decoded = decodeNote(note);
  if (!decoded.ok) throw new RangeError(`not a note: ${decoded.message}`);
  if (decoded.form.text !== text) throw new RangeError("the text of a note ends in a line feed");
  return note;
}

/** Reads what `encodeNote` wrote. Never throws. */
export function decodeNote(input: Uint8Array | string): NoteFormResult {
  const read = readText(input, NOTE_BYTES_MAX);
  if (!read.ok) return refuse(read.isTooLarge ? "note.too_large" : "note.malformed", read.message);
  const note = read.text;
  // The text may have blank lines of its own; the last one ends it.
  const end = note.lastIndexOf("\n\n") + 1;
  if (end === 0) return malformed("no blank line between a text and its signatures");
  const rest = note.slice(end + 1);
  if (rest === "") return refuse("note.unsigned", "no signature below the blank line");
  if (!rest.endsWith("\n")) return malformed("the last line does not end in a line feed");
  const written = rest.slice(0, -1).split("\n");
  if (written.length > NOTE_SIGNATURES_MAX) {
    return refuse("note.too_large", `more than ${NOTE_SIGNATURES_MAX} signatures`);
  }
  const lines: SignatureLine[] = [];
  for (const [at, text] of written.entries()) {
    const line = decodeLine(text);
    if (line === null) {
      const form = "an em dash, a name and canonical base64, with one space between them";
      return malformed(`signature line ${at + 1} is not ${form}`);
    }
    lines.push(line);
  }
  return { ok: true, form: { text: note.slice(0, end), lines } };
}

function decodeLine(text: string): SignatureLine | null {
  const [dash, name, base64, ...more] = text.split(" ", 4);
  if (dash !== "—" || name === undefined || base64 === undefined || more.length > 0) return null;
  const bytes = decodeBase64(base64);
  if (!isKeyName(name) || bytes === null || bytes.length <= HINT_BYTES) return null;
  return { name, hint: toHex(bytes.subarray(0, HINT_BYTES)), signature: bytes.subarray(HINT_BYTES) };
}

function malformed(message: string): NoteFormResult {
  return refuse("note.malformed", message);
}

function refuse(code: NoteFormCode, message: string): NoteFormResult {
  return { ok: false, code, message };
}
