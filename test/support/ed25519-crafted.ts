/** Keys and signatures for test/vectors/ed25519/ that only somebody who means harm makes. */
import {
  add,
  BASE,
  challenge,
  encodeNumber,
  encodePoint,
  expand,
  FIELD,
  littleEndian,
  multiply,
  ORDER,
  type Point,
  TORSION,
} from "./edwards25519.ts";

export interface SignatureCase {
  readonly name: string;
  /** All in hex. */
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  /** What "the key enters, then the signature is verified" ends in. */
  readonly expect: "key.weak" | "signature.refused" | "signature";
}

export interface KeyCase {
  readonly name: string;
  readonly publicKey: string;
  readonly expect: "key.weak";
}

const SEED = new Uint8Array(32).fill(7);
const MESSAGE = new TextEncoder().encode("pay 100 to alice");

/** By a key of prime order. They go on where the published vectors, 0 to 11, end. */
export function craftedSignatures(): readonly SignatureCase[] {
  const { scalar, prefix } = expand(SEED);
  const publicKey = encodePoint(multiply(BASE, scalar));
  const nonce = challenge(prefix, MESSAGE);
  const honest = multiply(BASE, nonce);

  function signature(R: Point, r: bigint): Uint8Array {
    const k = challenge(encodePoint(R), publicKey, MESSAGE);
    return Buffer.concat([encodePoint(R), encodeNumber((r + k * scalar) % ORDER)]);
  }
  function row(name: string, bytes: Uint8Array, expect: SignatureCase["expect"]): SignatureCase {
    return { name, publicKey: hex(publicKey), message: hex(MESSAGE), signature: hex(bytes), expect };
  }
  function torsion(times: bigint): Uint8Array {
    return signature(add(honest, multiply(TORSION, times)), nonce);
  }
  const good = signature(honest, nonce);
  const larger = Buffer.concat([good.subarray(0, 32), encodeNumber(littleEndian(good.subarray(32)) + ORDER)]);
  const small = multiply(TORSION, 4n);
  return [
    row("12: R with a component of order 8", torsion(1n), "signature.refused"),
    row("13: as RFC 8032 signs", good, "signature"),
    row("14: R is the identity", signature({ x: 0n, y: 1n }, 0n), "signature.refused"),
    row("15: R with a component of order 4", torsion(2n), "signature.refused"),
    row("16: R with a component of order 2", torsion(4n), "signature.refused"),
    row("17: R of order 2", signature(small, 0n), "signature.refused"),
    row("18: R of order 8", signature(TORSION, 0n), "signature.refused"),
    row("19: the signature of 13 with S + L", larger, "signature.refused"),
  ];
}

/** Every encoding of a point of small order, canonical or not, and keys of mixed order. */
export function weakKeys(): readonly KeyCase[] {
  const cases = new Map<string, string>();
  for (let times = 0n; times < 8n; times += 1n) {
    const point = multiply(TORSION, times);
    cases.set(hex(encodePoint(point)), `${times} times a point of order 8`);
    const larger = encodeNumber((point.y + FIELD) | ((point.x & 1n) << 255n));
    if (point.y < 19n) cases.set(hex(larger), `${times} times a point of order 8, y + p`);
    if (point.x !== 0n) continue;
    cases.set(hex(encodeNumber(point.y | (1n << 255n))), `${times} times a point of order 8, sign of x = 0`);
    if (point.y < 19n)
      cases.set(
        hex(encodeNumber((point.y + FIELD) | (1n << 255n))),
        `${times} times a point of order 8, both`,
      );
  }
  const honest = multiply(BASE, expand(SEED).scalar);
  for (const times of [1n, 2n, 4n]) {
    const mixed = add(honest, multiply(TORSION, times));
    cases.set(hex(encodePoint(mixed)), `an honest key and ${times} times a point of order 8`);
  }
  // y = 3 + p is another text of y = 3, and 2 is no y of any point.
  cases.set(hex(encodeNumber(3n + FIELD)), "y + p of a point of large order");
  cases.set(hex(encodeNumber(2n)), "no point");
  return [...cases].map(([publicKey, name]) => ({ name, publicKey, expect: "key.weak" }));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
