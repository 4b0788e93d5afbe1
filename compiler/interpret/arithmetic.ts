/** Arithmetic on 64-bit numbers. Every result is computed exactly and then checked (spec 5.5.1). */
import { DECIMAL_SCALE, INT_MAX, INT_MIN } from "@polity/runtime/layout.ts";
import type { ArithmeticOperator } from "../checked.ts";
import { DIVIDE, type Failure, OVERFLOW } from "./failure.ts";

/** `isDecimal`: both operands and the result are scaled by 10^4, so that products and quotients rescale. */
export function calculate(
  op: ArithmeticOperator,
  isDecimal: boolean,
  left: bigint,
  right: bigint,
): bigint | Failure {
  switch (op) {
    case "+":
      return checked(left + right);
    case "-":
      return checked(left - right);
    case "*":
      return checked(isDecimal ? roundHalfEven(left * right, DECIMAL_SCALE) : left * right);
    case "/":
      if (right === 0n) return DIVIDE;
      return checked((isDecimal ? left * DECIMAL_SCALE : left) / right);
    case "%":
      return right === 0n ? DIVIDE : checked(left % right);
  }
}

export function negate(value: bigint): bigint | Failure {
  return checked(-value);
}

function checked(exact: bigint): bigint | Failure {
  return exact < INT_MIN || exact > INT_MAX ? OVERFLOW : exact;
}

/** `dividend / divisor`, a half going to the even neighbour; `divisor` is positive (spec 5.5.2). */
function roundHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  const twice = 2n * (rest < 0n ? -rest : rest);
  const isAway = twice > divisor || (twice === divisor && quotient % 2n !== 0n);
  if (!isAway) return quotient;
  return dividend < 0n ? quotient - 1n : quotient + 1n;
}
