import type { Entry } from "@polity/lineage/entry.ts";
import { nodeUuid } from "@polity/lineage/node/crypto.ts";
import { dueAfter, type Sequences, sequenceProblem } from "@polity/lineage/sequence.ts";
import type { LogStore, Receipt } from "@polity/lineage/store.ts";
import { appendAll } from "../append-all.ts";
import { uninterrupted } from "../ending.ts";
import { advised, EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { type Head, logFailure, openToWrite, signHead, type Writer, writerOptions } from "../log-folder.ts";
import { completeEntry, type Draft, type DraftRefusal, readDrafts } from "../new-entries.ts";
import { startProgress } from "../progress.ts";
import { nameOf, readText } from "../read-file.ts";
import { headLines } from "../render-log.ts";
import { tellFailure } from "../tell.ts";
import { printLine, write } from "../terminal.ts";
import { plural, visible } from "../words.ts";

/** How many refused entries are told one by one. */
const TOLD_MAX = 20;

/** All entries of all files are looked at before the first is appended. */
export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, switches } = invocation;
  const json = switches.has("json");
  const [dir = "", ...files] = operands;
  if (files.filter((file) => file === "-").length > 1) {
    throw usage(command, "standard input can be read only once");
  }
  const writer = writerOptions(invocation, dir);
  const signer = await readSigner(values.get("key") ?? "");
  const drafts: Draft[] = [];
  const refusals: DraftRefusal[] = [];
  const place = ({ file }: DraftRefusal) => files.indexOf(file);
  for (const file of files) {
    const read = readDrafts(file, await readText(file));
    drafts.push(...read.drafts);
    refusals.push(...read.refusals);
  }
  // What is wrong whatever the log has is found before a log is made or locked.
  const form = complete(drafts, writer, null);
  const all = [...refusals, ...form.refusals].sort((a, b) => place(a) - place(b) || a.line - b.line);
  if (all.length > 0) return refuse(all, json);
  const { store, nextSeq } = await openToWrite(writer, signer);
  const due = new Map(form.entries.map(({ node }) => [node, nextSeq(node)]));
  // All or none, and signed for: so whoever interrupts this waits for it.
  const done = await uninterrupted(() => appendDrafts(store, drafts, writer, due));
  if ("refusals" in done) return refuse(done.refusals, json);
  await tell(dir, done, json);
  return EXIT.done;
}

interface Done {
  readonly entries: readonly Entry[];
  readonly receipts: readonly Receipt[];
  readonly head: Head;
}

/** Lets others write in the end. */
async function appendDrafts(
  store: LogStore,
  drafts: readonly Draft[],
  writer: Writer,
  due: Sequences,
): Promise<Done | Pick<Completed, "refusals">> {
  try {
    const { entries, refusals } = complete(drafts, writer, due);
    if (refusals.length > 0) return { refusals };
    const receipts = await append(store, writer.dir, entries);
    return { entries, receipts, head: await signHead(store, writer.dir) };
  } finally {
    await store.close();
  }
}

interface Completed {
  readonly entries: readonly Entry[];
  readonly refusals: readonly DraftRefusal[];
}

/** `known` is null before the log is open: then numbers are not judged. */
function complete(drafts: readonly Draft[], { node }: Writer, known: Sequences | null): Completed {
  const due = new Map(known ?? []);
  const entries: Entry[] = [];
  const refusals: DraftRefusal[] = [];
  const at = Date.now();
  for (const draft of drafts) {
    const made = completeEntry(draft, { id: nodeUuid, at, node, due });
    if ("message" in made) {
      refusals.push(made);
      continue;
    }
    const problem = known === null ? null : sequenceProblem(due, made);
    if (problem === null) entries.push(made);
    else
      refusals.push({
        file: draft.file,
        line: draft.line,
        code: "entry.field",
        message: problem,
        path: "seq",
      });
    due.set(made.node, dueAfter(made));
  }
  return { entries, refusals };
}

async function append(store: LogStore, dir: string, entries: readonly Entry[]): Promise<readonly Receipt[]> {
  const progress = startProgress(`appending to ${nameOf(dir)}`);
  try {
    const { receipts, error } = await appendAll(store, entries, progress.step);
    if (error === undefined) return receipts;
    const problem = logFailure(dir, error);
    if (receipts.length === 0) throw problem;
    const done = `${receipts.length} of ${plural(entries.length, "entry", "entries")} are in the log`;
    throw advised(problem, `${done}, the others are not`);
  } finally {
    await progress.stop();
  }
}

async function refuse(refusals: readonly DraftRefusal[], json: boolean): Promise<number> {
  if (json) {
    await printLine(JSON.stringify({ ok: false, refused: refusals }));
    return EXIT.no;
  }
  for (const { file, line, code, message, path } of refusals.slice(0, TOLD_MAX)) {
    const member = path === "" ? "" : `${path}: `;
    const place = `${file === "-" ? "standard input" : visible(file)}:${line}`;
    await tellFailure({ message: visible(`${place}: ${code}: ${member}${message}`), hint: null });
  }
  const told = plural(refusals.length, "entry is refused", "entries are refused");
  throw failure(`${told}; nothing was appended`, "see docs/lineage.md for what entries are made of", EXIT.no);
}

async function tell(dir: string, { entries, receipts, head }: Done, json: boolean): Promise<void> {
  if (json) {
    const appended = receipts.map(({ index, leafHash }, at) => ({
      index,
      leaf: leafHash,
      id: entries[at]?.id,
    }));
    await printLine(JSON.stringify({ ok: true, ...head, appended }));
    return;
  }
  const [first, last] = [receipts[0]?.index, receipts.at(-1)?.index];
  const which = first === last ? `entry ${first}` : `entries ${first} to ${last}`;
  const what = first === undefined ? "nothing to append" : `${which} appended`;
  await write(`${visible(dir)}: ${what}\n${headLines(head)}`);
}
