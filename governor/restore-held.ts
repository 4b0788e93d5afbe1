/**
 * What waited for approval when a process ended waits again: what the log has of it is judged once more, at
 * the time at which it was held if that counts, for what its rules ask. Nothing of that is written, and
 * nothing released.
 */
import type { EntryHeader } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { digestName, type Sha256, utf8 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { partsOf } from "@polity/runtime/request.ts";
import type { Verdicted } from "./event.ts";
import type { HeldLeft, HeldReading } from "./held-reading.ts";
import type { Judge } from "./ports.ts";
import type { ReadStore } from "./recover.ts";
import type { GovernorState, PendingState } from "./state.ts";
import { restoredPending } from "./steps/approvals.ts";
import { heldBy } from "./steps/judged.ts";

export interface RestoringHeld {
  readonly state: GovernorState;
  readonly store: ReadStore;
  readonly judge: Judge;
  readonly sha256: Sha256;
}

/** What nobody could release any more is not among them: its request is erased, or no rule holds it now. */
export async function restoreHeld(
  restoring: RestoringHeld,
  { held }: HeldReading,
): Promise<readonly PendingState[]> {
  const restored: PendingState[] = [];
  for (const left of held.values()) {
    const one = await restore(restoring, left);
    if (one !== null) restored.push(one);
  }
  return restored;
}

type Said = Extract<Verdicted, { ok: true }> & { readonly heldAt: number };

async function restore(restoring: RestoringHeld, left: HeldLeft): Promise<PendingState | null> {
  const all: Said[] = [];
  for (const { index, subject } of left.judgements) {
    const said = await judgeAgain(restoring, index, subject);
    if (said === null) return null;
    all.push(said);
  }
  const [own] = all;
  const request = own?.judged.answered.request ?? null;
  const by = heldBy(all);
  if (own === undefined || request === null || by === null) return null;
  const { id, execution, given, leaf, leaves, requestId } = left;
  const action = own.judged.answered.action ?? "";
  const askedAt = own.heldAt;
  const subjects = left.judgements.map(({ subject }) => subject);
  const approval = restoredPending({ id, execution, action, request, rules: by.rules, askedAt }, given);
  const orphan = { subjects, requestId };
  return { approval, step: null, named: [...by.named, ...subjects], leaf, leaves, orphan };
}

async function judgeAgain(
  { state, store, judge, sha256 }: RestoringHeld,
  index: number,
  subject: HeldLeft["judgements"][number]["subject"],
): Promise<Said | null> {
  const bytes = await store.entry(index);
  const decoded = bytes === null ? null : decodeEntry(bytes);
  const opened = await store.opening(index);
  if (decoded?.ok !== true || decoded.entry.kind !== "decision" || opened === null) return null;
  const { action, header } = decoded.entry;
  if (action === null || header === null) return null;
  const digest = digestName(sha256(utf8(opened.request)));
  const { fields, entities } = partsOf(opened.request);
  const asked = { action, fields, entities, requestId: null, retries: null, isOwn: true } as const;
  for (const at of headersFor(state, headerOf(header))) {
    const said = judge.judge(asked, { subject, zone: null, attested: null, header: at });
    if (
      said.ok &&
      said.judged.answered.request?.digest === digest &&
      said.judged.decision.code !== "policy.stale"
    )
      return { ...said, heldAt: header.now };
  }
  return null;
}

/**
 * As it was held; but what is in force now may not have been known to be current then, and a note about it
 * may begin only since: then at that moment, as if orders had been read.
 */
function headersFor({ window }: GovernorState, then: Header): readonly Header[] {
  const now = Math.max(then.now, window.policyFrom);
  const since = { ...then, ...window, now, containment: { ...then.containment, readAt: now } };
  return [then, { ...then, ...window }, since];
}

function headerOf({ approvals: _, ...said }: EntryHeader): Header {
  return { ...said, approvals: [] };
}
