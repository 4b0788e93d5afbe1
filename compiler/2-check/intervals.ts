/** Intervals of numbers, both ends included, and what arithmetic makes of them. Exact, in bigint. */
import { DECIMAL_SCALE, INT_MAX, INT_MIN } from "@polity/runtime/layout.ts";
import type { ArithmeticOperator, Expr } from "../checked.ts";

export interface Interval {
  readonly min: bigint;
  readonly max: bigint;
}

export type Meaning = Extract<Expr, { kind: "arithmetic" }>["meaning"];

export interface ArithmeticBounds {
  /** Of the results that fit into 64 bits; null where no pair of operands has one. */
  readonly result: Interval | null;
  readonly mayOverflow: boolean;
  readonly mayDivideByZero: boolean;
}

export function point(value: bigint): Interval {
  return { min: value, max: value };
}

export function hull(a: Interval, b: Interval): Interval {
  return { min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max };
}

export function arithmeticBounds(
  op: ArithmeticOperator,
  meaning: Meaning,
  a: Interval,
  b: Interval,
): ArithmeticBounds {
  switch (op) {
    case "+":
      return bounded({ min: a.min + b.min, max: a.max + b.max });
    case "-":
      return bounded({ min: a.min - b.max, max: a.max - b.min });
    case "*":
      return bounded(corners(a, [b], meaning === "decimal" ? decimalProduct : (x, y) => x * y));
    case "/": {
      const divisors = withoutZero(b);
      if (divisors.length === 0) return { result: null, mayOverflow: false, mayDivideByZero: true };
      const quotient = corners(a, divisors, meaning === "decimal" ? decimalQuotient : (x, y) => x / y);
      return { ...bounded(quotient), mayDivideByZero: b.min <= 0n && b.max >= 0n };
    }
    case "%":
      return remainderBounds(a, b);
  }
}

export function negateBounds(a: Interval): ArithmeticBounds {
  return bounded({ min: -a.max, max: -a.min });
}

/** A sum of so many numbers from `part`, taken one after another; the sum of none is 0. */
export function sumBounds(size: Interval, part: Interval): ArithmeticBounds {
  const min = (part.min < 0n ? size.max : size.min) * part.min;
  const max = (part.max > 0n ? size.max : size.min) * part.max;
  const onTheWay = bounded(hull(point(0n), { min, max }));
  return { ...bounded({ min, max }), mayOverflow: onTheWay.mayOverflow };
}

function bounded(exact: Interval): ArithmeticBounds {
  const mayOverflow = exact.min < INT_MIN || exact.max > INT_MAX;
  if (exact.min > INT_MAX || exact.max < INT_MIN)
    return { result: null, mayOverflow, mayDivideByZero: false };
  return { result: clamp(exact), mayOverflow, mayDivideByZero: false };
}

function clamp(exact: Interval): Interval {
  return {
    min: exact.min < INT_MIN ? INT_MIN : exact.min,
    max: exact.max > INT_MAX ? INT_MAX : exact.max,
  };
}

/** All operations here are monotone in each operand on intervals without a sign change of the divisor. */
function corners(a: Interval, bs: readonly Interval[], f: (x: bigint, y: bigint) => bigint): Interval {
  let result: Interval | null = null;
  for (const b of bs) {
    for (const x of [a.min, a.max]) {
      for (const y of [b.min, b.max]) {
        const value = point(f(x, y));
        result = result === null ? value : hull(result, value);
      }
    }
  }
  return result ?? point(0n);
}

/** The negative and the positive part. */
function withoutZero(b: Interval): readonly Interval[] {
  const parts: Interval[] = [];
  if (b.min < 0n) parts.push({ min: b.min, max: b.max < 0n ? b.max : -1n });
  if (b.max > 0n) parts.push({ min: b.min > 0n ? b.min : 1n, max: b.max });
  return parts;
}

/** The sign is the dividend's; the size is below the divisor's and at most the dividend's. */
function remainderBounds(a: Interval, b: Interval): ArithmeticBounds {
  const divisors = withoutZero(b);
  if (divisors.length === 0) return { result: null, mayOverflow: false, mayDivideByZero: true };
  const mayDivideByZero = b.min <= 0n && b.max >= 0n;
  if (a.min === a.max && b.min === b.max) {
    return { result: point(a.min % b.min), mayOverflow: false, mayDivideByZero };
  }
  const size = (x: bigint) => (x < 0n ? -x : x);
  const below = (size(b.min) > size(b.max) ? size(b.min) : size(b.max)) - 1n;
  const min = a.min >= 0n ? 0n : -a.min < below ? a.min : -below;
  const max = a.max <= 0n ? 0n : a.max < below ? a.max : below;
  return { result: { min, max }, mayOverflow: false, mayDivideByZero };
}

/** The product of two scaled numbers, rounded half to even. */
function decimalProduct(a: bigint, b: bigint): bigint {
  const exact = a * b;
  const sign = exact < 0n ? -1n : 1n;
  const size = exact * sign;
  const whole = size / DECIMAL_SCALE;
  const rest = (size % DECIMAL_SCALE) * 2n;
  const isUp = rest > DECIMAL_SCALE || (rest === DECIMAL_SCALE && whole % 2n === 1n);
  return sign * (isUp ? whole + 1n : whole);
}

/** The quotient of two scaled numbers, truncated toward zero. */
function decimalQuotient(a: bigint, b: bigint): bigint {
  return (a * DECIMAL_SCALE) / b;
}
