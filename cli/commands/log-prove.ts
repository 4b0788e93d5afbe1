import { realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { countOption } from "../count-option.ts";
import { EXIT, failure } from "../failure.ts";
import { indexOfId } from "../find-entry.ts";
import { type Invocation, usage } from "../invocation.ts";
import { logFailure, openToRead } from "../log-folder.ts";
import { policyOption } from "../log-policy-file.ts";
import { withEnding } from "../output-option.ts";
import { type Provable, type ProvenEntry, provableTiles, proveEntry } from "../prove-entry.ts";
import { isPublished, isWritersOwn, openPublished, placeOf } from "../published-log.ts";
import { holdsOther, nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { columns } from "../table.ts";
import { printLine, write } from "../terminal.ts";
import { isRefused, keysOption } from "../trusted-keys.ts";
import { quoted, visible } from "../words.ts";
import { expectWritable, writeWhole } from "../write-file.ts";

const ENDING = ".tlog-proof";
/** What a request says is its owner's alone. */
const OPENING_MODE = 0o600;

interface Outputs {
  readonly proof: string;
  readonly record: string;
  /** Null where it is not asked for. */
  readonly opening: string | null;
}

export async function run(invocation: Invocation): Promise<number> {
  const { operands, switches } = invocation;
  const json = switches.has("json");
  const [dir = ""] = operands;
  const asked = indexOption(invocation);
  const outputs = outputsOf(invocation, dir);
  const policy = await policyOption(invocation);
  // There is no --key here: whoever proves an entry need not know who will ask.
  const trust = await keysOption(invocation);
  if (isRefused(trust)) return answerNo(nameOf(trust.file), trust, json);
  const terms = { policy, trust: trust !== null && "root" in trust ? trust : null };
  const { store, index } = await openProvable(invocation, dir, asked).catch((error: unknown) => {
    throw logFailure(dir, error);
  });
  if (index === null) {
    const message = `there is no entry with the id ${quoted(invocation.values.get("id") ?? "")}`;
    return answerNo(`log ${nameOf(dir)}`, { ok: false, code: "log.not_proven", message, hint: null }, json);
  }
  try {
    const proven = await proveEntry(store, index, outputs.opening !== null, terms).catch((error: unknown) => {
      throw logFailure(dir, error);
    });
    if (!proven.ok) return await answerNo(`log ${nameOf(dir)}`, proven, json);
    await writeOutputs(outputs, proven);
    await tell(outputs, index, store.origin, proven.size, json);
    return EXIT.done;
  } finally {
    await store.close();
  }
}

/** Null where an id is given in its place. */
function indexOption(invocation: Invocation): number | null {
  const { command, values } = invocation;
  const index = countOption(invocation, "index", 0);
  if ((index === null) === values.has("id")) return index;
  throw usage(command, index === null ? "--index or --id is missing" : "--index and --id exclude each other");
}

/** The writer's own folder may have what opens a request; of other logs there are public files only. */
async function openProvable(
  invocation: Invocation,
  dir: string,
  index: number | null,
): Promise<{ readonly store: Provable; readonly index: number | null }> {
  const isPublic = isPublished(dir) && !isWritersOwn(dir);
  if (!isPublic && index !== null) return { store: await openToRead(dir), index };
  const place = await placeOf(invocation, dir);
  const log = await openPublished(place, { keys: null, crypto: nodeCrypto });
  const found = index ?? (await indexOfId(invocation, place, log, invocation.values.get("id") ?? ""));
  return { store: isPublic ? provableTiles(log) : await openToRead(dir), index: found };
}

/** Fails before any work where files cannot be meant, and where they would lie among the log's own. */
function outputsOf({ command, values, switches }: Invocation, dir: string): Outputs {
  const proof = values.get("output") ?? "";
  if (!basename(proof).endsWith(ENDING) || basename(proof) === ENDING) {
    throw usage(command, `-o is P${ENDING}, since the record is then P.json, not ${quoted(proof)}`);
  }
  const name = (ending: string) => withEnding(proof, ENDING, ending);
  const outputs = {
    proof,
    record: name(".json"),
    opening: switches.has("opening") ? name(".opening.json") : null,
  };
  expectWritable(proof);
  if (realOf(dirname(proof)) === realOf(dir)) {
    throw failure(`${quoted(proof)} would lie among the log's own files`, "write it to another folder");
  }
  return outputs;
}

/** Null where there is nothing. */
function realOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** The proof comes last: where it is, everything that it needs is there. */
async function writeOutputs({ proof, record, opening }: Outputs, proven: ProvenEntry): Promise<void> {
  const files: (readonly [string, string | Uint8Array, number])[] = [[record, proven.record, 0o666]];
  if (opening !== null && proven.opening !== null) files.push([opening, proven.opening, OPENING_MODE]);
  for (const [path, content] of files) {
    if (await holdsOther(path, content)) {
      throw failure(`${quoted(path)} is there already, and is something else`, "name another proof with -o");
    }
  }
  for (const [path, content, mode] of files) writeWhole(path, content, mode);
  writeWhole(proof, proven.proof);
}

async function tell(
  { proof, record, opening }: Outputs,
  index: number,
  origin: string,
  size: number,
  json: boolean,
): Promise<void> {
  if (json) {
    await printLine(JSON.stringify({ ok: true, origin, index, size, proof, record, opening }));
    return;
  }
  const rows = [
    ["proof", visible(proof)],
    ["record", visible(record)],
    ...(opening === null ? [] : [["opening", `${visible(opening)} (reveals the request)`]]),
  ];
  const lines = columns(rows).map((line) => `  ${line}`);
  const head = `entry ${index} of ${size} in ${origin}`;
  await write(`${head}\n${lines.join("\n")}\n`);
}
