/** Literals as source text, from few values, so that conditions meet the requests that are made for them. */
import type { Shape, Type } from "@polity/runtime/layout.ts";
import { canonicalShape } from "@polity/runtime/shaped-text.ts";
import { printDecimal, printDuration, printText, printTimestamp } from "./print-type.ts";
import type { Random } from "./random.ts";
import { LITERAL_IDS, type Schema } from "./schema.ts";

/** U+FB00 is above the surrogates in UTF-16 and below the astral characters in UTF-8. */
export const TEXTS = ["", "a", "b", "ab", "aab", "a.b", "é", "ﬀ", "😀", "a*b", "\\", "\\*", "user:1", "x/y"];
export const ID_TEXTS = ["a", "b", "ab", "a.b", "user:1", "x/y", "A_9"];
export const PATTERNS = [
  "*",
  "**",
  "a*",
  "*b",
  "a*b",
  "*a*",
  "",
  "\\*",
  "a\\**",
  "\\\\*",
  "\\a*",
  "*é*",
  "*😀",
  "a**b",
  "\\",
  "a*a",
  "ab*b",
  "*a*a*",
  "é*é",
];
export const PATHS = ["/", "/a", "/a/b", "/a/b/c", "/ab", "/b", "/é"];
/** Canonical and not; the same texts come again, so that rules meet requests. */
export const SHAPED_TEXTS: Readonly<Record<Shape, readonly string[]>> = {
  url: [
    ...["https://a.b", "https://a.b/", "https://x.a.b/a/b?c", "http://a.b:8080/a", "HTTP://A.b:80/a/../b/"],
    ...["https://a.b:444", "wss://b/ab?", "ftp://[::1]/%7ea/%c3%a9", "http://10.0.0.1?a=%2e", "x+y://b:1/."],
  ],
  email: ["a@a.b", "A@a.b", "a.b@x.a.b", "a+b@B.", "user@ab"],
  image: [
    ...["a.b/c", "a.b/c:1", "A.b./c/d__e:v-1", "localhost/c", "b:5000/c", "[::1]/c.d", "docker.io/library/c"],
    `a.b/c@sha256:${"0".repeat(64)}`,
    `a.b/c:1@sha256:${"a1".repeat(32)}`,
  ],
  host: ["a.b", "x.a.b", "y.x.a.b", "b", "ab", "a-b.c9", "10.0.0.1", "[::1]", "A.b.", "[2001:DB8::1]"],
  host_pattern: ["*.b", "*.a.b", "**.a.b", "**.b", "a.b", "10.0.0.1", "[::1]", "*.A.B.", "**.ab"],
  ip: ["10.0.0.1", "10.0.0.255", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "::ffff:10.0.0.1"],
  cidr: ["10.0.0.0/8", "10.0.0.1/32", "0.0.0.0/0", "::/0", "::1/128", "2001:db8::/33", "::ffff:10.0.0.0/120"],
};
/** What has none of these shapes, or only some. */
export const SLIPPED_TEXTS: readonly string[] = [
  ...["", "a..b", "-a", "127.1", "0x7f.1", "a_b", "1.2.3.04", "256.0.0.1", "[::ffff:1.2.3.4]", "*.*.a", "*"],
  ...[
    "https://a.b/%2e",
    "https://a@b/",
    "https://a.b//",
    "https://a.b/..",
    "file://a/b",
    "http://127.1/",
    "x://b/",
  ],
  ...[
    "https://a.b:0/",
    "https://a.b/#x",
    "a@b@c",
    "a..b@c",
    "a%b@c",
    "https://a.b/%c0%af",
    "http://a.b:65536",
  ],
  ...["c", "library/c", "docker.io/c", "a.b/C", "a.b/c:", "a.b/c_", "a.b/c@sha256:0", "index.docker.io/c/d"],
  ...["1::2:3:4:5:6:7", "0:0:1::1:0:1", ":::", "::1%eth0", "10.0.0.1/8", "::/129", "10.0.0.0/08", "é", "a b"],
];
export const INTS = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  7n,
  10n,
  100n,
  -10n,
  9_223_372_036_854_775_807n,
  4_000_000_000_000n,
];
const DECIMALS = [0n, 1n, 5_000n, 10_000n, 15_000n, -25_000n, 1_234_567n, 33_333n, 922_337_203_685_477_580n];
const TIMES = [
  0n,
  1_795_000_000_000n,
  1_795_000_000_001n,
  1_700_000_000_000n,
  -62_135_596_800_000n,
  253_402_300_799_999n,
];
const DURATIONS = [0n, 1n, 1_000n, 90_000n, 3_600_000n, 86_400_000n, 1_000_000_000_000_000n];

/** Of a plain type; undefined for the others. */
export function generateLiteral(random: Random, type: Type, schema: Schema): string | undefined {
  if (random.constants !== undefined) return random.constants(type, schema);
  if (type.kind === "bool") return random.pick(["true", "false"]);
  if (type.kind === "int") return signed(String(random.pick(INTS)));
  if (type.kind === "decimal") {
    return random.chance(0.3)
      ? signed(String(random.pick(INTS.slice(0, 9))))
      : signed(printDecimal(random.pick(DECIMALS)));
  }
  if (type.kind === "timestamp") return printTimestamp(random.pick(TIMES));
  if (type.kind === "duration") return printDuration(random.pick(DURATIONS));
  if (type.kind === "string") return printText(random.pick(type.id ? ID_TEXTS : TEXTS));
  if (type.kind === "path") return printText(random.pick(PATHS));
  if (type.kind === "shaped") return printText(random.pick(SHAPED_TEXTS[type.shape]));
  if (type.kind === "enum") {
    const member = random.pick(schema.types.enums.get(type.name) ?? []);
    return random.chance(0.7) ? `${type.name}.${member}` : member;
  }
  if (type.kind === "entity" && schema.types.entities.get(type.name)?.fromRequest === true) return undefined;
  if (type.kind === "entity" || type.kind === "ref")
    return `${type.name}::${printText(random.pick(LITERAL_IDS))}`;
  return undefined;
}

function signed(text: string): string {
  return text.startsWith("-") ? `(${text})` : text;
}

/** A set or list of different literals; undefined for a type that has none. */
export function generateCollection(
  random: Random,
  of: Type,
  schema: Schema,
  shape: "list" | "set" = "set",
): string | undefined {
  // Entities in braces are a set of entities.
  if (of.kind === "ref") return undefined;
  const isText = of.kind === "string" && !of.id;
  // These two are in one order as UTF-16 and in another as UTF-8.
  const members = new Set<string>(isText && random.chance(0.3) ? ['"ﬀ"', '"😀"'] : []);
  for (let n = random.between(members.size > 0 ? 0 : 1, 4); n > 0; n -= 1) {
    const literal = generateLiteral(random, of, schema);
    if (literal === undefined) return undefined;
    // One value has one writing in a set: members are neither qualified nor in parentheses.
    members.add(literal.replace(/^\w+\.(?=[a-z])/, "").replace(/[()]/g, ""));
  }
  const isMixed = of.kind === "decimal";
  const keyOf = (text: string) => {
    if (of.kind === "shaped") return canonicalShape(of.shape, text.slice(1, -1));
    return isMixed ? Number(text) : text;
  };
  const distinct = [...new Map([...members].map((text) => [keyOf(text), text])).values()];
  return shape === "set" ? `{${distinct.join(", ")}}` : `[${distinct.join(", ")}]`;
}
