/**
 * The head of a facts block, which is all there is of one without facts: a policy that needs none is loaded
 * without what reads facts and lays them out (`facts.ts`), which is then not even fetched.
 */
import type { FactsSchema } from "./facts-read.ts";

/** What a policy without facts is given. */
export const NO_FACTS = '{"entities":[]}';

export const MAGIC = 0x444c4f50;
export const VERSION = 1;
export const HEADER_BYTES = 32;
export const DIRECTORY_BYTES = 16;
/** Before the attributes. */
export const RECORD_HEAD_BYTES = 16;

/** Of an entity type or a table: how many, from where on, 0 where there is none. */
export interface Listed {
  readonly count: number;
  readonly offset: number;
}

/**
 * The block of `NO_FACTS`, whose SHA-256 is `digest`, as `buildFacts` makes it; null where that has to be
 * asked: settings have values, and an entity that the policy names is missing.
 */
export function emptyBlock(schema: FactsSchema, digest: Uint8Array): Uint8Array | null {
  const { types, tables, literals, settings, bytesMax } = schema;
  const size = HEADER_BYTES + (types.length + tables.length) * DIRECTORY_BYTES;
  if (literals.length > 0 || settings.plan.bytes > 0 || size > bytesMax) return null;
  const block = new Uint8Array(size);
  const nothing = [...types, ...tables].map(() => ({ count: 0, offset: 0 }));
  writeHead(schema, block, nothing, digest);
  return block;
}

/** Into the first bytes of a block that is as long as it will be; types come first, then tables. */
export function writeHead(
  { types, tables, layoutTag }: FactsSchema,
  block: Uint8Array,
  listed: readonly Listed[],
  digest: Uint8Array,
): void {
  const words = new Int32Array(block.buffer);
  words.set([MAGIC, VERSION, block.length, listed.length]);
  block.set(layoutTag, 16);
  block.set(digest.subarray(0, 8), 24);
  const strides = [
    ...types.map(({ attributes }) => RECORD_HEAD_BYTES + attributes.bytes),
    ...tables.map(({ columns }) => columns.bytes),
  ];
  for (const [at, { count, offset }] of listed.entries()) {
    words.set([count, offset, strides[at]!, 0], (HEADER_BYTES + at * DIRECTORY_BYTES) >> 2);
  }
}
