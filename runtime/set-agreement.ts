/** Whether evaluators can be members of one policy set. */
import { canonicalJson } from "./json.ts";
import { fieldJson } from "./layout-codec.ts";
import type { ActionLayout, Manifest } from "./manifest.ts";

/** In the order in which they are checked. */
export const SET_CHECKS = [
  "set.members",
  "set.name",
  "set.facts",
  "set.subject",
  "set.entity",
  "set.action",
  "set.obligations",
] as const;

export type SetCode = (typeof SET_CHECKS)[number];

export const OBLIGATIONS_MAX = 64;

/** As many as a decision of one evaluator has at most, and as an entry of a log has room for. */
export function crowdedAction(manifests: readonly Manifest[]): string | null {
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

interface Disagreement {
  readonly code: SetCode;
  readonly message: string;
}

/** The first thing, by name, that two members say differently; null where they agree. */
export function disagreement(a: Manifest, b: Manifest): Disagreement | null {
  if (canonicalJson(a.subject) !== canonicalJson(b.subject)) {
    return { code: "set.subject", message: "differ in the subject" };
  }
  const [mineCarried, theirsCarried] = [carriedOf(a), carriedOf(b)];
  for (const name of [...new Set([...mineCarried.keys(), ...theirsCarried.keys()])].sort()) {
    if (mineCarried.get(name) !== theirsCarried.get(name)) {
      return { code: "set.entity", message: `differ in the entity ${name}, which comes with requests` };
    }
  }
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
    if (field !== undefined) return { code: "set.action", message: `differ in the field ${name}.${field}` };
  }
  return null;
}

type Spelt = ReadonlyMap<string, string>;

/** What is shared must be a field of an action that is judged by it. */
function missing(shared: Spelt, action: Spelt): string | undefined {
  return [...shared.keys()].find((field) => shared.get(field) !== action.get(field));
}

function actionsOf(manifest: Manifest): ReadonlyMap<string, Spelt> {
  return new Map(manifest.actions.map((action) => [action.name, fieldsOf(action, manifest)]));
}

function sharedOf(manifest: Manifest): Spelt {
  return manifest.others === undefined ? new Map() : fieldsOf(manifest.others, manifest);
}

/** Each field's type as text. */
function fieldsOf({ fields }: ActionLayout, { types }: Manifest): Spelt {
  const spelt = spellerOf(types);
  return new Map(fields.map((field) => [field.name, canonicalJson(spelt(fieldJson(field)))]));
}

/** Types as JSON, with all that the names in them stand for. */
function spellerOf(types: Manifest["types"]): (json: unknown) => unknown {
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

/** Of one request every member must see the same, and name the same by its digest. */
function carriedOf({ types }: Manifest): Spelt {
  const spelt = spellerOf(types);
  const carried = new Map<string, string>();
  for (const [name, { groups, attributes, fromRequest }] of types.entities) {
    const said = { groups, attributes: spelt(attributes.map(fieldJson)) };
    if (fromRequest === true) carried.set(name, canonicalJson(said));
  }
  return carried;
}
