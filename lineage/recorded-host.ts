/**
 * A host whose decisions are written down. A strict one releases a decision once its entry is durable: what
 * cannot be written is denied, with a code that says so, and whoever asked gets the receipt of all else.
 */

import type { Code, Obligation } from "@polity/runtime/decision.ts";
import { type Permission, permissionOf } from "@polity/runtime/host-obligations.ts";
import type { WrittenDecision } from "@polity/runtime/permit.ts";
import type { NamedRequest } from "@polity/runtime/request.ts";
import { type Decision, denied } from "@polity/runtime/result.ts";
import type { SetDecision } from "@polity/runtime/set-combine.ts";
import type { OutcomeEntry, Parent } from "./entry.ts";
import { type AnyHost, judge, type Question, type WhatIsInForce } from "./judging.ts";
import {
  type Answered,
  type Links,
  type LogReceipt,
  openRecorder,
  type Recorder,
  type RecorderOptions,
  type RecordingStore,
  type Written,
} from "./recorder.ts";
import { LogError } from "./store.ts";

export interface RecordedHostOptions extends RecorderOptions, WhatIsInForce {}

/** One question, and what the entry is linked to. */
export interface Asking extends Links, Question {
  /** Told of a decision before it is written down, whatever comes of that. */
  readonly onJudged?: (decision: Decision) => void;
}

/** A decision with its entry; a permit is issued from it as it is. */
export interface RecordedDecision extends WrittenDecision {
  readonly decision: Decision;
  readonly request: NamedRequest | null;
  /** Durable; null where there is no entry, and with a relaxed recorder, which does not wait. */
  readonly receipt: LogReceipt | null;
  /** Why there is no entry; null where there is one, or will be. */
  readonly problem: LogError | null;
}

/** As of a decision, with the very fields that were judged, in the form that rules saw. */
export type RecordedPermission =
  | (Extract<Permission, { readonly kind: "released" }> & {
      readonly fields: Readonly<Record<string, unknown>>;
    })
  | Exclude<Permission, { readonly kind: "released" }>;

/** What came of what was decided. */
export type OutcomeOf = Pick<OutcomeEntry, "status"> & Partial<Pick<OutcomeEntry, "result" | "note">>;

export interface RecordedHost {
  /** Never rejects: whatever goes wrong is a deny with a code. */
  readonly decide: (asking: Asking) => Promise<RecordedDecision>;
  /** What may be done now, and with which fields; `discharged` as for `permissionOf`. */
  readonly permission: (recorded: RecordedDecision, discharged?: readonly Obligation[]) => RecordedPermission;
  /** Writes down what came of a decision of this host; rejects or answers null as its recorder does. */
  readonly outcome: (recorded: RecordedDecision, outcome: OutcomeOf) => Promise<Written | null>;
  /** Any other entry of the same node. */
  readonly append: Recorder["append"];
  readonly counts: Recorder["counts"];
  readonly close: Recorder["close"];
}

/** The host is asked by this alone: what others ask it is written down nowhere. */
export function recordHost(host: AnyHost, store: RecordingStore, options: RecordedHostOptions): RecordedHost {
  const recorder = openRecorder(store, options);
  /** What was judged, for as long as somebody has the decision. */
  const judged = new WeakMap<RecordedDecision, unknown>();
  const isStrict = options.mode === "strict";

  function refused(action: string, error: unknown): RecordedDecision {
    const problem = logError(error);
    const code: Code = problem.code === "log.busy" ? "host.log_busy" : "host.log_failed";
    const decidedMs = options.ports.now();
    return {
      id: null,
      decidedMs,
      decision: denied(code),
      action,
      request: null,
      set: null,
      receipt: null,
      problem,
    };
  }

  /** Nobody waits for what a relaxed host writes down, unless somebody is held or contained by it. */
  function isAwaited({ verdict }: Decision): boolean {
    return isStrict || (verdict !== "allow" && verdict !== "deny");
  }

  async function decide(asking: Asking): Promise<RecordedDecision> {
    const { action } = asking;
    const full = isStrict ? recorder.refusal() : null;
    if (full !== null) return refused(action, full);
    const { fields, decision, answered } = judge(host, asking, options);
    asking.onJudged?.(decision);
    const { execution = null, parents = [], trace = null } = asking;
    const id = options.ports.uuid();
    const isWaiting = isAwaited(decision);
    const haste = isWaiting ? "now" : "soon";
    const writing = recorder.decision(answered, { id, execution, parents, trace }, haste);
    try {
      const written = isWaiting ? await writing : null;
      if (isWaiting && written === null) return refused(action, recorder.refusal() ?? LET_GO);
      const { set, at = options.ports.now() } = written?.entry ?? setOf(answered);
      const { request } = answered;
      const receipt = written?.receipt ?? null;
      const recorded = { id, decidedMs: at, decision, action, request, set, receipt, problem: null };
      judged.set(recorded, fields);
      return recorded;
    } catch (error) {
      return refused(action, error);
    }
  }

  return Object.freeze({
    decide,
    permission(recorded: RecordedDecision, discharged: readonly Obligation[] = []): RecordedPermission {
      const { decision, action } = recorded;
      const permission = permissionOf(decision, discharged);
      if (permission.kind !== "released") return permission;
      // Either host knows its own decisions.
      const fields = judged.has(recorded)
        ? host.fieldsToExecute(action, judged.get(recorded), decision as SetDecision, discharged)
        : null;
      return fields === null ? { kind: "refused", decision } : { ...permission, fields };
    },
    outcome({ id, receipt }: RecordedDecision, { status, result = null, note = null }: OutcomeOf) {
      const parents = receipt === null ? [] : [causedBy(receipt)];
      return recorder.append({ kind: "outcome", decision: id ?? "", status, result, note }, { parents });
    },
    append: recorder.append,
    counts: recorder.counts,
    close: recorder.close,
  });
}

const LET_GO = new LogError("log.busy", "the decision's entry was let go: ask again");

function causedBy({ leafHash }: LogReceipt): Parent {
  return { leaf: leafHash, relation: "caused", log: null };
}

/** As the entry says it. */
function setOf({ policy, set }: Answered): { readonly set: RecordedDecision["set"]; readonly at?: number } {
  if (set !== undefined) return { set: { digest: set.digest, epoch: set.epoch } };
  return { set: policy && { digest: policy.evaluator, epoch: 0 } };
}

function logError(error: unknown): LogError {
  if (error instanceof LogError) return error;
  return new LogError("log.failed", error instanceof Error ? error.message : String(error));
}
