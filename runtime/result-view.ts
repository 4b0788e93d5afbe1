/** The memory of an instance, as results are read from it. */

export interface View {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text that the instance points at; null where that is not in its memory or no UTF-8. */
export function textAt(bytes: Uint8Array, address: number, length: number): string | null {
  const start = address >>> 0;
  const end = start + (length >>> 0);
  if (end > bytes.length) return null;
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return null;
  }
}
