/**
 * The one writer of a log. While one batch becomes durable the next one gathers; an entry is acknowledged
 * after its bytes are durable. A write or sync that failed is the end: what the system says afterwards about
 * the same file cannot be trusted, and only opening the log again finds out what is there.
 */
import { LogError, type LogStore, type PublishedHead, type Receipt } from "../store.ts";
import { type Commit, commitBatch, type Tell } from "./commit.ts";
import { ioError } from "./disk-errors.ts";
import { CHECKPOINT_FILE, WAL_FOLDER } from "./layout.ts";
import { HALF_COUNT_MIN, SOON_COUNT_MAX, SOON_MS } from "./limits.ts";
import type { Lock } from "./lock.ts";
import { closedError } from "./log-state.ts";
import type { Counters } from "./metrics.ts";
import { eraseOpening, lastUpTo } from "./openings.ts";
import type { Publisher } from "./publish.ts";
import { enqueue, type Queue, takeBatch, type Waiting } from "./queue.ts";
import type { Reserve } from "./reserve.ts";
import { makeTeller } from "./teller.ts";
import { removeAll } from "./tidy.ts";

export type LogWriting = Pick<
  LogStore,
  "append" | "flush" | "checkpoint" | "erase" | "onPublished" | "close"
>;

export interface WriterParts extends Commit {
  readonly lock: Lock;
  readonly publisher: Publisher;
  readonly queue: Queue;
  readonly reserve: Reserve;
  readonly counters: Counters;
  /** A checkpoint after so many milliseconds in which the log grew; 0: only when it is asked for. */
  readonly checkpointMs: number;
  /** The same checkpoint again after so many milliseconds in which it did not; 0: never. */
  readonly heartbeatMs: number;
}

export interface Writer extends WriterParts {
  /** Why nothing is taken any more. */
  refusal: LogError | null;
  /** Why no checkpoint is signed any more. */
  unsignable: LogError | null;
  /** Whether somebody takes from the queue. */
  isDraining: boolean;
  drained: Promise<void>;
  /** Until which those wait whom nobody waits for; null where there are none. */
  gathering: ReturnType<typeof setTimeout> | null;
  /** They have waited long enough. */
  isRipe: boolean;
  /** What is to be done between two batches. */
  readonly tasks: (() => Promise<void>)[];
  /** Entries that were accepted since the log was opened, and those of them that are durable. */
  accepted: number;
  durable: number;
  /** Who waits until so many are durable, in the order of asking. */
  flushes: Flush[];
  readonly listeners: Set<(head: PublishedHead) => void>;
}

interface Flush {
  readonly accepted: number;
  readonly resolve: () => void;
  readonly reject: (error: LogError) => void;
}

export function makeWriter(parts: WriterParts): Writer {
  return {
    ...parts,
    refusal: null,
    unsignable: null,
    isDraining: false,
    drained: Promise.resolve(),
    gathering: null,
    isRipe: false,
    tasks: [],
    accepted: 0,
    durable: 0,
    flushes: [],
    listeners: new Set(),
  };
}

export function makeWriting(writer: Writer): LogWriting {
  let closing: Promise<void> | null = null;
  const stopTimer = startTimer(writer);
  return {
    append: (entry, opening, haste = "now") =>
      new Promise<Receipt>((resolve, reject) => {
        // What is thrown here rejects the promise.
        if (writer.refusal !== null) throw writer.refusal;
        try {
          enqueue(writer.queue, entry, opening, { haste, resolve, reject });
        } catch (error) {
          if (error instanceof LogError && error.code === "log.busy") writer.counters.busy += 1;
          throw error;
        }
        writer.accepted += 1;
        wake(writer);
      }),
    flush: () => flush(writer),
    checkpoint: (again = false) => checkpoint(writer, again),
    erase: (index, pointers = []) => erase(writer, index, pointers),
    onPublished(listener) {
      writer.listeners.add(listener);
      return () => void writer.listeners.delete(listener);
    },
    close: () => {
      stopTimer();
      writer.refusal ??= closedError();
      writer.unsignable ??= closedError();
      closing ??= close(writer);
      return closing;
    },
  };
}

function startTimer(writer: Writer): () => void {
  const { checkpointMs, heartbeatMs, state, integrator } = writer;
  if (checkpointMs === 0) return () => {};
  let beganMs = performance.now();
  let isBusy = false;
  const timer = setInterval(() => {
    const hasGrown = integrator.edge.size !== (state.published?.checkpoint.size ?? 0);
    const isIdle = heartbeatMs > 0 && performance.now() - beganMs >= heartbeatMs;
    // A log without a checkpoint has none to repeat.
    const isDue = isIdle && state.published !== null;
    if (isBusy || writer.unsignable !== null || !(hasGrown || isDue)) return;
    isBusy = true;
    beganMs = performance.now();
    // What it failed with is told to whoever appends next, or is tried again.
    checkpoint(writer, !hasGrown)
      .catch(() => {})
      .finally(() => {
        isBusy = false;
      });
  }, checkpointMs);
  // Whoever has nothing else to do may end; `close` is what makes sure.
  timer.unref();
  return () => clearInterval(timer);
}

function wake(writer: Writer): void {
  if (writer.isDraining) return;
  if (writer.tasks.length > 0 || isDue(writer)) writer.drained = drain(writer);
  else gather(writer);
}

/** Whether what is in the queue is to be written now. */
function isDue({ queue, flushes, refusal, isRipe }: Writer): boolean {
  const { items, urgent } = queue;
  return (
    items.length > 0 && (urgent > 0 || isRipe || flushes.length > 0 || refusal !== null || isMany(items))
  );
}

function isMany({ length }: readonly Waiting[]): boolean {
  return length >= SOON_COUNT_MAX;
}

/** The process lives until then: what was taken is written. */
function gather(writer: Writer): void {
  if (writer.queue.items.length === 0) return;
  writer.gathering ??= setTimeout(() => {
    writer.gathering = null;
    writer.isRipe = true;
    wake(writer);
  }, SOON_MS);
}

function endGathering(writer: Writer): void {
  if (writer.gathering !== null) clearTimeout(writer.gathering);
  writer.gathering = null;
  writer.isRipe = false;
}

/** Never rejects. */
async function drain(writer: Writer): Promise<void> {
  writer.isDraining = true;
  const { queue, tasks, integrator, reserve } = writer;
  const teller = makeTeller((count) => {
    writer.durable += count;
    settleFlushes(writer);
  });
  const isHalf = () => queue.items.length >= HALF_COUNT_MIN;
  // Requests that are read in one turn of the loop share one sync.
  await new Promise((resolve) => setImmediate(resolve));
  while (isDue(writer) || tasks.length > 0) {
    for (const task of tasks.splice(0)) await task();
    // Whatever is appended in answer to the last batch goes into this one.
    await Promise.resolve();
    if (!isDue(writer)) continue;
    endGathering(writer);
    let batch: readonly Waiting[] = [];
    let tells: readonly Tell[];
    try {
      await integrator.roomy();
      const waitingBytes = integrator.backlogBytes() + queue.bytes;
      await reserve.hold(waitingBytes);
      batch = takeBatch(queue, halfOf(queue.items.length + teller.untold()));
      tells = await commitBatch(writer, batch);
    } catch (error) {
      await teller.settled();
      stop(writer, ioError(error, WAL_FOLDER, "write"), batch);
      break;
    }
    writer.counters.batches += 1;
    writer.counters.appended += batch.length;
    await teller.tell(tells, isHalf);
  }
  writer.isDraining = false;
  gather(writer);
}

/** Of many, so that the processor is busy with one half while the disk writes the other. */
function halfOf(count: number): number {
  return Math.max(HALF_COUNT_MIN, Math.ceil(count / 2));
}

/** From now on nothing is taken, and whoever waits is told why. A full disk has room for one checkpoint. */
export function stop(writer: Writer, problem: LogError, batch: readonly Waiting[] = []): void {
  const isFirst = writer.refusal === null;
  endGathering(writer);
  writer.refusal ??= problem;
  if (problem.code !== "log.full" || !isFirst) writer.unsignable ??= problem;
  else giveUpReserve(writer);
  const { items } = writer.queue;
  for (const { reject } of [...batch, ...items.splice(0)]) reject(problem);
  writer.queue.bytes = 0;
  writer.queue.urgent = 0;
  for (const { reject } of writer.flushes.splice(0)) reject(problem);
}

function giveUpReserve(writer: Writer): void {
  writer.reserve
    .release()
    .then(() => writer.integrator.resume())
    .catch((error: unknown) => {
      writer.unsignable ??= ioError(error, WAL_FOLDER, "write");
    });
}

function settleFlushes(writer: Writer): void {
  while (writer.flushes[0] !== undefined && writer.flushes[0].accepted <= writer.durable) {
    writer.flushes.shift()!.resolve();
  }
}

async function flush(writer: Writer): Promise<void> {
  if (writer.refusal !== null) throw writer.refusal;
  await new Promise<void>((resolve, reject) => {
    writer.flushes.push({ accepted: writer.accepted, resolve, reject });
    settleFlushes(writer);
    wake(writer);
  });
}

/** After these, nothing was published and nothing is in doubt: the log goes on. */
const HARMLESS: ReadonlySet<string> = new Set(["log.no_signer", "log.unsigned", "log.unwitnessed"]);

async function checkpoint(writer: Writer, again: boolean): Promise<string> {
  if (writer.unsignable !== null) throw writer.unsignable;
  const before = writer.state.published?.note;
  try {
    const note = await writer.publisher.checkpoint(again);
    if (note !== before) tellListeners(writer);
    return note;
  } catch (error) {
    const problem = ioError(error, CHECKPOINT_FILE, "write");
    if (HARMLESS.has(problem.code)) writer.counters.checkpointsFailed += 1;
    else stop(writer, problem);
    throw problem;
  }
}

function tellListeners({ listeners, state }: Writer): void {
  const { published } = state;
  if (published === null) return;
  for (const listener of listeners) listener({ note: published.note, ...published.checkpoint });
}

/** Done between two batches, so that no segment is written to and rewritten at once. */
function erase(writer: Writer, index: number, pointers: readonly string[]): Promise<boolean> {
  return new Promise<boolean>((resolve, reject) => {
    if (writer.refusal !== null) throw writer.refusal;
    const { state, requests } = writer;
    writer.tasks.push(async () => {
      try {
        if (writer.refusal !== null) throw writer.refusal;
        if (!Number.isSafeInteger(index) || index < 0 || index >= state.size()) return resolve(false);
        const first = lastUpTo(requests.firsts, index);
        if (first !== undefined && requests.isActive(first)) await requests.finish();
        resolve(await eraseOpening(state.disk, state.dir, requests.firsts, index, pointers));
      } catch (error) {
        const problem = ioError(error, "requests", "write");
        if (problem.code === "log.failed") stop(writer, problem);
        reject(problem);
      }
    });
    wake(writer);
  });
}

/** What was accepted is still written. */
async function close(writer: Writer): Promise<void> {
  const { publisher, state, lock, wal, requests, reserve, integrator } = writer;
  wake(writer);
  await writer.drained;
  await publisher.settled();
  // A failure was told to whoever it concerned, and the next opening finds out what is there.
  const isIntegrated = await integrator.settled().then(
    () => true,
    () => false,
  );
  state.isClosed = true;
  try {
    await wal.close();
    await requests.close();
    await reserve.close();
    const isCovered = isIntegrated && state.published?.checkpoint.size === integrator.edge.size;
    if (isCovered) await removeAll(state.disk, state.dir, wal.firsts);
  } catch (error) {
    throw ioError(error, state.dir, "write");
  } finally {
    lock.release();
  }
}
