/** Whose signature counts for a log as a trust root says it, and why another one does not. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import { dutiesOf } from "@polity/runtime/trust-duties.ts";
import { logKeysOf } from "@polity/runtime/trust-keys.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { isSignatureBy, type NoteKey, noteKey } from "./note.ts";
import type { NoteForm, SignatureLine } from "./note-form.ts";

/**
 * Whom a reader believes about logs. Bare public keys stand for any origin. A trust root, as `walkRoots` gave
 * it, names the keys of each log, and up to which size each of them may have signed.
 */
export type LogKeys = readonly (PublicKey | NoteKey)[] | TrustWalk;

export type RootedCode = "log.unlisted" | "log.ended_key" | "log.removed_key" | "log.foreign_key";

export interface RootedRefusal {
  readonly ok: false;
  readonly code: RootedCode;
  readonly message: string;
}

/** What to do about each, for whoever opens a log. */
export const ROOTED_ADVICE: readonly (readonly [RootedCode, readonly [RootedCode, string]])[] = [
  advice("log.unlisted", "check whose log this is, or give the trust root that lists it"),
  advice("log.ended_key", "somebody goes on with a key that was replaced; ask whoever keeps the log"),
  advice("log.removed_key", "do not believe it; ask whoever keeps the log to sign with a key of today"),
  advice("log.foreign_key", "do not believe it; ask who signs logs with this key"),
];

function advice(code: RootedCode, text: string): readonly [RootedCode, readonly [RootedCode, string]] {
  return [code, [code, text]];
}

/** As a list, unless a trust root has the list. */
export function logKeysFor(key: PublicKey | TrustWalk): LogKeys {
  return "root" in key ? key : [key];
}

export function isTrustWalk(keys: LogKeys): keys is TrustWalk {
  return !Array.isArray(keys);
}

/** The keys whose signature on a checkpoint of this log with so many entries counts. */
export function rootedKeys(
  { root }: TrustWalk,
  { origin, size }: Checkpoint,
  { sha256 }: Pick<CryptoPort, "sha256">,
): readonly NoteKey[] | RootedRefusal {
  if (!root.logs.has(origin)) {
    const message = `version ${root.version} of the trust root of ${root.name} lists no log ${origin}`;
    return { ok: false, code: "log.unlisted", message };
  }
  return namedKeys(logKeysOf(root, origin, size).values(), origin, sha256);
}

function namedKeys(keys: Iterable<PublicKey>, origin: string, sha256: CryptoPort["sha256"]): NoteKey[] {
  return [...keys].flatMap((key) => {
    const made = noteKey(origin, key, sha256);
    return made.ok ? [made.key] : [];
  });
}

/**
 * Where no key that counts has signed: whether one did whose time for this log has ended, which was taken
 * away from it, or which is there for something else. Only of signatures that verify is anything said; null
 * where there is none by a key that any version of the root names.
 */
export function whyNotRooted(
  { root, path }: TrustWalk,
  form: NoteForm,
  { origin, size }: Checkpoint,
  crypto: CryptoPort,
): RootedRefusal | null {
  const message = utf8(form.text);
  const lines = form.lines.filter(({ name }) => name === origin);
  const refuse = (code: RootedCode, text: string): RootedRefusal => ({ ok: false, code, message: text });
  for (const { key, sizeMax } of root.logs.get(origin) ?? []) {
    if (sizeMax === null || size <= sizeMax || signerIn([key], root) === null) continue;
    const said = `${key} counts for ${origin} up to size ${sizeMax}, and signed for size ${size}`;
    return refuse("log.ended_key", said);
  }
  for (const { root: earlier } of [...path].reverse()) {
    const listed = (earlier.logs.get(origin) ?? []).map(({ key }) => key);
    const id = signerIn(listed.filter(isAway), earlier);
    if (id === null) continue;
    const said = `version ${earlier.version} of the trust root had it, version ${root.version} has not`;
    return refuse("log.removed_key", `${id} signed, which is no key of ${origin} any more: ${said}`);
  }
  for (const { root: any } of [...path].reverse()) {
    const id = signerIn([...any.keys.keys()].filter(isAway), any);
    if (id === null) continue;
    const said = `the trust root has it for ${dutiesOf(any, id).join(", ")}`;
    return refuse("log.foreign_key", `${id} signed, which is no key of ${origin}: ${said}`);
  }
  return null;

  function isAway(id: string): boolean {
    return !(root.logs.get(origin) ?? []).some(({ key }) => key === id);
  }

  /** Which of these keys signed the checkpoint. */
  function signerIn(ids: readonly string[], of: TrustRoot): string | null {
    const keys = ids.flatMap((id) => of.keys.get(id) ?? []);
    const isBy = (key: NoteKey, line: SignatureLine) =>
      line.hint === key.hint && isSignatureBy(key.publicKey, message, line.signature, crypto);
    const named = namedKeys(keys, origin, crypto.sha256);
    return named.find((key) => lines.some((line) => isBy(key, line)))?.publicKey.id ?? null;
  }
}
