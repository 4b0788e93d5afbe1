/** The executions that clients of a service have begun, and their steps that wait for an outcome. */
import type { Authorized, Execution, GovernorAbort, Grant } from "@polity/governor/governor.ts";

/** What was answered to a step: with a grant, it waits for its outcome. */
export interface StepSaid {
  readonly answer: Authorized;
  readonly grant: Grant | null;
}

export interface OpenStep {
  /** Tells what came of it; resolves once that is written down. */
  readonly settle: (status: "succeeded" | "failed", note: string | null) => Promise<void>;
}

export interface KeptExecution {
  readonly execution: Execution;
  /** The name of the key that began it: nobody else hears of it. */
  readonly owner: string;
  isEnded: boolean;
  readonly steps: Map<string, OpenStep>;
}

export interface KeptExecutions {
  readonly keep: (execution: Execution, owner: string) => KeptExecution;
  /** Null for what somebody else began. */
  readonly find: (id: string, owner: string) => KeptExecution | null;
  /** It can be forgotten when there are many. */
  readonly over: (one: KeptExecution) => void;
}

/** How many that are over are remembered, so that whoever asks late learns how it ended. */
const OVER_MAX = 4_096;
/** Whoever was stopped in the middle of something may still say how far it came. */
const REPORT_MS = 10_000;

export function keepExecutions(): KeptExecutions {
  const kept = new Map<string, KeptExecution>();
  /** In the order in which they were over. */
  const overIds = new Set<string>();

  function over({ execution: { id } }: KeptExecution): void {
    overIds.add(id);
    if (overIds.size <= OVER_MAX) return;
    const [oldest = ""] = overIds;
    overIds.delete(oldest);
    kept.delete(oldest);
  }

  return {
    keep(execution, owner) {
      const one: KeptExecution = { execution, owner, isEnded: false, steps: new Map() };
      kept.set(execution.id, one);
      const onAbort = () => {
        over(one);
        setTimeout(() => void settleAll(one), REPORT_MS).unref();
      };
      if (execution.signal.aborted) onAbort();
      else execution.signal.addEventListener("abort", onAbort, { once: true });
      return one;
    },
    over,
    find(id, owner) {
      const one = kept.get(id);
      return one === undefined || one.owner !== owner ? null : one;
    },
  };
}

/** Of an execution that was ended by whoever began it, the signal says nothing that would matter. */
export function statusOfKept({ execution, isEnded }: KeptExecution): "live" | "aborted" | "ended" {
  if (isEnded) return "ended";
  return execution.signal.aborted ? "aborted" : "live";
}

export function abortOf({ execution: { signal }, isEnded }: KeptExecution): GovernorAbort | null {
  if (!signal.aborted || isEnded) return null;
  const { code = "execution.aborted", message = "it was stopped" } = (signal.reason ??
    {}) as Partial<GovernorAbort>;
  return { code, message };
}

export async function settleAll({ steps }: KeptExecution): Promise<void> {
  for (const step of [...steps.values()]) await step.settle("failed", "no outcome was reported");
}
