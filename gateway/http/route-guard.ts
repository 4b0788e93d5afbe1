/**
 * A route of somebody's own service behind a governor: its handler runs where the action is allowed, within
 * `enforce`, or does not run. Servers differ in how they run it (`express.ts`, `hono.ts`).
 */

import type { Authorized, Execution, Grant, PendingApproval } from "@polity/governor/governor.ts";
import { enforce } from "@polity/governor/index.ts";
import { type ApiResponse, answerJson, refuse } from "./api.ts";

export interface GuardOptions<Context> {
  /** As the policy calls it. */
  readonly action: string;
  /** The action's fields, without who acts. */
  readonly input: (context: Context) => unknown;
  /** On whose behalf; null, or what throws, is refused. */
  readonly execution: (context: Context) => Execution | null | Promise<Execution | null>;
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
  { action, input, execution }: GuardOptions<Context>,
  context: Context,
  run: (grant: Grant) => Promise<Ran<T>>,
  refuseWith: (response: ApiResponse) => T,
): Promise<T> {
  const found = await executionOf(execution, context);
  if (found === null) return refuseWith(refuse("execution.unknown", "this request belongs to no execution"));
  let fields: unknown;
  try {
    fields = await input(context);
  } catch {
    return refuseWith(refuse("http.invalid", "the request has not what this action needs"));
  }
  let ran: Ran<T> | null = null;
  try {
    return await enforce(await found.authorize({ action, fields }), {
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
