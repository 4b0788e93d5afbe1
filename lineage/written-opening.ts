/**
 * What is known of the openings that `commitWritten` made last: texts, which nobody can change any more.
 * Whoever writes such an opening at once writes these, and need not read them again to know what they open.
 * The last few are kept, not all of them in a WeakMap: that takes the collector longer than looking at each
 * one again.
 */
import type { Sha256 } from "@polity/runtime/hash.ts";
import { canonicalText } from "@polity/runtime/json.ts";
import { isCanonical } from "./canonical-text.ts";

export interface WrittenOpening {
  /** The object that `commitWritten` gave away. */
  readonly opening: object;
  readonly request: string;
  /** In base64. */
  readonly salt: string;
  /** To this request under this salt, computed by this function. */
  readonly commitment: string;
  readonly sha256: Sha256;
}

const KEPT = 8;
const kept: (WrittenOpening | null)[] = Array.from({ length: KEPT }, () => null);
let next = 0;

export function keepWritten(written: WrittenOpening): void {
  kept[next] = written;
  next = (next + 1) % KEPT;
}

/** Null for an opening that was made in any other way, or before others; it is not kept any longer. */
export function takeWritten(opening: object): WrittenOpening | null {
  for (let at = 0; at < KEPT; at += 1) {
    const written = kept[at]!;
    if (written?.opening !== opening) continue;
    kept[at] = null;
    return written;
  }
  return null;
}

/** As `encodeOpening` writes it. */
export function writtenText({ request, salt }: WrittenOpening): string {
  return `{"request":${canonicalText(request)},"salt":"${salt}","sensitive":[]}`;
}

/**
 * Whether it opens this commitment of a request without sensitive fields. Only where the caller's own
 * function computed it is that known without computing it again; false where it is not known.
 */
export function isKnownToOpen(written: WrittenOpening, commitment: string, sha256: Sha256): boolean {
  return written.sha256 === sha256 && written.commitment === commitment && isCanonical(written.request);
}
