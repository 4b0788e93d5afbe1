/** Random values in their JSON form, biased to the ends of ranges and to what the policy speaks of. */
import { posix } from "node:path";
import {
  DURATION_MAX,
  type Field,
  type Shape,
  TIMESTAMP_MAX,
  TIMESTAMP_MIN,
  type Type,
} from "@polity/runtime/layout.ts";
import { canonicalShape } from "@polity/runtime/shaped-text.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import type { Checked, EntityValue, Value } from "../../../compiler/checked.ts";
import { ID_TEXTS, INTS, PATHS, SHAPED_TEXTS, SLIPPED_TEXTS, TEXTS } from "./literals.ts";
import type { Literals } from "./literals-of.ts";
import { printDecimal, printDuration, printTimestamp } from "./print-type.ts";
import type { Random } from "./random.ts";
import { LITERAL_IDS } from "./schema.ts";

/** Where values come from. */
export interface Source extends Literals {
  readonly random: Random;
  readonly checked: Checked;
  /** Ids in the facts, by entity type. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
  /** For facts: nothing slips, and there are no BigInts, which JSON cannot write. */
  readonly isFacts: boolean;
}

export function generateFields(source: Source, fields: readonly Field[]): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const { name, type } of source.random.shuffle(fields)) {
    if (type.kind !== "optional") entries.push([name, generateValue(source, type)]);
    else if (source.random.chance(0.6)) entries.push([name, generateValue(source, type.of)]);
  }
  return Object.fromEntries(entries);
}

/** Well formed and within range, except that a path may climb above the root and an entity be unknown. */
function generateValue(source: Source, type: Type): unknown {
  const { random, checked } = source;
  switch (type.kind) {
    case "bool":
      return random.chance(0.5);
    case "int":
      return writeInt(source, pickNumber(source, type.min, type.max));
    case "decimal":
      return writeDecimal(random, pickNumber(source, type.min, type.max));
    case "timestamp":
      return writeTimestamp(random, pickNumber(source, TIMESTAMP_MIN, TIMESTAMP_MAX, 1_795_000_000_000n));
    case "duration":
      return printDuration(pickNumber(source, -DURATION_MAX, DURATION_MAX));
    case "string":
      return pickText(source, type.id ? ID_TEXTS : TEXTS, type.bytesMax, type.id ? "a" : "");
    case "path":
      return pickPath(source, type.bytesMax);
    case "shaped":
      return pickShaped(source, type.shape, type.bytesMax);
    case "enum":
      return random.pick(checked.types.enums.get(type.name) ?? []);
    case "record":
      return generateFields(source, checked.types.records.get(type.name) ?? []);
    case "entity":
      return random.pick(source.ids.get(type.name) ?? ["nobody"]);
    case "ref":
      return random.pick([...(source.ids.get(type.name) ?? []), ...LITERAL_IDS, "nobody"]);
    case "optional":
      return generateValue(source, type.of);
    case "entry":
      return undefined;
    case "json":
      return fitting(source, type.bytesMax);
    case "map":
      return generateMap(source, type);
    case "list":
    case "set":
      return generateMembers(source, type);
    default:
      return unreachable(type);
  }
}

function generateMembers(source: Source, type: Extract<Type, { readonly min: number }>): readonly unknown[] {
  const { random, collections } = source;
  if (collections.length > 0 && random.chance(0.3)) {
    const same = writeCollection(source, type, random.pick(collections));
    if (same !== undefined) return same;
  }
  const usual = random.pick([type.min, type.min + 1, random.between(type.min, type.min + 4)]);
  const count = random.chance(type.max < 10 ? 0.2 : 0.02) ? type.max : Math.min(usual, type.max);
  const members: unknown[] = [];
  const seen = new Set<string>();
  for (let attempt = 0; members.length < count && attempt < 4 * count; attempt += 1) {
    const member = generateValue(source, type.of);
    const key = memberKey(type.of, member);
    if (type.kind === "set" && seen.has(key) && !slips(source)) continue;
    seen.add(key);
    members.push(member);
  }
  return members;
}

/** A document that is no longer than it may be; now and then there is none but the shortest. */
function fitting(source: Source, bytesMax: number): unknown {
  for (let depth = 3; depth > 0; depth -= 1) {
    const document = generateDocument(source, depth);
    const isFitting = Buffer.byteLength(JSON.stringify(document)) <= bytesMax;
    if (document !== null && (isFitting || slips(source))) return document;
  }
  return 1;
}

const DOCUMENT_TEXTS = [
  "",
  "a",
  "1.5",
  "-0.0001",
  "007",
  "922337203685477.5807",
  "1e3",
  '\u0001\n"\\',
  "ﬀ😀",
];

function generateDocument(source: Source, depth: number): unknown {
  const { random, texts } = source;
  const scalars = [null, true, false, 0, -1, 7, 100, 2 ** 53 - 1, 1 - 2 ** 53];
  const kind = depth === 0 ? random.below(2) : random.below(7);
  if (kind === 0) return random.pick(scalars);
  if (kind === 1) return random.pick([...DOCUMENT_TEXTS, ...texts].filter((text) => text.isWellFormed()));
  const part = () => generateDocument(source, depth - 1);
  if (kind === 2) return [part(), part(), part()].slice(0, random.below(4));
  const keys = random.some(["a", "b", "", "é", "ﬀ", "😀", "\n", '"', "__proto__", "A"], 0.4);
  return Object.fromEntries([...keys, "a"].map((key) => [key, part()]));
}

/** Orders by UTF-16 and by UTF-8 differ for some of them, and some mean something to JavaScript. */
export const KEYS = [
  "a",
  "b",
  "ab",
  "é",
  "ﬀ",
  "😀",
  "a.b",
  " ",
  "__proto__",
  "constructor",
  "size",
  "10",
  "9",
];

function generateMap(source: Source, { of, min, max }: Extract<Type, { readonly min: number }>): unknown {
  const { random } = source;
  const count = Math.min(max, random.pick([min, min + 1, random.between(min, min + 4)]));
  const keys = [...random.shuffle(KEYS), ...KEYS.map((key) => `${key}${key}`)].slice(0, count);
  return Object.fromEntries(keys.map((key) => [key, generateValue(source, of)]));
}

/** One of the policy's own collections, in any order; undefined where it is not of this type. */
function writeCollection(
  source: Source,
  { of, min, max }: Extract<Type, { readonly min: number }>,
  values: readonly Value[],
): readonly unknown[] | undefined {
  const members = source.random.shuffle(values).map((value) => writeScalar(source, of, value));
  const isComplete = members.length >= min && members.length <= max && !members.includes(undefined);
  return isComplete ? members : undefined;
}

/** A value of the policy as a request has it; undefined where the type does not have it. */
export function writeScalar(source: Source, type: Type, value: Value): unknown {
  const { random, checked } = source;
  if (type.kind === "optional") return writeScalar(source, type.of, value);
  if (type.kind === "bool") return typeof value === "boolean" ? value : undefined;
  if (type.kind === "string") return fits(value, type) ? value : undefined;
  if (type.kind === "path" || type.kind === "shaped") return isShaped(type, value) ? value : undefined;
  if (type.kind === "enum") {
    const isMember = typeof value === "object" && "member" in value;
    return isMember ? checked.types.enums.get(type.name)?.[value.member] : undefined;
  }
  if (type.kind === "entity" || type.kind === "ref") {
    const isNamed = typeof value === "object" && "id" in value && value.type === type.name;
    return isNamed ? value.id : undefined;
  }
  if (typeof value !== "bigint") return undefined;
  if (type.kind === "timestamp") return isTime(value) ? writeTimestamp(random, value) : undefined;
  if (type.kind === "duration") return isDuration(value) ? printDuration(value) : undefined;
  if ((type.kind !== "int" && type.kind !== "decimal") || value < type.min || value > type.max)
    return undefined;
  return type.kind === "int" ? writeInt(source, value) : writeDecimal(random, value);
}

function isShaped(type: Extract<Type, { kind: "path" | "shaped" }>, value: Value): boolean {
  if (typeof value !== "string" || Buffer.byteLength(value) > type.bytesMax) return false;
  return type.kind === "path" ? value.startsWith("/") : canonicalShape(type.shape, value) === value;
}

function isTime(ms: bigint): boolean {
  return ms >= TIMESTAMP_MIN && ms <= TIMESTAMP_MAX;
}

function isDuration(ms: bigint): boolean {
  return ms >= -DURATION_MAX && ms <= DURATION_MAX;
}

function fits(value: Value, { id, bytesMax }: Extract<Type, { readonly kind: "string" }>): boolean {
  if (typeof value !== "string" || Buffer.byteLength(value) > bytesMax) return false;
  return !id || /^[A-Za-z0-9._:@/-]+$/.test(value);
}

/** Now and then a set has a duplicate, or a path climbs above the root. */
function slips({ random, isFacts }: Source): boolean {
  return !isFacts && random.chance(0.006);
}

/** Equal for two writings of one value. */
function memberKey(type: Type, member: unknown): string {
  const { kind } = type;
  const text = String(member);
  if (type.kind === "path") return posix.resolve(text);
  if (type.kind === "shaped") return canonicalShape(type.shape, text) ?? text;
  if (kind === "timestamp") return String(Date.parse(text));
  return kind === "decimal" ? text.replace(/\.0+$/, "").replace(/(\.\d*?)0+$/, "$1") : text;
}

function pickNumber({ random, numbers }: Source, min: bigint, max: bigint, around = 0n): bigint {
  const near = numbers.length > 0 && random.chance(0.6) ? random.pick(numbers) : random.pick(INTS) + around;
  const candidates = [min, max, near, near + 1n, near - 1n, -near, min + 1n, around];
  const fitting = candidates.filter((value) => value >= min && value <= max);
  return random.chance(0.6) && near >= min && near <= max
    ? near
    : random.pick(fitting.length > 0 ? fitting : [min]);
}

function writeInt({ random, isFacts }: Source, value: bigint): unknown {
  const isSafe = value >= -(2n ** 53n) + 1n && value <= 2n ** 53n - 1n;
  if (isSafe && random.chance(0.7)) return Number(value);
  return isFacts || random.chance(0.7) ? String(value) : value;
}

function writeDecimal(random: Random, scaled: bigint): unknown {
  const text = printDecimal(scaled).replace(/^-0\.0$/, "0.0");
  const number = Number(text);
  const isExact = /^-?\d+(\.\d{1,4})?$/.test(String(number)) && !Object.is(number, -0);
  const isSame =
    isExact && Number.isSafeInteger(number * 10_000) && BigInt(Math.round(number * 10_000)) === scaled;
  if (isSame && random.chance(0.5)) return number;
  return random.chance(0.5) ? text : text.replace(/\.0$/, "");
}

function writeTimestamp(random: Random, ms: bigint): string {
  const text = printTimestamp(ms);
  return text.endsWith(".000Z") && random.chance(0.5) ? text.replace(".000Z", "Z") : text;
}

function pickText(
  { random, texts }: Source,
  pool: readonly string[],
  bytesMax: number,
  least: string,
): string {
  const fits = (text: string) => Buffer.byteLength(text) <= bytesMax;
  const own = least === "" ? texts : texts.filter((text) => /^[A-Za-z0-9._:@/-]+$/.test(text));
  const near = own.length > 0 && random.chance(0.6) ? random.pick(own) : random.pick(pool);
  const varied = random.pick([
    near,
    near,
    near,
    `${near}a`,
    `a${near}`,
    near.slice(0, 1),
    "a".repeat(bytesMax),
  ]);
  return fits(varied) && varied.isWellFormed() && varied !== "" ? varied : fits(near) ? near : least;
}

/** One writing of many; now and then the text has not its shape. */
function pickShaped(source: Source, shape: Shape, bytesMax: number): string {
  const { random, texts } = source;
  const own = texts.filter((text) => canonicalShape(shape, text) !== null);
  const base = own.length > 0 && random.chance(0.6) ? random.pick(own) : random.pick(SHAPED_TEXTS[shape]);
  const written = slips(source) ? random.pick(SLIPPED_TEXTS) : random.pick([base, respell(base)]);
  const isFit = canonicalShape(shape, written) !== null || !source.isFacts;
  if (isFit && written.length <= bytesMax) return written;
  // Facts are right; what is too long for a request is refused, which is an answer as well.
  const short = SHAPED_TEXTS[shape].filter((text) => text.length <= bytesMax);
  return random.pick(source.isFacts ? short : SHAPED_TEXTS[shape]);
}

/** Another writing of the same, as far as it is one. */
function respell(text: string): string {
  if (/^[a-z0-9.-]*[a-z]$/.test(text)) return `${text.toUpperCase()}.`;
  const isAddress = /^[0-9.]+$/.test(text);
  return isAddress ? `::ffff:${text}` : text.toUpperCase();
}

const CLUMSY_PATHS = ["/a/../b", "//a//b/", "/./a", "/a/b/..", "/a/.", "/..a", "/a b", "/...", "/ab/"];

function pickPath(source: Source, bytesMax: number): string {
  const { random, texts } = source;
  const own = texts.filter((text) => text.startsWith("/"));
  const base = own.length > 0 && random.chance(0.5) ? random.pick(own) : random.pick(PATHS);
  const varied = random.pick([
    base,
    base,
    `${base}/x`,
    `${base}x`,
    `/x${base}/../b`,
    random.pick(CLUMSY_PATHS),
  ]);
  const path = slips(source) ? random.pick(["/..", "/a/../..", "/../a"]) : varied;
  return Buffer.byteLength(path) <= bytesMax ? path : "/";
}

/** Ids by type, from facts as they were generated. */
export function idsOf(entities: readonly EntityValue[]): ReadonlyMap<string, readonly string[]> {
  const ids = new Map<string, string[]>();
  for (const { type, id } of entities) ids.set(type, [...(ids.get(type) ?? []), id]);
  return ids;
}
