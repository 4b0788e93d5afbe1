import { readCount } from "@polity/lineage/count.ts";
import { hasLog } from "@polity/lineage/file-store/folder.ts";
import { pendingFile } from "@polity/lineage/file-store/pending-redaction.ts";
import { nodeCrypto, nodeRecording, nodeUuid } from "@polity/lineage/node/crypto.ts";
import { openRecorder } from "@polity/lineage/recorder.ts";
import { eraseAllSaid, type RedactResult, redact } from "@polity/lineage/redaction.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { uninterrupted } from "../ending.ts";
import { advised, EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { findEntry } from "../log-entry.ts";
import { type Head, logFailure, openToWrite, signHead, type Writer, writerOptions } from "../log-folder.ts";
import { startProgress } from "../progress.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { headLines } from "../render-log.ts";
import { printLine, write } from "../terminal.ts";
import { plural, quoted, visible } from "../words.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { operands, values, lists, switches } = invocation;
  const [dir = "", which] = operands;
  const json = switches.has("json");
  const reason = expectSense(invocation);
  const writer = writerOptions(invocation, dir);
  const signer = await readSigner(values.get("key") ?? "");
  // What cannot be looked at is for opening it to explain.
  if (!(await hasLog(dir).catch(() => true))) throw failure(`there is no log in ${nameOf(dir)}`);
  const { store, nextSeq } = await openToWrite(writer, signer);
  // Once the log says that it is gone, it has to go.
  return uninterrupted(async () => {
    try {
      if (which === undefined) return await finishAll(store, dir, json);
      const index = await findEntry(store, which, dir);
      const redaction = { index, pointers: lists.get("field") ?? [], reason };
      const done = await redactOne(store, writer, nextSeq(writer.node), redaction);
      if (!done.ok) return await answerNo(`entry ${which} of ${nameOf(dir)}`, { ...done, hint: null }, json);
      return await tell(dir, index, done, await signSaid(store, dir), json);
    } catch (error) {
      throw logFailure(dir, error);
    } finally {
      await store.close();
    }
  });
}

/** The reason; empty where everything that the log says is to be erased again. */
function expectSense({ command, operands, values, lists, switches }: Invocation): string {
  const [, which] = operands;
  const reason = values.get("reason") ?? "";
  if (switches.has("all-said")) {
    const needless = ["reason", "field"].find((name) => values.has(name));
    if (which !== undefined) throw usage(command, "--all-said is about all entries, and this names one");
    if (needless !== undefined) throw usage(command, `--${needless} and --all-said exclude each other`);
    return reason;
  }
  if (which === undefined) throw usage(command, "which entry? By its place in the log, or by its id");
  if (reason === "") throw usage(command, "--reason is missing: the log says why something was erased");
  if (Buffer.byteLength(reason) > REASON_BYTES_MAX) {
    throw usage(command, `--reason has at most ${REASON_BYTES_MAX} bytes`);
  }
  if ((lists.get("field") ?? []).length > FIELDS_MAX) throw usage(command, `at most ${FIELDS_MAX} fields`);
  const index = readCount(which);
  if (index === null && !UUID.test(which)) {
    throw usage(command, `${quoted(which)} is neither a place in the log, from 0, nor the id of an entry`);
  }
  return reason;
}

const REASON_BYTES_MAX = 1_024;
const FIELDS_MAX = 64;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function redactOne(
  store: LogStore,
  { dir, node }: Writer,
  nextSeq: number,
  redaction: Parameters<typeof redact>[1],
): Promise<RedactResult> {
  const recorder = openRecorder(store, { node, nextSeq, ports: nodeRecording, mode: "strict" });
  const { sha256 } = nodeCrypto;
  const redacting = { store, recorder, pending: pendingFile(dir), uuid: nodeUuid, sha256 };
  return redact(redacting, redaction);
}

/** What is gone is gone, also where nothing can be published for now. */
async function signSaid(store: LogStore, dir: string): Promise<Head> {
  try {
    return await signHead(store, dir);
  } catch (error) {
    throw advised(error, "it is erased, and the log says so: pol log checkpoint signs and publishes that");
  }
}

async function finishAll(store: LogStore, dir: string, json: boolean): Promise<number> {
  const progress = startProgress(`looking through ${nameOf(dir)}`);
  try {
    const erased = await eraseAllSaid(store, nodeCrypto.sha256, progress.step);
    if (json) await printLine(JSON.stringify({ ok: true, erased }));
    else await write(`${visible(dir)}: ${finishedText(erased)}\n`);
    return EXIT.done;
  } finally {
    await progress.stop();
  }
}

function finishedText(erased: readonly number[]): string {
  if (erased.length === 0) return "all that the log says was erased is gone";
  return `${plural(erased.length, "request")} erased, as the log says`;
}

type Done = Extract<RedactResult, { ok: true }>;

async function tell(
  dir: string,
  index: number,
  { written, pointers }: Done,
  head: Head,
  json: boolean,
): Promise<number> {
  const { receipt } = written;
  if (json) {
    const redaction = { index: receipt.index, leaf: receipt.leafHash, id: written.entry.id };
    await printLine(JSON.stringify({ ok: true, ...head, index, fields: pointers, redaction }));
    return EXIT.done;
  }
  const what = pointers.length === 0 ? "the request" : pointers.map(visible).join(", ");
  const says = `${visible(dir)}: ${what} of entry ${index} is gone, and entry ${receipt.index} says so`;
  await write(`${says}\n${headLines(head)}copies and backups of the log's folder have it still\n`);
  return EXIT.done;
}
