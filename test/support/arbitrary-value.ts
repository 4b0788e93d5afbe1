import { recordFields, type Shape, type Type, type Types } from "@polity/runtime/layout.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import fc from "fast-check";

const MIN_MS = -62_135_596_800_000;
const MAX_MS = 253_402_300_799_999;

/** Values of a type in every form that a request may give them; some of them break a bound. */
function arbitraryValue(type: Type, types: Types): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "bool":
      return fc.boolean();
    case "int":
      return within(type.min, type.max).chain((value) => fc.constantFrom(...intForms(value)));
    case "decimal":
      return within(type.min, type.max).chain((value) => fc.constantFrom(...decimalForms(value)));
    case "timestamp":
      return fc.integer({ min: MIN_MS, max: MAX_MS }).map((ms) => new Date(ms).toISOString());
    case "duration":
      return fc.constantFrom("1h30m", "0s", "-15m", "1000ms", "3d", "9d1ms", "999999999999999ms", "00m");
    case "string":
      return type.id ? sized(fc.stringMatching(/^[A-Za-z0-9._:@/-]+$/), type.bytesMax) : text(type.bytesMax);
    case "path":
      return fc.constantFrom("/", "/a/b", "/a//b/../c/", "/ü", "/a/./b").map((path) => path);
    case "shaped":
      return fc.constantFrom(...SHAPED_TEXTS[type.shape]);
    case "enum":
      return fc.constantFrom(...types.enums.get(type.name)!);
    case "entity":
    case "ref":
      return text(60).filter((id) => id !== "");
    case "record":
      return recordValue(type.name, types);
    case "optional":
      return arbitraryValue(type.of, types);
    case "json":
      return fc
        .jsonValue({ maxDepth: 3, noUnicodeString: false })
        .filter((value) => value !== null && !JSON.stringify(value).match(/[.]|e[+-]|-0/));
    case "entry":
      return fc.constant(undefined);
    case "map":
      return fc.dictionary(
        text(20).filter((key) => key !== ""),
        arbitraryValue(type.of, types),
        {
          minKeys: type.min,
          maxKeys: type.max,
          noNullPrototype: true,
        },
      );
    case "list":
      return fc.array(arbitraryValue(type.of, types), { minLength: type.min, maxLength: type.max });
    case "set":
      return fc.uniqueArray(arbitraryValue(type.of, types), {
        minLength: type.min,
        maxLength: type.max,
        selector: String,
      });
    default:
      return unreachable(type);
  }
}

function within(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  const small = fc.bigInt({ min: -3n, max: 3n }).filter((value) => value >= min && value <= max);
  const any = fc.bigInt({ min, max });
  const hasSmall = min <= 3n && max >= -3n;
  return hasSmall
    ? fc.oneof(any, small, fc.constantFrom(min, max))
    : fc.oneof(any, fc.constantFrom(min, max));
}

function intForms(value: bigint): unknown[] {
  const number = Number(value);
  return [value, String(value), ...(Number.isSafeInteger(number) ? [number] : [])];
}

function decimalForms(scaled: bigint): unknown[] {
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(5, "0");
  const full = `${scaled < 0n ? "-" : ""}${digits.slice(0, -4)}.${digits.slice(-4)}`;
  const short = full.replace(/\.?0+$/, "");
  const number = Number(full);
  return String(number) === short ? [full, short, number] : [full, short];
}

function text(bytesMax: number): fc.Arbitrary<string> {
  const ascii = fc.string({ maxLength: bytesMax });
  const any = fc.string({ unit: "binary", maxLength: bytesMax >> 2 });
  return fc.oneof(sized(ascii, bytesMax), sized(any, bytesMax));
}

function sized(strings: fc.Arbitrary<string>, bytesMax: number): fc.Arbitrary<string> {
  return strings.map((value) => {
    let kept = "";
    for (const character of value) {
      if (Buffer.byteLength(kept + character) > bytesMax) break;
      kept += character;
    }
    return kept;
  });
}

function recordValue(name: string, types: Types): fc.Arbitrary<object> {
  return fieldsValue(recordFields(name, types), types);
}

/** An object with these fields, keys in any order, optional ones sometimes left out. */
export function fieldsValue(
  fields: readonly { readonly name: string; readonly type: Type }[],
  types: Types,
): fc.Arbitrary<Record<string, unknown>> {
  const entries = fields.map(({ name, type }) =>
    arbitraryValue(type, types).chain((value) =>
      fc.boolean().map((leave) => (leave && type.kind === "optional" ? [] : [[name, value] as const])),
    ),
  );
  return fc
    .tuple(...entries)
    .chain((all) => fc.shuffledSubarray(all.flat(), { minLength: all.flat().length }))
    .map((shuffled) => Object.fromEntries(shuffled));
}

/** What no field takes, or only fields of another type. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, "", "\ud800", "a\u0000", Number.NaN, -0, 1e21, 0.12345, 2 ** 53),
  fc.constantFrom<unknown>(Number.POSITIVE_INFINITY, 10n ** 30n, [], {}, [null], { a: 1 }, "x".repeat(5000)),
  fc.constantFrom<unknown>("01", "-0", "1.", ".5", "1e3", "-0.00", "1.23456", "2026-02-30T00:00:00Z", "1m1h"),
  fc.constantFrom<unknown>("0000-01-01T00:00:00Z", "9999999999d", "9".repeat(100), new Date(0), new Map()),
  fc.constantFrom<unknown>(Symbol("s"), () => 1, new String("a"), Object.create({ a: 1 }), new Proxy({}, {})),
  fc.anything(),
);

const SHAPED_TEXTS: Readonly<Record<Shape, readonly string[]>> = {
  url: ["https://a.example", "HTTP://A.example:80/a/./b?c=%7e", "https://ab.example"],
  email: ["a@a.example", "A.b@A.Example."],
  image: ["a.example/b:1", "A.Example:5000/b/c", "docker.io/library/b"],
  host: ["a.example", "A.Example.", "[::1]", "10.0.0.1"],
  host_pattern: ["*.example", "**.Example.", "a.example"],
  ip: ["10.0.0.1", "::ffff:10.0.0.1", "2001:DB8::1"],
  cidr: ["10.0.0.0/8", "2001:DB8::/32", "0.0.0.0/0"],
};
