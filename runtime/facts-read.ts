/** What a policy says about its facts, and the form of one entity as it is given. */
import { isPrototypePolluted } from "./canonical-fields.ts";
import { type EntityName, type FactsRefusal, refusal } from "./facts-refusal.ts";
import type { SettingsSchema } from "./facts-settings.ts";
import type { TableSchema } from "./facts-tables.ts";
import { ENTITY_ID_BYTES_MAX } from "./layout.ts";
import type { Plan } from "./plan.ts";
import { utf8Length } from "./text-order.ts";

/** What a policy says about its facts. */
export interface FactsSchema {
  /** By name: a type's place is its number. */
  readonly types: readonly EntitySchema[];
  readonly numbers: ReadonlyMap<string, number>;
  /** Must be in the facts. */
  readonly literals: readonly EntityName[];
  /** 8 bytes. */
  readonly layoutTag: Uint8Array;
  readonly bytesMax: number;
  readonly settings: SettingsSchema;
  /** By name. */
  readonly tables: readonly TableSchema[];
}

export interface EntitySchema {
  readonly name: string;
  readonly groups: readonly string[];
  readonly attributes: Plan;
  readonly hasPath: boolean;
  /** None of its entities is in facts. */
  readonly fromRequest: boolean;
}

/** An entity whose type the policy has; its attributes and parents may be anything. */
export interface EntityForm {
  readonly type: number;
  readonly name: EntityName;
  readonly attributes: unknown;
  readonly parents: unknown;
}

type Members = Readonly<Record<string, unknown>>;

export function asObject(json: unknown): Members | null {
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  return isObject && !isPrototypePolluted() ? (json as Members) : null;
}

export function readForm(schema: FactsSchema, raw: unknown): EntityForm | FactsRefusal {
  const entity = asObject(raw);
  if (entity === null) return refusal("facts.invalid", "an entity has a type and an id", null);
  const name = readName(entity);
  if (name === null) return wrongName(entity);
  for (const key in entity) {
    if (key === "type" || key === "id" || key === "attributes" || key === "parents") continue;
    return refusal("facts.invalid", `${JSON.stringify(key)} is no part of an entity`, name);
  }
  const type = schema.numbers.get(name.type);
  if (type === undefined) return refusal("facts.unknown_type", `the policy has no entity ${name.type}`, name);
  if (schema.types[type]!.fromRequest) {
    return refusal("facts.unknown_type", `${name.type} comes with requests`, name);
  }
  const { attributes = NOTHING, parents = NONE } = entity;
  return { type, name, attributes, parents };
}

const NOTHING = Object.freeze({});
const NONE = Object.freeze([]);

/** Type and id; null where one is missing or has not the form of one. */
export function readName({ type, id }: Members): EntityName | null {
  if (typeof type !== "string" || typeof id !== "string" || id === "") return null;
  // Most ids are far from the limit, however their characters are encoded.
  if (id.length * 3 > ENTITY_ID_BYTES_MAX && utf8Length(id) > ENTITY_ID_BYTES_MAX) return null;
  return id.isWellFormed() ? { type, id } : null;
}

const SHOWN_MAX = 40;

/** An id that is too long is shown by its beginning. */
function wrongName({ type, id }: Members): FactsRefusal {
  const isLong = typeof type === "string" && typeof id === "string" && id.isWellFormed() && id !== "";
  if (!isLong) return refusal("facts.invalid", "an entity has a type and an id", null);
  const shown = { type, id: `${[...id.slice(0, SHOWN_MAX)].slice(0, -1).join("")}…` };
  return refusal("facts.invalid", `an id takes ${ENTITY_ID_BYTES_MAX} bytes at most`, shown);
}
