/** The stream of what answers nothing, for as long as the server has one to give. */
import { endsSession, type UpstreamFailure } from "./upstream-codes.ts";
import { againAfter } from "./upstream-exchange.ts";
import { askServer, type Link, pause } from "./upstream-link.ts";
import { readAnswer } from "./upstream-read.ts";
import { headProblem, letGo } from "./upstream-request.ts";

/** Why the session cannot go on; null where it is over, or the server has no such stream. */
export async function listen(link: Link): Promise<UpstreamFailure | null> {
  const { signal } = link.over;
  const { againMs } = link.limits;
  let waitMs = againMs;
  let lastId: string | null = null;
  let isTold = false;
  while (!signal.aborted) {
    const asked = await askServer(link, { method: "GET", body: null, signal, lastId });
    if (signal.aborted) {
      if (asked.ok) asked.response.destroy();
      return null;
    }
    if (asked.ok && asked.response.statusCode === 405) {
      letGo(asked.response);
      return null;
    }
    const { failure, ...found } = await heard(link, asked);
    if (failure !== null && endsSession(failure)) return failure;
    lastId = found.lastId ?? lastId;
    if (found.count > 0) [waitMs, isTold] = [againMs, false];
    if (failure !== null && !isTold)
      link.place.log(`the server is not heard: ${failure.code}: ${failure.message}`);
    isTold ||= failure !== null;
    await pause(againAfter(link, found.retryMs, waitMs), signal);
    waitMs = againAfter(link, null, waitMs * 2);
  }
  return null;
}

interface Heard {
  readonly failure: UpstreamFailure | null;
  readonly lastId: string | null;
  readonly retryMs: number | null;
  readonly count: number;
}

async function heard(link: Link, asked: Awaited<ReturnType<typeof askServer>>): Promise<Heard> {
  const nothing = { lastId: null, retryMs: null, count: 0 };
  if (!asked.ok) return { failure: asked.failure, ...nothing };
  const failure = headProblem(asked.response, link.session !== null, ["text/event-stream"]);
  if (failure !== null) {
    letGo(asked.response);
    return { failure, ...nothing };
  }
  const end = await readAnswer(asked.response, link, link.over.signal, (message) => {
    link.events.message(message);
    return false;
  });
  if (end.kind === "answered") return { failure: null, ...nothing };
  return end.kind === "failed" ? { failure: end.failure, ...nothing } : { ...end, failure: null };
}
