/** Whether evaluators can be members of one policy set. */
import { canonicalJson } from "./json.ts";
import { type Field, recordFields, type Types } from "./layout.ts";
import { fieldJson } from "./layout-codec.ts";
import type { Manifest } from "./manifest.ts";

/** In the order in which they are checked. */
export const SET_CHECKS = [
  "set.members",
  "set.name",
  "set.missing",
  "set.facts",
  "set.subject",
  "set.entity",
  "set.table",
  "set.setting",
  "set.action",
  "set.obligations",
] as const;

export type SetCode = (typeof SET_CHECKS)[number];

export const OBLIGATIONS_MAX = 64;
export const MEMBERS_MAX = 64;
export const MEMBER_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Which obligations are imposed on what. */
export interface Imposing {
  readonly actions: readonly { readonly name: string }[];
  readonly rules: readonly { readonly actions: readonly string[]; readonly obliges: readonly string[] }[];
}

/** As many as a decision of one evaluator has at most, and as an entry of a log has room for. */
export function crowdedAction(manifests: readonly Imposing[]): string | null {
  const names = new Set(manifests.flatMap(({ actions }) => actions.map(({ name }) => name)));
  for (const name of [...names].sort()) {
    let sum = 0;
    for (const { actions, rules } of manifests) {
      const declares = actions.some((action) => action.name === name);
      for (const rule of rules) {
        // Of an action that is not declared only rules on all actions speak.
        const isOn = declares ? rule.actions.includes(name) : rule.actions.length === actions.length;
        if (isOn) sum += rule.obliges.length;
      }
    }
    if (sum > OBLIGATIONS_MAX) return name;
  }
  return null;
}

export interface Disagreement {
  readonly code: SetCode;
  /** About both members: `differ in …`. */
  readonly message: string;
  /** What it is about, and in an action the field. */
  readonly about: { readonly kind: DeclaredKind; readonly name: string; readonly field?: string };
}

export type DeclaredKind = "subject" | "entity" | "table" | "setting" | "action";

/** What members must not say differently; a manifest has all of it. */
export interface Declared {
  readonly types: Types;
  readonly subject: Manifest["subject"];
  readonly actions: readonly DeclaredAction[];
  /** The fields that rules on all actions see. */
  readonly others?: Pick<DeclaredAction, "fields">;
}

export interface DeclaredAction {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** The first thing, by name, that two members say differently; null where they agree. */
export function disagreement(a: Declared, b: Declared): Disagreement | null {
  if (canonicalJson(a.subject) !== canonicalJson(b.subject)) {
    const about = { kind: "subject", name: a.subject?.field ?? b.subject?.field ?? "" } as const;
    return { code: "set.subject", message: "differ in the subject", about };
  }
  return inEntities(a, b) ?? inTables(a, b) ?? inSettings(a, b) ?? inActions(a, b);
}

/**
 * What a host opened alone would not let in: a type of which only one of two has entities that come with
 * requests. Members of a set that is loaded as one know of each other, and need no such likeness.
 */
export function unsharedCarried(a: Declared, b: Declared): Disagreement | null {
  const isOf = ({ types }: Declared, name: string) => types.entities.get(name)?.fromRequest === true;
  const names = [...a.types.entities.keys(), ...b.types.entities.keys()];
  const name = names.sort().find((one) => isOf(a, one) !== isOf(b, one));
  return name === undefined ? null : differInEntity(name, true);
}

function differInEntity(name: string, isCarried: boolean): Disagreement {
  const more = isCarried ? ", which comes with requests" : "";
  const about = { kind: "entity", name } as const;
  return { code: "set.entity", message: `differ in the entity ${name}${more}`, about };
}

/** Of one request, and of one snapshot, every member must see the same. */
function inEntities(a: Declared, b: Declared): Disagreement | null {
  const name = firstDifferent(entitiesOf(a), entitiesOf(b));
  if (name === null) return null;
  const isCarried = [a, b].some(({ types }) => types.entities.get(name)?.fromRequest === true);
  return differInEntity(name, isCarried);
}

function inTables(a: Declared, b: Declared): Disagreement | null {
  const name = firstDifferent(tablesOf(a), tablesOf(b));
  const about = { kind: "table", name: name ?? "" } as const;
  return name === null ? null : { code: "set.table", message: `differ in the table ${name}`, about };
}

function inSettings(a: Declared, b: Declared): Disagreement | null {
  const name = firstDifferent(settingsOf(a), settingsOf(b));
  const about = { kind: "setting", name: name ?? "" } as const;
  return name === null ? null : { code: "set.setting", message: `differ in the setting ${name}`, about };
}

function inActions(a: Declared, b: Declared): Disagreement | null {
  const [own, theirs] = [actionsOf(a), actionsOf(b)];
  const [shared, theirShared] = [sharedOf(a), sharedOf(b)];
  for (const name of [...new Set([...own.keys(), ...theirs.keys()])].sort()) {
    const [mine, other] = [own.get(name), theirs.get(name)];
    let field: string | undefined;
    if (mine !== undefined && other !== undefined) {
      const all = [...new Set([...mine.keys(), ...other.keys()])].sort();
      field = all.find((one) => mine.get(one) !== other.get(one));
    } else if (mine !== undefined) field = missing(theirShared, mine);
    else if (other !== undefined) field = missing(shared, other);
    if (field === undefined) continue;
    const about = { kind: "action", name, field } as const;
    return { code: "set.action", message: `differ in the field ${name}.${field}`, about };
  }
  return null;
}

/** By name, of what both have; null where it is the same. */
function firstDifferent(a: Spelt, b: Spelt): string | null {
  const shared = [...a.keys()].filter((name) => b.has(name)).sort();
  return shared.find((name) => a.get(name) !== b.get(name)) ?? null;
}

type Spelt = ReadonlyMap<string, string>;

/** What is shared must be a field of an action that is judged by it. */
function missing(shared: Spelt, action: Spelt): string | undefined {
  return [...shared.keys()].find((field) => shared.get(field) !== action.get(field));
}

function actionsOf({ actions, types }: Declared): ReadonlyMap<string, Spelt> {
  return new Map(actions.map(({ name, fields }) => [name, fieldsOf(fields, types)]));
}

function sharedOf({ others, types }: Declared): Spelt {
  return others === undefined ? new Map() : fieldsOf(others.fields, types);
}

/** Each field's type as text. */
function fieldsOf(fields: readonly Field[], types: Types): Spelt {
  const spelt = spellerOf(types);
  return new Map(fields.map((field) => [field.name, canonicalJson(spelt(fieldJson(field)))]));
}

/** Types as JSON, with all that the names in them stand for. */
function spellerOf(types: Types): (json: unknown) => unknown {
  const spelt = (json: unknown): unknown => {
    if (Array.isArray(json)) return json.map(spelt);
    if (typeof json !== "object" || json === null) return json;
    const { kind, name } = json as { readonly kind?: unknown; readonly name?: string };
    const members = Object.entries(json).map(([key, part]) => [key, spelt(part)] as const);
    if (kind === "enum") members.push(["is", types.enums.get(name!) ?? []]);
    if (kind === "record") members.push(["is", spelt((types.records.get(name!) ?? []).map(fieldJson))]);
    return Object.fromEntries(members);
  };
  return spelt;
}

function entitiesOf({ types }: Declared): Spelt {
  const spelt = spellerOf(types);
  return new Map(
    [...types.entities].map(([name, { groups, attributes, fromRequest = false }]) => {
      return [name, canonicalJson({ fromRequest, groups, attributes: spelt(attributes.map(fieldJson)) })];
    }),
  );
}

function tablesOf({ types }: Declared): Spelt {
  const spelt = spellerOf(types);
  return new Map(
    (types.tables ?? []).map(({ name, key, per, max }) => {
      const columns = spelt(recordFields(name, types).map(fieldJson));
      return [name, canonicalJson({ key, per, max, columns })];
    }),
  );
}

function settingsOf({ types }: Declared): Spelt {
  const spelt = spellerOf(types);
  return new Map(
    (types.settings ?? []).map((setting) => {
      return [setting.name, canonicalJson({ type: spelt(fieldJson(setting)), standard: setting.standard })];
    }),
  );
}
