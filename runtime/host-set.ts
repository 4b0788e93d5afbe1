/** Several evaluators that judge every request together: a policy set over hosts that are loaded already. */
import type { Obligation } from "./decision.ts";
import type { Header } from "./header.ts";
import type { Host } from "./host.ts";
import { canonicalJson } from "./json.ts";
import { fieldJson } from "./layout-codec.ts";
import type { Manifest } from "./manifest.ts";
import type { RequestResult } from "./request.ts";
import { denied } from "./result.ts";
import { combine, type MemberAnswer, type SetDecision } from "./set-combine.ts";

export interface SetMember {
  readonly name: string;
  /** Loaded as any other, under a signature or not; while it is in a set it must not be replaced. */
  readonly host: Host;
  /** Reported, never counted. */
  readonly shadow?: boolean;
}

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

export interface SetRefusal {
  readonly ok: false;
  readonly code: SetCode;
  readonly message: string;
}

export interface HostSet {
  /** Never throws. Permitted is what `permissionOf` releases. */
  readonly decide: (action: string, fields: unknown, header: Header, entities?: unknown) => SetDecision;
  readonly request: (action: string, fields: unknown, entities?: unknown) => RequestResult;
  /** As of a host, after a decision of this set. */
  readonly fieldsToExecute: (
    action: string,
    fields: unknown,
    decision: SetDecision,
    discharged?: readonly Obligation[],
  ) => Readonly<Record<string, unknown>> | null;
}

const MEMBERS_MAX = 64;
const OBLIGATIONS_MAX = 64;
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/**
 * A set in which every member declares every action, with the same fields and the same subject, and the same
 * entities that come with requests, and has the same facts. A member that has other actions than another is
 * refused: nobody could say what it answers.
 */
export function openSet(
  given: readonly SetMember[],
): { readonly ok: true; readonly set: HostSet } | SetRefusal {
  if (given.length < 1 || given.length > MEMBERS_MAX) {
    return refuse("set.members", `${given.length} members, not 1 to ${MEMBERS_MAX}`);
  }
  const members = given
    .map(({ name, host, shadow = false }) => ({
      name,
      host,
      shadow,
      manifest: host.manifest,
      facts: host.facts,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const [first, ...others] = members;
  for (const [at, { name }] of members.entries()) {
    if (!NAME.test(name)) return refuse("set.name", `${JSON.stringify(name)} is no name of a member`);
    if (members[at - 1]?.name === name) return refuse("set.name", `two members are named ${name}`);
  }
  for (const other of others) {
    const pair = `${first!.name} and ${other.name}`;
    if (other.facts !== first!.facts) return refuse("set.facts", `${pair} have different facts`);
    const problem = disagreement(first!.manifest, other.manifest);
    if (problem !== null) return refuse(problem.code, `${pair} ${problem.message}`);
  }
  const crowded = crowdedAction(members.map(({ manifest }) => manifest));
  if (crowded !== null) {
    const message = `the members impose more than ${OBLIGATIONS_MAX} obligations on ${crowded} together`;
    return refuse("set.obligations", message);
  }
  return { ok: true, set: makeSet(members) };
}

/** As many as a decision of one evaluator has at most, and as an entry of a log has room for. */
function crowdedAction(manifests: readonly Manifest[]): string | null {
  const rules = manifests.flatMap((manifest) => manifest.rules);
  for (const { name } of manifests[0]?.actions ?? []) {
    const imposing = rules.filter(({ actions }) => actions.includes(name));
    if (imposing.reduce((sum, { obliges }) => sum + obliges.length, 0) > OBLIGATIONS_MAX) return name;
  }
  return null;
}

function refuse(code: SetCode, message: string): SetRefusal {
  return { ok: false, code, message };
}

type Disagreement = Omit<SetRefusal, "ok">;

function disagreement(a: Manifest, b: Manifest): Disagreement | null {
  if (canonicalJson(a.subject) !== canonicalJson(b.subject)) {
    return { code: "set.subject", message: "differ in the subject" };
  }
  const [mineCarried, theirsCarried] = [carriedOf(a), carriedOf(b)];
  for (const name of [...new Set([...mineCarried.keys(), ...theirsCarried.keys()])].sort()) {
    if (mineCarried.get(name) !== theirsCarried.get(name)) {
      return { code: "set.entity", message: `differ in the entity ${name}, which comes with requests` };
    }
  }
  const own = actionsOf(a);
  const others = actionsOf(b);
  for (const name of [...new Set([...own.keys(), ...others.keys()])].sort()) {
    const [mine, theirs] = [own.get(name), others.get(name)];
    if (mine === undefined || theirs === undefined) {
      return { code: "set.action", message: `do not both declare the action ${name}` };
    }
    for (const field of [...new Set([...mine.keys(), ...theirs.keys()])].sort()) {
      if (mine.get(field) !== theirs.get(field)) {
        return { code: "set.action", message: `differ in the field ${name}.${field}` };
      }
    }
  }
  return null;
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

/** Each field's type as text. */
function actionsOf({ actions, types }: Manifest): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const spelt = spellerOf(types);
  return new Map(
    actions.map(({ name, fields }) => [
      name,
      new Map(fields.map((field) => [field.name, canonicalJson(spelt(fieldJson(field)))])),
    ]),
  );
}

/** Of one request every member must see the same, and name the same by its digest. */
function carriedOf({ types }: Manifest): ReadonlyMap<string, string> {
  const spelt = spellerOf(types);
  const carried = new Map<string, string>();
  for (const [name, { groups, attributes, fromRequest }] of types.entities) {
    const said = { groups, attributes: spelt(attributes.map(fieldJson)) };
    if (fromRequest === true) carried.set(name, canonicalJson(said));
  }
  return carried;
}

interface Member extends Required<SetMember> {
  readonly manifest: Manifest;
  readonly facts: string;
}

function makeSet(members: readonly Member[]): HostSet {
  const leading = members.find(({ manifest, shadow }) => !shadow && manifest.guard !== true) ?? members[0]!;
  return Object.freeze({
    decide: (action: string, fields: unknown, header: Header, entities?: unknown) =>
      combine(members.map((member) => answerOf(member, action, fields, header, entities))),
    request: (action: string, fields: unknown, entities?: unknown) =>
      leading.host.request(action, fields, entities),
    fieldsToExecute: (
      action: string,
      fields: unknown,
      decision: SetDecision,
      discharged: readonly Obligation[] = [],
    ) => leading.host.fieldsToExecute(action, fields, decision, discharged),
  });
}

/** A member that is no longer what the set was opened with denies. */
function answerOf(
  member: Member,
  action: string,
  fields: unknown,
  header: Header,
  entities: unknown,
): MemberAnswer {
  const { name, host, shadow, manifest, facts } = member;
  const isSame = host.manifest === manifest && host.facts === facts;
  return {
    name,
    kind: manifest.guard === true ? "guard" : "policy",
    shadow,
    decision: isSame ? host.answer(action, fields, header, entities) : denied("host.mismatch"),
  };
}
