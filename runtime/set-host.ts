/** A policy set that is loaded as one: one snapshot for all members, replaced whole or not at all. */
import { type Active, fill, type HostSettings, makeActive } from "./active.ts";
import type { EntityName, FactsCode } from "./facts-refusal.ts";
import { foreignTo } from "./foreign.ts";
import { adoptWriters } from "./generated-writers.ts";
import { type Host, makeHost } from "./host.ts";
import {
  crowdProblem,
  disagreementOf,
  type HostSet,
  makeSet,
  memberOf,
  nameProblem,
  type SetRefusal,
} from "./host-set.ts";
import { type Evaluator, keepEvaluator, layFacts, openEvaluator, readSnapshot, refuseFacts } from "./load.ts";
import { type LoadCode, type LoadRefusal, refuseThrown } from "./load-refusal.ts";
import type { Manifest } from "./manifest.ts";
import { makeProgram } from "./program.ts";
import type { Given } from "./replacement.ts";
import type { SetCode } from "./set-agreement.ts";
import { partOf, undeclared, vocabularyOf } from "./set-facts.ts";
import { type GivenSet, givenSetOf, type Seat, type SetReplacement } from "./set-given.ts";
import { compareText } from "./text-order.ts";

export interface SetHost extends HostSet {
  /**
   * Prepares other evaluators, other facts or both beside the present ones, then swaps all at once. Refused:
   * nothing has changed. Several replacements take their turns; a decision ends on what it began with.
   */
  readonly replace: (replacement: SetReplacement) => Promise<{ readonly ok: true } | SetLoadRefusal>;
  /** Until every member has an instance and its spare, or they cannot be made. */
  readonly ready: () => Promise<void>;
  /** By name; what they are at the moment. */
  readonly members: readonly LoadedMember[];
  /** `sha256:` and 64 hex digits, of the one snapshot. */
  readonly facts: string;
}

export interface LoadedMember extends Seat {
  readonly manifest: Manifest;
  /** `sha256:` and 64 hex digits. */
  readonly evaluator: string;
  /** `fromMs <= now < untilMs`, as signed; null where nothing signed is loaded. */
  readonly validity: Host["validity"];
}

export interface SetLoadRefusal {
  readonly ok: false;
  readonly code: SetCode | LoadCode | FactsCode;
  /** Begins with the member's name, where there is one. */
  readonly message: string;
  /** Whose evaluator or part of the facts was refused; null where it is about the set. */
  readonly member: string | null;
  /** The entity at which facts were refused. */
  readonly entity: EntityName | null;
}

export type SetLoadResult = { readonly ok: true; readonly set: SetHost } | SetLoadRefusal;

export interface SetSettings {
  readonly seats: readonly Seat[];
  readonly settingsOf: (name: string) => HostSettings;
}

interface ActiveSet {
  readonly set: HostSet;
  readonly members: readonly { readonly seat: Seat; readonly active: Active; readonly host: Host }[];
  /** What the members' parts were taken from. */
  readonly given: GivenSet["facts"];
}

/** The set, or the first check that fails, member by member in the order of names. Never rejects. */
export async function openSetHost(
  read: () => { readonly given: GivenSet; readonly settings: SetSettings },
): Promise<SetLoadResult> {
  try {
    const { given, settings } = read();
    const seats = [...settings.seats].sort((a, b) => compareText(a.name, b.name));
    const names = seats.map(({ name }) => name);
    const wrong = crowdProblem(names.length) ?? nameProblem(names);
    if (wrong !== null) return aboutSet(wrong);
    const own = { ...settings, seats };
    const active = await prepareSet(null, given, own);
    return "code" in active ? active : { ok: true, set: makeSetHost(active, own) };
  } catch (error) {
    return aboutSet(refuseThrown(error));
  }
}

function makeSetHost(first: ActiveSet, settings: SetSettings): SetHost {
  let current = first;
  let lastReplacement: Promise<unknown> = Promise.resolve();

  async function replaceNow(given: GivenSet): Promise<{ readonly ok: true } | SetLoadRefusal> {
    const next = await prepareSet(current, given, settings);
    if ("code" in next) return next;
    current = next;
    return { ok: true };
  }

  const methods: Omit<SetHost, "members" | "facts"> = {
    decide: (action, fields, header, entities) => current.set.decide(action, fields, header, entities),
    lasts: (action, fields, header, entities) => current.set.lasts(action, fields, header, entities),
    request: (action, fields, entities) => current.set.request(action, fields, entities),
    fieldsToExecute: (action, fields, decision, discharged) =>
      current.set.fieldsToExecute(action, fields, decision, discharged),
    replace(replacement) {
      try {
        // Copied now, though its turn may come later.
        const given = givenSetOf(replacement);
        const result = lastReplacement
          .then(() => replaceNow(given))
          .catch((error: unknown) => aboutSet(refuseThrown(error)));
        lastReplacement = result;
        return result;
      } catch (error) {
        return Promise.resolve(aboutSet(refuseThrown(error)));
      }
    },
    async ready() {
      await Promise.all(
        current.members.map(({ seat, active }) => fill(active, settings.settingsOf(seat.name))),
      );
    },
  };
  const getters = {
    members: { enumerable: true, get: () => current.members.map(loadedMember) },
    facts: { enumerable: true, get: () => current.members[0]!.host.facts },
  };
  return Object.freeze(Object.defineProperties(methods, getters)) as SetHost;
}

function loadedMember({ seat, host }: ActiveSet["members"][number]): LoadedMember {
  const { manifest, evaluator, validity } = host;
  return { ...seat, manifest, evaluator, validity };
}

/** What is given in place of `before`, made ready to be asked. */
async function prepareSet(
  before: ActiveSet | null,
  given: GivenSet,
  { seats, settingsOf }: SetSettings,
): Promise<ActiveSet | SetLoadRefusal> {
  const evaluators = await openEvaluators(before, given, { seats, settingsOf });
  if ("code" in evaluators) return evaluators;
  const source = given.facts === undefined ? before?.given : given.facts;
  const snapshot = await readSnapshot(source, settingsOf(seats[0]!.name).crypto.sha256);
  if ("code" in snapshot) return aboutSet(snapshot);
  const all = vocabularyOf(evaluators.map(({ manifest }) => manifest.types));
  const surplus = undeclared(all, snapshot.json);
  if (surplus !== null) return aboutSet(refuseFacts(surplus));
  const members: ActiveSet["members"][number][] = [];
  for (const [at, seat] of seats.entries()) {
    const evaluator = evaluators[at]!;
    const settings = settingsOf(seat.name);
    const json = partOf(vocabularyOf([evaluator.manifest.types]), all, snapshot.json);
    const facts = await layFacts(evaluator, { ...snapshot, json });
    if ("code" in facts) return aboutMember(seat.name, facts);
    const active = await makeActive(evaluator, facts, undefined, settings);
    if ("code" in active) return aboutMember(seat.name, active);
    members.push({ seat, active, host: makeHost(active, settings) as Host });
  }
  const set = makeSet(members.map(({ seat, host }) => memberOf(seat.name, host, seat.shadow)));
  return { set, members, given: source };
}

/** Evaluators that agree with each other, in the order of the seats; each knows what others declare. */
async function openEvaluators(
  before: ActiveSet | null,
  given: GivenSet,
  { seats, settingsOf }: SetSettings,
): Promise<readonly Evaluator[] | SetLoadRefusal> {
  if (given.members === null && before !== null) return before.members.map(({ active }) => active.evaluator);
  const wrong = checkSeats(given, seats);
  if (wrong !== null) return wrong;
  const evaluators: Evaluator[] = [];
  for (const [at, { name }] of seats.entries()) {
    const module = given.members?.get(name) ?? NOTHING;
    const kept = module.wasm === undefined ? before?.members[at]?.active.evaluator : undefined;
    const opened =
      kept === undefined
        ? await openEvaluator(module, settingsOf(name))
        : keepEvaluator(kept, module, settingsOf(name));
    if ("code" in opened) return aboutMember(name, opened);
    evaluators.push(opened);
  }
  const disagreed = disagreementOf(
    evaluators.map(({ manifest }, at) => ({ name: seats[at]!.name, manifest })),
  );
  if (disagreed !== null) return aboutSet(disagreed);
  const counted = evaluators.filter((_, at) => !seats[at]!.shadow).map(({ manifest }) => manifest.types);
  return evaluators.map((evaluator, at) => {
    const { manifest } = evaluator;
    const program = makeProgram(manifest, foreignTo(manifest.types, counted));
    adoptWriters(program.actions, settingsOf(seats[at]!.name).writers);
    return { ...evaluator, program };
  });
}

const NOTHING: Given = {
  wasm: undefined,
  envelope: undefined,
  now: undefined,
  facts: undefined,
  expect: undefined,
};

function checkSeats({ members, twice }: GivenSet, seats: readonly Seat[]): SetLoadRefusal | null {
  if (twice !== null) return about(null, "set.name", `two members are named ${twice}`);
  const absent = seats.find(({ name }) => members?.has(name) !== true);
  if (absent !== undefined) return about(absent.name, "set.missing", `${absent.name} is missing`);
  const surplus = [...members!.keys()].find((name) => !seats.some((seat) => seat.name === name));
  if (surplus === undefined) return null;
  return about(null, "set.members", `${JSON.stringify(surplus)} is no member of this set`);
}

function about(member: string | null, code: SetLoadRefusal["code"], message: string): SetLoadRefusal {
  return { ok: false, code, message, member, entity: null };
}

function aboutSet({ code, message, ...rest }: SetRefusal | LoadRefusal): SetLoadRefusal {
  return { ...about(null, code, message), entity: "entity" in rest ? rest.entity : null };
}

function aboutMember(member: string, { code, message, entity }: LoadRefusal): SetLoadRefusal {
  return { ...about(member, code, `${member}: ${message}`), entity };
}
