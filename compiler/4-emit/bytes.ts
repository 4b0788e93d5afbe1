/** Memory that grows while something is laid into it. Addresses count from where it will stand. */

export interface Bytes {
  /** The address of so many zeros, a multiple of `align`. */
  readonly room: (bytes: number, align: number) => number;
  readonly u32: (address: number, value: number) => void;
  readonly u64: (address: number, value: bigint) => void;
  /** The low bytes of a number of any sign. */
  readonly number: (address: number, bytes: 1 | 2 | 4 | 8, value: bigint) => void;
  readonly copy: (address: number, from: Uint8Array) => void;
  readonly taken: () => Uint8Array;
}

/** `at` is a multiple of 16. */
export function newBytes(at: number): Bytes {
  let bytes = new Uint8Array(1024);
  let view = new DataView(bytes.buffer);
  let end = 0;
  const room = (count: number, align: number): number => {
    const from = Math.ceil(end / align) * align;
    end = from + count;
    if (end > bytes.length) {
      const grown = new Uint8Array(Math.max(end, bytes.length * 2));
      grown.set(bytes);
      bytes = grown;
      view = new DataView(bytes.buffer);
    }
    return at + from;
  };
  const u32 = (address: number, value: number): void => view.setUint32(address - at, value, true);
  const u64 = (address: number, value: bigint): void => view.setBigUint64(address - at, value, true);
  const number: Bytes["number"] = (address, count, value) => {
    if (count === 8) u64(address, BigInt.asUintN(64, value));
    else if (count === 4) u32(address, Number(BigInt.asUintN(32, value)));
    else if (count === 2) view.setUint16(address - at, Number(BigInt.asUintN(16, value)), true);
    else view.setUint8(address - at, Number(BigInt.asUintN(8, value)));
  };
  const copy = (address: number, from: Uint8Array): void => bytes.set(from, address - at);
  return { room, u32, u64, number, copy, taken: () => bytes.slice(0, end) };
}
