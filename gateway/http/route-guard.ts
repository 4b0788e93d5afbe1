/**
 * A route of somebody's own service behind a governor: its handler runs where the action is allowed, within
 * `enforce`, or does not run. Servers differ in how they run it (`express.ts`, `hono.ts`).
 */

import type { Authorized, Execution, Governor, Grant, PendingApproval } from "@polity/governor/governor.ts";
import { enforce } from "@polity/governor/index.ts";
import { type ApiResponse, answerJson, refuse } from "./api.ts";

export interface GuardOptions<Context> {
  /** As the policy calls it. */
  readonly action: string;
  /** The action's fields, without who acts. */
  readonly input: (context: Context) => unknown;
  /** On whose behalf; null, or what throws, is refused. */
  readonly execution: (context: Context) => Execution | null | Promise<Execution | null>;
  /** Where what was held may come again: which pending approval a request names, or null. */
  readonly release?: { readonly governor: Governor; readonly pending: (context: Context) => string | null };
}

/** How the handler went: the outcome that is written down. */
export interface Ran<T> {
  readonly result: T;
  readonly isFailed: boolean;
}

/** The handler answered with a failure, which its client gets as it is. */
class RouteFailed extends Error {}

/** `run` runs the handler; whatever it throws is its own failure, and comes back. */
export async function guardRoute<Context, T>(
  options: GuardOptions<Context>,
  context: Context,
  run: (grant: Grant) => Promise<Ran<T>>,
  refuseWith: (response: ApiResponse) => T,
): Promise<T> {
  const found = await executionOf(options.execution, context);
  if (found === null) return refuseWith(refuse("execution.unknown", "this request belongs to no execution"));
  const asked = await ask(options, context, found);
  if (asked === null) {
    return refuseWith(refuse("http.invalid", "the request has not what this action needs"));
  }
  if (asked === "unknown") {
    return refuseWith(refuse("approval.unknown", "nothing of this execution and action waits under this id"));
  }
  let ran: Ran<T> | null = null;
  try {
    return await enforce(asked, {
      async allow(grant) {
        ran = await run(grant);
        if (ran.isFailed) throw new RouteFailed("the handler answered with a failure");
        return ran.result;
      },
      hold: (pending, answer) => refuseWith(heldResponse(pending, answer)),
      refuse: (answer) => refuseWith(refusedResponse(answer)),
    });
  } catch (error) {
    if (error instanceof RouteFailed && ran !== null) return (ran as Ran<T>).result;
    throw error;
  }
}

/**
 * What waits is decided anew, with the fields that were held, whatever the request says now. It has to be of
 * this route and this execution: its handler is not for what was approved elsewhere.
 */
async function ask<Context>(
  { action, input, release }: GuardOptions<Context>,
  context: Context,
  execution: Execution,
): Promise<Authorized | "unknown" | null> {
  let fields: unknown;
  let named: string | null;
  try {
    named = release?.pending(context) ?? null;
    if (named === null) fields = await input(context);
  } catch {
    return null;
  }
  if (release === undefined || named === null) return execution.authorize({ action, fields });
  const held = release.governor.approvals().find(({ id }) => id === named);
  if (held?.execution !== execution.id || held.action !== action) return "unknown";
  return release.governor.release(held.id);
}

async function executionOf<Context>(
  execution: GuardOptions<Context>["execution"],
  context: Context,
): Promise<Execution | null> {
  try {
    return await execution(context);
  } catch {
    return null;
  }
}

/** 403 for every verdict that permits nothing. */
function refusedResponse({ code, reasons, id }: Authorized): ApiResponse {
  return answerJson(403, { error: { code, message: reasons.join("; ") || code, entry: id } });
}

/** 202: taken notice of, and nothing has happened. */
function heldResponse({ id: pending, expiresAt }: PendingApproval, answer: Authorized): ApiResponse {
  const { code, reasons, id } = answer;
  const message = reasons.join("; ") || "it needs an approval";
  return answerJson(202, { held: { code, message, pending, expires_at: expiresAt, entry: id } });
}
