import { checkOpening, encodeOpening, eraseFields, type Opening } from "@polity/lineage/commitment.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { findEntry } from "../log-entry.ts";
import { logFailure, openToRead } from "../log-folder.ts";
import { nameOf } from "../read-file.ts";
import { answerNo, type Refusal } from "../refusal.ts";
import { printLine, write } from "../terminal.ts";
import { quoted, visible } from "../words.ts";
import { expectWritable, writeWhole } from "../write-file.ts";

/** What a request says is for whoever is given the file. */
const MODE = 0o600;

export async function run(invocation: Invocation): Promise<number> {
  const { operands, values, lists, switches } = invocation;
  const [dir = "", which = ""] = operands;
  const json = switches.has("json");
  const output = values.get("output") ?? "";
  expectWritable(output);
  const store = await openToRead(dir);
  try {
    const index = await findEntry(store, which, dir);
    const opened = await openOnly(store, index, lists.get("field") ?? []);
    if ("code" in opened) return await answerNo(`entry ${which} of ${nameOf(dir)}`, opened, json);
    writeWhole(output, encodeOpening(opened.opening), MODE);
    await tell(index, output, opened, json);
    return EXIT.done;
  } catch (error) {
    throw logFailure(dir, error);
  } finally {
    await store.close();
  }
}

interface Opened {
  readonly opening: Opening;
  /** Pointers of sensitive fields that the file shows, and that it does not. */
  readonly shown: readonly string[];
  readonly hidden: readonly string[];
}

/** The request with these of its sensitive fields, and with the commitments of all others. */
async function openOnly(
  store: LogStore,
  index: number,
  fields: readonly string[],
): Promise<Opened | Refusal> {
  const bytes = await store.entry(index);
  const decoded = bytes === null ? null : decodeEntry(bytes);
  const request = decoded?.ok && decoded.entry.kind === "decision" ? decoded.entry.request : null;
  const opening = request === null ? null : await store.opening(index);
  if (request === null || opening === null) {
    return refuse("nothing opens it: it has no request, or its request was erased");
  }
  const checked = checkOpening(request, opening);
  if (!checked.ok) return refuse(`${checked.code}: ${checked.message}`);
  const there = opening.sensitive.map(({ pointer }) => pointer);
  const absent = fields.find((field) => !there.includes(field));
  if (absent !== undefined) {
    const has = there.length === 0 ? "none that is still there" : there.join(", ");
    return refuse(`there is no sensitive field ${quoted(absent)}: it has ${has}`);
  }
  const hidden = there.filter((pointer) => !fields.includes(pointer));
  return { opening: eraseFields(opening, hidden), shown: fields, hidden };
}

function refuse(message: string): Refusal {
  return { ok: false, code: "log.not_opened", message, hint: null };
}

async function tell(index: number, output: string, { shown, hidden }: Opened, json: boolean): Promise<void> {
  if (json) {
    await printLine(JSON.stringify({ ok: true, index, opening: output, shown, hidden }));
    return;
  }
  const list = (fields: readonly string[]) => fields.map(visible).join(", ");
  const without = hidden.length === 0 ? "" : `, without ${list(hidden)}`;
  const what = shown.length === 0 ? "the request" : `the request with ${list(shown)}`;
  await write(`${visible(output)}: ${what} of entry ${index}${without}\n`);
}
