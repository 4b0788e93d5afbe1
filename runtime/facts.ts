/**
 * Facts: the snapshot of entities that requests are judged against, from its JSON to the block that an
 * evaluator loads. A snapshot is taken whole or refused with the first thing that is wrong, in this order:
 * the JSON; entity by entity as given, each by form, type, attributes, parents' form and types, id not taken;
 * then by type and as given, each by parents and attributes that name someone who is not there; cycles; the
 * policy's entity literals; size.
 */
import { buildBlock, placeRecords } from "./facts-block.ts";
import { type FactsSchema, readEntities } from "./facts-read.ts";
import { closeAncestors, resolveNames } from "./facts-references.ts";
import { type FactsRefusal, refusal } from "./facts-refusal.ts";
import { type Sha256, utf8 } from "./hash.ts";
import { canonicalJson, parseJson } from "./json.ts";

/** What a policy without facts is given. */
export const NO_FACTS = '{"entities":[]}';

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
  return { ok: true, json: parsed.value, digest: sha256(facts instanceof Uint8Array ? facts : utf8(text)) };
}

/** Of a whole snapshot, or of what one member of a set takes from it. */
export function blockOf(schema: FactsSchema, { json, digest }: ReadFacts): FactsResult {
  const block = loadFast(schema, json, digest);
  return block === null ? { ok: false, refusal: explain(schema, json) } : { ok: true, block, digest };
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

/** The block of facts in which all is well; null where anything is not. */
function loadFast(schema: FactsSchema, json: unknown, digest: Uint8Array): Uint8Array | null {
  const loaded = readEntities(schema, json, false);
  if ("code" in loaded) return null;
  const resolved = resolveNames(schema, loaded, false);
  if ("code" in resolved) return null;
  const placed = placeRecords(schema, loaded, resolved.tables);
  const ancestors = closeAncestors(resolved.groupsFirst, schema.bytesMax);
  return ancestors === null ? null : buildBlock(schema, loaded, placed, ancestors, digest);
}

/** What is wrong first. Facts in which nothing else is wrong have no room. */
function explain(schema: FactsSchema, json: unknown): FactsRefusal {
  const loaded = readEntities(schema, json, true);
  if ("code" in loaded) return loaded;
  const resolved = resolveNames(schema, loaded, true);
  if ("code" in resolved) return resolved;
  return refusal("facts.too_large", `the facts take more than ${schema.bytesMax} bytes`, null);
}
