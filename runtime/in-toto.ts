/** What our in-toto Statements (version 1) have in common, beside their one written form. */
import { digestBytes } from "./hash.ts";
import { array, type Members, members, refuse, text } from "./shape.ts";
import { label, time, timeText } from "./signed-document.ts";

export const IN_TOTO = "https://in-toto.io/Statement/v1";

/** The members of a statement with a predicate of this type. */
export function readTop(json: unknown, predicateType: string): Members {
  const top = members(json, "statement", ["_type", "predicate", "predicateType", "subject"]);
  if (top._type !== IN_TOTO) refuse("_type", `not ${IN_TOTO}`);
  if (top.predicateType !== predicateType) refuse("predicateType", `not ${predicateType}`);
  return top;
}

/** A ResourceDescriptor, which writes digests as bare hex. */
export function descriptor(name: string, digest: string) {
  if (digestBytes(digest) === null) throw new RangeError(`${name}: not a SHA-256 in the form sha256:…`);
  return { digest: { sha256: digest.slice("sha256:".length) }, name };
}

/** The digest of a descriptor, as `sha256:` and 64 hex digits. */
export function readDigest(json: unknown, where: string): string {
  const digest = members(json, where, ["sha256"]);
  const sha256 = `sha256:${text(digest.sha256, where)}`;
  return digestBytes(sha256) === null ? refuse(where, "not 64 hex digits") : sha256;
}

/** The one subject of a statement. */
export function readSubject(json: unknown): { readonly name: string; readonly digest: string } {
  const [subject, ...others] = array(json, "subject", (value, where) => {
    const given = members(value, where, ["digest", "name"]);
    return {
      digest: readDigest(given.digest, `${where}.digest`),
      name: label(given.name, `${where}.name`),
    };
  });
  return subject === undefined || others.length > 0 ? refuse("subject", "not exactly one") : subject;
}

/** Milliseconds since 1970, years 1 to 9999: from <= now < until. */
export interface Term {
  readonly validFromMs: number;
  readonly validUntilMs: number;
}

export function termJson({ validFromMs, validUntilMs }: Term) {
  return { validFrom: timeText(validFromMs), validUntil: timeText(validUntilMs) };
}

export function readTerm(predicate: Members): Term {
  const validFromMs = time(predicate.validFrom, "validFrom");
  const validUntilMs = time(predicate.validUntil, "validUntil");
  if (validFromMs >= validUntilMs) refuse("validUntil", "not after validFrom");
  return { validFromMs, validUntilMs };
}

export function readAudience(value: unknown): string | null {
  return value === null ? null : label(value, "audience");
}
