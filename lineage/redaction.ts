/**
 * Erasing what opens a request: the log says so first, then it is gone. Whoever is interrupted between the
 * two has promised it, so whoever opens the log next finishes it. No entry and no proof changes.
 */
import { digestName, type Sha256, utf8 } from "@polity/runtime/hash.ts";
import { canonicalJson, parseJson } from "@polity/runtime/json.ts";
import { compareText } from "@polity/runtime/text-order.ts";
import { pointersProblem } from "./commitment.ts";
import type { Entry, RedactionEntry } from "./entry.ts";
import { decodeEntry } from "./entry-codec.ts";
import type { Recorder, Written } from "./recorder.ts";
import type { LogStore } from "./store.ts";
import { leafHash } from "./tree.ts";

export type RedactableStore = Pick<LogStore, "size" | "entry" | "opening" | "erase">;

export interface Redaction {
  readonly index: number;
  /** Of sensitive fields; none stands for the whole request. */
  readonly pointers: readonly string[];
  readonly reason: string;
}

/** What was promised, until it is done. */
export interface PendingRedaction {
  /** Of the entry that says so; it is not before `from`. */
  readonly id: string;
  readonly from: number;
  readonly index: number;
  readonly pointers: readonly string[];
}

/** Keeps one promise over the end of a process. */
export interface Pending {
  readonly load: () => Promise<PendingRedaction | null>;
  /** Resolves once it is durable. */
  readonly save: (pending: PendingRedaction) => Promise<void>;
  readonly clear: () => Promise<void>;
}

export type RedactCode = "redact.no_request" | "redact.no_field" | "redact.gone";

export type RedactResult =
  | { readonly ok: true; readonly written: Written; readonly pointers: readonly string[] }
  | { readonly ok: false; readonly code: RedactCode; readonly message: string };

export interface Redacting {
  readonly store: RedactableStore;
  readonly recorder: Pick<Recorder, "append">;
  readonly pending: Pending;
  readonly uuid: () => string;
  readonly sha256: Sha256;
}

/** Rejects with a `LogError` where the log cannot be written to; the promise is then kept by `resume`. */
export async function redact(redacting: Redacting, redaction: Redaction): Promise<RedactResult> {
  const { store, recorder, pending, uuid, sha256 } = redacting;
  const { index, reason } = redaction;
  const bytes = await store.entry(index);
  const decoded = bytes === null ? null : decodeEntry(bytes);
  if (bytes === null || decoded === null || !decoded.ok || decoded.entry.kind !== "decision") {
    return refuse("redact.no_request", `entry ${index} is no decision`);
  }
  const { request } = decoded.entry;
  if (request === null) return refuse("redact.no_request", `entry ${index} has no request`);
  const pointers = [...new Set(redaction.pointers)].sort(compareText);
  const known = request.sensitive.map(({ pointer }) => pointer);
  const other = pointers.find((pointer) => !known.includes(pointer));
  if (other !== undefined) return refuse("redact.no_field", noField(index, other, known));
  const opening = await store.opening(index);
  const there = new Set(opening?.sensitive.map(({ pointer }) => pointer));
  if (opening === null || (pointers.length > 0 && !pointers.some((pointer) => there.has(pointer)))) {
    return refuse("redact.gone", `nothing is left of it: entry ${index} was erased before`);
  }
  const id = uuid();
  await pending.save({ id, from: store.size, index, pointers });
  const targets = [{ leaf: digestName(leafHash(bytes, sha256)), pointers }];
  const written = await recorder.append({ kind: "redaction", targets, reason }, { id });
  // A recorder that lets go of what it cannot write has promised nothing.
  if (written === null) throw new Error("a redaction needs a strict recorder");
  await store.erase(index, pointers);
  await pending.clear();
  return { ok: true, written, pointers };
}

function refuse(code: RedactCode, message: string): RedactResult {
  return { ok: false, code, message };
}

function noField(index: number, pointer: string, known: readonly string[]): string {
  const has = known.length === 0 ? "none: only all of it can be erased" : known.join(", ");
  return `entry ${index} has no sensitive field ${JSON.stringify(pointer)}, it has ${has}`;
}

/** More entries than may wait for the disk at once: the one that was promised is among them, or nowhere. */
const SEARCHED_MAX = 1 << 16;

/** Finishes what was promised and not done; null where nothing was. The store must be open for writing. */
export async function resume(store: RedactableStore, pending: Pending): Promise<PendingRedaction | null> {
  const promised = await pending.load();
  if (promised === null) return null;
  const isSaid = await isWritten(store, promised);
  if (isSaid) await store.erase(promised.index, promised.pointers);
  await pending.clear();
  return isSaid ? promised : null;
}

async function isWritten(store: RedactableStore, { id, from }: PendingRedaction): Promise<boolean> {
  for (let index = from; index < Math.min(store.size, from + SEARCHED_MAX); index += 1) {
    const bytes = await store.entry(index);
    const decoded = bytes === null ? null : decodeEntry(bytes);
    if (decoded?.ok && decoded.entry.id === id) return true;
  }
  return false;
}

// ---- all that a log says is gone

/** By leaf hash: which pointers; null: the whole request. */
type Said = Map<string, Set<string> | null>;

/**
 * Erases whatever the log says was erased and is there all the same, as after a restored backup; the indices
 * of what was. Memory grows with the number of redactions alone.
 */
export async function eraseAllSaid(
  store: RedactableStore,
  sha256: Sha256,
  step: () => void = () => {},
): Promise<readonly number[]> {
  const said: Said = new Map();
  const { size } = store;
  for (let index = 0; index < size; index += 1) {
    const entry = await entryAt(store, index);
    if (entry?.kind === "redaction") note(said, entry);
    step();
  }
  const erased: number[] = [];
  for (let index = 0; said.size > 0 && index < size; index += 1) {
    const bytes = await store.entry(index);
    const leaf = bytes && digestName(leafHash(bytes, sha256));
    const pointers = leaf === null ? undefined : said.get(leaf);
    if (pointers === undefined) continue;
    if (await store.erase(index, pointers === null ? [] : [...pointers].sort(compareText)))
      erased.push(index);
  }
  return erased;
}

async function entryAt(store: RedactableStore, index: number): Promise<Entry | null> {
  const bytes = await store.entry(index);
  const decoded = bytes === null ? null : decodeEntry(bytes);
  return decoded?.ok ? decoded.entry : null;
}

function note(said: Said, { targets }: RedactionEntry): void {
  for (const { leaf, pointers } of targets) {
    const known = said.get(leaf);
    if (known === null || pointers.length === 0) said.set(leaf, null);
    else said.set(leaf, new Set([...(known ?? []), ...pointers]));
  }
}

// ---- as text

/** Canonical JSON. */
export function encodePending({ id, from, index, pointers }: PendingRedaction): Uint8Array {
  return utf8(canonicalJson({ from, id, index, pointers }));
}

/** Reads exactly what `encodePending` writes; null for anything else. Never throws. */
export function decodePending(bytes: Uint8Array): PendingRedaction | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const parsed = parseJson(text, { depthMax: 2 });
    const { id, from, index, pointers } = (parsed.ok ? parsed.value : {}) as Partial<PendingRedaction>;
    const isForm =
      typeof id === "string" &&
      isIndex(from) &&
      isIndex(index) &&
      Array.isArray(pointers) &&
      pointers.every((pointer) => typeof pointer === "string") &&
      pointersProblem(pointers) === null;
    if (!isForm) return null;
    const pending: PendingRedaction = { id, from, index, pointers };
    return canonicalJson(pending) === text ? pending : null;
  } catch {
    return null;
  }
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
