/** Streams of requests. */
import type { Header } from "./header.ts";

/** One request of a stream. */
export interface StreamRequest {
  readonly action: string;
  readonly fields: unknown;
  /** What the request carries. */
  readonly entities?: unknown;
  /** Left out: the one that is given for all. */
  readonly header?: Header;
}

/** A host or a policy set. */
export interface Decider<Decision> {
  readonly decide: (action: string, fields: unknown, header: Header, entities?: unknown) => Decision;
}

/**
 * The decisions on a stream of requests, one for each and in their order. A request is taken from its source
 * when its decision is asked for, and none is kept: who reads slowly makes the source wait. `header` is for
 * all requests that bring none; a function is called for each of these, so that `now` can be the time of the
 * decision. What is no request names no action, and is denied for that. Throws what the source throws.
 */
export async function* decideMany<Decision>(
  { decide }: Decider<Decision>,
  requests: Iterable<StreamRequest> | AsyncIterable<StreamRequest>,
  header: Header | (() => Header),
): AsyncGenerator<Decision, void, undefined> {
  for await (const request of requests) yield decideOne(decide, request, header);
}

function decideOne<Decision>(
  decide: Decider<Decision>["decide"],
  request: StreamRequest,
  header: Header | (() => Header),
): Decision {
  const { action, fields, entities, header: own = headerOf(header) } = readRequest(request);
  return decide(action, fields, own, entities);
}

export function headerOf(header: Header | (() => Header)): Header {
  return typeof header === "function" ? header() : header;
}

const NO_REQUEST: StreamRequest = { action: "", fields: null };

/** Each property once. */
export function readRequest(request: unknown): StreamRequest {
  if (typeof request !== "object" || request === null) return NO_REQUEST;
  try {
    const { action, fields, entities, header } = request as StreamRequest;
    return { action, fields, entities, ...(header !== undefined && { header }) };
  } catch {
    return NO_REQUEST;
  }
}
