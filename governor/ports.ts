/** What a governor needs of the world; `nodeGovernor` of `@polity/governor/node` has what Node gives. */
import type { Party } from "@polity/lineage/entry.ts";
import type { Judged } from "@polity/lineage/judging.ts";
import type { EntryBody, RecordingPorts } from "@polity/lineage/recorder.ts";
import type { Obligation } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Decision } from "@polity/runtime/result.ts";
import type { Ask } from "./effect.ts";
import type { Verdicted } from "./event.ts";
import type { Refusal } from "./governor.ts";
import type { Asked, Attested, Ordered } from "./state.ts";

export interface GovernorPorts extends RecordingPorts {
  /** Calls once after so many milliseconds of a clock that only goes forward; the answer ends that. */
  readonly wake: (afterMs: number, run: () => void) => () => void;
  /** Calls once as soon as whoever asked has gone on. */
  readonly later: (run: () => void) => void;
}

/** Whoever decides. None of these throws. */
export interface Judge {
  readonly judge: (asked: Asked, ask: Ask) => Verdicted;
  /** What to execute after an allow; null where it is none, or something due before is not discharged. */
  readonly fields: (
    judged: Judged,
    discharged: readonly Obligation[],
  ) => Readonly<Record<string, unknown>> | null;
  /** Fields as an agent would have given them: without what is the host's to say. */
  readonly own: (action: string | null, fields: unknown) => unknown;
  /** Whom fields are about, by every policy that says who acts. */
  readonly subjects: (fields: unknown) => readonly Party[];
  /** Of the member that wants it shortest. */
  readonly containmentAgeMs: () => number;
  readonly declares: (action: string) => boolean;
  /** The code with which all is denied under such a header; null where something could be allowed. */
  readonly untimely: (header: Header) => Decision["code"] | null;
}

/** What somebody discharges. */
export interface Discharge {
  readonly execution: string;
  readonly action: string;
  readonly fields: unknown;
  /** Of what came of it; null before. */
  readonly outcome: { readonly status: string; readonly result: unknown } | null;
  /** Of this obligation of this release: each attempt has the same, after a restart too. */
  readonly id: string;
  /** Writes an entry about the execution; resolves once it is as durable as the log's mode says. */
  readonly note: (body: EntryBody) => Promise<unknown>;
  readonly signal: AbortSignal;
}

/**
 * Discharges one obligation. May answer with other fields, which are judged anew before anything is released.
 * Rejects or throws where it could not, and then nothing is released; what is due after is tried again.
 */
export type Discharger = (obligation: Obligation, about: Discharge) => Promise<Discharged> | Discharged;

/** Nothing, where the fields are as before. */
// biome-ignore lint/suspicious/noConfusingVoidType: what most handlers give back is nothing
export type Discharged = { readonly fields: unknown } | undefined | void;

/** Verifies a statement about what runs, as this agent. */
export type Attester = (
  envelope: string,
  agent: Party,
  nowMs: number,
) => { readonly ok: true; readonly attested: Attested } | Refusal;

/** Where this node learns of orders. */
export interface OrderSource {
  /**
   * Envelopes of all orders that may still be taken in; what was carried out before changes nothing. Rejects
   * where the source cannot be read: then what is known of containment gets old, until all is denied. The
   * same holds for a source that has less than before: an order that it had stays until it has expired.
   */
  readonly read: () => Promise<readonly string[]>;
}

export type VerifyOrder = (
  envelope: string,
  nowMs: number,
) => { readonly ok: true; readonly order: Ordered } | Refusal;
