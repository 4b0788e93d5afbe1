/**
 * Writes values into frames and facts blocks, checking them on the way (docs/abi.md, "Slots"). A writer
 * answers false for whatever it does not accept and says no more: canonical-fields.ts then finds out what
 * was wrong. The common values cost no allocation.
 */
import { entriesOf, exactOf, isPlain, isPrototypePolluted, memberOrder } from "./canonical-fields.ts";
import { copyAscii } from "./copy-ascii.ts";
import { documentJson } from "./document.ts";
import { ID_TEXT, KEY_BYTES_MAX, padded } from "./layout.ts";
import { memberOf } from "./members.ts";
import { type Node, OP, type Plan } from "./plan.ts";
import { type Exact, isMinusZero, putNumber, type Range, readDecimal, readInt } from "./scalars.ts";
import { COPIED_MAX } from "./steps.ts";
import { compareText } from "./text-order.ts";

/** Where values go: views of a memory, kept from call to call and remade when the memory has grown. */
export interface Target {
  bytes: Uint8Array;
  /** The same memory; addresses are divided by 4. */
  words: Int32Array;
  /** Address of the frame's or block's first byte; a multiple of 8, like all that follow. */
  base: number;
  /** Views of the memory from where texts were put on, the latest ones. */
  readonly rooms: (Uint8Array | undefined)[];
  /** Address at which the variable part goes on. */
  next: number;
  /** First address behind the room. */
  end: number;
  /** A value was not written because the room was used up. */
  isFull: boolean;
  /** No module will look at what is written here. */
  readonly checksIds: boolean;
  /** In facts an entity is a number: finds it, -1 where there is none. Null in frames. */
  readonly findEntity: ((type: number, id: string) => number) | null;
}

export function makeTarget(buffer: ArrayBuffer, base: number, bytes: number, checksIds: boolean): Target {
  const [view, words] = [new Uint8Array(buffer), new Int32Array(buffer)];
  const end = base + bytes;
  const rooms = new Array<Uint8Array | undefined>(ROOMS).fill(undefined);
  return { bytes: view, words, rooms, base, next: base, end, isFull: false, checksIds, findEntity: null };
}

const encoder = new TextEncoder();

/** A power of two: where a text lies says which one it takes. */
const ROOMS = 8;

const hasOwn = Object.prototype.hasOwnProperty;

/**
 * Puts the value of every given field to `values`, by the field's index. False where the object is none of
 * ours or has a key that is not declared; each property is read once, and what is inherited is not there.
 *
 * The engine knows that keys which `for…in` gives are own ones as long as the object does not change, so that
 * this form of the question costs nothing; asking for the prototype would cost as much as all the reading.
 */
export function collect(plan: Plan, object: unknown, values: unknown[]): boolean {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return false;
  const { seenNames, seenIndexes } = plan;
  let position = 0;
  for (const key in object) {
    if (!hasOwn.call(object, key)) continue;
    let index = seenIndexes[position];
    if (index === undefined || key !== seenNames[position]) {
      index = plan.indexes.get(key);
      if (index === undefined) return false;
      seenNames[position] = key;
      seenIndexes[position] = index;
    }
    position += 1;
    const value = (object as Readonly<Record<string, unknown>>)[key];
    if (value === undefined) return false;
    values[index] = value;
  }
  return position > 0 || isPlain(object);
}

/** A field where it stands; `undefined` is an absent one. `at` is an address. */
export function putField(target: Target, node: Node, at: number, value: unknown): boolean {
  if (!node.isOptional) return value !== undefined && put(target, node, at, value);
  const { words } = target;
  const word = at >> 2;
  if (value === undefined) {
    for (let end = word + (node.bytes >> 2), zero = word; zero < end; zero += 1) words[zero] = 0;
    return true;
  }
  words[word] = 1;
  words[word + 1] = 0;
  return put(target, node, at + 8, value);
}

// What is imported is looked up each time; constants of this module are known to the optimising compiler.
const { id: ID, string: STRING, path: PATH, enum: ENUM, bool: BOOL, shaped: SHAPED } = OP;

/** What requests are mostly made of comes first, so that this much can be made part of the caller. */
function put(target: Target, node: Node, at: number, value: unknown): boolean {
  const { op } = node;
  if (typeof value === "string") {
    if (op === ID) return putId(target, at, value, node.limit);
    if (op === STRING || op === PATH) return putText(target, at, value, node.limit);
    if (op === ENUM) {
      const member = memberOf(node.members, value);
      return member >= 0 && putWord(target, at, member);
    }
    if (op === SHAPED) return putShaped(target, node, at, value);
  } else if (typeof value === "boolean" && op === BOOL) return putWord(target, at, value ? 1 : 0);
  return putOther(target, node, at, value);
}

function putOther(target: Target, node: Node, at: number, value: unknown): boolean {
  switch (node.op) {
    case OP.int:
      return putInt(target, node, at, value);
    case OP.decimal:
      return putExact(target, node, at, readDecimal(value));
    case OP.timestamp:
    case OP.duration:
      return putExact(target, node, at, exactOf(node, value));
    case OP.entity:
      return typeof value === "string" && value !== "" && putEntity(target, node, at, value);
    case OP.ref:
      return typeof value === "string" && value !== "" && putText(target, at, value, node.limit);
    case OP.record:
      return putRecord(target, node.record!, at, value);
    case OP.json: {
      const document = documentJson(value, node.limit);
      return document.ok && putText(target, at, document.json, node.limit);
    }
    case OP.map:
      return putMap(target, node, at, value);
    case OP.list:
    case OP.set:
      return putCollection(target, node, at, value);
    default:
      return false;
  }
}

function putWord(target: Target, at: number, word: number): boolean {
  target.words[at >> 2] = word;
  target.words[(at >> 2) + 1] = 0;
  return true;
}

export function putInt(target: Target, range: Range, at: number, value: unknown): boolean {
  if (typeof value !== "number") return putExact(target, range, at, readInt(value));
  if (!Number.isSafeInteger(value) || isMinusZero(value) || value < range.min || value > range.max)
    return false;
  putNumber(target.words, at, value);
  return true;
}

function putExact(target: Target, range: Range, at: number, value: Exact | undefined): boolean {
  if (typeof value === "number") {
    if (value < range.min || value > range.max) return false;
    putNumber(target.words, at, value);
    return true;
  }
  if (value === undefined || value < range.exactMin || value > range.exactMax) return false;
  target.words[at >> 2] = Number(BigInt.asIntN(32, value));
  target.words[(at >> 2) + 1] = Number(value >> 32n);
  return true;
}

function putEntity(target: Target, node: Node, at: number, id: string): boolean {
  if (target.findEntity === null) return putText(target, at, id, node.limit);
  if (!id.isWellFormed()) return false;
  const number = target.findEntity(node.entity, id);
  return number >= 0 && putWord(target, at, number);
}

// ---- text

/** The module looks at the characters of an id itself; where no module reads it, we do. */
function putId(target: Target, at: number, value: string, limit: number): boolean {
  if (value === "" || (target.checksIds && !ID_TEXT.test(value))) return false;
  return copyText(target, at, value, limit);
}

/** Text and its slot. `limit` counts UTF-8 bytes, of which there are at least as many as UTF-16 units. */
export function putText(target: Target, at: number, value: string, limit: number): boolean {
  if (value.length > COPIED_MAX || !copyText(target, at, value, limit)) {
    return encodeText(target, at, value, limit);
  }
  return true;
}

function putShaped(target: Target, { shape, limit }: Node, at: number, value: string): boolean {
  return putText(target, at, value, limit) && (shape !== "url" || putRoom(target, at));
}

/** The canonical form of a URL may have one byte more: text that fills its words is followed by another. */
function putRoom(target: Target, at: number): boolean {
  const { words, next, end } = target;
  const bytes = words[(at >> 2) + 1]!;
  if (bytes === 0 || (bytes & 7) !== 0) return true;
  if (next + 8 > end) {
    target.isFull = true;
    return false;
  }
  words[next >> 2] = 0;
  words[(next >> 2) + 1] = 0;
  target.next = next + 8;
  return true;
}

/** Text and its slot; false where it is not ASCII, or has no room. */
export function copyText(target: Target, at: number, value: string, limit: number): boolean {
  const { words, next } = target;
  const { length } = value;
  if (length > limit || next + length > target.end) {
    target.isFull ||= length <= limit;
    return false;
  }
  if (!copyAscii(words, next, value)) return false;
  words[at >> 2] = length === 0 ? 0 : next - target.base;
  words[(at >> 2) + 1] = length;
  target.next = next + padded(length);
  return true;
}

/** The room from `next` on. A view costs more than what is written through it, so some are kept. */
function viewFrom(target: Target): Uint8Array {
  const { bytes, next, end, rooms } = target;
  const place = (next >> 3) & (ROOMS - 1);
  const kept = rooms[place];
  // Those of a memory that has grown since are empty.
  if (kept !== undefined && kept.byteOffset === next && kept.length === end - next) return kept;
  const room = bytes.subarray(next, end);
  rooms[place] = room;
  return room;
}

export function encodeText(target: Target, at: number, value: string, limit: number): boolean {
  if (value.length > limit || !value.isWellFormed()) return false;
  const { next, end, words } = target;
  const { read, written } = encoder.encodeInto(value, viewFrom(target));
  if (read < value.length || written > limit) {
    target.isFull ||= next + limit >= end;
    return false;
  }
  const after = next + padded(written);
  clearTail(words, next, written);
  words[at >> 2] = next - target.base;
  words[(at >> 2) + 1] = written;
  target.next = after;
  return true;
}

/** Zeros behind the text, up to the next multiple of 8. */
function clearTail(words: Int32Array, next: number, written: number): void {
  let word = (next + written) >> 2;
  const rest = written & 3;
  if (rest !== 0) {
    words[word] = words[word]! & ~(-1 << (rest << 3));
    word += 1;
  }
  if ((word & 1) === 1) words[word] = 0;
}

// ---- records and collections

function putRecord(target: Target, plan: Plan, at: number, value: unknown): boolean {
  const values: unknown[] = plan.names.map(() => undefined);
  return collect(plan, value, values) && putFields(target, plan, at, values);
}

/** Every field of a record or of an entity, by name. */
export function putFields(target: Target, plan: Plan, at: number, values: readonly unknown[]): boolean {
  for (let index = 0; index < plan.nodes.length; index += 1) {
    if (!putField(target, plan.nodes[index]!, at + plan.offsets[index]!, values[index])) return false;
  }
  return true;
}

function putCollection(target: Target, node: Node, at: number, value: unknown): boolean {
  if (!Array.isArray(value) || isPrototypePolluted()) return false;
  const count = value.length;
  if (count > node.limit || count < node.least) return false;
  if (count === 0) return putWord(target, at, 0);
  const of = node.of!;
  const start = target.next;
  const bytes = count * of.bytes;
  if (start + bytes > target.end) {
    target.isFull = true;
    return false;
  }
  target.next = start + bytes;
  target.words[at >> 2] = start - target.base;
  target.words[(at >> 2) + 1] = count;
  const isSet = node.op === OP.set;
  // Another prototype could fill a hole.
  const isForeign = Object.getPrototypeOf(value) !== Array.prototype;
  let before: unknown;
  for (let index = 0; index < count; index += 1) {
    if (isForeign && !hasOwn.call(value, index)) return false;
    const member: unknown = value[index];
    if (!put(target, of, start + index * of.bytes, member)) return false;
    if (isSet && index > 0 && !ascends(target, of, start + index * 8, before, member)) {
      target.next = start;
      return putSorted(target, node, at, value);
    }
    before = member;
  }
  return true;
}

/** Entries ascend by the bytes of their keys, which is not the order that canonical JSON has. */
function putMap(target: Target, node: Node, at: number, value: unknown): boolean {
  const entries = entriesOf(value);
  if (entries === null) return false;
  const count = entries.length;
  if (count > node.limit || count < node.least) return false;
  if (count === 0) return putWord(target, at, 0);
  entries.sort(([a], [b]) => compareText(a, b));
  const of = node.of!;
  const stride = of.bytes + 8;
  const start = target.next;
  const bytes = count * stride;
  if (start + bytes > target.end) {
    target.isFull = true;
    return false;
  }
  target.next = start + bytes;
  target.words[at >> 2] = start - target.base;
  target.words[(at >> 2) + 1] = count;
  let place = start;
  for (const [key, member] of entries) {
    if (key === "" || !putText(target, place, key, KEY_BYTES_MAX)) return false;
    if (!put(target, of, place + 8, member)) return false;
    place += stride;
  }
  return true;
}

/** Whether the member at this address, which was just written, comes after the one before it. */
function ascends(target: Target, of: Node, at: number, before: unknown, member: unknown): boolean {
  if (typeof member === "string" && of.op >= OP.string && of.op !== OP.enum) {
    return compareText(before as string, member) < 0;
  }
  const { words } = target;
  const word = at >> 2;
  const [low, high] = [words[word - 2]!, words[word - 1]!];
  if (high !== words[word + 1]!) return high < words[word + 1]!;
  return low >>> 0 < words[word]! >>> 0;
}

function putSorted(target: Target, node: Node, at: number, value: readonly unknown[]): boolean {
  const members = value.slice();
  const order = memberOrder(node.of!, members);
  if (order === null) return false;
  const sorted = order.map((index) => members[index]);
  return putCollection(target, node, at, sorted);
}
