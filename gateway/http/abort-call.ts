/** How agents that run elsewhere learn that they were stopped: by an answer that waits, or by events. */
import { type ApiResponse, answerJson, type Call } from "./api.ts";
import { abortOf, type KeptExecution, statusOfKept } from "./kept-executions.ts";

/** Whoever reads events hears something at least so often, and so does whatever stands in between. */
const BEAT_MS = 15_000;
const POLL_MS = 1_000;

export async function abortCall(call: Call, one: KeptExecution): Promise<ApiResponse> {
  if (call.wantsEvents) return { status: 200, headers: EVENTS, body: events(call.signal, one) };
  const until = performance.now() + call.waitMs;
  while (!call.signal.aborted && statusOfKept(one) === "live") {
    const left = until - performance.now();
    if (left <= 0) break;
    await overOrLater(call.signal, one, Math.min(left, POLL_MS));
  }
  return answerJson(200, noticeBody(one));
}

const EVENTS = Object.freeze({
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
});

function noticeBody(one: KeptExecution) {
  return { id: one.execution.id, is_over: statusOfKept(one) !== "live", abort: abortOf(one) };
}

/** One event, when it is over; comments until then. */
async function* events(gone: AbortSignal, one: KeptExecution): AsyncGenerator<string> {
  yield ": waiting\n\n";
  let beatAt = performance.now() + BEAT_MS;
  while (!gone.aborted && statusOfKept(one) === "live") {
    await overOrLater(gone, one, POLL_MS);
    if (performance.now() < beatAt) continue;
    beatAt += BEAT_MS;
    yield ": still waiting\n\n";
  }
  if (!gone.aborted) yield `event: ${statusOfKept(one)}\ndata: ${JSON.stringify(noticeBody(one))}\n\n`;
}

/** An abort is told at once; that it was ended by its owner, who knows, within a second. */
function overOrLater(gone: AbortSignal, { execution: { signal } }: KeptExecution, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      gone.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted || gone.aborted) return done();
    signal.addEventListener("abort", done);
    gone.addEventListener("abort", done);
  });
}
