/** What a policy set is given to load, and of whom it consists: both as copies of our own. */
import { type FactsSource, type Given, givenOf } from "./replacement.ts";
import { MEMBERS_MAX } from "./set-agreement.ts";

/** One member of a set, with its evaluator. */
export interface MemberModule {
  readonly name: string;
  /** Left out in a replacement: the evaluator stays. */
  readonly wasm?: Uint8Array;
  /** The evaluator's DSSE envelope, as the bytes or the text of its file. */
  readonly envelope?: Uint8Array | string;
  /** The evaluator's name, `sha256:` and 64 hex digits: another one is refused. */
  readonly expect?: string;
}

/** Replaces what it names, for all members at once or for none. */
export interface SetReplacement {
  /** Every member, in any order; left out: the evaluators stay. */
  readonly members?: readonly MemberModule[];
  /** When envelopes are judged, milliseconds since 1970. */
  readonly now?: number;
  /** Left out: the facts stay. */
  readonly facts?: Uint8Array | string;
}

export interface GivenSet {
  /** By name; null where no member is named. A name that comes twice is in `twice`. */
  readonly members: ReadonlyMap<string, Given> | null;
  readonly twice: string | null;
  readonly facts: FactsSource | undefined;
}

/** One more than there may be: enough to see that there are too many. */
const LISTED_MAX = MEMBERS_MAX + 1;

/** Copies, since nobody may change the bytes while they are judged. Throws where an accessor does. */
export function givenSetOf(replacement: SetReplacement | null | undefined): GivenSet {
  const { members: modules, now, facts } = replacement ?? {};
  const { facts: snapshot } = givenOf({ ...(facts !== undefined && { facts }) });
  if (modules === undefined) return { members: null, twice: null, facts: snapshot };
  const members = new Map<string, Given>();
  let twice: string | null = null;
  for (const { name, wasm, envelope, expect } of Array.isArray(modules) ? modules.slice(0, LISTED_MAX) : []) {
    const key = String(name);
    if (members.has(key)) twice ??= key;
    const copied = givenOf({
      ...(wasm !== undefined && { wasm }),
      ...(envelope !== undefined && { envelope }),
    });
    members.set(key, { ...copied, now, expect });
  }
  return { members, twice, facts: snapshot };
}

/** A seat in a set, fixed while the set is open. */
export interface Seat {
  readonly name: string;
  /** Reported, never counted. */
  readonly shadow: boolean;
}
