/**
 * Any function of ours behind a governor: it is asked before each call, the function gets what was judged and
 * nothing else, and what came of it is written down.
 */

import type {
  Authorized,
  Execution,
  Governor,
  Grant,
  Handlers,
  PendingApproval,
} from "@polity/governor/governor.ts";
import { enforce } from "@polity/governor/index.ts";
import { currentExecution } from "./current-execution.ts";

/** Nothing has happened: the message says why, for an agent too. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly code: string;
  /** Null where nobody could be asked. */
  readonly answer: Authorized | null;

  constructor(code: string, message: string, answer: Authorized | null) {
    super(message);
    this.code = code;
    this.answer = answer;
  }
}

/** Nothing has happened yet: somebody has to approve. */
export class Held extends Error {
  override readonly name = "Held";
  readonly pending: PendingApproval;
  readonly answer: Authorized;

  constructor(pending: PendingApproval, answer: Authorized) {
    super(`held: ${because(answer, "it needs an approval")}`);
    this.pending = pending;
    this.answer = answer;
  }
}

export interface GovernOptions<Args extends readonly unknown[], Fields, T> {
  /** As the policy calls it. */
  readonly action: string;
  /** The action's fields, without who acts: all that the function will know of its arguments. */
  readonly input: (...args: Args) => Fields;
  /** Whose step it is (default: the execution of `runIn`). */
  readonly execution?: () => Execution | null;
  /** In place of throwing `Held`. */
  readonly hold?: (pending: PendingApproval, answer: Authorized) => Promise<T> | T;
  /** In place of throwing `Refused`. */
  readonly refuse?: (answer: Authorized) => Promise<T> | T;
}

export interface Governed<Args extends readonly unknown[], T> {
  (...args: Args): Promise<T>;
  /**
   * Runs what was held, if it is allowed by now: with the fields that were held, decided anew. What waits for
   * another action is `approval.unknown`, and waits on.
   */
  readonly resume: (governor: Governor, held: Held | PendingApproval) => Promise<T>;
}

/**
 * `fn` gets the fields in the form in which rules saw them (paths without detours, sets in order, times as
 * text), and who acts among them; `signal` aborts when it may run no longer.
 */
export function govern<Args extends readonly unknown[], Fields, T>(
  fn: (fields: Fields, grant: Grant) => Promise<T> | T,
  options: GovernOptions<Args, Fields, T>,
): Governed<Args, T> {
  const { action, input, execution = currentExecution } = options;
  const handlers: Handlers<T> = {
    allow: (grant) => fn(grant.fields as Fields, grant),
    hold: options.hold ?? throwHeld,
    refuse: options.refuse ?? throwRefused,
  };
  const governed = async (...args: Args): Promise<T> => {
    const current = execution();
    if (current === null) {
      const advice = "begin one, and call this in `runIn(execution, …)`";
      throw new Refused("execution.unknown", `${action} is no step of any execution: ${advice}`, null);
    }
    return enforce(await current.authorize({ action, fields: input(...args) }), handlers);
  };
  const resume = async (governor: Governor, held: Held | PendingApproval): Promise<T> => {
    const { id } = held instanceof Held ? held.pending : held;
    const waits = governor.approvals().find((one) => one.id === id);
    // This function is not for what was approved for another.
    if (waits !== undefined && waits.action !== action)
      throw new Refused("approval.unknown", `\`${id}\` waits for ${waits.action}, not for ${action}`, null);
    return enforce(await governor.release(id), handlers);
  };
  return Object.assign(governed, { resume });
}

function throwHeld(pending: PendingApproval, answer: Authorized): never {
  throw new Held(pending, answer);
}

function throwRefused(answer: Authorized): never {
  throw new Refused(answer.code, `refused: ${because(answer, answer.code)}`, answer);
}

function because({ reasons }: Authorized, usual: string): string {
  return reasons.length === 0 ? usual : reasons.join("; ");
}
