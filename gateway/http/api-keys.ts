/**
 * The keys of a service's clients. A file has the SHA-256 of each, never the key: keys are 256 random bits,
 * so that nothing is gained by a slower hash. A file is canonical JSON, and is read by what writes it.
 */
import type { Party } from "@polity/lineage/entry.ts";
import { digestBytes, digestName, type Sha256, utf8 } from "@polity/runtime/hash.ts";
import { canonicalJson, parseJson } from "@polity/runtime/json.ts";

/** What a key may be used for. */
export const API_RIGHTS = ["decide", "execute", "approve", "order"] as const;
export type ApiRight = (typeof API_RIGHTS)[number];

export interface ApiKey {
  /** Who has it, for logs and for taking it back. */
  readonly name: string;
  /** `sha256:` and 64 hex digits. */
  readonly hash: string;
  /** Those that it may speak for; null: any. */
  readonly agents: readonly Party[] | null;
  /** Null: any. */
  readonly actions: readonly string[] | null;
  readonly may: readonly ApiRight[];
}

export type ApiKeysResult =
  | { readonly ok: true; readonly keys: readonly ApiKey[] }
  | { readonly ok: false; readonly message: string };

const KEY_START = "pol_";
const KEY_BYTES = 32;
/** What a client presents; everything longer is none without being looked at. */
const KEY = /^pol_[A-Za-z0-9_-]{43}$/;
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const API_KEYS_MAX = 1_000;
const FILE_CHARACTERS_MAX = 4 * 1024 * 1024;
const TEXT_MAX = 256;

export function isApiKeyName(name: string): boolean {
  return NAME.test(name);
}

/** A fresh key: to be shown once. */
export function makeApiKey(randomBytes: (count: number) => Uint8Array): string {
  return `${KEY_START}${Buffer.from(randomBytes(KEY_BYTES)).toString("base64url")}`;
}

export function hashApiKey(key: string, sha256: Sha256): string {
  return digestName(sha256(utf8(key)));
}

/** The text of a file with these, in the order of their names. */
export function encodeApiKeys(keys: readonly ApiKey[]): string {
  const sorted = [...keys].sort((a, b) => (a.name < b.name ? -1 : 1));
  return `${canonicalJson({ v: 1, keys: sorted })}\n`;
}

/** Only what `encodeApiKeys` writes. */
export function decodeApiKeys(text: string): ApiKeysResult {
  const parsed = parseJson(text, { sizeMax: FILE_CHARACTERS_MAX, depthMax: 8 });
  if (!parsed.ok) return refuse(`${parsed.message} (character ${parsed.offset + 1})`);
  const { value } = parsed;
  if (!isObject(value, ["keys", "v"]) || value.v !== 1 || !Array.isArray(value.keys)) {
    return refuse('a file of keys is {"keys":[…],"v":1}');
  }
  if (value.keys.length > API_KEYS_MAX) return refuse(`a file has at most ${API_KEYS_MAX} keys`);
  for (const [at, one] of value.keys.entries()) {
    if (!isKey(one)) return refuse(`key ${at + 1} is none that pol api-key add writes`);
  }
  const keys = value.keys as readonly ApiKey[];
  if (encodeApiKeys(keys) !== text) return refuse("the file was changed by hand: pol api-key writes it");
  if (new Set(keys.map(({ name }) => name)).size < keys.length) return refuse("a name is there twice");
  if (new Set(keys.map(({ hash }) => hash)).size < keys.length) return refuse("a key is there twice");
  return { ok: true, keys };
}

function refuse(message: string): ApiKeysResult {
  return { ok: false, message };
}

function isObject(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.keys(value).sort().join() === names.join();
}

function isKey(value: unknown): value is ApiKey {
  if (!isObject(value, ["actions", "agents", "hash", "may", "name"])) return false;
  const { name, hash, agents, actions, may } = value;
  const isMay = Array.isArray(may) && may.length > 0 && may.every((one) => API_RIGHTS.includes(one));
  return (
    typeof name === "string" &&
    isApiKeyName(name) &&
    typeof hash === "string" &&
    digestBytes(hash) !== null &&
    isMay &&
    (agents === null || (Array.isArray(agents) && agents.every(isParty))) &&
    (actions === null || (Array.isArray(actions) && actions.every(isText)))
  );
}

function isParty(value: unknown): boolean {
  return isObject(value, ["id", "type"]) && isText(value.type) && isText(value.id);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length <= TEXT_MAX;
}

// ---- finding one

export interface ApiKeys {
  readonly count: number;
  /** Takes the same time wherever the key stands, and however much of it is right. */
  readonly find: (presented: string) => ApiKey | null;
  /** Of one that was found before: as it is now. */
  readonly current: (hash: string) => ApiKey | null;
}

export function openApiKeys(keys: readonly ApiKey[], sha256: Sha256): ApiKeys {
  const hashes = keys.map(({ hash }) => digestBytes(hash)!);
  return Object.freeze({
    count: keys.length,
    current: (hash: string) => keys.find((one) => one.hash === hash) ?? null,
    find(presented: string): ApiKey | null {
      if (!KEY.test(presented)) return null;
      const hash = sha256(utf8(presented));
      let found = -1;
      for (let at = 0; at < hashes.length; at += 1) {
        const other = hashes[at]!;
        let difference = 0;
        for (let byte = 0; byte < 32; byte += 1) difference |= hash[byte]! ^ other[byte]!;
        // Without a branch: -1 where nothing differs, else 0.
        const same = (difference - 1) >> 31;
        found = (found & ~same) | (at & same);
      }
      return found < 0 ? null : keys[found]!;
    },
  });
}

export function maySpeakFor({ agents }: ApiKey, { type, id }: Party): boolean {
  return agents === null || agents.some((one) => one.type === type && one.id === id);
}

export function mayAsk({ actions }: ApiKey, action: string): boolean {
  return actions === null || actions.includes(action);
}
