/**
 * The one writer of a log. While one batch becomes durable the next one gathers; an entry is acknowledged
 * after its bytes are durable. A write or sync that failed is the end: what the system says afterwards about
 * the same file cannot be trusted, and only opening the log again finds out what is there.
 */
import type { LogError, LogStore, Receipt } from "../store.ts";
import { commitBatch } from "./commit.ts";
import { ioError } from "./disk.ts";
import { closeFiles, ENTRIES_FILE } from "./folder.ts";
import type { Lock } from "./lock.ts";
import { closedError, type LogState } from "./log-state.ts";
import { makePublisher, type Publisher, type Signing } from "./publish.ts";
import { CHECKPOINT_FILE } from "./published.ts";
import { enqueue, type Queue, takeBatch, type Waiting } from "./queue.ts";

export type LogWriting = Pick<LogStore, "append" | "flush" | "checkpoint" | "close">;

interface Writer {
  readonly state: LogState;
  readonly lock: Lock;
  readonly publisher: Publisher;
  readonly queue: Queue;
  /** Why nothing is taken any more. */
  refusal: LogError | null;
  /** Whether somebody takes from the queue. */
  isDraining: boolean;
  drained: Promise<void>;
  /** Entries that were accepted since the log was opened, and those of them that are durable. */
  accepted: number;
  durable: number;
  /** Who waits until so many are durable, in the order of asking. */
  flushes: Flush[];
}

interface Flush {
  readonly accepted: number;
  readonly resolve: () => void;
  readonly reject: (error: LogError) => void;
}

/** `sequences` says which `seq` is due for each node, and is kept up to date. */
export function makeWriting(
  state: LogState,
  sequences: Map<string, number>,
  lock: Lock,
  signing: Signing | null,
): LogWriting {
  const writer: Writer = {
    state,
    lock,
    publisher: makePublisher(state, signing, lock),
    queue: { items: [], bytes: 0, sequences },
    refusal: null,
    isDraining: false,
    drained: Promise.resolve(),
    accepted: 0,
    durable: 0,
    flushes: [],
  };
  let closing: Promise<void> | null = null;
  return {
    append: (entry, opening) =>
      new Promise<Receipt>((resolve, reject) => {
        // What is thrown here rejects the promise.
        if (writer.refusal !== null) throw writer.refusal;
        enqueue(writer.queue, entry, opening, { resolve, reject });
        writer.accepted += 1;
        if (!writer.isDraining) writer.drained = drain(writer);
      }),
    flush: () => flush(writer),
    checkpoint: () => checkpoint(writer),
    close: () => {
      writer.refusal = closedError();
      closing ??= close(writer);
      return closing;
    },
  };
}

/** Never rejects. */
async function drain(writer: Writer): Promise<void> {
  writer.isDraining = true;
  while (writer.queue.items.length > 0) {
    // Whatever is appended in the same turn, or in answer to the last batch, goes into this one.
    await Promise.resolve();
    const batch = takeBatch(writer.queue);
    try {
      if (batch.length > 0) await commitBatch(writer.state, batch);
    } catch (error) {
      stop(writer, ioError(error, ENTRIES_FILE, "write"), batch);
      break;
    }
    writer.durable += batch.length;
    settleFlushes(writer);
  }
  writer.isDraining = false;
}

/** From now on nothing is taken, and whoever waits is told why. */
function stop(writer: Writer, problem: LogError, batch: readonly Waiting[] = []): void {
  writer.refusal ??= problem;
  const { items } = writer.queue;
  for (const { reject } of [...batch, ...items.splice(0)]) reject(problem);
  writer.queue.bytes = 0;
  for (const { reject } of writer.flushes.splice(0)) reject(problem);
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
  });
}

async function checkpoint(writer: Writer): Promise<string> {
  if (writer.refusal !== null) throw writer.refusal;
  try {
    return await writer.publisher.checkpoint();
  } catch (error) {
    const problem = ioError(error, CHECKPOINT_FILE, "write");
    if (problem.code !== "log.no_signer" && problem.code !== "log.unsigned") stop(writer, problem);
    throw problem;
  }
}

/** What was accepted is still written. */
async function close({ drained, publisher, state, lock }: Writer): Promise<void> {
  await drained;
  await publisher.settled();
  state.isClosed = true;
  await closeFiles(state.files);
  await lock.release();
}
