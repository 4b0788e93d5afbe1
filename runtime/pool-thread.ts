/** The thread's side of a pool: `serveDecisions` in a file of its own, which the pool's threads run. */
import type { Host } from "./host.ts";
import {
  type Answers,
  type FromThread,
  KEPT_DECISIONS_MAX,
  type PoolRequest,
  type ToThread,
  type WholeDecision,
} from "./pool-messages.ts";
import type { Decision } from "./result.ts";
import { openShared, type SharedOptions } from "./share.ts";

/** How a thread speaks with the one that started it. */
export interface ThreadPort {
  readonly send: (message: unknown) => void;
  readonly listen: (hear: (message: unknown) => void) => void;
}

/** Decides what it is asked, with what the pool sends first. */
export function serveDecisions({ send, listen }: ThreadPort, options: SharedOptions = {}): void {
  const say = (message: FromThread) => send(message);
  let answer: ((requests: readonly PoolRequest[]) => Answers) | null = null;
  listen((heard) => {
    const message = heard as ToThread;
    if (message.kind === "open") {
      openShared(message.shared, options).then((loaded) => {
        if (!loaded.ok) return say({ kind: "refused", code: loaded.code, message: loaded.message });
        answer = makeAnswer(loaded.host);
        say({ kind: "opened" });
      });
    } else if (message.kind === "ask" && answer !== null) say(answer(message.requests));
  });
}

function makeAnswer({ decide }: Host): (requests: readonly PoolRequest[]) => Answers {
  /** What was sent before: its number, or -1 for what was met only once and may never come again. */
  const sent = new WeakMap<Decision, number>();
  let count = 0;
  return (requests) => {
    const numbers: number[] = [];
    const whole: WholeDecision[] = [];
    for (const { action, fields, header, entities } of requests) {
      const decision = decide(action, fields, header, entities);
      const known = sent.get(decision);
      if (known !== undefined && known >= 0) {
        numbers.push(known);
        continue;
      }
      const isKept = known !== undefined && count < KEPT_DECISIONS_MAX;
      const number = isKept ? count : -1;
      if (isKept) count += 1;
      sent.set(decision, number);
      numbers.push(-1);
      whole.push({ decision, number });
    }
    return { kind: "answered", numbers, whole };
  };
}
