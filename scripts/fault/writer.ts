/**
 * A process that uses a log as it is told: its argument is a plan, as JSON. Every answer of the store is a
 * line on standard output, written at once, so that nothing is lost in a buffer when the process is killed.
 * Which lines there are, `ledger.ts` says.
 */
import { writeSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { pendingFile } from "@polity/lineage/file-store/pending-redaction.ts";
import { nodeRecording } from "@polity/lineage/node/crypto.ts";
import { openRecorder, type Recorder } from "@polity/lineage/recorder.ts";
import { redact } from "@polity/lineage/redaction.ts";
import { LogError, type LogStore } from "@polity/lineage/store.ts";
import { followIndex, indexPath } from "./index-rebuild.ts";
import { openFor } from "./log-api.ts";
import { entryOf, nodeName, type Plan, type Step, USUAL } from "./plan.ts";
import { ERASER, identityOf, REASON, type RedactStep, redactionVariant } from "./redactions.ts";

interface Writing {
  readonly store: LogStore;
  readonly input: () => Interface;
  /** For each node, the `seq` that its next entry has. */
  readonly due: (node: number) => number;
  /** That many were put to the store. */
  readonly sent: (node: number) => void;
}

/** Loads publish after so many rounds. */
const ROUNDS_PER_CHECKPOINT = 3;
/** Several checkpoints long. */
const CLOCK_MS = 30;
/** No disk here takes so many. */
const FILL_ROUNDS_MAX = 2_000;

/** Whoever hears has to know what may be in the log, acknowledged or not. */
const announced = new Set([USUAL]);

const plan = JSON.parse(process.argv[2] ?? "") as Plan;
process.exitCode = await run(plan);

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function codeOf(error: unknown): string {
  return error instanceof LogError ? error.code : "thrown";
}

function place(error: unknown): string {
  if (!(error instanceof LogError)) return String(error).split("\n")[0]!;
  return `${error.file ?? "-"} ${error.offset ?? "-"} ${error.message.split("\n")[0]}`;
}

async function run({ steps, ...where }: Plan): Promise<number> {
  say("begin");
  const opened = await openFor(where);
  if (!opened.ok) {
    say(`refused ${opened.error.code} ${place(opened.error)}`);
    return 1;
  }
  const { store } = opened;
  say(`open ${store.size}`);
  const next = new Map<number, number>();
  const due = (node: number) => next.get(node) ?? opened.nextSeq(nodeName(node));
  let input: Interface | null = null;
  const writing: Writing = {
    store,
    input: () => (input ??= createInterface({ input: process.stdin })),
    due,
    sent: (node) => next.set(node, due(node) + 1),
  };
  try {
    for (const step of steps) await follow(step, writing);
    say("done");
    return 0;
  } catch (error) {
    say(`failed ${codeOf(error)} ${place(error)}`);
    await store.close().catch((reason: unknown) => say(`failed ${codeOf(reason)} ${place(reason)}`));
    return 1;
  } finally {
    (input as Interface | null)?.close();
  }
}

async function follow(step: Step, writing: Writing): Promise<void> {
  const { store } = writing;
  if (step.do === "append") await appendAll(writing, step);
  else if (step.do === "checkpoint") await publish(store);
  else if (step.do === "redact") await erase(writing, step);
  else if (step.do === "index") await followIndex(plan, indexPath(plan));
  else if (step.do === "load") await load(writing, step);
  else if (step.do === "fill") await fill(writing, step.variant);
  else if (step.do === "clock") await setClock(step.aheadMs);
  else if (step.do === "close") await store.close();
  else if (step.do === "wait") await waitForLine(writing);
  else throw new Error(`no such step: ${JSON.stringify(step)}`);
}

/** Rejects with the first refusal, once all are answered. */
async function appendAll(
  writing: Writing,
  { nodes, each, variant = USUAL }: Pick<Extract<Step, { do: "append" }>, "nodes" | "each" | "variant">,
): Promise<void> {
  const answers: Promise<unknown>[] = [];
  for (let count = 0; count < each; count += 1) {
    for (let node = 0; node < nodes; node += 1) answers.push(append(writing, node, variant));
  }
  const refused = (await Promise.allSettled(answers)).find(({ status }) => status === "rejected");
  if (refused?.status === "rejected") throw refused.reason;
}

async function append(writing: Writing, node: number, variant = USUAL): Promise<void> {
  const seq = writing.due(node);
  if (!announced.has(variant)) say(`variant ${variant}`);
  announced.add(variant);
  const { entry, opening } = entryOf(node, seq, variant);
  writing.sent(node);
  try {
    const { index, leafHash } = await writing.store.append(entry, opening);
    say(`ack ${index} ${node} ${seq} ${variant} ${leafHash}`);
  } catch (error) {
    say(`nack ${node} ${seq} ${codeOf(error)}`);
    throw error;
  }
}

async function erase({ store, due, sent }: Writing, step: RedactStep): Promise<void> {
  const variant = redactionVariant(step);
  const seq = due(ERASER);
  const { id, at } = identityOf(seq);
  const ports = { ...nodeRecording, now: () => at };
  const writing = openRecorder(store, { node: nodeName(ERASER), nextSeq: seq, ports, mode: "strict" });
  say(`variant ${variant}`);
  sent(ERASER);
  const append: Recorder["append"] = async (body, links) => {
    const written = await writing.append(body, links);
    const { index, leafHash } = written!.receipt;
    say(`ack ${index} ${ERASER} ${seq} ${variant} ${leafHash}`);
    if (step.stops) await waitForEver();
    return written;
  };
  const recorder = { append };
  const redacting = { store, recorder, pending: pendingFile(plan.dir), uuid: () => id, sha256: ports.sha256 };
  const done = await redact(redacting, { ...step, reason: REASON });
  if (!done.ok) throw new Error(done.message);
  say(`erased ${variant}`);
}

async function waitForEver(): Promise<never> {
  say("waiting");
  return new Promise(() => setInterval(() => undefined, 60_000));
}

async function publish(store: LogStore): Promise<void> {
  say(`note ${Buffer.from(await store.checkpoint()).toString("base64")}`);
}

async function load(
  writing: Writing,
  { nodes, outstanding }: { readonly nodes: number; readonly outstanding: number },
): Promise<void> {
  const one = async (node: number): Promise<void> => {
    for (let round = 1; ; round += 1) {
      await Promise.all(Array.from({ length: outstanding }, () => append(writing, node)));
      if (node === 0 && round % ROUNDS_PER_CHECKPOINT === 0) await publish(writing.store);
    }
  };
  await Promise.all(Array.from({ length: nodes }, (_, node) => one(node)));
}

/** Until an entry is refused; then everything that is there must still be read. */
async function fill(writing: Writing, variant: string): Promise<void> {
  const { store } = writing;
  for (let round = 0; round < FILL_ROUNDS_MAX; round += 1) {
    try {
      await appendAll(writing, { nodes: 2, each: 2, variant });
      await publish(store);
    } catch (error) {
      say(`full ${codeOf(error)} ${place(error)}`);
      let read = 0;
      while (read < store.size && (await store.entry(read)) !== null) read += 1;
      say(`alive ${read} ${store.size}`);
      return;
    }
  }
}

const trueNow = Date.now;

async function setClock(aheadMs: number): Promise<void> {
  Date.now = () => trueNow() + aheadMs;
  await new Promise((resolve) => setTimeout(resolve, CLOCK_MS));
}

async function waitForLine({ input }: Writing): Promise<void> {
  say("waiting");
  await new Promise((resolve) => input().once("line", resolve));
}
