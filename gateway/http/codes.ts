/** What the service itself refuses with, and the status of HTTP that goes with each code. */

interface Meaning {
  readonly status: number;
  readonly says: string;
}

export const HTTP_CODES = {
  "http.not_found": { status: 404, says: "there is nothing here" },
  "http.method": { status: 405, says: "this path takes another method" },
  "http.content_type": { status: 415, says: "a body is application/json in UTF-8, and not encoded" },
  "http.malformed": { status: 400, says: "this is no HTTP request, or its body is no JSON" },
  "http.invalid": { status: 400, says: "the body has not the form that the document describes" },
  "http.too_large": { status: 413, says: "the body is larger than this service takes" },
  "http.headers": { status: 431, says: "the header is larger than this service takes" },
  "http.slow": { status: 408, says: "the request did not come in time" },
  "http.busy": { status: 429, says: "as many requests are under way as may be: come again" },
  "http.crowded": { status: 503, says: "as many connections are open as may be: come again" },
  "http.late": { status: 503, says: "no answer in time; what would have been released is not" },
  "http.closing": { status: 503, says: "this service takes no more requests" },
  "http.failed": { status: 500, says: "something in the service is broken; nothing is released" },
  "api_key.missing": { status: 401, says: "no key: send `authorization: Bearer KEY`" },
  "api_key.unknown": { status: 401, says: "nobody here knows this key" },
  "api_key.scope": { status: 403, says: "this key is not for that" },
} as const satisfies Readonly<Record<string, Meaning>>;

export type HttpCode = keyof typeof HTTP_CODES;

/** Codes of governors that are not a conflict with what is there. */
const STATUSES: ReadonlyMap<string, number> = new Map([
  ["execution.unknown", 404],
  ["execution.too_many", 429],
  ["approval.unknown", 404],
  ["step.invalid", 400],
  ["execution.invalid", 400],
  ["order.malformed", 400],
  ["approval.malformed", 400],
  ["attestation.malformed", 400],
  ["order.unsigned", 403],
  ["approval.unsigned", 403],
  ["approval.named", 403],
  ["attestation.unsigned", 403],
  ["attestation.wrong_agent", 403],
  ["subject.quarantined", 403],
  ["subject.terminated", 403],
]);

export function statusOf(code: string): number {
  if (Object.hasOwn(HTTP_CODES, code)) return HTTP_CODES[code as HttpCode].status;
  return STATUSES.get(code) ?? (code.startsWith("governor.") ? 503 : 409);
}
