/** For Express, and whatever else passes Node's own request and response on. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Grant } from "@polity/governor/governor.ts";
import type { ApiResponse } from "./api.ts";
import { type GuardOptions, guardRoute } from "./route-guard.ts";

type Next = (error?: unknown) => void;

/** `locals` is Express's own. */
interface Response extends ServerResponse {
  locals?: Record<string, unknown>;
}

/**
 * Middleware before a route's handler, which finds what was judged in `response.locals.grant`. A response of
 * 500 or above, or one that never ends, is written down as a failure.
 */
export function expressGuard<Request extends IncomingMessage>(
  options: GuardOptions<Request>,
): (request: Request, response: Response, next: Next) => void {
  return (request, response, next) => {
    let isPassedOn = false;
    const run = async (grant: Grant) => {
      isPassedOn = true;
      response.locals = { ...response.locals, grant };
      const ended = endOf(response);
      next();
      return { result: undefined, isFailed: !(await ended) || response.statusCode >= 500 };
    };
    const failed = (error: unknown) => {
      // `next` is called once; whoever has the request by now hears of it by the grant's signal.
      if (!isPassedOn) next(error);
    };
    guardRoute(options, request, run, (refusal) => send(response, refusal)).catch(failed);
  };
}

/** Whether the whole response was sent. */
function endOf(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    response.once("close", () => resolve(response.writableFinished));
  });
}

function send(response: ServerResponse, { status, headers, body }: ApiResponse): undefined {
  response.writeHead(status, headers);
  response.end(body);
  return undefined;
}
