/**
 * Facts as JSON Lines: an entity, a row or a setting a line, in any order. Whoever has a million entities
 * pushes the file piece by piece, and needs room for their block and for the longest line. Lines are
 *
 *     {"type":"Agent","id":"a1","attributes":{…},"parents":[{"type":"Team","id":"t1"}]}
 *     {"table":"grant","row":{"agent":"a1","tool":"read"}}
 *     {"setting":"limit","value":"50"}
 *
 * with what an entity may leave out left out; a line of white space says nothing.
 */
import { finishBlock } from "./facts-finish.ts";
import { nameNumber } from "./facts-names.ts";
import { asObject, type FactsSchema } from "./facts-read.ts";
import { type FactsRefusal, refusal } from "./facts-refusal.ts";
import { readSettings } from "./facts-settings.ts";
import { addEntity, makeStore, type Store } from "./facts-store.ts";
import { type Row, readRow } from "./facts-tables.ts";
import { makeNumbers, type Numbers, push } from "./growing.ts";
import { parseJson } from "./json.ts";

export interface LineRefusal extends FactsRefusal {
  /** The line at which it was seen, from 1; null where no line is to blame. */
  readonly line: number | null;
}

export interface FactsReader {
  /** The next bytes of the file. After a refusal nothing more is read. */
  readonly push: (bytes: Uint8Array) => LineRefusal | null;
  /** Once all was pushed; `digest` is that of the file's bytes. */
  readonly finish: (digest: Uint8Array) => Uint8Array | LineRefusal;
  readonly entities: () => number;
}

/** Far above what any entity takes. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;

interface Reading {
  readonly store: Store;
  /** By entity. */
  readonly lines: Numbers;
  readonly tables: readonly Row[][];
  readonly settings: Map<string, unknown>;
  line: number;
  problem: LineRefusal | null;
}

export function readFactsLines(schema: FactsSchema): FactsReader {
  const reading: Reading = {
    store: makeStore(schema),
    lines: makeNumbers(),
    tables: schema.tables.map(() => []),
    settings: new Map(),
    line: 0,
    problem: null,
  };
  let rest: Uint8Array = new Uint8Array(0);

  function push(bytes: Uint8Array): LineRefusal | null {
    if (reading.problem !== null) return reading.problem;
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    const start = rest.length + bytes.length > LINE_BYTES_MAX ? tooLongFrom(rest, bytes) : null;
    if (start !== null) {
      // What is before it comes first, however the bytes are cut.
      if (start > 0) readLines(reading, joined(rest, bytes.subarray(0, start)));
      return reading.problem ?? stop(reading, at(reading.line + 1, tooLong()));
    }
    if (end === 0) {
      rest = joined(rest, bytes);
      return null;
    }
    readLines(reading, joined(rest, bytes.subarray(0, end)));
    rest = bytes.slice(end);
    return reading.problem;
  }

  return {
    push,
    finish: (digest) => {
      if (reading.problem === null && rest.length > 0) readLines(reading, rest);
      return reading.problem ?? finishLines(reading, digest);
    },
    entities: () => reading.store.entities.count,
  };
}

const LINE_FEED = 0x0a;

/** Where in `bytes` the first line that is too long begins: below zero in `rest`, null where none is. */
function tooLongFrom(rest: Uint8Array, bytes: Uint8Array): number | null {
  let start = -rest.length;
  for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
    if (end - start > LINE_BYTES_MAX) return start;
    start = end + 1;
  }
  return bytes.length - start > LINE_BYTES_MAX ? start : null;
}

function tooLong(): FactsRefusal {
  return refusal("facts.too_large", `a line is longer than ${LINE_BYTES_MAX} bytes`, null);
}

function joined(rest: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (rest.length === 0) return bytes.slice();
  const all = new Uint8Array(rest.length + bytes.length);
  all.set(rest);
  all.set(bytes, rest.length);
  return all;
}

function at(line: number | null, { code, message, entity }: FactsRefusal): LineRefusal {
  return { code, message, entity, line };
}

function stop(reading: Reading, problem: LineRefusal): LineRefusal {
  reading.problem = problem;
  return problem;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whole lines, decoded at once: for each of them, a call would take longer than the reading. */
function readLines(reading: Reading, bytes: Uint8Array): void {
  const text = textOf(bytes);
  if (text === null) {
    readBadLines(reading, bytes);
    return;
  }
  for (let start = 0; start < text.length && reading.problem === null; ) {
    const found = text.indexOf("\n", start);
    const end = found === -1 ? text.length : found;
    readLine(reading, text.slice(start, end));
    start = end + 1;
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Some line of these is no UTF-8: the lines before it are judged first. */
function readBadLines(reading: Reading, bytes: Uint8Array): void {
  for (let start = 0; start < bytes.length && reading.problem === null; ) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found === -1 ? bytes.length : found;
    const text = textOf(bytes.subarray(start, end));
    if (text !== null) readLine(reading, text);
    else stop(reading, at(reading.line + 1, refusal("facts.invalid", "a line is not UTF-8", null)));
    start = end + 1;
  }
}

function readLine(reading: Reading, text: string): void {
  reading.line += 1;
  if (/^[ \t\r]*$/.test(text)) return;
  const parsed = parseJson(text);
  const wrong = parsed.ok
    ? readFact(reading, parsed.value)
    : refusal("facts.invalid", `${parsed.message} at ${parsed.offset}`, null);
  if (wrong !== null) stop(reading, at(reading.line, wrong));
}

function readFact(reading: Reading, json: unknown): FactsRefusal | null {
  const fact = asObject(json);
  if (fact === null) return refusal("facts.invalid", "a line is an object", null);
  if ("table" in fact) return addRow(reading, fact);
  if ("setting" in fact) return addSetting(reading, fact);
  const { count } = reading.store.entities;
  const wrong = addEntity(reading.store, fact);
  if (wrong === null && reading.store.entities.count > count) push(reading.lines, reading.line);
  return wrong;
}

type Members = Readonly<Record<string, unknown>>;

function hasOnly(fact: Members, a: string, b: string): boolean {
  return b in fact && Object.keys(fact).every((key) => key === a || key === b);
}

function addRow({ store, tables }: Reading, fact: Members): FactsRefusal | null {
  if (!hasOnly(fact, "table", "row")) return refusal("facts.invalid", "a row has a table and a row", null);
  const table = store.schema.tables.findIndex(({ name }) => name === fact.table);
  if (table === -1) {
    return refusal("facts.unknown_table", `the policy has no table ${JSON.stringify(fact.table)}`, null);
  }
  const rows = tables[table]!;
  const row = readRow(store.schema.tables[table]!, fact.row, rows.length);
  if ("code" in row) return row;
  rows.push(row);
  return null;
}

function addSetting({ settings }: Reading, fact: Members): FactsRefusal | null {
  const { setting } = fact;
  if (typeof setting !== "string" || !hasOnly(fact, "setting", "value")) {
    return refusal("facts.invalid", "a setting has a name and a value", null);
  }
  if (settings.has(setting)) {
    return refusal("facts.invalid", `setting ${JSON.stringify(setting)} is given twice`, null);
  }
  settings.set(setting, fact.value);
  return null;
}

function finishLines(reading: Reading, digest: Uint8Array): Uint8Array | LineRefusal {
  const { store, tables, settings } = reading;
  const read = readSettings(store.schema.settings, Object.fromEntries(settings));
  const block = "code" in read ? read : finishBlock(store, read, tables, digest);
  return "code" in block ? at(lineOf(reading, block), block) : block;
}

/** Of what was seen when all was there; the entity may be one that is not. */
function lineOf({ store, lines }: Reading, { entity }: FactsRefusal): number | null {
  const type = entity === null ? undefined : store.schema.numbers.get(entity.type);
  const name = type === undefined ? -1 : nameNumber(store.names, type, entity!.id);
  return lines.items[store.names.entities.items[name] ?? -1] ?? null;
}
