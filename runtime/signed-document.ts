/**
 * What all documents share that are signed: canonical JSON (RFC 8785, integers only) in UTF-8 within a bound,
 * of which only the one written form is read.
 */
import { digestBytes } from "./hash.ts";
import { parseJson } from "./json.ts";
import { TIMESTAMP_MAX, TIMESTAMP_MIN } from "./layout.ts";
import { readTimestamp, timestampText } from "./scalars.ts";
import { refuse, ShapeError, text } from "./shape.ts";

/** In base64, with 16 signatures, this still fits an envelope. */
export const DOCUMENT_BYTES_MAX = 128 * 1024;

export interface DocumentForm<T> {
  readonly bytesMax: number;
  /** Arrays and objects inside each other. */
  readonly depthMax: number;
  /** Refuses by a ShapeError. */
  readonly read: (json: unknown) => T;
  /** The canonical text; of what `read` gave only. */
  readonly write: (value: T) => string;
}

export type DocumentRead<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

/** Throws a RangeError for what `decodeDocument` would refuse. */
export function encodeDocument<T>(form: DocumentForm<T>, value: T, what: string): Uint8Array {
  const bytes = new TextEncoder().encode(form.write(value));
  const read = decodeDocument(form, bytes);
  if (!read.ok) throw new RangeError(`no ${what}: ${read.message}`);
  return bytes;
}

/** Only what `encodeDocument` wrote. Never throws. */
export function decodeDocument<T>(form: DocumentForm<T>, bytes: Uint8Array): DocumentRead<T> {
  if (bytes.length > form.bytesMax) return { ok: false, message: `more than ${form.bytesMax} bytes` };
  const written = utf8Text(bytes);
  if (written === null) return { ok: false, message: "not UTF-8 text" };
  const parsed = parseJson(written, { depthMax: form.depthMax });
  if (!parsed.ok) return { ok: false, message: `not JSON: ${parsed.message} at character ${parsed.offset}` };
  try {
    const value = form.read(parsed.value);
    return form.write(value) === written
      ? { ok: true, value }
      : { ok: false, message: "not in canonical form: members or spaces stand elsewhere" };
  } catch (error) {
    if (error instanceof ShapeError) return { ok: false, message: error.message };
    throw error;
  }
}

function utf8Text(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

// ---- members of such documents

/** What a policy, an audience or a source may be called: it can be shown on one line. */
export function isLabel(value: unknown): value is string {
  return typeof value === "string" && /^\P{Cc}{1,255}$/u.test(value) && value.isWellFormed();
}

export function label(value: unknown, where: string): string {
  const given = text(value, where);
  return isLabel(given) ? given : refuse(where, "not 1 to 255 characters without control characters");
}

/** RFC 3339 with `Z`, as milliseconds since 1970. */
export function time(value: unknown, where: string): number {
  const ms = readTimestamp(value);
  if (ms === undefined || ms < TIMESTAMP_MIN || ms > TIMESTAMP_MAX) {
    refuse(where, "not RFC 3339 with `Z`, years 1 to 9999");
  }
  return ms;
}

/** What `time` reads back. */
export function timeText(ms: number): string {
  return timestampText(BigInt(ms));
}

/** `sha256:` and 64 hex digits. */
export function digest(value: unknown, where: string): string {
  const given = text(value, where);
  return digestBytes(given) === null ? refuse(where, "not `sha256:` and 64 hex digits") : given;
}
