/**
 * The trust root: one signed document that says whose keys count, for what, and how many of them it takes.
 * Everything else that is signed is checked against it. It travels as canonical JSON in a DSSE envelope of a
 * payload type of its own; `trust-walk.ts` goes from one version to the next.
 */
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { digestBytes } from "./hash.ts";
import { canonicalJson } from "./json.ts";
import { type PublicKey, publicKeyOf } from "./keys.ts";
import { array, ascending, integer, type Members, members, name, refuse, text } from "./shape.ts";
import {
  DOCUMENT_BYTES_MAX,
  type DocumentForm,
  decodeDocument,
  encodeDocument,
  isLabel,
  label,
  time,
  timeText,
} from "./signed-document.ts";

/** Keys by id, ascending, and how many of them must have signed: 1 to 8, never more than there are. */
export interface Role {
  readonly keys: readonly string[];
  readonly threshold: number;
}

/** Whoever signs epochs: the manifests of policy sets. */
export interface PolicyRole extends Role {
  /** The policy sets that it may sign, at least one. */
  readonly sets: readonly string[];
  /** The places for which it may sign; none: only for no place in particular. */
  readonly audiences: readonly string[];
}

/** Whoever says which epoch is the latest one. Its keys are online, so it can say nothing else. */
export interface FreshnessRole extends Role {
  /** How long one note may hold, in milliseconds, at least 1: what a stolen key can freeze a host for. */
  readonly noteMsMax: number;
  /** How long a host may go on after its last note, where it is set up to do so; 0: not at all. */
  readonly continueMsMax: number;
}

/** Whoever supplies facts: rows of these tables, entities of these types, and no others. */
export interface FactsRole extends Role {
  readonly entities: readonly string[];
  readonly tables: readonly string[];
}

export interface SettingsRole extends Role {
  /** At least one. */
  readonly settings: readonly string[];
}

export interface LogKey {
  readonly key: string;
  /** The largest tree that the key may have signed for; null: any. A key that was replaced has a size. */
  readonly sizeMax: number | null;
}

/** What single documents may be signed for, by services that have a name. */
export const ISSUER_KINDS = ["approval", "attestation", "containment", "permit", "trust"] as const;

/**
 * `approval`: that somebody approved a request; approvers are named as `approverName` does. `attestation`:
 * what a workload is. `containment`: that somebody is quarantined, terminated or free. `permit`: that a
 * decision was made, for services downstream. `trust`: how far an agent, a workload or a zone is trusted.
 */
export type IssuerKind = (typeof ISSUER_KINDS)[number];

/** Of these a document says nothing where there are none: so documents stay as they were before them. */
const LATER_KINDS = ["attestation", "trust"] as const satisfies readonly IssuerKind[];
const FIRST_KINDS = ISSUER_KINDS.filter((kind) => !LATER_KINDS.some((later) => later === kind));

/** Names of issuers, each with its keys: one of them is enough. */
export type Issuers = ReadonlyMap<string, readonly string[]>;

export interface TrustRoot {
  /** What it governs: text of 1 to 255 characters without control characters, the same in all versions. */
  readonly name: string;
  /** 1 to 2^53-1; each is one more than the one before. */
  readonly version: number;
  /** Milliseconds since 1970, years 1 to 9999: good while now < expires. */
  readonly expiresMs: number;
  /** No epoch below may be activated; 0 to 2^53-1. */
  readonly minEpoch: number;
  /** By id; each is of some role, log or issuer, and those name no others. At most 128. */
  readonly keys: ReadonlyMap<string, PublicKey>;
  readonly root: Role;
  readonly policy: PolicyRole;
  readonly freshness: FreshnessRole;
  /** By a name that messages use. */
  readonly facts: ReadonlyMap<string, FactsRole>;
  readonly settings: ReadonlyMap<string, SettingsRole>;
  /** By origin. */
  readonly logs: ReadonlyMap<string, readonly LogKey[]>;
  readonly issuers: Readonly<Record<IssuerKind, Issuers>>;
}

export const TRUST_ROOT_TYPE = "application/vnd.polity.trust-root.v1+json";

export type TrustRootCode = "trust.malformed" | "trust.weak_key";

export type TrustRootResult =
  | { readonly ok: true; readonly root: TrustRoot }
  | { readonly ok: false; readonly code: TrustRootCode; readonly message: string };

/** One envelope has 16 signatures, and a rotation needs two thresholds of them. */
const THRESHOLD_MAX = 8;
const KEYS_MAX = 128;
const KEY_BYTES = 32;
/** Of names of one kind in one place. */
const NAMES_MAX = 1024;
const COUNT_MAX = Number.MAX_SAFE_INTEGER;
/** The keys' bytes, not yet looked at: whether they are safe costs a millisecond each. */
type Draft = Omit<TrustRoot, "keys"> & { readonly keys: ReadonlyMap<string, Uint8Array> };

/** Canonical JSON in UTF-8; throws for what `decodeTrustRoot` would refuse. */
export function encodeTrustRoot(root: TrustRoot): Uint8Array {
  const keys = new Map([...root.keys].map(([id, { bytes }]) => [id, bytes]));
  const bytes = encodeDocument(FORM, { ...root, keys }, "trust root");
  const read = decodeTrustRoot(bytes);
  if (!read.ok) throw new RangeError(`no trust root: ${read.message}`);
  return bytes;
}

/** Only what `encodeTrustRoot` wrote, with keys that no two verifiers disagree about. Never throws. */
export function decodeTrustRoot(bytes: Uint8Array): TrustRootResult {
  const read = decodeDocument(FORM, bytes);
  if (!read.ok) return { ok: false, code: "trust.malformed", message: read.message };
  const keys = new Map<string, PublicKey>();
  for (const [id, raw] of read.value.keys) {
    const admitted = publicKeyOf(raw);
    if (!admitted.ok) return { ok: false, code: "trust.weak_key", message: `${id}: ${admitted.message}` };
    const { key } = admitted;
    if (key.id !== id) return { ok: false, code: "trust.malformed", message: `${id} is the key ${key.id}` };
    keys.set(id, key);
  }
  return { ok: true, root: { ...read.value, keys } };
}

/** The keys of a role by id, as `signersOf` takes them. */
export function keysOf(root: TrustRoot, ids: readonly string[]): ReadonlyMap<string, PublicKey> {
  const keys = new Map<string, PublicKey>();
  for (const id of ids) {
    const key = root.keys.get(id);
    if (key !== undefined) keys.set(id, key);
  }
  return keys;
}

// ---- the written form

function write(root: Draft): string {
  const { name: governs, version, expiresMs, minEpoch, policy, freshness, issuers } = root;
  const named = ISSUER_KINDS.filter((kind) => FIRST_KINDS.includes(kind) || issuers[kind].size > 0);
  return canonicalJson({
    expires: timeText(expiresMs),
    facts: object(root.facts, ({ entities, tables, ...role }) => ({ ...roleJson(role), entities, tables })),
    freshness: {
      ...roleJson(freshness),
      continueMsMax: freshness.continueMsMax,
      noteMsMax: freshness.noteMsMax,
    },
    issuers: Object.fromEntries(named.map((kind) => [kind, object(issuers[kind], same)])),
    keys: object(root.keys, encodeBase64),
    logs: object(root.logs, (keys) => object(new Map(keys.map(({ key, sizeMax }) => [key, sizeMax])), same)),
    minEpoch,
    name: governs,
    policy: { ...roleJson(policy), audiences: policy.audiences, sets: policy.sets },
    root: roleJson(root.root),
    settings: object(root.settings, ({ settings, ...role }) => ({ ...roleJson(role), settings })),
    version,
  });
}

function roleJson({ keys, threshold }: Role): Readonly<Record<string, unknown>> {
  return { keys, threshold };
}

function same<T>(value: T): T {
  return value;
}

/** Names that users chose may be any, `__proto__` too. */
function object<T>(map: ReadonlyMap<string, T>, json: (value: T) => unknown): unknown {
  return Object.fromEntries([...map].map(([key, value]) => [key, json(value)]));
}

// ---- reading it

const TOP: readonly string[] = [
  "expires",
  "facts",
  "freshness",
  "issuers",
  "keys",
  "logs",
  "minEpoch",
  "name",
  "policy",
  "root",
  "settings",
  "version",
];

function read(json: unknown): Draft {
  const top = members(json, "trust root", TOP);
  const issuers = members(top.issuers, "issuers", FIRST_KINDS, LATER_KINDS);
  const issuersOf = (kind: IssuerKind) => readIssuers(issuers[kind], `issuers.${kind}`);
  const draft: Draft = {
    name: label(top.name, "name"),
    version: integer(top.version, "version", 1, COUNT_MAX),
    expiresMs: time(top.expires, "expires"),
    minEpoch: integer(top.minEpoch, "minEpoch", 0, COUNT_MAX),
    keys: map(top.keys, "keys", keyBytes),
    root: readRole(members(top.root, "root", ROLE), "root"),
    policy: readPolicy(top.policy, "policy"),
    freshness: readFreshness(top.freshness, "freshness"),
    facts: map(top.facts, "facts", readFacts),
    settings: map(top.settings, "settings", readSettings),
    logs: map(top.logs, "logs", readLog),
    issuers: {
      approval: issuersOf("approval"),
      attestation: issuersOf("attestation"),
      containment: issuersOf("containment"),
      permit: issuersOf("permit"),
      trust: issuersOf("trust"),
    },
  };
  checkKeys(draft);
  return draft;
}

const ROLE: readonly string[] = ["keys", "threshold"];

function readRole({ keys, threshold }: Members, where: string): Role {
  const ids = keyIds(keys, where);
  const count = integer(threshold, `${where}.threshold`, 1, THRESHOLD_MAX);
  if (count > ids.length) refuse(`${where}.threshold`, `${count} is more than its keys, ${ids.length}`);
  return { keys: ids, threshold: count };
}

function readPolicy(json: unknown, where: string): PolicyRole {
  const given = members(json, where, [...ROLE, "audiences", "sets"]);
  return {
    ...readRole(given, where),
    sets: names(given.sets, `${where}.sets`, label, 1),
    audiences: names(given.audiences, `${where}.audiences`, label, 0),
  };
}

function readFreshness(json: unknown, where: string): FreshnessRole {
  const given = members(json, where, [...ROLE, "continueMsMax", "noteMsMax"]);
  return {
    ...readRole(given, where),
    noteMsMax: integer(given.noteMsMax, `${where}.noteMsMax`, 1, COUNT_MAX),
    continueMsMax: integer(given.continueMsMax, `${where}.continueMsMax`, 0, COUNT_MAX),
  };
}

function readFacts(json: unknown, where: string): FactsRole {
  const given = members(json, where, [...ROLE, "entities", "tables"]);
  const entities = names(given.entities, `${where}.entities`, name, 0);
  const tables = names(given.tables, `${where}.tables`, name, 0);
  if (entities.length + tables.length === 0) refuse(where, "neither entities nor tables");
  return { ...readRole(given, where), entities, tables };
}

function readSettings(json: unknown, where: string): SettingsRole {
  const given = members(json, where, [...ROLE, "settings"]);
  return { ...readRole(given, where), settings: names(given.settings, `${where}.settings`, name, 1) };
}

/** The name of an origin is that of a key in signed notes: without white space and `+`. */
function readLog(json: unknown, where: string, origin: string): readonly LogKey[] {
  if (/[\p{White_Space}+]/u.test(origin)) refuse(where, "an origin has neither white space nor `+`");
  const sizes = map(json, where, (size, at) => {
    return size === null ? null : integer(size, at, 0, COUNT_MAX);
  });
  if (sizes.size === 0) refuse(where, "no keys");
  return [...sizes].map(([key, sizeMax]) => ({ key, sizeMax }));
}

/** A member that may be left out never stands there empty: of each root there is one text. */
function readIssuers(json: unknown, where: string): Issuers {
  const isLater = LATER_KINDS.some((kind) => where === `issuers.${kind}`);
  if (isLater && json === undefined) return new Map();
  const read = map(json, where, readIssuer);
  return isLater && read.size === 0 ? refuse(where, "empty: leave it out") : read;
}

function readIssuer(json: unknown, where: string): readonly string[] {
  return keyIds(json, where);
}

function keyIds(json: unknown, where: string): readonly string[] {
  const ids = array(json, `${where}.keys`, keyId);
  if (ids.length < 1 || ids.length > KEYS_MAX) refuse(`${where}.keys`, `not 1 to ${KEYS_MAX}`);
  ascending(ids, `${where}.keys`);
  return ids;
}

function keyId(json: unknown, where: string): string {
  const id = text(json, where);
  return digestBytes(id) === null ? refuse(where, "not `sha256:` and 64 hex digits") : id;
}

function keyBytes(json: unknown, where: string, id: string): Uint8Array {
  keyId(id, where);
  const bytes = decodeBase64(text(json, where));
  return bytes?.length === KEY_BYTES ? bytes : refuse(where, `not the base64 of ${KEY_BYTES} bytes`);
}

function names(
  json: unknown,
  where: string,
  read: (value: unknown, where: string) => string,
  min: number,
): readonly string[] {
  const given = array(json, where, read);
  if (given.length < min || given.length > NAMES_MAX) refuse(where, `not ${min} to ${NAMES_MAX}`);
  ascending(given, where);
  return given;
}

/** Members in the order of their names, which is that of canonical JSON. */
function map<T>(
  json: unknown,
  where: string,
  read: (value: unknown, where: string, key: string) => T,
): ReadonlyMap<string, T> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) refuse(where, "not an object");
  const entries = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length > NAMES_MAX) refuse(where, `more than ${NAMES_MAX} members`);
  return new Map(
    entries.map(([key, value]) => {
      if (!isLabel(key)) refuse(where, "a name is not 1 to 255 characters without control characters");
      return [key, read(value, `${where}.${key}`, key)] as const;
    }),
  );
}

/** A key that nobody names would be trusted by accident one day; a role without its key can never sign. */
function checkKeys({ keys, root, policy, freshness, facts, settings, logs, issuers }: Draft): void {
  if (keys.size > KEYS_MAX) refuse("keys", `more than ${KEYS_MAX}`);
  const named = new Set<string>();
  const roles = [root, policy, freshness, ...facts.values(), ...settings.values()];
  for (const role of roles) for (const id of role.keys) named.add(id);
  for (const log of logs.values()) for (const { key } of log) named.add(key);
  for (const kind of ISSUER_KINDS) {
    for (const ids of issuers[kind].values()) for (const id of ids) named.add(id);
  }
  for (const id of named) if (!keys.has(id)) refuse("keys", `${id} is named and not there`);
  for (const id of keys.keys()) if (!named.has(id)) refuse("keys", `${id} is there and nobody names it`);
}

const FORM: DocumentForm<Draft> = { bytesMax: DOCUMENT_BYTES_MAX, depthMax: 5, read, write };
