/**
 * Decisions in threads: for policies whose decisions take longer than sending a request takes, and for
 * threads that must not wait (docs/threads.md has the figures). Each thread has an instance of its own.
 */
import { headerOf, readRequest, type StreamRequest } from "./decide-many.ts";
import type { Header } from "./header.ts";
import {
  type Answers,
  type FromThread,
  KEPT_DECISIONS_MAX,
  type PoolRequest,
  type ToThread,
} from "./pool-messages.ts";
import { type Decision, denied } from "./result.ts";
import type { SharedEvaluator } from "./share.ts";

/** A thread that was started and runs `serveDecisions`. */
export interface PoolThread {
  /** Throws where the message cannot be sent. */
  readonly send: (message: unknown) => void;
  readonly end: () => void;
}

export interface PoolOptions {
  /** 1 to 64. */
  readonly threads: number;
  /** Starts a thread; `hear` takes each of its messages, `gone` is for its end, however it came. */
  readonly start: (events: {
    readonly hear: (message: unknown) => void;
    readonly gone: () => void;
  }) => PoolThread;
  /** Requests that wait or are being decided; 10,000 where it is left out. */
  readonly waitingMax?: number;
  /** Requests in one message; 64 where it is left out. */
  readonly batchMax?: number;
}

export type PoolAnswer =
  | { readonly ok: true; readonly decision: Decision }
  /** Not even denied: nobody was asked. */
  | { readonly ok: false; readonly code: "pool.full" | "pool.closed"; readonly message: string };

export interface DecisionPool {
  /**
   * Never rejects. Requests of a thread that ends are denied with `host.trap`, and another thread takes its
   * place; when none can be started, requests are denied with `host.not_ready`. What cannot be sent to a
   * thread, such as a function, is denied with `input.invalid`.
   */
  readonly ask: (action: string, fields: unknown, header: Header, entities?: unknown) => Promise<PoolAnswer>;
  /** As `decideMany`, some batches ahead of who reads. */
  readonly decideMany: (
    requests: Iterable<StreamRequest> | AsyncIterable<StreamRequest>,
    header: Header | (() => Header),
  ) => AsyncGenerator<PoolAnswer, void, undefined>;
  /** Ends the threads; what waits is denied with `host.not_ready`. */
  readonly close: () => void;
  /** Threads that are ready, and requests that wait or are being decided. */
  readonly state: () => { readonly threads: number; readonly waiting: number };
}

/** A thread's place. */
interface Seat {
  thread: PoolThread | null;
  isOpen: boolean;
  /** Starts in a row after which it never was ready. */
  failures: number;
  readonly batches: (readonly Waiting[])[];
  readonly kept: Decision[];
}

interface Waiting {
  readonly request: PoolRequest;
  readonly answer: (decision: Decision) => void;
}

const THREADS_MAX = 64;
/** One batch is being decided, another lies ready: so no thread waits for messages. */
const BATCHES_MAX = 2;
const FAILURES_MAX = 3;
const WAITING_MAX = 1_000_000;
const BATCH_MAX = 4_096;
const FULL = { ok: false, code: "pool.full", message: "too many requests wait" } as const;
const CLOSED = { ok: false, code: "pool.closed", message: "the pool was closed" } as const;

/** A pool of threads with the same evaluator. To have another one, open another pool, then close this one. */
export function openPool(shared: SharedEvaluator, options: PoolOptions): DecisionPool {
  const { start } = options;
  const seats = Array.from({ length: clamped(options.threads, THREADS_MAX) }, makeSeat);
  const waitingMax = clamped(options.waitingMax ?? 10_000, WAITING_MAX);
  const batchMax = clamped(options.batchMax ?? 64, BATCH_MAX);
  const pool = makeQueue(seats, batchMax);
  let isClosed = false;

  function occupy(seat: Seat): void {
    let isGone = false;
    const gone = () => {
      if (isGone) return;
      isGone = true;
      vacate(seat, "host.trap");
      if (isClosed) return;
      seat.failures += 1;
      if (seat.failures < FAILURES_MAX) occupy(seat);
      pool.flush();
    };
    const hear = (message: unknown) => {
      if (!isGone) pool.hear(seat, message as FromThread, gone);
    };
    try {
      seat.thread = start({ hear, gone });
      seat.thread.send({ kind: "open", shared } satisfies ToThread);
    } catch {
      gone();
    }
  }

  for (const seat of seats) occupy(seat);
  const ask: DecisionPool["ask"] = (action, fields, header, entities) => {
    if (isClosed) return Promise.resolve(CLOSED);
    if (pool.size() >= waitingMax) return Promise.resolve(FULL);
    return pool.push({ action, fields, header, entities });
  };
  return Object.freeze({
    ask,
    decideMany: (requests, header) => {
      const ahead = Math.min(waitingMax, seats.length * BATCHES_MAX * batchMax);
      return inOrder(ask, requests, header, ahead);
    },
    close() {
      isClosed = true;
      for (const seat of seats) vacate(seat, "host.not_ready");
      pool.flush();
    },
    state: () => ({ threads: seats.filter(({ isOpen }) => isOpen).length, waiting: pool.size() }),
  } satisfies DecisionPool);
}

function clamped(count: number, max: number): number {
  return Number.isSafeInteger(count) ? Math.min(Math.max(count, 1), max) : 1;
}

function makeSeat(): Seat {
  return { thread: null, isOpen: false, failures: 0, batches: [], kept: [] };
}

/** Nobody sits there any more; what he was asked is denied. */
function vacate(seat: Seat, code: "host.trap" | "host.not_ready"): void {
  const { thread, batches } = seat;
  seat.thread = null;
  seat.isOpen = false;
  seat.kept.length = 0;
  for (const { answer } of batches.splice(0).flat()) answer(denied(code));
  try {
    thread?.end();
  } catch {
    // It is gone in any case.
  }
}

function makeQueue(seats: readonly Seat[], batchMax: number) {
  let queue: Waiting[] = [];
  let isFlushing = false;
  let size = 0;

  function push(request: PoolRequest): Promise<PoolAnswer> {
    size += 1;
    return new Promise((done) => {
      const answer = (decision: Decision) => {
        size -= 1;
        done({ ok: true, decision });
      };
      queue.push({ request, answer });
      // What is asked in one go travels together.
      if (!isFlushing) Promise.resolve().then(flush);
      isFlushing = true;
    });
  }

  function flush(): void {
    isFlushing = false;
    while (queue.length > 0) {
      const free = seats.filter(({ isOpen, batches }) => isOpen && batches.length < BATCHES_MAX);
      if (free.length === 0) break;
      const seat = free.reduce((a, b) => (b.batches.length < a.batches.length ? b : a));
      const batch = queue.slice(0, Math.min(batchMax, Math.ceil(queue.length / free.length)));
      queue = queue.slice(batch.length);
      sendBatch(seat, batch);
    }
    const isHopeless = seats.every(({ thread }) => thread === null);
    if (isHopeless) for (const { answer } of queue.splice(0)) answer(denied("host.not_ready"));
  }

  function hear(seat: Seat, message: FromThread, gone: () => void): void {
    if (message.kind === "opened") {
      seat.isOpen = true;
      seat.failures = 0;
    } else if (message.kind === "answered") answerBatch(seat, message);
    if (message.kind === "refused") gone();
    else flush();
  }

  return { push, flush, hear, size: () => size };
}

function sendBatch(seat: Seat, batch: readonly Waiting[]): void {
  try {
    seat.thread!.send({ kind: "ask", requests: batch.map(({ request }) => request) } satisfies ToThread);
    seat.batches.push(batch);
  } catch {
    // One of them cannot be sent: each by itself, then.
    const [only] = batch;
    if (batch.length === 1) only!.answer(denied("input.invalid"));
    else for (const one of batch) sendBatch(seat, [one]);
  }
}

function answerBatch(seat: Seat, { numbers, whole }: Answers): void {
  const batch = seat.batches.shift() ?? [];
  let next = 0;
  for (const [at, { answer }] of batch.entries()) {
    const number = numbers[at] ?? -1;
    answer((number >= 0 ? seat.kept[number] : newDecision(seat, whole[next++])) ?? denied("host.trap"));
  }
}

function newDecision({ kept }: Seat, given: Answers["whole"][number] | undefined): Decision | undefined {
  if (given === undefined) return undefined;
  // On its way it was copied, and the copy is not frozen.
  const decision = deepFreeze(given.decision);
  if (given.number >= 0 && given.number < KEPT_DECISIONS_MAX) kept[given.number] = decision;
  return decision;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}

/** Asks `ahead` of who reads at most; what is decided is not held back while the source lets others wait. */
async function* inOrder(
  ask: DecisionPool["ask"],
  requests: Iterable<StreamRequest> | AsyncIterable<StreamRequest>,
  header: Header | (() => Header),
  ahead: number,
): AsyncGenerator<PoolAnswer, void, undefined> {
  const source = oneByOne(requests);
  const asked: Promise<PoolAnswer>[] = [];
  let coming: Promise<IteratorResult<StreamRequest, void>> | null = source.next();
  try {
    while (coming !== null || asked.length > 0) {
      const first = asked[0]?.then(() => null);
      const isFull = asked.length >= ahead;
      const next = coming === null || isFull ? await first : await Promise.race([coming, first ?? coming]);
      if (!next) yield await asked.shift()!;
      else if (next.done === true) coming = null;
      else {
        const { action, fields, entities, header: own = headerOf(header) } = readRequest(next.value);
        asked.push(ask(action, fields, own, entities));
        coming = source.next();
      }
    }
  } finally {
    await source.return();
  }
}

async function* oneByOne(
  requests: Iterable<StreamRequest> | AsyncIterable<StreamRequest>,
): AsyncGenerator<StreamRequest, void, undefined> {
  yield* requests;
}
