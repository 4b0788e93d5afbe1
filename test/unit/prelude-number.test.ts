/** The support library's arithmetic against BigInt, on every pair of boundary values. */
import { assemble } from "@polity/compiler/4-emit/assemble.ts";
import { assemblyOf } from "@polity/compiler/4-emit/assembly.ts";
import { emitConfig } from "@polity/compiler/4-emit/emit.ts";
import { beforeAll, describe, expect, test } from "vitest";

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const SCALE = 10_000n;
const OVERFLOW = 1;
const DIVIDE = 2;

const ENTRY = `
import { add, subtract, multiply, divide, remainder, multiplyDecimal, divideDecimal } from "./prelude/number";
import { clearFault, fault } from "./prelude/memory";
let answer: i64 = 0;
export function value(): i64 { return answer; }
export function run(op: i32, a: i64, b: i64): u32 {
  clearFault();
  switch (op) {
    case 0: answer = add(a, b); break;
    case 1: answer = subtract(a, b); break;
    case 2: answer = multiply(a, b); break;
    case 3: answer = divide(a, b); break;
    case 4: answer = remainder(a, b); break;
    case 5: answer = multiplyDecimal(a, b); break;
    case 6: answer = divideDecimal(a, b); break;
  }
  return fault;
}`;

interface Exports {
  readonly run: (op: number, a: bigint, b: bigint) => number;
  readonly value: () => bigint;
}

let machine: Exports;

beforeAll(async () => {
  const wasm = await assemble(
    assemblyOf(
      new Map([
        ["config.ts", emitConfig([]).replace("FRAME_BYTES: i32 = 0", "FRAME_BYTES: i32 = 8")],
        ["entry.ts", ENTRY],
      ]),
      "entry.ts",
    ),
  );
  machine = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as unknown as Exports;
});

/** Rounded half to even. */
function rounded(numerator: bigint, denominator: bigint): bigint {
  const size = numerator < 0n ? -numerator : numerator;
  let quotient = size / denominator;
  const twice = (size % denominator) * 2n;
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) quotient += 1n;
  return numerator < 0n ? -quotient : quotient;
}

type Model = (a: bigint, b: bigint) => bigint | null;

const OPERATIONS: readonly (readonly [name: string, model: Model])[] = [
  ["add", (a, b) => a + b],
  ["subtract", (a, b) => a - b],
  ["multiply", (a, b) => a * b],
  ["divide", (a, b) => (b === 0n ? null : a / b)],
  ["remainder", (a, b) => (b === 0n ? null : a % b)],
  ["multiply decimals", (a, b) => rounded(a * b, SCALE)],
  ["divide decimals", (a, b) => (b === 0n ? null : (a * SCALE) / b)],
];

const EDGES = [
  0n,
  1n,
  2n,
  3n,
  7n,
  15n,
  49n,
  50n,
  51n,
  99n,
  4_999n,
  5_000n,
  5_001n,
  9_999n,
  SCALE,
  10_001n,
  15_000n,
];
const LARGE = [
  3_037_000_499n,
  3_037_000_500n,
  2n ** 32n,
  2n ** 53n,
  922_337_203_685_477n,
  2n ** 62n,
  MAX - 1n,
  MAX,
];
const VALUES = [...EDGES, ...LARGE].flatMap((value) => [value, -value]).concat([MIN, MIN + 1n]);

describe.each(OPERATIONS)("%s", (name, model) => {
  test("agrees with exact arithmetic on every pair of boundary values", () => {
    const op = OPERATIONS.findIndex(([other]) => other === name);
    for (const a of VALUES) {
      for (const b of VALUES) {
        const exact = model(a, b);
        const fault = machine.run(op, a, b);
        const expected = exact === null ? DIVIDE : exact < MIN || exact > MAX ? OVERFLOW : 0;
        expect([a, b, fault]).toEqual([a, b, expected]);
        if (expected === 0) expect([a, b, machine.value()]).toEqual([a, b, exact]);
      }
    }
  });
});
