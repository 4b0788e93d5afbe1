/**
 * What a trust root is to say, as people write it: the members of the document, with the names of key files
 * in place of keys, and without what goes without saying. It becomes a trust root by being read as one.
 */
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { CanonicalJsonError, canonicalJson } from "@polity/runtime/json.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import { timeText } from "@polity/runtime/signed-document.ts";
import { decodeTrustRoot, ISSUER_KINDS, type TrustRoot } from "@polity/runtime/trust-root.ts";

/** Any JSON object; what in it is no plan is refused when it is read as a trust root. */
export type Plan = Readonly<Record<string, unknown>>;

export type PlannedRoot =
  | { readonly ok: true; readonly root: TrustRoot }
  | { readonly ok: false; readonly message: string };

export interface Planned {
  readonly version: number;
  /** Where the plan does not say it. */
  readonly expiresMs: number;
  readonly minEpoch: number;
  /** By the names that the plan gives them. */
  readonly keys: ReadonlyMap<string, PublicKey>;
}

const NOTE_MS_USUAL = 3_600_000;

export function isPlan(value: unknown): value is Plan {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The names of keys that stand in a plan, each once. */
export function keyNames(plan: Plan): readonly string[] {
  const names = new Set<string>();
  renamed(plan, (name) => {
    names.add(name);
    return name;
  });
  return [...names];
}

/** The trust root that a plan means, or what is wrong with it. */
export function rootOf(plan: Plan, { version, expiresMs, minEpoch, keys }: Planned): PlannedRoot {
  const named = new Map<string, string>();
  const body = renamed(plan, (name) => {
    const key = keys.get(name);
    if (key === undefined) return name;
    named.set(key.id, encodeBase64(key.bytes));
    return key.id;
  });
  const { facts = {}, settings = {}, logs = {}, issuers = {}, ...rest } = body;
  const document = {
    expires: timeText(expiresMs),
    minEpoch,
    ...rest,
    policy: isPlan(body.policy) ? { audiences: [], ...body.policy } : body.policy,
    freshness: isPlan(body.freshness)
      ? { continueMsMax: 0, noteMsMax: NOTE_MS_USUAL, ...body.freshness }
      : body.freshness,
    facts: eachOf(facts, (role) => (isPlan(role) ? { entities: [], tables: [], ...role } : role)),
    settings,
    logs,
    issuers: isPlan(issuers) ? { approval: {}, containment: {}, permit: {}, ...issuers } : issuers,
    keys: Object.fromEntries(named),
    version,
  };
  try {
    // A member that is not there is no member that is null, and would be no JSON.
    const present = Object.entries(document).filter(([, value]) => value !== undefined);
    const read = decodeTrustRoot(utf8(canonicalJson(sorted(Object.fromEntries(present)))));
    return read.ok ? read : { ok: false, message: read.message };
  } catch (error) {
    if (error instanceof CanonicalJsonError) return { ok: false, message: error.message };
    throw error;
  }
}

/** Lists in a trust root are sets: their order says nothing, and the document has them ascending. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.every((one) => typeof one === "string") ? value.toSorted() : value;
  return isPlan(value) ? eachOf(value, sorted) : value;
}

// ---- where names of keys stand

type Rename = (name: string) => string;

function renamed(plan: Plan, rename: Rename): Plan {
  const role = (value: unknown) => (isPlan(value) ? { ...value, keys: list(value.keys, rename) } : value);
  const issuers = (value: unknown) => eachOf(value, (keys) => list(keys, rename));
  const log = (value: unknown) => {
    if (!isPlan(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, size]) => [rename(name), size]));
  };
  const places: Readonly<Record<string, (value: unknown) => unknown>> = {
    root: role,
    policy: role,
    freshness: role,
    facts: (value) => eachOf(value, role),
    settings: (value) => eachOf(value, role),
    logs: (value) => eachOf(value, log),
    issuers: (value) =>
      eachOf(value, (of, kind) => (ISSUER_KINDS.some((known) => known === kind) ? issuers(of) : of)),
  };
  const entries = Object.entries(plan).map(([member, value]) => {
    return [member, Object.hasOwn(places, member) ? places[member]!(value) : value] as const;
  });
  return Object.fromEntries(entries);
}

function list(keys: unknown, rename: Rename): unknown {
  if (!Array.isArray(keys)) return keys;
  return keys.map((name: unknown) => (typeof name === "string" ? rename(name) : name));
}

function eachOf(value: unknown, change: (value: unknown, name: string) => unknown): unknown {
  if (!isPlan(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, change(one, name)]));
}
