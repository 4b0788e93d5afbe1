/**
 * The tables of families as bytes, which stand in memory from `TABLES_AT` on, below everything that the
 * assembler places. prelude/families.ts reads them; all numbers are little-endian, all addresses absolute.
 */
import { padded } from "@polity/runtime/layout.ts";
import type { Ir, IrLiteral } from "../ir.ts";
import type { IrBucket, IrFamily, IrSubject } from "../ir-families.ts";
import { type Bytes, newBytes } from "./bytes.ts";
import { hashKey, hashText, slotOf } from "./hash.ts";

/** Where the assembler would begin too: what is below stays zero. */
export const TABLES_AT = 1024;

export interface Index {
  readonly address: number;
  readonly slots: number;
}

export const NO_INDEX: Index = { address: 0, slots: 0 };

/** One after another: of each action all subjects and families, in their order; what is equal only once. */
export interface Tables {
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly subjects: ReadonlyMap<IrSubject, Index>;
  /** Of a family without an index all of its rows lie at the address, so many as there are slots. */
  readonly families: ReadonlyMap<IrFamily, Index>;
  /** Pairs of an entity literal's address and the number of its type. */
  readonly entities: Index;
  /** Pairs of an address and the address of the entity literal whose record it wants. */
  readonly patches: Index;
}

/** Behind the last byte, where the assembler may begin. */
export function endOf({ at, bytes }: Tables): number {
  return bytes.length === 0 ? at : Math.ceil((at + bytes.length) / 16) * 16;
}

export function layTables(ir: Ir, at = TABLES_AT): Tables {
  const out = newBytes(at);
  const literals = ir.rowLiterals.map((literal) => layLiteral(out, literal));
  const subjects = new Map<IrSubject, Index>();
  const families = new Map<IrFamily, Index>();
  const [keys, rows] = [new Map<IrSubject["keys"], Index>(), new Map<IrFamily["buckets"], Index>()];
  for (const action of ir.actions) {
    for (const subject of action.subjects) {
      const index = keys.get(subject.keys) ?? laySubject(out, subject);
      subjects.set(subject, index);
      keys.set(subject.keys, index);
    }
    for (const family of action.families) {
      const index = rows.get(family.buckets) ?? layFamily(out, family, literals);
      families.set(family, index);
      rows.set(family.buckets, index);
    }
  }
  const entities = ir.rowLiterals.flatMap(({ entity }, index) =>
    entity === null ? [] : [[literals[index]!, entity]],
  );
  const patches = ir.rowLiterals.flatMap(({ patches: wanted }, index) =>
    wanted.map(({ offset, literal }) => [literals[index]! + offset, literals[literal]!]),
  );
  const laid = { entities: layPairs(out, entities), patches: layPairs(out, patches) };
  return { at, subjects, families, ...laid, bytes: out.taken() };
}

function layLiteral(out: Bytes, { words }: IrLiteral): number {
  const address = out.room(words.length * 8, 8);
  for (const [index, word] of words.entries()) out.u64(address + index * 8, word);
  return address;
}

function layPairs(out: Bytes, pairs: readonly (readonly number[])[]): Index {
  const address = out.room(pairs.length * 8, 8);
  for (const [index, [first = 0, second = 0]] of pairs.entries()) {
    out.u32(address + index * 8, first);
    out.u32(address + index * 8 + 4, second);
  }
  return { address, slots: pairs.length };
}

// ---- subjects: from what the request says to the number of a key

function laySubject(out: Bytes, { held, keys }: IrSubject): Index {
  if (held === "member") return { address: 0, slots: 0 };
  const isText = held === "text";
  const encoder = new TextEncoder();
  const hashes: number[] = [];
  const words: bigint[] = [];
  for (const [index, key] of keys.entries()) {
    if (isText) {
      const text = encoder.encode(String(key));
      // The number, the length, the bytes.
      const address = out.room(8 + padded(text.length), 8);
      out.u32(address, index + 1);
      out.u32(address + 4, text.length);
      out.copy(address + 8, text);
      const hash = hashText(text);
      hashes.push(hash);
      words.push(BigInt(hash) | (BigInt(address) << 32n));
    } else {
      hashes.push(hashKey(BigInt.asUintN(64, BigInt(key))));
    }
  }
  const slots = slotsFor(keys.length);
  const places = placeAll(hashes, slots);
  if (isText) {
    const address = out.room(slots * 8, 8);
    for (const [index, place] of places.entries()) out.u64(address + place * 8, words[index]!);
    return { address, slots };
  }
  const address = out.room(slots * 16, 8);
  for (const [index, place] of places.entries()) {
    out.u64(address + place * 16, BigInt.asUintN(64, BigInt(keys[index]!)));
    out.u32(address + place * 16 + 8, index + 1);
  }
  return { address, slots };
}

// ---- families: from a key to rows

function layFamily(out: Bytes, family: IrFamily, literals: readonly number[]): Index {
  const { buckets, parts, rowBytes } = family;
  const spans = buckets.map((bucket) => layRows(out, bucket, family, literals));
  if (parts.length === 0) {
    const [all] = spans;
    return { address: all?.from ?? 0, slots: all === undefined ? 0 : (all.to - all.from) / rowBytes };
  }
  const slots = slotsFor(buckets.length);
  const address = out.room(slots * 16, 8);
  const places = placeAll(
    buckets.map(({ key }) => hashKey(key)),
    slots,
  );
  for (const [index, { key }] of buckets.entries()) {
    const place = address + places[index]! * 16;
    out.u64(place, key);
    out.u32(place + 8, spans[index]!.from);
    out.u32(place + 12, spans[index]!.to);
  }
  return { address, slots };
}

function layRows(
  out: Bytes,
  { rows }: IrBucket,
  { rowBytes, idOffset, columns }: IrFamily,
  literals: readonly number[],
): { readonly from: number; readonly to: number } {
  const from = out.room(rows.length * rowBytes, 8);
  let row = from;
  for (const { id, cells } of rows) {
    out.u32(row + idOffset, id);
    for (const [index, { offset, bytes, isAddress }] of columns.entries()) {
      const cell = cells[index]!;
      out.number(row + offset, bytes, isAddress ? BigInt(literals[Number(cell)]!) : cell);
    }
    row += rowBytes;
  }
  return { from, to: row };
}

// ---- open addressing

/** Two thirds full at most, so that a search ends soon. */
function slotsFor(count: number): number {
  return Math.max(1, Math.ceil(count * 1.5));
}

/** The first free place at or behind the one that the hash names. */
function placeAll(hashes: readonly number[], slots: number): readonly number[] {
  const isTaken = new Uint8Array(slots);
  return hashes.map((hash) => {
    let place = slotOf(hash, slots);
    while (isTaken[place] === 1) place = place + 1 === slots ? 0 : place + 1;
    isTaken[place] = 1;
    return place;
  });
}
