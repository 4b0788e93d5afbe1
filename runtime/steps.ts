/** What the short way (usual.ts) does for each field of an action, with everything looked up. */
import { copyAscii } from "./copy-ascii.ts";
import { interned } from "./interned.ts";
import { type KeptId, keep } from "./kept-ids.ts";
import { type Members, NO_MEMBERS } from "./members.ts";
import type { Range } from "./scalars.ts";
import { isUnreadGood, type Unread } from "./unread.ts";
import { USUAL } from "./usual-kinds.ts";
import type { Target } from "./writers.ts";

/** Up to here, in UTF-16 units, copying text by hand beats a call of the encoder. */
export const COPIED_MAX = 48;

/** What is to be done for one field. */
export interface Step {
  name: string;
  /** One of USUAL. */
  kind: number;
  /** Where its slot is, in words of 4 bytes from the start of the fixed part. */
  word: number;
  /** UTF-8 bytes of text. */
  limit: number;
  /** The same, but of text that is copied by hand. */
  short: number;
  /** Of an enum. */
  members: Members;
  /** Of a number. */
  range: Range;
  /** Which of the texts it is, or of the fields that are not read, in the order of the slots; else -1. */
  text: number;
}

/** A step at its place in the order of keys; what it says is overwritten when another key comes there. */
export interface Place extends Step {
  /** The end's is the end. */
  readonly next: Place;
}

/** As `putQuick` of quick.ts. */
export type QuickWriter = (
  target: Target,
  steps: Steps,
  start: number,
  from: number,
  fields: unknown,
) => number;

export interface Steps {
  /**
   * The steps in the order of the last request's keys: requests tend to come in one order, and comparing a
   * key with the one expected at its place is cheaper than looking it up.
   */
  readonly first: Place;
  /** The place after the last, whose step is none. */
  readonly end: Place;
  readonly byName: ReadonlyMap<string, Readonly<Step>>;
  readonly texts: readonly Readonly<Step>[];
  readonly ids: readonly KeptId[];
  /** Fields that the evaluator does not read. */
  readonly unread: readonly Unread[];
  /** Where texts wait whose turn it is not yet; empty between two requests. */
  readonly waiting: unknown[];
  /** Generated for these very fields; null: by table. */
  write: QuickWriter | null;
  /** `copyAscii` of writers.ts, for generated writers. */
  readonly copy: typeof copyAscii;
  readonly keep: typeof keep;
  readonly isUnreadGood: typeof isUnreadGood;
  /** How many requests are not tried the shortest way, after one to which it did not lead. */
  rest: number;
}

/** `offset`: null where the evaluator does not read the field. */
export type StepSource = Pick<Step, "name" | "kind" | "limit" | "members" | "range"> & {
  readonly offset: number | null;
};

/** What came before, for all actions of an evaluator. */
export interface Before {
  readonly ids: readonly KeptId[];
  /** Identifiers that no evaluator looks at, and which are right. */
  readonly right: string[];
}

export function makeSteps(fields: readonly StepSource[], { ids, right }: Before): Steps {
  const texts: Step[] = [];
  const unread: Unread[] = [];
  const steps = fields.map(({ name, kind, offset, limit, members, range }): Step => {
    const isText = kind === USUAL.id || kind === USUAL.text || kind === USUAL.name;
    if (offset === null) unread.push({ kind, limit, members, range, right });
    const text = offset === null ? unread.length - 1 : isText ? texts.length : -1;
    const step = {
      name: interned(name),
      kind: offset === null ? USUAL.unread : kind,
      word: offset === null ? -1 : offset >> 2,
      limit,
      short: Math.min(limit, COPIED_MAX),
      members,
      range,
      text,
    };
    if (isText && offset !== null) texts.push(step);
    return step;
  });
  const end = makeEnd();
  const first = steps.reduceRight(placeOf, end);
  const byName = new Map(steps.map((step) => [step.name, step]));
  const waiting = texts.map(() => undefined);
  const tools = { write: null, copy: copyAscii, keep, isUnreadGood };
  return { first, end, byName, texts, ids, unread, waiting, ...tools, rest: 0 };
}

/** Written out, so that the engine keeps all of it in the object itself. */
function placeOf(next: Place, step: Step): Place {
  const { name, kind, word, limit, short, members, range, text } = step;
  return { name, kind, word, limit, short, members, range, text, next };
}

const NO_RANGE: Range = { min: 0, max: 0, exactMin: 0n, exactMax: 0n };

function makeEnd(): Place {
  const step: Step = {
    name: "",
    kind: USUAL.other,
    word: 0,
    limit: 0,
    short: 0,
    members: NO_MEMBERS,
    range: NO_RANGE,
    text: -1,
  };
  const end = placeOf(null as unknown as Place, step);
  (end as { next: Place }).next = end;
  return end;
}

/** The order in which the keys of a request came that the long way wrote. */
export function learnAll(steps: Steps, names: readonly string[]): void {
  let place = steps.first;
  for (const name of names) {
    if (name !== place.name) learn(place, steps, name);
    place = place.next;
  }
}

/** Another key than last time at this place; false where it is no field's, or one too many. */
export function learn(place: Place, { byName, end }: Steps, key: string): boolean {
  const step = byName.get(key);
  if (step === undefined || place === end) return false;
  place.name = step.name;
  place.kind = step.kind;
  place.word = step.word;
  place.limit = step.limit;
  place.short = step.short;
  place.members = step.members;
  place.range = step.range;
  place.text = step.text;
  return true;
}
