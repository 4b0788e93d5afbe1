/** Handlers of obligations: what a host declares, and what it does about each, with a bound on its time. */
import { copyObligations, type HostObligation } from "@polity/runtime/host-obligations.ts";
import type { Discharger } from "../ports.ts";
import { within } from "./within.ts";

/** One obligation that this host knows, with its arguments as policies write their types. */
export interface ObligationHandler {
  readonly declaration: HostObligation;
  readonly discharge: Discharger;
}

export interface Handlers {
  /** For whoever loads evaluators: one that can impose anything else is refused there. */
  readonly known: readonly HostObligation[];
  /** For whoever opens a governor. */
  readonly dischargers: Readonly<Record<string, Discharger>>;
}

/** A wait that can be ended; `GovernorPorts` has it. */
export type Wake = (afterMs: number, run: () => void) => () => void;

export interface HandlerLimits {
  readonly wake: Wake;
  /** For how long one may take; then it has failed. */
  readonly withinMs: number;
}

/** Throws a RangeError where two handlers have one name: nobody could say which of them is meant. */
export function handlersOf(handlers: readonly ObligationHandler[], limits: HandlerLimits): Handlers {
  const byName = new Map<string, Discharger>();
  for (const { declaration, discharge } of handlers) {
    if (byName.has(declaration.name)) throw new RangeError(`two handlers of \`${declaration.name}\``);
    byName.set(declaration.name, bounded(discharge, limits));
  }
  return Object.freeze({
    known: copyObligations(handlers.map(({ declaration }) => declaration)),
    dischargers: Object.freeze(Object.fromEntries(byName)),
  });
}

function bounded(discharge: Discharger, { wake, withinMs }: HandlerLimits): Discharger {
  return (obligation, about) => {
    const message = `\`${obligation.name}\` was not discharged within ${withinMs} ms`;
    return within(wake, withinMs, message, () => discharge(obligation, about));
  };
}
