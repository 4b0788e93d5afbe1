/** Whose permits count for a service: keys that it lists, or those of a trust root. */
import { type PublicKey, publicKeyOf } from "./keys.ts";
import { isLabel } from "./signed-document.ts";
import { dutiesOf } from "./trust-duties.ts";
import type { TrustRoot } from "./trust-root.ts";
import type { TrustWalk } from "./trust-walk.ts";

/** A key, and who may issue permits with it. */
export interface PermitKey {
  readonly issuer: string;
  readonly key: PublicKey;
}

/** A code and what is said of it. */
type Why = readonly ["permit.removed_key" | "permit.foreign_key" | "permit.wrong_key", string];

export interface PermitKeys {
  readonly byId: ReadonlyMap<string, { readonly issuers: readonly string[]; readonly bytes: Uint8Array }>;
  /** Until when they count, in milliseconds since 1970. */
  readonly untilMs: number;
  /** Of a key that is not there. */
  readonly whyNot: (id: string) => Why;
}

const KEYS_MAX = 64;

/** Text says what is wrong. */
export function listedKeys(given: unknown): PermitKeys | string {
  if (!Array.isArray(given) || given.length < 1 || given.length > KEYS_MAX)
    return `not 1 to ${KEYS_MAX} keys`;
  const byId = new Map<string, { readonly issuers: readonly string[]; readonly bytes: Uint8Array }>();
  for (let at = 0; at < given.length; at += 1) {
    const { issuer, key } = given[at] as PermitKey;
    if (!isLabel(issuer)) return `keys[${at}]: \`issuer\` is no name`;
    const { bytes, id } = soundKey(key) ?? {};
    if (bytes === undefined || id === undefined) return `keys[${at}]: no key that could be trusted`;
    if ((byId.get(id)?.issuers[0] ?? issuer) !== issuer) return `keys[${at}]: one key for two issuers`;
    byId.set(id, { issuers: [issuer], bytes });
  }
  return { byId, untilMs: Number.POSITIVE_INFINITY, whyNot: untrusted };
}

/** What was read of a root stays: it is asked for each permit. */
const known = new WeakMap<TrustRoot, PermitKeys["byId"]>();

export function rootedPermitKeys({ root, path }: TrustWalk): PermitKeys | string {
  if (!Number.isSafeInteger(root.expiresMs) || !Array.isArray(path)) return "`trust` is no trust root";
  const byId = known.get(root) ?? issuedBy(root);
  if (byId === null) return "`trust` has a key that could not be trusted";
  known.set(root, byId);
  return { byId, untilMs: root.expiresMs, whyNot };

  function whyNot(id: string): Why {
    const earlier = path.findLast(({ root: { issuers } }) => namedIn(issuers.permit, id));
    if (earlier !== undefined) {
      const now = `version ${root.version} has not`;
      const said = `version ${earlier.root.version} of the trust root had it, ${now}`;
      return ["permit.removed_key", `signed by ${id}, which issues permits no more: ${said}`];
    }
    const other = path.findLast(({ root: { keys } }) => keys.has(id));
    if (other === undefined) return untrusted(id);
    const duties = dutiesOf(other.root, id).join(", ");
    return ["permit.foreign_key", `signed by ${id}, which the trust root has for something else: ${duties}`];
  }
}

function issuedBy(root: TrustRoot): PermitKeys["byId"] | null {
  const byId = new Map<string, { readonly issuers: string[]; readonly bytes: Uint8Array }>();
  for (const [issuer, ids] of root.issuers.permit) {
    for (const id of ids) {
      const key = root.keys.get(id);
      const sound = key === undefined ? null : soundKey(key);
      if (sound === null || sound.id !== id) return null;
      const { issuers } = byId.get(id) ?? { issuers: [] };
      byId.set(id, { issuers: [...issuers, issuer], bytes: sound.bytes });
    }
  }
  return byId;
}

function namedIn(issuers: ReadonlyMap<string, readonly string[]>, id: string): boolean {
  return [...issuers.values()].some((ids) => ids.includes(id));
}

function untrusted(id: string): Why {
  return ["permit.wrong_key", `signed by ${id}, which is not trusted`];
}

/** From JavaScript comes anything in the shape of a key, and looking at it takes a millisecond. */
const soundKeys = new WeakMap<PublicKey, PublicKey>();

function soundKey(key: PublicKey): PublicKey | null {
  const sound = soundKeys.get(key);
  if (sound !== undefined) return sound;
  const read = publicKeyOf(key.bytes);
  if (!read.ok || read.key.id !== key.id) return null;
  soundKeys.set(key, read.key);
  return read.key;
}
