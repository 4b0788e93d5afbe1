/** The text of notes and proof files: what may stand in it, and the one way to read it from bytes. */
import { utf8Length } from "@polity/runtime/text-order.ts";

export type TextResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly isTooLarge: boolean; readonly message: string };

/**
 * UTF-8 without control characters (below U+0020) but the line feed, as C2SP signed-note demands. A byte
 * order mark stays: whoever signed, signed it as well. Never throws.
 */
export function readText(input: Uint8Array | string, bytesMax: number): TextResult {
  const decoded = typeof input === "string" ? sizedText(input, bytesMax) : sizedBytes(input, bytesMax);
  if (!decoded.ok) return decoded;
  const control = findControl(decoded.text);
  if (control === -1) return decoded;
  const code = decoded.text.charCodeAt(control).toString(16).padStart(4, "0").toUpperCase();
  return refuse(`control character U+${code} at character ${control}: only line feeds may stand there`);
}

/** Whether a text has no lone surrogate and no control character but the line feed. */
export function isStrictText(text: string): boolean {
  return text.isWellFormed() && findControl(text) === -1;
}

function sizedText(text: string, bytesMax: number): TextResult {
  // The first comparison keeps the second, which reads the whole text, from reading anything endless.
  if (text.length > bytesMax || utf8Length(text) > bytesMax) return tooLarge(bytesMax);
  return text.isWellFormed() ? { ok: true, text } : refuse("not UTF-8: a lone surrogate");
}

function sizedBytes(bytes: Uint8Array, bytesMax: number): TextResult {
  if (!ArrayBuffer.isView(bytes)) return refuse("neither bytes nor text");
  if (bytes.byteLength > bytesMax) return tooLarge(bytesMax);
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return refuse("not UTF-8");
  }
}

function findControl(text: string): number {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 && unit !== 0x0a) return at;
  }
  return -1;
}

function tooLarge(bytesMax: number): TextResult {
  return { ok: false, isTooLarge: true, message: `more than ${bytesMax} bytes` };
}

function refuse(message: string): TextResult {
  return { ok: false, isTooLarge: false, message };
}
