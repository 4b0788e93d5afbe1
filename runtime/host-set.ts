/** Several evaluators that judge every request together: a policy set over hosts that are loaded already. */
import type { Obligation } from "./decision.ts";
import type { Header } from "./header.ts";
import type { Host } from "./host.ts";
import { checksLast } from "./lasts.ts";
import type { Manifest } from "./manifest.ts";
import { type Names, namesIn } from "./named.ts";
import { ownCopy } from "./own-copy.ts";
import { partsOf, type RequestResult } from "./request.ts";
import { type Decision, denied } from "./result.ts";
import {
  crowdedAction,
  disagreement,
  MEMBER_NAME,
  MEMBERS_MAX,
  OBLIGATIONS_MAX,
  type SetCode,
  unsharedCarried,
} from "./set-agreement.ts";
import { combine, type MemberAnswer, type SetDecision } from "./set-combine.ts";
import { untimely } from "./untimely.ts";

export interface SetMember {
  readonly name: string;
  /** Loaded as any other, under a signature or not; while it is in a set it must not be replaced. */
  readonly host: Host;
  /** Reported, never counted. */
  readonly shadow?: boolean;
}

export interface SetRefusal {
  readonly ok: false;
  readonly code: SetCode;
  readonly message: string;
}

export interface HostSet {
  /**
   * Never throws. Permitted is what `permissionOf` releases. What is given is read once, as own data, for all
   * members: an accessor is refused.
   */
  readonly decide: (action: string, fields: unknown, header: Header, entities?: unknown) => SetDecision;
  /** As of a host: of all members that count together. */
  readonly lasts: (action: string, fields: unknown, header: Header, entities?: unknown) => number;
  readonly request: (action: string, fields: unknown, entities?: unknown) => RequestResult;
  /**
   * As of a host, after a decision of this set; what is returned was judged, whatever `fields` are by now.
   */
  readonly fieldsToExecute: (
    action: string,
    fields: unknown,
    decision: SetDecision,
    discharged?: readonly Obligation[],
  ) => Readonly<Record<string, unknown>> | null;
}

/**
 * A set in which all members have the same subject, the same facts and the same entities that come with
 * requests, and an action that several of them declare has the same fields in each. What a member says of
 * actions that it does not declare is about fields that each of these has.
 */
export function openSet(
  given: readonly SetMember[],
): { readonly ok: true; readonly set: HostSet } | SetRefusal {
  const crowd = crowdProblem(given.length) ?? nameProblem(given.map(({ name }) => name));
  if (crowd !== null) return crowd;
  const members = given
    // What is anything but true counts.
    .map(({ name, host, shadow }) => memberOf(name, host, shadow === true))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const [first] = members;
  for (const [at, other] of members.entries()) {
    if (other.facts !== first!.facts) {
      return refuse("set.facts", `${first!.name} and ${other.name} have different facts`);
    }
    for (const before of members.slice(0, at)) {
      const problem = unsharedCarried(before.manifest, other.manifest);
      if (problem !== null)
        return refuse(problem.code, `${before.name} and ${other.name} ${problem.message}`);
    }
  }
  return disagreementOf(members) ?? { ok: true, set: makeSet(members) };
}

export function memberOf(name: string, host: Host, shadow: boolean): Member {
  return { name, host, shadow, manifest: host.manifest, facts: host.facts };
}

export function crowdProblem(count: number): SetRefusal | null {
  if (count >= 1 && count <= MEMBERS_MAX) return null;
  return refuse("set.members", `${count} members, not 1 to ${MEMBERS_MAX}`);
}

/** What is wrong with the names of members; null where nothing is. */
export function nameProblem(names: readonly unknown[]): SetRefusal | null {
  const seen = new Set<unknown>();
  for (const name of names) {
    if (typeof name !== "string" || !MEMBER_NAME.test(name)) {
      return refuse("set.name", `${JSON.stringify(String(name))} is no name of a member`);
    }
    if (seen.has(name)) return refuse("set.name", `two members are named ${name}`);
    seen.add(name);
  }
  return null;
}

/** The first two members that say something differently, or what they impose together; null: all agree. */
export function disagreementOf(
  members: readonly { readonly name: string; readonly manifest: Manifest }[],
): SetRefusal | null {
  for (const [at, other] of members.entries()) {
    for (const before of members.slice(0, at)) {
      const problem = disagreement(before.manifest, other.manifest);
      if (problem !== null)
        return refuse(problem.code, `${before.name} and ${other.name} ${problem.message}`);
    }
  }
  const crowded = crowdedAction(members.map(({ manifest }) => manifest));
  if (crowded === null) return null;
  const message = `the members impose more than ${OBLIGATIONS_MAX} obligations on ${crowded} together`;
  return refuse("set.obligations", message);
}

function refuse(code: SetCode, message: string): SetRefusal {
  return { ok: false, code, message };
}

export interface Member extends Required<SetMember> {
  readonly manifest: Manifest;
  readonly facts: string;
}

export function makeSet(members: readonly Member[]): HostSet {
  const counted = members.filter(({ shadow }) => !shadow);
  const leads = new Map<string, Member>();
  // Shadow members first, then guards: who comes last leads.
  const rank = ({ shadow, manifest }: Member) => (shadow ? 0 : manifest.guard === true ? 1 : 2);
  for (const member of [...members].reverse().sort((a, b) => rank(a) - rank(b))) {
    for (const { name } of member.manifest.actions) leads.set(name, member);
  }
  const known = new Set(counted.flatMap(({ manifest }) => manifest.actions.map(({ name }) => name)));
  function request(action: string, fields: unknown, entities?: unknown): RequestResult {
    const lead = leads.get(action);
    if (lead === undefined) return { ok: false, code: "input.unknown_action", path: "" };
    return lead.host.request(action, fields, entities);
  }
  /** What is given is read once, here. */
  function askedOf(action: string, fields: unknown, header: Header, entities?: unknown): Asked {
    const own = { fields: ownCopy(fields), entities: ownCopy(entities) };
    let named: RequestResult | null = null;
    const name = () => {
      named ??= request(action, own.fields, own.entities);
      return named;
    };
    const names = () => namesOf(leads.get(action)!.manifest, action, name());
    return { action, ...own, header: ownCopy(header) as Header, isKnown: known.has(action), name, names };
  }
  return Object.freeze({
    request,
    decide(action: string, fields: unknown, header: Header, entities?: unknown): SetDecision {
      const asked = askedOf(action, fields, header, entities);
      const decision = combine(members.map((one) => answerOf(one, asked)));
      if (decision.verdict === "allow") judged.set(decision, { action, fields: asked.fields });
      return decision;
    },
    lasts(action: string, fields: unknown, header: Header, entities?: unknown): number {
      const asked = askedOf(action, fields, header, entities);
      return Math.min(...counted.map((one) => memberLasts(one, asked)));
    },
    fieldsToExecute(
      action: string,
      fields: unknown,
      decision: SetDecision,
      discharged: readonly Obligation[] = [],
    ) {
      const lead = leads.get(action)?.host;
      const was = judged.get(decision);
      if (lead === undefined || was === undefined || was.action !== action) return null;
      const isMeant = lead.fieldsToExecute(action, fields, decision, discharged) !== null;
      return isMeant ? lead.fieldsToExecute(action, was.fields, decision, discharged) : null;
    },
  });
}

/** What was allowed, as it was read then, for as long as somebody has the decision. */
const judged = new WeakMap<object, { readonly action: string; readonly fields: unknown }>();

interface Asked {
  readonly action: string;
  readonly fields: unknown;
  readonly header: Header;
  readonly entities: unknown;
  /** A member that counts declares the action. */
  readonly isKnown: boolean;
  /** What the member that leads makes of the request. */
  readonly name: () => RequestResult;
  /** Whom its fields name. */
  readonly names: () => Names;
}

function namesOf({ actions, types }: Manifest, action: string, named: RequestResult): Names {
  const declared = actions.find(({ name }) => name === action)?.fields ?? [];
  return namesIn(declared, named.ok ? partsOf(named.json).fields : {}, types);
}

/** A member that is no longer what the set was opened with denies. */
function answerOf(member: Member, asked: Asked): MemberAnswer {
  const { name, host, shadow, manifest, facts } = member;
  const isSame = host.manifest === manifest && host.facts === facts;
  const declares = manifest.actions.some((one) => one.name === asked.action);
  const isGuard = manifest.guard === true || !declares;
  const kind = isGuard ? "guard" : "policy";
  if (!isSame) return { name, kind, shadow, decision: denied("host.mismatch") };
  const { action, fields, header, entities } = asked;
  const decision = declares ? host.answer(action, fields, header, entities) : answerOther(member, asked);
  return { name, kind, shadow, decision };
}

/** Of a member that does not declare the action: it restricts what its rules on all actions restrict. */
function answerOther({ host, manifest }: Member, { header, isKnown, name, names }: Asked): Decision {
  if (!isKnown) return denied("input.unknown_action");
  if (manifest.others === undefined) {
    const code = untimely(manifest, host.validity, header);
    return code === null ? LET_PASS : denied(code);
  }
  const named = name();
  return named.ok ? host.answerOthers(named, header, names) : denied(named.code);
}

function memberLasts(member: Member, asked: Asked): number {
  const { host, manifest } = member;
  const { action, fields, header, entities, isKnown, name, names } = asked;
  if (manifest.actions.some((one) => one.name === action)) {
    return host.lasts(action, fields, header, entities);
  }
  if (!isKnown || manifest.others === undefined) return checksLast(header, manifest, host.validity);
  const named = name();
  return named.ok ? host.othersLast(named, header, names) : checksLast(header, manifest, host.validity);
}

const LET_PASS: Decision = Object.freeze({ ...denied("no_rule"), verdict: "allow" });
