/**
 * The exact reading of fields: their canonical JSON, or the first thing that is wrong with them in the order
 * of docs/abi.md. It reads own data properties only and calls no getter. Slow beside the writers, which hand
 * whatever they do not accept to this file.
 */
import type { Code } from "./decision.ts";
import { documentJson } from "./document.ts";
import { canonicalText } from "./json.ts";
import { KEY_BYTES_MAX } from "./layout.ts";
import { type Node, OP, type Plan } from "./plan.ts";
import {
  decimalText,
  type Exact,
  readDecimal,
  readDuration,
  readInt,
  readTimestamp,
  timestampText,
} from "./scalars.ts";
import { compareText, utf8Length } from "./text-order.ts";

export type InputCode = Extract<Code, `input.${string}`>;

export type FieldsResult =
  | { readonly ok: true; readonly json: string }
  | {
      readonly ok: false;
      readonly code: InputCode;
      /** `payee.account`, `tools[3]`; empty where the object itself is meant. */
      readonly path: string;
    };

/** The canonical JSON of an object with these fields. Never throws, whatever the object does. */
export function canonicalFields(plan: Plan, object: unknown): FieldsResult {
  const reading: Reading = { code: null, path: "" };
  try {
    const json = fieldsJson(reading, plan, object, "");
    return reading.code === null ? { ok: true, json } : { ok: false, code: reading.code, path: reading.path };
  } catch {
    // A proxy may throw at any touch.
    return { ok: false, code: "input.invalid", path: "" };
  }
}

interface Reading {
  code: InputCode | null;
  path: string;
}

function fail(reading: Reading, code: InputCode, path: string): string {
  if (reading.code === null) {
    reading.code = code;
    reading.path = path;
  }
  return "";
}

/** Whether an enumerable property was put on what every object inherits from: then nothing can be trusted. */
export function isPrototypePolluted(): boolean {
  for (const _ in NOTHING) return true;
  return false;
}

const NOTHING = Object.freeze([]);

/** Neither a Map nor a Date nor the like: without properties of its own, only a plain object is believed. */
export function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}

function fieldsJson(reading: Reading, plan: Plan, object: unknown, path: string): string {
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    return fail(reading, "input.invalid", path);
  }
  const keys = Object.keys(object);
  // Asked in any case: a proxy that does not tell its prototype cannot be walked by the fast reading either.
  const isObjectPlain = isPlain(object);
  if (keys.length === 0 && !isObjectPlain) return fail(reading, "input.invalid", path);
  const values: unknown[] = plan.names.map(() => undefined);
  const given = plan.names.map(() => false);
  const unknown: string[] = [];
  let accessor: string | null = null;
  for (const key of keys) {
    const index = plan.indexes.get(key);
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (index === undefined) unknown.push(key);
    else if (property === undefined || !("value" in property)) accessor = key;
    else values[index] = property.value;
    if (index !== undefined) given[index] = true;
  }
  if (unknown.length > 0) return fail(reading, "input.unknown_field", join(path, unknown.sort()[0]!));
  if (accessor !== null) return fail(reading, "input.invalid", join(path, accessor));
  const members: string[] = [];
  for (const [index, name] of plan.names.entries()) {
    const node = plan.nodes[index]!;
    const at = join(path, name);
    if (given[index]) members.push(`${canonicalText(name)}:${valueJson(reading, node, values[index], at)}`);
    else if (!node.isOptional) return fail(reading, "input.missing", at);
    if (reading.code !== null) return "";
  }
  return `{${members.join(",")}}`;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function valueJson(reading: Reading, node: Node, value: unknown, path: string): string {
  switch (node.op) {
    case OP.bool:
      return typeof value === "boolean" ? String(value) : fail(reading, "input.invalid", path);
    case OP.int:
    case OP.decimal:
    case OP.timestamp:
    case OP.duration:
      return numberJson(reading, node, value, path);
    case OP.enum:
      if (!isMember(node, value)) return fail(reading, "input.invalid", path);
      return canonicalText(value as string);
    case OP.record:
      return fieldsJson(reading, node.record!, value, path);
    case OP.json: {
      const document = documentJson(value, node.limit);
      return document.ok ? document.json : fail(reading, document.code, path);
    }
    case OP.map:
      return mapJson(reading, node, value, path);
    case OP.list:
    case OP.set:
      return collectionJson(reading, node, value, path);
    default:
      return textJson(reading, node, value, path);
  }
}

function isMember(node: Node, value: unknown): boolean {
  return typeof value === "string" && node.members.names.includes(value);
}

/** Numbers and times as the writers take them; undefined where the value has no such form. */
export function exactOf(node: Node, value: unknown): Exact | undefined {
  switch (node.op) {
    case OP.int:
      return readInt(value);
    case OP.decimal:
      return readDecimal(value);
    case OP.timestamp:
      return readTimestamp(value);
    default:
      return readDuration(value);
  }
}

function numberJson(reading: Reading, node: Node, value: unknown, path: string): string {
  const exact = exactOf(node, value);
  if (exact === undefined) return fail(reading, "input.invalid", path);
  if (exact < node.exactMin || exact > node.exactMax) return fail(reading, "input.out_of_range", path);
  const number = BigInt(exact);
  switch (node.op) {
    case OP.int:
      return Number.isSafeInteger(Number(number)) ? String(number) : `"${number}"`;
    case OP.decimal:
      return `"${decimalText(number)}"`;
    case OP.timestamp:
      return `"${timestampText(number)}"`;
    default:
      return `"${number}ms"`;
  }
}

const ID_CHARACTERS = /^[A-Za-z0-9._:@/-]+$/;

function textJson(reading: Reading, node: Node, value: unknown, path: string): string {
  const isGood = typeof value === "string" && value.isWellFormed();
  if (
    !isGood ||
    (node.op === OP.id && !ID_CHARACTERS.test(value)) ||
    ((node.op === OP.entity || node.op === OP.ref) && value === "")
  ) {
    return fail(reading, "input.invalid", path);
  }
  if (utf8Length(value) > node.limit) return fail(reading, "input.too_large", path);
  return canonicalText(value);
}

function collectionJson(reading: Reading, node: Node, value: unknown, path: string): string {
  if (!Array.isArray(value)) return fail(reading, "input.invalid", path);
  if (value.length > node.limit) return fail(reading, "input.too_large", path);
  if (value.length < node.least) return fail(reading, "input.out_of_range", path);
  const raw: unknown[] = [];
  const members: string[] = [];
  for (let at = 0; at < value.length; at += 1) {
    const property = Object.getOwnPropertyDescriptor(value, at);
    const where = `${path}[${at}]`;
    if (property === undefined || !("value" in property)) return fail(reading, "input.invalid", where);
    raw.push(property.value);
    members.push(valueJson(reading, node.of!, property.value, where));
    if (reading.code !== null) return "";
  }
  if (node.op === OP.list) return `[${members.join(",")}]`;
  const order = memberOrder(node.of!, raw);
  if (order === null) return fail(reading, "input.invalid", path);
  return `[${order.map((at) => members[at]).join(",")}]`;
}

/** Own enumerable properties of an object; null where it is none of ours, or one of them is no data. */
export function entriesOf(object: unknown): [string, unknown][] | null {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return null;
  const isObjectPlain = isPlain(object);
  const entries: [string, unknown][] = [];
  for (const key of Object.keys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property === undefined || !("value" in property)) return null;
    entries.push([key, property.value]);
  }
  return entries.length === 0 && !isObjectPlain ? null : entries;
}

/** The first thing that is wrong is so in the order of the keys' bytes. */
function mapJson(reading: Reading, node: Node, value: unknown, path: string): string {
  const entries = entriesOf(value);
  if (entries === null) return fail(reading, "input.invalid", path);
  if (entries.length > node.limit) return fail(reading, "input.too_large", path);
  if (entries.length < node.least) return fail(reading, "input.out_of_range", path);
  const members = new Map<string, string>();
  for (const [key, member] of entries.sort(([a], [b]) => compareText(a, b))) {
    const where = `${path}[${JSON.stringify(key)}]`;
    if (key === "" || !key.isWellFormed()) return fail(reading, "input.invalid", where);
    if (utf8Length(key) > KEY_BYTES_MAX) return fail(reading, "input.too_large", where);
    members.set(key, valueJson(reading, node.of!, member, where));
    if (reading.code !== null) return "";
  }
  // The default order of sort is by UTF-16 code units, as RFC 8785 has it.
  const keys = [...members.keys()].sort();
  return `{${keys.map((key) => `${canonicalText(key)}:${members.get(key)}`).join(",")}}`;
}

/** The places of a set's members in canonical order; null where one occurs twice or has no form. */
export function memberOrder(of: Node, members: readonly unknown[]): number[] | null {
  const keys: (bigint | string)[] = [];
  for (const member of members) {
    const key = memberKey(of, member);
    if (key === undefined) return null;
    keys.push(key);
  }
  const order = members.map((_, at) => at).sort((a, b) => compareKeys(keys[a]!, keys[b]!));
  for (let at = 1; at < order.length; at += 1) {
    if (compareKeys(keys[order[at - 1]!]!, keys[order[at]!]!) === 0) return null;
  }
  return order;
}

export function memberKey(of: Node, member: unknown): bigint | string | undefined {
  switch (of.op) {
    case OP.bool:
      return typeof member === "boolean" ? BigInt(member) : undefined;
    case OP.enum:
      return isMember(of, member) ? BigInt(of.members.names.indexOf(member as string)) : undefined;
    case OP.int:
    case OP.decimal:
    case OP.timestamp:
    case OP.duration: {
      const exact = exactOf(of, member);
      return exact === undefined ? undefined : BigInt(exact);
    }
    default:
      return typeof member === "string" ? member : undefined;
  }
}

/** The keys of one set are of one type. */
export function compareKeys(a: bigint | string, b: bigint | string): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}
