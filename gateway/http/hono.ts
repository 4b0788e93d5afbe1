/** For Hono, and whatever else has the platform's own `Request` and `Response`. */
import type { Grant } from "@polity/governor/governor.ts";
import type { ApiRequest, ApiResponse } from "./api.ts";
import type { Api } from "./open-api.ts";
import { type GuardOptions, guardRoute } from "./route-guard.ts";

/** As much of Hono's context as is used. */
interface Context {
  readonly error: Error | undefined;
  res: Response;
  set(name: "grant", value: Grant): void;
}

/**
 * Middleware before a route's handler, which finds what was judged in `c.get("grant")`. What it throws, and a
 * response of 500 or above, is written down as a failure.
 */
export function honoGuard<C extends Context>(
  options: GuardOptions<C>,
): (c: C, next: () => Promise<void>) => Promise<Response | undefined> {
  return (c, next) => {
    const run = async (grant: Grant) => {
      c.set("grant", grant);
      await next();
      return { result: undefined, isFailed: c.error !== undefined || c.res.status >= 500 };
    };
    return guardRoute<C, Response | undefined>(options, c, run, responseOf);
  };
}

/** The whole service in the place of a handler: `app.all("/v1/*", (c) => serveFetch(api, c.req.raw))`. */
export async function serveFetch(api: Api, request: Request): Promise<Response> {
  return responseOf(await api.handle(requestOf(request)));
}

function requestOf(request: Request): ApiRequest {
  const { method, url, headers, signal } = request;
  const { pathname, search } = new URL(url);
  return {
    method,
    target: `${pathname}${search}`,
    header: (name) => headers.get(name),
    body: (bytesMax) => bodyOf(request, bytesMax),
    signal,
  };
}

/** Null beyond the bound. */
async function bodyOf(request: Request, bytesMax: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
    size += read.value.length;
    if (size > bytesMax) {
      void reader?.cancel().catch(() => undefined);
      return null;
    }
    chunks.push(read.value);
  }
  return Buffer.concat(chunks);
}

function responseOf({ status, headers, body }: ApiResponse): Response {
  if (typeof body === "string") return new Response(body, { status, headers });
  return new Response(ReadableStream.from(body).pipeThrough(new TextEncoderStream()), { status, headers });
}
