/** Where two entries differ first, in the order of their bytes, and what each says there. */
import { canonicalJson } from "@polity/runtime/json.ts";
import { compareText } from "@polity/runtime/text-order.ts";

export interface Difference {
  /** In bytes from the start of the entry. */
  readonly offset: number;
  /** `members[0].verdict`; empty where the entries are not both JSON. */
  readonly path: string;
  /** Canonical JSON of what each has there; null where it has nothing. */
  readonly logged: string | null;
  readonly replayed: string | null;
}

/** Null where they are the same. Both are canonical JSON. */
export function differenceOf(logged: Uint8Array, replayed: Uint8Array): Difference | null {
  const offset = firstDifferent(logged, replayed);
  if (offset === null) return null;
  const decoder = new TextDecoder();
  const found = compare(JSON.parse(decoder.decode(logged)), JSON.parse(decoder.decode(replayed)), "");
  return { offset, ...(found ?? { path: "", logged: null, replayed: null }) };
}

function firstDifferent(a: Uint8Array, b: Uint8Array): number | null {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) if (a[at] !== b[at]) return at;
  return a.length === b.length ? null : length;
}

type Found = Omit<Difference, "offset">;

/** Both are values of JSON: as deep as entries are. */
function compare(a: unknown, b: unknown, path: string): Found | null {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
      const found = compareMember(a, b, String(at), `${path}[${at}]`);
      if (found !== null) return found;
    }
    return null;
  }
  if (isObject(a) && isObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(compareText);
    for (const key of keys) {
      const found = compareMember(a, b, key, path === "" ? key : `${path}.${key}`);
      if (found !== null) return found;
    }
    return null;
  }
  const [logged, replayed] = [canonicalJson(a), canonicalJson(b)];
  return logged === replayed ? null : { path, logged, replayed };
}

function compareMember(a: object, b: object, key: string, path: string): Found | null {
  const [inA, inB] = [Object.hasOwn(a, key), Object.hasOwn(b, key)];
  const [one, other] = [(a as Members)[key], (b as Members)[key]];
  if (inA && inB) return compare(one, other, path);
  return { path, logged: inA ? canonicalJson(one) : null, replayed: inB ? canonicalJson(other) : null };
}

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
