/** What can be said of built facts without their policy. */
import { countsOf } from "@polity/runtime/facts-block.ts";
import { type FactsAbout, type FactsFile, layoutTagOf } from "@polity/runtime/facts-file.ts";
import { digestName, toHex } from "@polity/runtime/hash.ts";
import { EXIT, failure } from "./failure.ts";

interface Part {
  readonly name: string;
  readonly count: number;
  /** In the block, with all that only they have. */
  readonly bytes: number;
}

export interface FactsFigures {
  readonly facts: string;
  readonly layout: string;
  readonly policy: FactsAbout["policy"];
  readonly entities: number;
  readonly types: readonly Part[];
  /** Of a table the rows alone: the texts of all tables stand together. */
  readonly tables: readonly Part[];
  readonly bytes: number;
  /** In each instance that has them loaded: the block, and behind it the index. */
  readonly memoryBytes: number;
}

/** Where a record is, and one and a half places in the index: see `pol_load`. */
const INDEX_BYTES_PER_ENTITY = 10;

export function factsFigures(file: FactsFile): FactsFigures {
  const about = JSON.parse(file.about) as FactsAbout;
  const found = countsOf(file.block);
  if (found === null || found.counts.length !== about.types.length + about.tables.length) {
    throw failure("the file has no block of facts in it", null, EXIT.no);
  }
  const { counts, starts, strides } = found;
  const ends = [...starts.filter((start) => start > 0), file.block.length];
  const endOf = (start: number) => ends.find((end) => end > start) ?? start;
  const types = about.types.map((name, at) => {
    const bytes = counts[at] === 0 ? 0 : endOf(starts[at]!) - starts[at]!;
    return { name, count: counts[at]!, bytes };
  });
  const tables = about.tables.map((name, index) => {
    const at = about.types.length + index;
    return { name, count: counts[at]!, bytes: counts[at]! * strides[at]! };
  });
  const entities = types.reduce((sum, { count }) => sum + count, 0);
  return {
    facts: digestName(file.digest),
    layout: toHex(layoutTagOf(file)),
    policy: about.policy,
    entities,
    types,
    tables,
    bytes: file.block.length,
    memoryBytes: file.block.length + entities * INDEX_BYTES_PER_ENTITY,
  };
}
