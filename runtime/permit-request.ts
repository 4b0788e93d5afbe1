/** How a request is named in a permit, by hosts and by services that know no policy. */
import { digestName, type Sha256, utf8 } from "./hash.ts";
import { hmacSha256 } from "./hmac.ts";
import { canonicalJson } from "./json.ts";

/** Far above what any evaluator takes. */
const REQUEST_LENGTH_MAX = 8 * 1024 * 1024;

const PREFIX = utf8("polity/permit/v1\0");

/**
 * The canonical JSON of a request, for a service that does not get it from the host but builds it of its own
 * values. They have to be in the form that docs/permits.md lists for each type: a decimal as text without
 * needless zeros, a time as RFC 3339 with `Z`, and so on. Throws a CanonicalJsonError for what is no JSON.
 */
export function permitRequest(
  action: string,
  fields: Readonly<Record<string, unknown>>,
  entities: readonly unknown[] = [],
): string {
  return canonicalJson({ action, ...(entities.length === 0 ? {} : { entities }), fields });
}

/** In UTF-8; null for what no host writes. Ill-formed text would have the bytes of another one. */
export function requestBytes(json: unknown): Uint8Array | null {
  if (typeof json !== "string" || json.length > REQUEST_LENGTH_MAX || !json.isWellFormed()) return null;
  return utf8(json);
}

/**
 *     HMAC-SHA256(salt, "polity/permit/v1" 00 SHA-256 of the request's canonical JSON)
 *
 * Two permits for one request do not show that they are; whoever has permit and request sees that they fit.
 */
export function permitCommitment(request: Uint8Array, salt: Uint8Array, sha256: Sha256): string {
  const message = new Uint8Array(PREFIX.length + 32);
  message.set(PREFIX);
  message.set(sha256(request), PREFIX.length);
  return digestName(hmacSha256(sha256, salt, message));
}
