/** Random entities that come with requests: their type, fields that name them, and what a request carries. */
import type { EntityType, Field, Type } from "@polity/runtime/layout.ts";
import type { EntityValue } from "../../../compiler/checked.ts";
import type { Random } from "./random.ts";
import type { Schema } from "./schema.ts";
import { generateFields, type Source } from "./values.ts";

const NAME = "Doc";
const DOC: Type = { kind: "entity", name: NAME };

/** The schema with a type of requests or none. */
export function withCarried(random: Random, schema: Schema): Schema {
  if (random.chance(0.65)) return schema;
  const { types } = schema;
  const others = [...types.entities].flatMap(([name, { fromRequest }]) => (fromRequest ? [] : [name]));
  const borrowed = random.pick([...types.entities.values()]).attributes.slice(0, 3);
  const own: readonly Field[] = [
    { name: "d0", type: { kind: "entity", name: random.pick(others) } },
    { name: "d1", type: { kind: "optional", of: DOC } },
    { name: "d2", type: { kind: "set", of: DOC, min: 0, max: 3 } },
    { name: "d3", type: { kind: "int", min: 0n, max: 100n } },
  ];
  const declared: EntityType = {
    groups: [...random.some(others, 0.6), ...random.some([NAME], 0.7)].sort(),
    attributes: [...borrowed, ...random.some(own, 0.6)],
    fromRequest: true,
  };
  const actions = schema.actions.map(({ name, fields }) => {
    return { name, fields: [...fields, ...random.some(FIELDS, 0.6)] };
  });
  return {
    ...schema,
    actions,
    types: { ...types, entities: new Map([...types.entities, [NAME, declared]]) },
  };
}

const FIELDS: readonly Field[] = [
  { name: "doc0", type: DOC },
  { name: "doc1", type: DOC },
  { name: "doc2", type: { kind: "optional", of: DOC } },
  { name: "doc3", type: { kind: "set", of: DOC, min: 0, max: 4 } },
  { name: "doc4", type: { kind: "list", of: DOC, min: 0, max: 4 } },
];

/** What one request carries, and where its values come from then. */
export function generateCarried(source: Source): { readonly entities?: unknown; readonly source: Source } {
  const { random, checked } = source;
  const type = checked.types.entities.get(NAME);
  if (type === undefined) return random.chance(0.02) ? { entities: [], source } : { source };
  const count = random.chance(0.02) ? random.pick([64, 65]) : random.pick([0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
  const ids = Array.from({ length: count }, (_, at) => (at === 3 ? "é" : `c${at}`));
  const known = new Map([
    ...source.ids,
    [NAME, random.chance(0.02) || count === 0 ? [...ids, "nobody"] : ids],
  ]);
  const coming: Source = { ...source, ids: known };
  const entities: unknown[] = [];
  for (const [at, id] of ids.entries()) {
    const groups = type.groups.flatMap((group): readonly EntityValue[] =>
      (group === NAME ? ids.slice(0, at) : (source.ids.get(group) ?? [])).map((one) => ({
        type: group,
        id: one,
      })),
    );
    const parents = random.some(groups, groups.length === 0 ? 0 : 1.2 / groups.length).slice(0, 17);
    const attributes = generateFields(coming, type.attributes);
    entities.push({ type: NAME, id, attributes, ...(type.groups.length > 0 && { parents }) });
  }
  const isLeftOut = count === 0 && random.chance(0.5);
  return { ...(isLeftOut ? {} : { entities: random.shuffle(entities) }), source: coming };
}
