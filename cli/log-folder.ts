/** Logs in folders, as commands use them: every objection becomes a sentence with advice. */
import { type Checkpoint, decodeCheckpoint, isOrigin } from "@polity/lineage/checkpoint.ts";
import { hasLog } from "@polity/lineage/file-store/folder.ts";
import { type OpenOptions, openFileLog } from "@polity/lineage/file-store/open.ts";
import { nodeCrypto, nodeRandomBytes } from "@polity/lineage/node/crypto.ts";
import { fileAnchor, usualAnchorFolder } from "@polity/lineage/node/file-anchor.ts";
import { decodeNote } from "@polity/lineage/note-form.ts";
import { LogError, type LogStore } from "@polity/lineage/store.ts";
import { httpWitnesses } from "@polity/lineage/web/witnesses.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { isLabel } from "@polity/runtime/signed-document.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { failure } from "./failure.ts";
import { type Invocation, usage } from "./invocation.ts";
import { readLogPolicy } from "./log-policy-file.ts";
import { withProgress } from "./progress.ts";
import { nameOf } from "./read-file.ts";
import type { Refusal } from "./refusal.ts";
import { tellNote } from "./tell.ts";
import { quoted, sizeText, visible } from "./words.ts";

/** Who writes to a log, by the options that several commands share. */
export interface Writer {
  readonly dir: string;
  readonly origin: string | null;
  readonly node: string;
  /** A folder; null for the usual one of the log's origin. */
  readonly anchor: string | null;
  /** The path of a log policy, whose witnesses cosign; null for none. */
  readonly witnesses: string | null;
}

const NODE_USUAL = "local";
const NODE_BYTES_MAX = 256;

export function writerOptions(invocation: Invocation, dir: string): Writer {
  const { command, values } = invocation;
  const origin = originOption(invocation);
  const node = values.get("node") ?? NODE_USUAL;
  if (!isLabel(node) || Buffer.byteLength(node) > NODE_BYTES_MAX) {
    throw usage(command, `--node is 1 to ${NODE_BYTES_MAX} bytes without control characters`);
  }
  return { dir, origin, node, anchor: anchorOption(invocation), witnesses: values.get("witnesses") ?? null };
}

/** Where the last checkpoint is kept outside of the log; null where nobody says. */
export function anchorOption({ command, values }: Invocation): string | null {
  const anchor = values.get("anchor") ?? null;
  if (anchor === "") throw usage(command, "--anchor is a folder");
  return anchor;
}

/** The log's name that is asked for; null where none is. */
export function originOption({ command, values }: Invocation): string | null {
  const origin = values.get("origin") ?? null;
  if (origin === null || isOrigin(origin)) return origin;
  const like = "like example.com/payments: no scheme, no space, no +, at most 255 characters";
  throw usage(command, `${quoted(origin)} is no name of a log`, like);
}

export interface WrittenLog {
  readonly store: LogStore;
  /** The number that is due for a node. */
  readonly nextSeq: (node: string) => number;
}

/** Makes the log where there is none yet; says where a crash had left something. */
export async function openToWrite(writer: Writer, signer: Signer): Promise<WrittenLog> {
  const { dir, origin, anchor } = writer;
  const asked = await askedWitnesses(writer.witnesses);
  // What cannot be looked at is for opening it to explain.
  const isThere = await hasLog(dir).catch(() => true);
  const name = origin ?? (isThere ? null : originFor(signer));
  const { store, nextSeq, recoveredBytes } = await open(dir, {
    origin: name,
    signer,
    create: true,
    ...anchored(anchor),
    ...asked,
  });
  if (recoveredBytes > 0) {
    const what = `${sizeText(recoveredBytes)} of an interrupted write, which nobody was told of,`;
    await tellNote(`log ${nameOf(dir)}: ${what} are gone`);
  }
  return { store, nextSeq };
}

/** A log that must be there, to be written to. */
export async function openToSign(
  { dir, anchor, witnesses }: Pick<Writer, "dir" | "anchor" | "witnesses">,
  signer: Signer,
): Promise<LogStore> {
  const asked = await askedWitnesses(witnesses);
  return (await open(dir, { origin: null, signer, create: false, ...anchored(anchor), ...asked })).store;
}

/** A log that must be there, and stays as it is. */
export async function openToRead(dir: string): Promise<LogStore> {
  return (await open(dir, { origin: null, signer: null, create: false })).store;
}

function anchored(folder: string | null): Required<Pick<OpenOptions, "anchor">> {
  return { anchor: (origin) => fileAnchor(folder ?? usualAnchorFolder(origin)) };
}

/** Nobody is asked where no policy is given. */
async function askedWitnesses(path: string | null): Promise<Pick<OpenOptions, "witnesses">> {
  if (path === null) return {};
  const policy = await readLogPolicy(path);
  if (policy.witnesses.some(({ url }) => url !== null)) {
    return { witnesses: httpWitnesses(policy, { crypto: nodeCrypto }) };
  }
  const hint = "a line of it is witness NAME VKEY URL, with where the witness takes checkpoints";
  throw failure(`${nameOf(path)} has no witness that can be asked`, hint);
}

async function open(dir: string, options: Omit<OpenOptions, "crypto">) {
  // Commands say themselves when to sign.
  const task = () => openFileLog(dir, { ...options, crypto: nodeCrypto, checkpointMs: 0 });
  const opened = await withProgress(`opening ${nameOf(dir)}`, task);
  if (opened.ok) return opened;
  throw logFailure(dir, opened.error);
}

/** A name that no other key and no other folder has: under one name, two logs would contradict each other. */
function originFor({ publicKey }: Signer): string {
  const key = publicKey.id.slice("sha256:".length, "sha256:".length + 16);
  return `polity.local/${key}/${Buffer.from(nodeRandomBytes(8)).toString("hex")}`;
}

/** What a log objects to, which says itself what to do, as a failure; every other error as it is. */
export function logFailure(dir: string, error: unknown): unknown {
  if (!(error instanceof LogError)) return error;
  return failure(`log ${nameOf(dir)}: ${error.code}: ${visible(error.message)}`);
}

/** These say that nobody could look, not that something was found. */
const UNSEEN: ReadonlySet<string> = new Set([
  "log.not_a_folder",
  "log.unreadable",
  "log.unreachable",
  "log.no_index",
  "log.read_only",
]);

/** What a check of a log found, with its place; fails where it could not be checked. */
export function logRefusal(dir: string, error: LogError): Refusal {
  const { code, message, file, offset, index } = error;
  if (UNSEEN.has(code)) throw logFailure(dir, error);
  const place = {
    ...(file !== null && { file }),
    ...(offset !== null && { offset }),
    ...(index !== null && { index }),
  };
  return { ok: false, code, message, hint: null, place };
}

/** What a check of a whole log found where it is not the log that is meant. */
export function otherLog(found: string, wanted: string): Refusal {
  const message = `this is the log ${found}, not ${wanted}`;
  const hint = "check the folder, or the name: a log keeps the one that it was made with";
  return { ok: false, code: "log.other_origin", message, hint };
}

/** What a log last signed. */
export interface Head {
  readonly origin: string;
  readonly size: number;
  /** `sha256:` and 64 hex digits. */
  readonly root: string;
  /** Names of those who have cosigned it. */
  readonly cosigners: readonly string[];
}

/**
 * Signs for everything that is in the log; `again`: also where nothing has grown, as for new cosignatures.
 */
export async function signHead(store: LogStore, dir: string, again = false): Promise<Head> {
  try {
    const note = await store.checkpoint(again);
    const { origin, size, root } = checkpointOf(note);
    // The log's own line comes first; the store has looked at it.
    const decoded = decodeNote(note);
    const cosigners = decoded.ok ? decoded.form.lines.filter(({ name }) => name !== origin) : [];
    return { origin, size, root: digestName(root), cosigners: cosigners.map(({ name }) => name) };
  } catch (error) {
    throw logFailure(dir, error);
  }
}

/** From a note that the store has looked at; its signature is not looked at here. */
export function checkpointOf(note: string): Checkpoint {
  const decoded = decodeCheckpoint(note.slice(0, note.indexOf("\n\n") + 1));
  if (!decoded.ok) throw new Error(`the log's own checkpoint is none: ${decoded.message}`);
  return decoded.checkpoint;
}
