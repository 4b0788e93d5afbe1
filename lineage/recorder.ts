/**
 * What one node writes down in one log: each decision and whatever comes of it, numbered without a hole, with
 * requests behind salted commitments. So many entries may wait for the disk and no more. Then a strict
 * recorder takes nothing, and says so; a relaxed one lets go, and writes down how many it let go.
 */
import type { Sha256 } from "@polity/runtime/hash.ts";
import type { NamedRequest } from "@polity/runtime/request.ts";
import { commitRequest, commitWritten, type Opening, presentPointers } from "./commitment.ts";
import { type Decided, decisionEntry } from "./decision-entry.ts";
import type { Common, DecisionEntry, Entry, EntryKind, GapEntry } from "./entry.ts";
import { writeEntry } from "./entry-codec.ts";
import { nameShape } from "./entry-schema.ts";
import { fits } from "./entry-shape.ts";
import { handing } from "./handed-entry.ts";
import { type Haste, LogError, type LogStore, type Receipt } from "./store.ts";

/** What a recorder needs of its surroundings; `nodeRecording` of `@polity/lineage/node` has it. */
export interface RecordingPorts {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A UUID (RFC 9562) in lower case that was never there before. */
  readonly uuid: () => string;
  /** As many unpredictable bytes as it is asked for. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly sha256: Sha256;
  /** Calls back after so many milliseconds. */
  readonly wake: (afterMs: number, run: () => void) => unknown;
}

export interface RecorderOptions {
  /** Who writes, by the name that it has in its entries. */
  readonly node: string;
  /** The `seq` that is due for this node, as opening the log said it. */
  readonly nextSeq: number;
  readonly ports: RecordingPorts;
  /**
   * `strict`: what cannot be written is refused. `relaxed`: it is left out, and a `gap` entry says how many
   * were.
   */
  readonly mode: "strict" | "relaxed";
  /** How many entries may wait for the disk, and how many characters of their requests. */
  readonly waitingMax?: number;
  readonly waitingCharactersMax?: number;
  /** By action, JSON pointers to what can be erased by itself, such as `/fields/payee/account`. */
  readonly sensitive?: (action: string) => readonly string[];
}

/** What an entry is linked to. */
export interface Links {
  /** The entry's own id, where somebody has to know it before; a fresh one where it is left out. */
  readonly id?: string;
  readonly execution?: string | null;
  readonly parents?: Common<EntryKind>["parents"];
  readonly trace?: Common<EntryKind>["trace"];
}

/** A decision as it is to be written; its name, time and number come from the recorder. */
export interface Answered extends Omit<Decided, "identity" | "request"> {
  readonly request: NamedRequest | null;
}

type Own = "v" | "id" | "at" | "node" | "seq" | "execution" | "parents" | "trace";
type Body<E extends Entry> = E extends Entry ? Omit<E, Own> : never;

/** Any other entry, without what the recorder adds. Gaps are its own. */
export type EntryBody = Body<Exclude<Entry, DecisionEntry | GapEntry>>;

export interface LogReceipt extends Receipt {
  readonly origin: string;
}

/** An entry that is durable. */
export interface Written<E extends Entry = Entry> {
  readonly entry: E;
  readonly receipt: LogReceipt;
}

export interface RecorderCounts {
  readonly written: number;
  readonly waiting: number;
  /** Not taken: by a strict recorder refused, by a relaxed one left out. */
  readonly refused: number;
}

export interface Recorder {
  readonly origin: string;
  /**
   * Once the entry is durable. A strict recorder rejects with a `LogError` for what it cannot write, and then
   * it is not in the log, or whoever opens it next finds out; a relaxed one never rejects and answers null.
   */
  readonly decision: (
    answered: Answered,
    links?: Links,
    haste?: Haste,
  ) => Promise<Written<DecisionEntry> | null>;
  /** Outcomes, events and the like, in the same manner. */
  readonly append: (body: EntryBody, links?: Links, haste?: Haste) => Promise<Written | null>;
  /** Why nothing would be taken at the moment; null where something would. */
  readonly refusal: () => LogError | null;
  readonly counts: () => RecorderCounts;
  /** Takes nothing more and waits for what was taken. The store stays open. */
  readonly close: () => Promise<void>;
}

const WAITING_MAX = 4_096;
const WAITING_CHARACTERS_MAX = 16 * 1024 * 1024;

/** What a recorder asks of a store. */
export type RecordingStore = Pick<LogStore, "origin" | "append" | "flush">;

interface State {
  readonly store: RecordingStore;
  readonly options: RecorderOptions;
  readonly waitingMax: number;
  readonly charactersMax: number;
  /** What the next entry has. */
  seq: number;
  waiting: number;
  characters: number;
  written: number;
  refused: number;
  /** The lowest number that the store gave back: what was sent after it comes back, too. */
  returned: number | null;
  /** Numbers that no entry has. */
  gap: { readonly from: number; count: number } | null;
  /** The store had no room for a gap: others fill it. */
  isCrowded: boolean;
  /** Why nothing will be taken any more. */
  failure: LogError | null;
  isClosing: boolean;
  /** Called whenever an entry is durable, or will not be. */
  onSettled: () => void;
}

/** Nobody else may write for this node while it is open. Throws a RangeError for options that are none. */
export function openRecorder(store: RecordingStore, options: RecorderOptions): Recorder {
  const { waitingMax = WAITING_MAX, waitingCharactersMax = WAITING_CHARACTERS_MAX } = options;
  if (!fits(nameShape, options.node)) throw new RangeError("`node` is no name that an entry can have");
  if (!Number.isSafeInteger(waitingMax) || waitingMax < 1) {
    throw new RangeError("`waitingMax` is a whole number from 1 on");
  }
  const state: State = {
    store,
    options,
    waitingMax,
    charactersMax: waitingCharactersMax,
    seq: options.nextSeq,
    waiting: 0,
    characters: 0,
    written: 0,
    refused: 0,
    returned: null,
    gap: null,
    isCrowded: false,
    failure: null,
    isClosing: false,
    onSettled: () => {},
  };
  let closing: Promise<void> | null = null;
  return Object.freeze({
    origin: store.origin,
    decision: (answered: Answered, links: Links = {}, haste: Haste = "now") =>
      take(state, haste, () => decisionOf(state, answered, links)),
    append: (body: EntryBody, links: Links = {}, haste: Haste = "now") =>
      take(state, haste, () => bodyOf(state, body, links)),
    refusal: () => refusalOf(state),
    counts: () => ({ written: state.written, waiting: state.waiting, refused: state.refused }),
    close() {
      closing ??= close(state);
      return closing;
    },
  });
}

// ---- what is taken

interface Made<E extends Entry> {
  readonly entry: E;
  /** As it is written. */
  readonly text: string;
  readonly opening?: Opening;
}

/** `make` throws a LogError for what can be in no log. */
function take<E extends Entry>(state: State, haste: Haste, make: () => Made<E>): Promise<Written<E> | null> {
  const isRelaxed = state.options.mode === "relaxed";
  try {
    const refusal = refusalOf(state);
    if (refusal !== null) throw refusal;
    const written = send(state, make(), hasteOf(state, haste));
    return isRelaxed ? written.catch(() => null) : written;
  } catch (error) {
    state.refused += 1;
    if (!isRelaxed) return Promise.reject(error);
    leaveOut(state);
    return Promise.resolve(null);
  }
}

/** Where little room is left, nothing waits longer than it must. */
function hasteOf({ waiting, waitingMax, characters, charactersMax }: State, haste: Haste): Haste {
  return waiting >= waitingMax / 4 || characters >= charactersMax / 4 ? "now" : haste;
}

function refusalOf(state: State): LogError | null {
  const { failure, waiting, waitingMax, characters, charactersMax, returned, gap } = state;
  if (failure !== null) return failure;
  if (state.isClosing) return new LogError("log.closed", "the recorder was closed: open it again");
  const isFull = waiting >= waitingMax || (waiting > 0 && characters >= charactersMax);
  if (!isFull && returned === null && gap === null) return null;
  const advice = "ask again when some of them are in";
  return new LogError("log.busy", `the disk is behind: ${waiting} entries wait for it already; ${advice}`);
}

function identityOf({ options, seq }: State, links: Links) {
  const { id = options.ports.uuid(), execution = null, parents = [], trace = null } = links;
  const { ports, node } = options;
  return { id, at: ports.now(), node, seq, execution, parents, trace };
}

function decisionOf(state: State, answered: Answered, links: Links): Made<DecisionEntry> {
  const { request } = answered;
  const committed = request === null ? null : commit(state.options, request, answered.action);
  const entry = decisionEntry({
    ...answered,
    identity: identityOf(state, links),
    request: request && committed && { digest: request.digest, commitment: committed.commitment },
  });
  return { ...made(entry), ...(committed !== null && { opening: committed.opening }) };
}

/** Looked at before it takes a number, so that a caller's mistake disturbs nobody else. */
function made<E extends Entry>(entry: E): Made<E> {
  const written = writeEntry(entry);
  if (written.ok) return { entry, text: written.text };
  const where = written.path === "" ? "" : `${written.path}: `;
  throw new LogError("log.entry_invalid", `${where}${written.message} (${written.code})`);
}

function commit({ ports, sensitive }: RecorderOptions, { json }: NamedRequest, action: string | null) {
  const { randomBytes, sha256 } = ports;
  const pointers = sensitive === undefined || action === null ? [] : sensitive(action);
  const committed =
    pointers.length === 0
      ? commitWritten(json, randomBytes, sha256)
      : commitRequest(json, presentPointers(json, pointers), randomBytes, sha256);
  if (committed.ok) return committed;
  const { code, message } = committed;
  throw new LogError("log.entry_invalid", `this request cannot be logged: ${message} (${code})`);
}

function bodyOf(state: State, body: EntryBody, links: Links): Made<Entry> {
  return made({ v: 1, ...body, ...identityOf(state, links) } as Entry);
}

// ---- what is on its way

async function send<E extends Entry>(
  state: State,
  { entry, text, opening }: Made<E>,
  haste: Haste = "now",
): Promise<Written<E>> {
  const { store } = state;
  const characters = opening?.request.length ?? 0;
  state.seq = entry.seq + 1;
  state.waiting += 1;
  state.characters += characters;
  try {
    const { index, leafHash } = await handing(entry, text, () => store.append(entry, opening, haste));
    state.written += 1;
    return { entry, receipt: { origin: store.origin, index, leafHash } };
  } catch (error) {
    giveBack(state, entry, error);
    throw error;
  } finally {
    state.waiting -= 1;
    state.characters -= characters;
    settle(state);
    state.onSettled();
  }
}

/** After these the store goes on, without the entry. */
const PASSING: ReadonlySet<string> = new Set(["log.busy", "log.entry_invalid", "log.opening_mismatch"]);

function giveBack(state: State, entry: Entry, error: unknown): void {
  const isGap = entry.kind === "gap";
  const first = isGap ? entry.fromSeq : entry.seq;
  // A gap that is no entry has the wrong numbers, and no later one has others.
  if (error instanceof LogError && PASSING.has(error.code) && (!isGap || error.code === "log.busy")) {
    state.returned = Math.min(state.returned ?? first, first);
    if (isGap) awaitRoom(state);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  state.failure ??= error instanceof LogError ? error : new LogError("log.failed", message);
}

const CROWDED_MS = 20;

/** What is asked again at once keeps the store, and everything else, from ever getting there. */
function awaitRoom(state: State): void {
  state.isCrowded = true;
  state.options.ports.wake(CROWDED_MS, () => {
    state.isCrowded = false;
    settle(state);
    state.onSettled();
  });
}

/** Once nothing is on its way any more, numbers that came back are given out again, or are a gap. */
function settle(state: State): void {
  const { returned, waiting } = state;
  if (returned !== null && waiting === 0) {
    state.returned = null;
    if (state.options.mode === "strict") state.seq = returned;
    else state.gap = { from: returned, count: state.seq - returned };
  }
  writeGap(state);
}

// ---- what was left out

function leaveOut(state: State): void {
  state.gap ??= { from: state.seq, count: 0 };
  state.gap.count += 1;
  state.seq += 1;
  writeGap(state);
}

/** When there is room again: half of it, so that not every other entry is a gap. */
function writeGap(state: State): void {
  const { gap, isCrowded, failure, returned, waiting, waitingMax } = state;
  if (gap === null || isCrowded || failure !== null || returned !== null || waiting > waitingMax / 2) return;
  state.gap = null;
  const { from: fromSeq, count } = gap;
  const entry: GapEntry = { v: 1, kind: "gap", ...identityOf(state, {}), fromSeq, count, why: "shed" };
  // Where it fails, `giveBack` has its numbers.
  send(state, made(entry)).catch(() => {});
}

async function close(state: State): Promise<void> {
  state.isClosing = true;
  const isDone = () => state.failure !== null || (state.waiting === 0 && state.gap === null);
  while (!isDone()) {
    const settled = new Promise<void>((resolve) => {
      state.onSettled = resolve;
    });
    // What it rejects with, it has told whoever waits for an entry.
    state.store.flush().catch(() => {});
    await settled;
  }
}
