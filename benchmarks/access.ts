/**
 * The rule with 5 fields: who may do what with a document. Administrators and owners may do everything;
 * people may read and write their own documents while these are not locked. examples/access says it in pol.
 */
import { random } from "./random.ts";

export interface Access {
  readonly role: string;
  readonly owner: string;
  readonly user: string;
  readonly verb: string;
  readonly locked: boolean;
}

/** Answers one request; true permits. */
export type Ask = (request: Access) => boolean;

/** A power of two, so that the next request costs the loop next to nothing. */
export const REQUESTS = 512;

/** As a server has them: parsed from JSON, so that no string is shared with the code that compares it. */
export function requests(seed: number): readonly Access[] {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const people = Array.from({ length: 24 }, (_, i) => `user-${i}`);
  const made = Array.from({ length: REQUESTS }, () => ({
    role: pick(["admin", "owner", "member", "member", "guest", "auditor"]),
    owner: pick(people),
    user: next() < 0.5 ? "user-3" : pick(people),
    verb: pick(["read", "write", "delete", "share"]),
    locked: next() < 0.2,
  }));
  return made.map((request) => JSON.parse(JSON.stringify(request)) as Access);
}

export function byHand(request: Access): boolean {
  if (request.role === "admin" || request.role === "owner") return true;
  const { owner, user, verb, locked } = request;
  return owner === user && (verb === "read" || verb === "write") && !locked;
}
