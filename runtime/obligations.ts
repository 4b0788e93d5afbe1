/** The obligations of a result (docs/abi.md, "Obligations"), read strictly, merged and put in order. */
import type { Argument, Obligation } from "./decision.ts";
import { canonicalJson } from "./json.ts";
import { type Field, recordFields, SLOT_BYTES, slotBytes, type Type } from "./layout.ts";
import type { ResultReader } from "./result.ts";
import { textAt, type View } from "./result-view.ts";
import { decimalText, timestampText } from "./scalars.ts";
import { compareText } from "./text-order.ts";
import { unreachable } from "./unreachable.ts";

/** In words. */
const ENTRY_WORDS = 4;
const CELL_WORDS = 4;
/** A policy imposes no more on one action. */
const COUNT_MAX = 64;

/** Null where they are not what an evaluator of this ABI writes. `head` is the result's first word. */
export function readObligations(
  reader: ResultReader,
  view: View,
  head: number,
): readonly Obligation[] | null {
  const { words } = view;
  const count = words[head + 10]! >>> 0;
  const { obligations, rules } = reader.manifest;
  if (obligations.length === 0 || count > COUNT_MAX) return null;
  const first = words[head + reader.obligationsWord]! >>> 2;
  const unique = new Map<string, Obligation>();
  let before = -1;
  for (let at = 0; at < count; at += 1) {
    const word = first + at * ENTRY_WORDS;
    const rule = words[word] ?? -1;
    const entry = obligations[words[word + 1] ?? -1];
    if (entry === undefined || rule < before || !rules[rule]?.obliges.includes(entry.name)) return null;
    before = rule;
    const given = readArguments({ reader, view }, entry.arguments, words[word + 2]!);
    if (given === null) return null;
    unique.set(
      `${entry.name} ${canonicalJson(given)}`,
      freeze({ name: entry.name, when: entry.when, arguments: given }),
    );
  }
  // Names have no spaces, which come before every character of one: names decide, then arguments.
  const keys = [...unique.keys()].sort(compareText);
  return Object.freeze(keys.map((key) => unique.get(key)!));
}

interface Reading {
  readonly reader: ResultReader;
  readonly view: View;
}

/** What cannot be read: then the instance is not to be trusted. */
const BROKEN = Symbol("broken");

type Read = Argument | typeof BROKEN;

function readArguments(
  reading: Reading,
  fields: readonly Field[],
  address: number,
): Obligation["arguments"] | null {
  const { words } = reading.view;
  const given: [string, Argument][] = [];
  for (const [at, { name, type }] of fields.entries()) {
    const word = (address >>> 2) + at * CELL_WORDS;
    const isThere = words[word];
    if (isThere === 0 && type.kind === "optional") continue;
    if (isThere !== 1) return null;
    const inner = type.kind === "optional" ? type.of : type;
    const isSlot = HELD_AS_SLOT.has(inner.kind);
    // Numbers and members lie in the cell itself; of everything else the cell has the address.
    const value = readValue(reading, inner, isSlot ? words[word + 2]! >>> 0 : (word + 2) << 2);
    if (value === BROKEN) return null;
    given.push([name, value]);
  }
  return freeze(Object.fromEntries(given));
}

const HELD_AS_SLOT: ReadonlySet<Type["kind"]> = new Set([
  "string",
  "path",
  "json",
  "shaped",
  "ref",
  "record",
  "list",
  "set",
  "map",
]);

/** The value whose slot is at this address: text and members are found relative to their slot. */
function readValue(reading: Reading, type: Type, address: number): Read {
  const { bytes, words } = reading.view;
  const word = address >>> 2;
  const [low, high] = [words[word], words[word + 1]];
  if (low === undefined || high === undefined || address % 4 !== 0) return BROKEN;
  const number = (BigInt(high) << 32n) | BigInt(low >>> 0);
  switch (type.kind) {
    case "bool":
      return low === 0 || low === 1 ? low === 1 : BROKEN;
    case "int":
      return Number.isSafeInteger(Number(number)) ? Number(number) : String(number);
    case "decimal":
      return decimalText(number);
    case "timestamp":
      return timestampText(number);
    case "duration":
      return `${number}ms`;
    case "enum":
      return reading.reader.manifest.types.enums.get(type.name)?.[low] ?? BROKEN;
    case "string":
    case "path":
    case "json":
    case "shaped":
      return textAt(bytes, address + low, high) ?? BROKEN;
    case "entity": {
      const record = low >>> 0;
      const [offset, length] = [words[record >>> 2], words[(record >>> 2) + 1]];
      if (offset === undefined || length === undefined) return BROKEN;
      const id = textAt(bytes, record + offset, length);
      return id === null ? BROKEN : freeze({ type: type.name, id });
    }
    case "ref": {
      const id = textAt(bytes, address + low, high);
      return id === null ? BROKEN : freeze({ type: type.name, id });
    }
    case "optional":
    case "entry":
      return BROKEN;
    case "list":
    case "set":
      return readMembers(reading, type, address + low, high);
    case "map":
      return readMap(reading, type, address + low, high);
    case "record":
      return readRecord(reading, type.name, address);
    default:
      return unreachable(type);
  }
}

function readMembers(
  reading: Reading,
  { of, max }: Extract<Type, { kind: "list" | "set" }>,
  address: number,
  count: number,
): Read {
  if (count < 0 || count > max) return BROKEN;
  const stride = slotBytes(of, reading.reader.manifest.types);
  const members: Argument[] = [];
  for (let at = 0; at < count; at += 1) {
    const member = readValue(reading, of, address + at * stride);
    if (member === BROKEN) return BROKEN;
    members.push(member);
  }
  return Object.freeze(members);
}

function readMap(
  reading: Reading,
  { of, max }: Extract<Type, { kind: "map" }>,
  address: number,
  count: number,
): Read {
  if (count < 0 || count > max) return BROKEN;
  const { bytes, words } = reading.view;
  const stride = SLOT_BYTES + slotBytes(of, reading.reader.manifest.types);
  const members: [string, Argument][] = [];
  for (let at = 0; at < count; at += 1) {
    const slot = address + at * stride;
    const [low, high] = [words[slot >>> 2], words[(slot >>> 2) + 1]];
    const key = low === undefined || high === undefined ? null : textAt(bytes, slot + low, high);
    const value = readValue(reading, of, slot + SLOT_BYTES);
    if (key === null || value === BROKEN) return BROKEN;
    members.push([key, value]);
  }
  return freeze(Object.fromEntries(members));
}

function readRecord(reading: Reading, record: string, address: number): Read {
  const { types } = reading.reader.manifest;
  const members: [string, Argument][] = [];
  let slot = address;
  for (const { name, type } of recordFields(record, types)) {
    const isOptional = type.kind === "optional";
    const isThere = isOptional ? reading.view.words[slot >>> 2] : 1;
    if (isThere === 1) {
      const value = readValue(reading, isOptional ? type.of : type, isOptional ? slot + SLOT_BYTES : slot);
      if (value === BROKEN) return BROKEN;
      members.push([name, value]);
    } else if (isThere !== 0) return BROKEN;
    slot += slotBytes(type, types);
  }
  return freeze(Object.fromEntries(members));
}

function freeze<T extends object>(value: T): T {
  return Object.freeze(value);
}
