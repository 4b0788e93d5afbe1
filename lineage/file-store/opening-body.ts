/** An opening as bytes of a frame: its one text in UTF-8. */
import { utf8 } from "@polity/runtime/hash.ts";
import { type DecodedOpening, decodeOpening, encodeOpening, type Opening } from "../commitment.ts";

export function encodeOpeningBody(opening: Opening): Uint8Array {
  return utf8(encodeOpening(opening));
}

/** Reads exactly what `encodeOpeningBody` writes. */
export function decodeOpeningBody(body: Uint8Array): DecodedOpening {
  try {
    return decodeOpening(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return { ok: false, code: "opening.malformed", message: "an opening is text in UTF-8, and this is not" };
  }
}
