/** One decision of a log, made again from its request, its header, its facts and its evaluators. */
import { CODE_NUMBERS, type Code } from "@polity/runtime/decision.ts";
import { digestName, type Sha256, utf8 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { parseJson } from "@polity/runtime/json.ts";
import { SNAPSHOT_DEPTH } from "@polity/runtime/request.ts";
import { checkOpening, type Opening } from "./commitment.ts";
import { decisionEntry } from "./decision-entry.ts";
import type { DecisionEntry } from "./entry.ts";
import { encodeEntry } from "./entry-codec.ts";
import { type Difference, differenceOf } from "./replay-difference.ts";
import { ALONE, type OpenPanel, type Panel, type PanelAnswer, type PanelProblem } from "./replay-panel.ts";

/** What became of one decision. */
export type Replayed =
  | { readonly kind: "same" }
  /** No evaluator was asked: what came was no request, or had no header. That it denies was looked at. */
  | { readonly kind: "unread" }
  /** The host itself had nobody to ask, or could not: its word for it. */
  | { readonly kind: "unasked" }
  /** Of these pointers the values are gone; none: of the whole request. */
  | { readonly kind: "erased"; readonly pointers: readonly string[] }
  | { readonly kind: "blocked"; readonly problem: PanelProblem }
  | { readonly kind: "wrong"; readonly code: ReplayCode; readonly difference: Difference }
  | { readonly kind: "unopened"; readonly code: string; readonly message: string };

/** What replay finds wrong with an entry. */
export type ReplayCode = "replay.differs" | "replay.request" | "replay.unfounded";

/** A request that nobody can ask again. */
export type Closed = Extract<Replayed, { readonly kind: "erased" | "unopened" }>;

export interface Asked {
  readonly action: string;
  readonly fields: unknown;
  readonly entities: unknown;
  /** Canonical JSON of the whole request. */
  readonly json: string;
  readonly digest: string;
}

/** The request that an opening opens, or why it cannot be asked again. */
export function openAsked(
  commitment: NonNullable<DecisionEntry["request"]>,
  opening: Opening | null,
  sha256: Sha256,
): Asked | Closed {
  if (opening === null) return { kind: "erased", pointers: [] };
  const opened = checkOpening(commitment, opening, sha256);
  if (!opened.ok) return { kind: "unopened", code: opened.code, message: opened.message };
  if (opened.erased.length > 0) return { kind: "erased", pointers: opened.erased };
  const parsed = parseJson(opened.request, { depthMax: SNAPSHOT_DEPTH });
  const { action, fields, entities } = (parsed.ok ? Object(parsed.value) : {}) as Record<string, unknown>;
  if (typeof action !== "string") {
    return { kind: "unopened", code: "replay.request", message: "what was committed to is no request" };
  }
  return { action, fields, entities, json: opened.request, digest: digestName(sha256(utf8(opened.request))) };
}

/** As the host gave it: the digest of the very request stands in its approvals again. */
export function headerOf(
  { header }: { readonly header: NonNullable<DecisionEntry["header"]> },
  digest: string,
): Header {
  const approvals = header.approvals.map((one) => ({ ...one, request: one.request ?? digest }));
  return { ...header, approvals };
}

/** Never throws, unless `open` does. */
export async function replayDecision(
  entry: DecisionEntry,
  bytes: Uint8Array,
  opening: Opening | null,
  open: OpenPanel,
  sha256: Sha256,
): Promise<Replayed> {
  const { set, request, header } = entry;
  if (set === null || request === null || header === null) return unasked(entry, bytes, open);
  const asked = openAsked(request, opening, sha256);
  if ("kind" in asked) return asked;
  const panel = await open(entry);
  if ("code" in panel) return { kind: "blocked", problem: panel };
  const other = wrongRequest(asked, panel);
  if (other !== null) return other;
  const made = remake(entry, asked, header, panel);
  if (lostOf(made) !== undefined) await panel.ready();
  const wrong = compared(bytes, made);
  if (wrong === null) return { kind: "same" };
  const lost = lostOf(entry);
  if (lost === undefined) return wrong;
  return compared(bytes, remake(entry, asked, header, panel, lost)) ?? { kind: "unasked" };
}

function remake(
  entry: DecisionEntry,
  asked: Asked,
  header: NonNullable<DecisionEntry["header"]>,
  panel: Panel,
  lost?: ReadonlyMap<string, Code>,
): DecisionEntry {
  const given = headerOf({ header }, asked.digest);
  const answer = panel.decide(asked.action, asked.fields, given, asked.entities, lost);
  return entryAgain(entry, asked, given, answer);
}

/** The entry that a host writes who is answered like this. */
function entryAgain(entry: DecisionEntry, asked: Asked, header: Header, answer: PanelAnswer): DecisionEntry {
  const { id, at, node, seq, execution, parents, trace, requestId, facts, factsBuilt } = entry;
  return decisionEntry({
    identity: { id, at, node, seq, execution, parents, trace },
    requestId,
    ...answer,
    facts,
    factsBuilt,
    action: asked.action,
    request: { digest: asked.digest, commitment: entry.request! },
    header,
    approvalsConsumed: entry.approvalsConsumed,
  });
}

type Wrong = Extract<Replayed, { kind: "wrong" }>;

/** Null where they are the same to the last byte. */
function compared(bytes: Uint8Array, made: DecisionEntry): Wrong | null {
  const encoded = encodeEntry(made);
  if (!encoded.ok) {
    const difference = { offset: 0, path: encoded.path, logged: null, replayed: encoded.message };
    return { kind: "wrong", code: "replay.differs", difference };
  }
  const difference = differenceOf(bytes, encoded.bytes);
  return difference === null ? null : { kind: "wrong", code: "replay.differs", difference };
}

/** What was committed to is the canonical form of the request. */
function wrongRequest(asked: Asked, panel: Panel): Wrong | null {
  const named = panel.request(asked.action, asked.fields, asked.entities);
  if (named.ok && named.json === asked.json) return null;
  const replayed = named.ok ? named.json : `${named.code} ${named.path}`.trim();
  const difference = { offset: 0, path: "request", logged: asked.json, replayed };
  return { kind: "wrong", code: "replay.request", difference };
}

/** A host that trapped, or is without an instance, says so in the place of an answer: by member, with why. */
function lostOf({ members }: DecisionEntry): ReadonlyMap<string, Code> | undefined {
  const lost = members.filter(({ code }) => code.startsWith("host.") && Object.hasOwn(CODE_NUMBERS, code));
  return lost.length === 0 ? undefined : new Map(lost.map(({ name, code }) => [name ?? ALONE, code as Code]));
}

/** Where nobody can have been asked, nothing was permitted, and no rule can have said anything. */
async function unasked(entry: DecisionEntry, bytes: Uint8Array, open: OpenPanel): Promise<Replayed> {
  const kind = entry.set === null ? "unasked" : "unread";
  const unfounded = unfoundedPath(entry);
  if (unfounded !== null) return unfoundedAt(bytes, unfounded);
  if (entry.code !== "input.unknown_action" || entry.action === null) return { kind };
  const panel = await open(entry);
  if ("code" in panel) return { kind: "blocked", problem: panel };
  return panel.knows(entry.action) ? unfoundedAt(bytes, "code") : { kind };
}

/** A member that says more than somebody can who was not asked. */
function unfoundedPath({ verdict, obligations, members }: DecisionEntry): string | null {
  if (verdict !== "deny") return "verdict";
  if (obligations.length > 0) return "obligations";
  for (const [at, { granted, rulesTotal, errorsTotal, shadow }] of members.entries()) {
    if (granted) return `members[${at}].granted`;
    if (rulesTotal > 0) return `members[${at}].rules_total`;
    if (errorsTotal > 0) return `members[${at}].errors_total`;
    if (shadow !== undefined) return `members[${at}].shadow`;
  }
  return null;
}

function unfoundedAt(bytes: Uint8Array, path: string): Wrong {
  const entry: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const found = path
    .split(/[.[\]]+/)
    .filter((part) => part !== "")
    .reduce<unknown>((value, part) => Object(value)[part], entry);
  const difference = { offset: 0, path, logged: JSON.stringify(found) ?? null, replayed: null };
  return { kind: "wrong", code: "replay.unfounded", difference };
}
