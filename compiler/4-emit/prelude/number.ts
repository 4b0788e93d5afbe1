// Checked 64-bit arithmetic. An error sticks (memory.ts, fail); the number that comes with it means nothing.
import { fail } from "./memory";
import { DIVIDE, OVERFLOW } from "./codes";

const SCALE: u64 = 10000;

export function add(a: i64, b: i64): i64 {
  const sum = a + b;
  if (((a ^ sum) & (b ^ sum)) < 0) fail(OVERFLOW);
  return sum;
}

export function subtract(a: i64, b: i64): i64 {
  const difference = a - b;
  if (((a ^ b) & (a ^ difference)) < 0) fail(OVERFLOW);
  return difference;
}

export function negate(a: i64): i64 {
  if (a == i64.MIN_VALUE) fail(OVERFLOW);
  return -a;
}

export function multiply(a: i64, b: i64): i64 {
  if (a == 0 || b == 0) return 0;
  const product = a * b;
  if ((a == -1 && b == i64.MIN_VALUE) || (b == -1 && a == i64.MIN_VALUE)) {
    fail(OVERFLOW);
  } else if (product / b != a) {
    fail(OVERFLOW);
  }
  return product;
}

export function divide(a: i64, b: i64): i64 {
  if (b == 0) {
    fail(DIVIDE);
    return 0;
  }
  if (b == -1) return negate(a);
  return a / b;
}

export function remainder(a: i64, b: i64): i64 {
  if (b == 0) {
    fail(DIVIDE);
    return 0;
  }
  return b == -1 ? 0 : a % b;
}

// @ts-ignore: decorator
@inline function magnitude(a: i64): u64 {
  return a < 0 ? 0 - <u64>a : <u64>a;
}

function signed(size: u64, negative: bool): i64 {
  if (size > (negative ? <u64>1 << 63 : <u64>i64.MAX_VALUE)) fail(OVERFLOW);
  return negative ? <i64>(0 - size) : <i64>size;
}

// The high half of a 128-bit product.
function multiplyHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >> 32);
  const cross = a0 * b1 + (middle & 0xffffffff);
  return a1 * b1 + (middle >> 32) + (cross >> 32);
}

let rest: u64 = 0;

// (high, low) / divisor, with high < divisor, so that the quotient fits; the remainder is in `rest`.
function divideWide(high: u64, low: u64, divisor: u64): u64 {
  let r = high;
  let quotient: u64 = 0;
  for (let bit = 63; bit >= 0; bit--) {
    const carry = r >> 63;
    r = (r << 1) | ((low >> <u64>bit) & 1);
    if (carry != 0 || r >= divisor) {
      r -= divisor;
      quotient |= <u64>1 << <u64>bit;
    }
  }
  rest = r;
  return quotient;
}

// Decimals: the exact product, rounded half to even to four digits.
export function multiplyDecimal(a: i64, b: i64): i64 {
  const x = magnitude(a);
  const y = magnitude(b);
  const negative = (a < 0) != (b < 0);
  const high = multiplyHigh(x, y);
  const low = x * y;
  let quotient: u64;
  let left: u64;
  if (high == 0) {
    quotient = low / SCALE;
    left = low % SCALE;
  } else {
    if (high >= SCALE) {
      fail(OVERFLOW);
      return 0;
    }
    quotient = divideWide(high, low, SCALE);
    left = rest;
  }
  if (left > SCALE / 2 || (left == SCALE / 2 && (quotient & 1) == 1)) quotient += 1;
  return signed(quotient, negative && quotient != 0);
}

// Decimals: truncated toward zero to four digits.
export function divideDecimal(a: i64, b: i64): i64 {
  if (b == 0) {
    fail(DIVIDE);
    return 0;
  }
  const x = magnitude(a);
  const y = magnitude(b);
  const high = multiplyHigh(x, SCALE);
  const low = x * SCALE;
  if (high >= y) {
    fail(OVERFLOW);
    return 0;
  }
  const quotient = high == 0 ? low / y : divideWide(high, low, y);
  return signed(quotient, (a < 0) != (b < 0) && quotient != 0);
}

// @ts-ignore: decorator
@inline export function between(a: i64, from: i64, to: i64): bool {
  return a >= from && a <= to;
}
