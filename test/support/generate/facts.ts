/** Random snapshots: a graph of entities with groups, without a cycle, in which the policy's literals are. */
import type { Checked, EntityValue } from "../../../compiler/checked.ts";
import { literalsOf } from "./literals-of.ts";
import type { Random } from "./random.ts";
import { LITERAL_IDS } from "./schema.ts";
import { generateRows } from "./tables.ts";
import { generateFields, idsOf, type Source } from "./values.ts";

interface WrittenEntity extends EntityValue {
  readonly attributes: Record<string, unknown>;
  readonly parents: readonly EntityValue[];
}

export interface GeneratedFacts {
  /** As parsed from a facts file. */
  readonly json: {
    readonly entities: readonly WrittenEntity[];
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly tables?: Readonly<Record<string, readonly unknown[]>>;
  };
  readonly source: Source;
}

const OTHER_IDS = ["e3", "e4", "e5", "é", "ﬀ", "😀"];

export function generateFacts(random: Random, checked: Checked): GeneratedFacts {
  const references: EntityValue[] = [];
  for (const [type, { fromRequest }] of checked.types.entities) {
    if (fromRequest === true) continue;
    const named = checked.entityLiterals.filter((one) => one.type === type).map(({ id }) => id);
    const ids = new Set([...LITERAL_IDS, ...named, ...random.some(OTHER_IDS, 0.4)]);
    for (const id of ids) references.push({ type, id });
  }
  const source: Source = { random, checked, ids: idsOf(references), ...literalsOf(checked), isFacts: true };
  const order = random.shuffle(references);
  const entities: WrittenEntity[] = [];
  for (const [index, { type, id }] of order.entries()) {
    const declared = checked.types.entities.get(type);
    const groups = order.slice(0, index).filter((group) => declared?.groups.includes(group.type));
    // Few parents make deep graphs rather than dense ones; later entities come below earlier ones.
    const parents = random.some(groups, groups.length === 0 ? 0 : 1.2 / groups.length);
    entities.push({ type, id, attributes: generateFields(source, declared?.attributes ?? []), parents });
  }
  const said = random.some(checked.types.settings ?? [], 0.5);
  const settings = said.length === 0 ? {} : { settings: generateFields(source, said) };
  const rows = (checked.types.tables ?? []).map((table) => [table.name, generateRows(source, table)]);
  const tables = rows.length === 0 ? {} : { tables: Object.fromEntries(rows) };
  return {
    json: { entities: random.shuffle(entities), ...settings, ...tables },
    source: { ...source, isFacts: false },
  };
}
