/**
 * Arithmetic on the curve of Ed25519 (RFC 8032, section 5.1), slow and plain, written for making keys and
 * signatures that no honest signer makes. It shares nothing with the code under test.
 */
import { createHash } from "node:crypto";

/** The identity is (0, 1). */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

export const FIELD = 2n ** 255n - 19n;
export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));
export const BASE = pointAt(mod(4n * inverse(5n)), 0n);
/** Of order 8: its multiples are all points of small order. */
export const TORSION = pointAt(
  littleEndian(Buffer.from("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "hex")),
  0n,
);

function mod(number: bigint, by = FIELD): bigint {
  const rest = number % by;
  return rest < 0n ? rest + by : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [square, rest] = [mod(base), exponent]; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function inverse(number: bigint): bigint {
  return power(number, FIELD - 2n);
}

/** RFC 8032, section 5.1.3; throws where no x belongs to y. */
function pointAt(y: bigint, sign: bigint): Point {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  const root = power(square, (FIELD + 3n) / 8n);
  const x = mod(root * root) === square ? root : mod(root * power(2n, (FIELD - 1n) / 4n));
  if (mod(x * x) !== square) throw new Error("no point");
  return { x: (x & 1n) === sign ? x : mod(-x), y };
}

/** X / Z and Y / Z, so that a sum needs no inverse. */
type Projective = readonly [X: bigint, Y: bigint, Z: bigint];

function addProjective([X1, Y1, Z1]: Projective, [X2, Y2, Z2]: Projective): Projective {
  const [Z, C, F] = [mod(Z1 * Z2), mod(X1 * X2), mod(Y1 * Y2)];
  const product = mod(D * C * F);
  const [less, more] = [mod(Z * Z - product), mod(Z * Z + product)];
  const X = Z * less * ((X1 + Y1) * (X2 + Y2) - C - F);
  return [mod(X), mod(Z * more * (F + C)), mod(less * more)];
}

function affine([X, Y, Z]: Projective): Point {
  const inverted = inverse(Z);
  return { x: mod(X * inverted), y: mod(Y * inverted) };
}

export function add(a: Point, b: Point): Point {
  return affine(addProjective([a.x, a.y, 1n], [b.x, b.y, 1n]));
}

export function multiply(point: Point, by: bigint): Point {
  let result: Projective = [0n, 1n, 1n];
  let double: Projective = [point.x, point.y, 1n];
  for (let rest = by; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = addProjective(result, double);
    double = addProjective(double, double);
  }
  return affine(result);
}

/** RFC 8032, section 5.1.2. */
export function encodePoint({ x, y }: Point): Uint8Array {
  return encodeNumber(y | ((x & 1n) << 255n));
}

/** 32 bytes, little-endian. */
export function encodeNumber(number: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(number.toString(16).padStart(64, "0"), "hex").reverse());
}

export function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

/** The secret scalar and the prefix of a seed: RFC 8032, section 5.1.5. */
export function expand(seed: Uint8Array): { readonly scalar: bigint; readonly prefix: Uint8Array } {
  const digest = createHash("sha512").update(seed).digest();
  const clamped = littleEndian(digest.subarray(0, 32)) & ((1n << 254n) - 8n);
  return { scalar: clamped | (1n << 254n), prefix: digest.subarray(32) };
}

/** SHA-512 of all parts as a number below L, as signing and verifying use it. */
export function challenge(...parts: readonly Uint8Array[]): bigint {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return mod(littleEndian(hash.digest()), ORDER);
}
