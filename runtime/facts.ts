/**
 * Facts: the snapshot of entities that requests are judged against, from its JSON to the block that an
 * evaluator loads. A snapshot is taken whole or refused with the first thing that is wrong, in this order:
 * the JSON; entity by entity as given, each by form, type, attributes, parents' form and types, id not taken;
 * settings and tables; then by type and as given, each by parents and attributes that name someone who is not
 * there; cycles; the policy's entity literals; size.
 */
import { finishBlock } from "./facts-finish.ts";
import { asObject, type FactsSchema } from "./facts-read.ts";
import { type FactsRefusal, refusal } from "./facts-refusal.ts";
import { readSettings } from "./facts-settings.ts";
import { addEntity, makeStore } from "./facts-store.ts";
import { readTables } from "./facts-tables.ts";
import type { Sha256 } from "./hash.ts";
import { canonicalJson, parseJson } from "./json.ts";

/** Not that of `hash.ts`, which brings a library that a file loaded on demand need not know. */
const encoder = new TextEncoder();

export type FactsResult =
  | {
      readonly ok: true;
      readonly block: Uint8Array;
      /** SHA-256 of the facts as given: 32 bytes. */
      readonly digest: Uint8Array;
    }
  | { readonly ok: false; readonly refusal: FactsRefusal };

/** What the bytes of a snapshot say, before any policy looks at it. */
export interface ReadFacts {
  readonly ok: true;
  readonly json: unknown;
  /** SHA-256 of the facts as given: 32 bytes. */
  readonly digest: Uint8Array;
}

/**
 * `facts` is `{"entities":[{"type","id","attributes":{…},"parents":[{"type","id"}]}]}`, the last two
 * optional: as the bytes of a file, as text, or as a value, whose canonical JSON then counts. Never throws.
 */
export function buildFacts(schema: FactsSchema, facts: unknown, sha256: Sha256): FactsResult {
  const read = readFacts(facts, sha256);
  return read.ok ? blockOf(schema, read) : read;
}

export function readFacts(facts: unknown, sha256: Sha256): ReadFacts | Extract<FactsResult, { ok: false }> {
  const text = textOf(facts);
  if (text === null) return refuse("the facts are neither UTF-8 nor JSON");
  const parsed = parseJson(text);
  if (!parsed.ok) return refuse(`${parsed.message} at ${parsed.offset}`);
  const bytes = facts instanceof Uint8Array ? facts : encoder.encode(text);
  return { ok: true, json: parsed.value, digest: sha256(bytes) };
}

/** Of a whole snapshot, or of what one member of a set takes from it. */
export function blockOf(schema: FactsSchema, { json, digest }: ReadFacts): FactsResult {
  const block = layOut(schema, json, digest);
  return "code" in block ? { ok: false, refusal: block } : { ok: true, block, digest };
}

function refuse(message: string): Extract<FactsResult, { ok: false }> {
  return { ok: false, refusal: refusal("facts.invalid", message, null) };
}

function textOf(facts: unknown): string | null {
  if (typeof facts === "string") return facts;
  try {
    if (!(facts instanceof Uint8Array)) return canonicalJson(facts, "fractions");
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(facts);
  } catch {
    // Not UTF-8, or a value without canonical JSON: a hostile one may throw anything.
    return null;
  }
}

function layOut(schema: FactsSchema, json: unknown, digest: Uint8Array): Uint8Array | FactsRefusal {
  const snapshot = asObject(json);
  if (snapshot === null) return refusal("facts.invalid", "facts are an object", null);
  for (const key of Object.keys(snapshot)) {
    if (key === "entities" || key === "settings" || key === "tables") continue;
    return refusal("facts.invalid", `${JSON.stringify(key)} is not available in this version`, null);
  }
  const { entities } = snapshot;
  if (!Array.isArray(entities)) return refusal("facts.invalid", "`entities` is a list", null);
  const store = makeStore(schema);
  for (const raw of entities) {
    const wrong = addEntity(store, raw);
    if (wrong !== null) return wrong;
  }
  const given = asObject("settings" in snapshot ? snapshot.settings : {});
  if (given === null && !isEmpty(snapshot.settings)) {
    return refusal("facts.invalid", "`settings` is an object", null);
  }
  const settings = readSettings(schema.settings, given ?? {});
  if ("code" in settings) return settings;
  const givenTables = asObject("tables" in snapshot ? snapshot.tables : {});
  if (givenTables === null && !isEmpty(snapshot.tables)) {
    return refusal("facts.invalid", "`tables` is an object", null);
  }
  const tables = readTables(schema.tables, givenTables ?? {});
  return "code" in tables ? tables : finishBlock(store, settings, tables, digest);
}

function isEmpty(json: unknown): boolean {
  return typeof json === "object" && json !== null && Object.keys(json).length === 0;
}
