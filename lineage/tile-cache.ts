/** Keeps what was read last, up to a number of bytes; what is being read is read once. */

export interface TileCache<T> {
  readonly get: (key: string, read: () => Promise<T>) => Promise<T>;
}

export function makeTileCache<T>(bytesMax: number, bytesOf: (value: T) => number): TileCache<T> {
  /** In the order of their last use. */
  const kept = new Map<string, { readonly value: T; readonly bytes: number }>();
  const reading = new Map<string, Promise<T>>();
  let bytes = 0;

  function keep(key: string, value: T): void {
    const size = bytesOf(value);
    kept.set(key, { value, bytes: size });
    bytes += size;
    for (const [oldest, entry] of kept) {
      // The newest stays, however large: whoever reads on needs it next.
      if (bytes <= bytesMax || oldest === key) return;
      kept.delete(oldest);
      bytes -= entry.bytes;
    }
  }

  async function readOnce(key: string, read: () => Promise<T>): Promise<T> {
    try {
      const value = await read();
      keep(key, value);
      return value;
    } finally {
      // What failed is read again by whoever asks next.
      reading.delete(key);
    }
  }

  return {
    get: async (key, read) => {
      const found = kept.get(key);
      if (found !== undefined) {
        kept.delete(key);
        kept.set(key, found);
        return found.value;
      }
      const underWay = reading.get(key) ?? readOnce(key, read);
      reading.set(key, underWay);
      return underWay;
    },
  };
}
