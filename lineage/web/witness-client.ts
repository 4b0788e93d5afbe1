/** Asks one witness over HTTP (C2SP tlog-witness), within bounds of time and size. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { toHex, utf8 } from "@polity/runtime/hash.ts";
import { type Cosignature, openCosignatures } from "../cosignature.ts";
import { readCount } from "../count.ts";
import type { PolicyWitness } from "../log-policy.ts";
import { decodeNote, encodeNote, NOTE_BYTES_MAX, type NoteForm, type SignatureLine } from "../note-form.ts";
import { encodeWitnessRequest, type WitnessRequest } from "../witness-request.ts";
import type { WitnessProblem } from "../witnesses.ts";
import { httpSource } from "./http-source.ts";

export interface AskOptions {
  readonly crypto: CryptoPort;
  /** How long one answer may take, in milliseconds (default: 5,000). */
  readonly timeoutMs?: number;
  /** In place of the platform's. */
  readonly fetch?: typeof fetch;
}

/** A witness that can be asked. */
export type Askable = PolicyWitness & { readonly url: string };

export type WitnessAnswer =
  | { readonly kind: "cosigned"; readonly line: SignatureLine; readonly cosignature: Cosignature }
  /** It has cosigned another size than the request says. */
  | { readonly kind: "conflict"; readonly size: number }
  /** It says that the checkpoint does not continue what it has cosigned. */
  | { readonly kind: "inconsistent"; readonly message: string }
  | { readonly kind: "problem"; readonly problem: WitnessProblem };

const TIMEOUT_USUAL_MS = 5_000;
/** Room for signature lines of several keys, of later algorithms too. */
const ANSWER_BYTES_MAX = 64 * 1024;
const TOLD_CHARACTERS_MAX = 200;

/** Never rejects but for a bug of the caller: a request that is none. */
export async function askWitness(
  witness: Askable,
  request: WitnessRequest,
  options: AskOptions,
): Promise<WitnessAnswer> {
  const { timeoutMs = TIMEOUT_USUAL_MS, fetch: ask = fetch } = options;
  const body = encodeWitnessRequest(request);
  try {
    const response = await ask(`${baseOf(witness.url)}add-checkpoint`, {
      method: "POST",
      headers: { "content-type": "text/plain; charset=utf-8" },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await textOf(response);
    if (text === null) return problem(witness, "witness.bad_answer", "the answer is too long, or no text");
    return judge(witness, request, { status: response.status, type: typeOf(response), text }, options);
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const detail = isLate ? `no answer within ${timeoutMs} ms` : detailOf(error);
    return problem(witness, "witness.unreachable", `${witness.url} cannot be reached: ${detail}`);
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function judge(
  witness: Askable,
  request: WitnessRequest,
  { status, type, text }: Answer,
  { crypto }: AskOptions,
): WitnessAnswer {
  if (status === 200) return readCosignature(witness, request.checkpoint, text, crypto);
  if (status === 409 && type === "text/x.tlog.size") {
    const size = text.endsWith("\n") ? readCount(text.slice(0, -1)) : null;
    if (size !== null && size !== request.oldSize) return { kind: "conflict", size };
    return problem(witness, "witness.bad_answer", "a conflict without the size that it is about");
  }
  const said = told(text);
  // Before its latest draft, the standard had 409 for another root of the same size.
  if (status === 422 || status === 409)
    return { kind: "inconsistent", message: `it answered ${status}${said}` };
  return problem(witness, "witness.refused", `it answered ${status}${said}`);
}

/** Lines by keys that nobody here knows are left out, as the standard demands. */
function readCosignature(
  witness: Askable,
  checkpoint: string,
  answer: string,
  crypto: CryptoPort,
): WitnessAnswer {
  const { text } = formOf(checkpoint);
  const decoded = decodeNote(`${text}\n${answer}`);
  const bad = (message: string) => problem(witness, "witness.bad_answer", message);
  if (!decoded.ok || decoded.form.text !== text) return bad("the answer is no signature line");
  const opened = openCosignatures(decoded.form, [witness.key], crypto);
  if (!opened.ok) return bad(opened.message);
  const { name, hint } = witness.key;
  const line = decoded.form.lines.find((one) => one.name === name && one.hint === hint);
  const [cosignature] = opened.cosignatures;
  if (line === undefined || cosignature === undefined) return bad(`no cosignature by ${name} (${hint})`);
  return { kind: "cosigned", line, cosignature };
}

/** The checkpoint with the line added; an older one by the same key goes. */
export function withLine(checkpoint: string, line: SignatureLine): string {
  const { text, lines } = formOf(checkpoint);
  const others = lines.filter((one) => one.name !== line.name || one.hint !== line.hint);
  return encodeNote({ text, lines: [...others, line] });
}

export type LatestSeen =
  | { readonly kind: "seen"; readonly note: Uint8Array }
  /** Nothing was cosigned, or the witness shows nothing. */
  | { readonly kind: "none" }
  | { readonly kind: "problem"; readonly problem: WitnessProblem };

/** The last checkpoint of a log that a witness has cosigned, as it shows it to monitors; unchecked. */
export async function askLatest(witness: Askable, origin: string, options: AskOptions): Promise<LatestSeen> {
  const { timeoutMs = TIMEOUT_USUAL_MS, crypto } = options;
  const folder = `${baseOf(witness.url)}${toHex(crypto.sha256(utf8(origin)))}/`;
  try {
    const source = httpSource(folder, { timeoutMs, ...(options.fetch && { fetch: options.fetch }) });
    const note = await source.read("checkpoint", NOTE_BYTES_MAX);
    return note === null ? { kind: "none" } : { kind: "seen", note };
  } catch (error) {
    return problem(witness, "witness.unreachable", detailOf(error));
  }
}

function baseOf(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}

function typeOf(response: Response): string {
  return (response.headers.get("content-type") ?? "").split(";", 1)[0]!.trim();
}

/** Null beyond the bound, and for what is no UTF-8. */
async function textOf(response: Response): Promise<string | null> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const reader = response.body?.getReader();
  let [text, size] = ["", 0];
  try {
    for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
      size += read.value.length;
      if (size > ANSWER_BYTES_MAX) {
        // Whether the other side takes notice is not waited for.
        void reader?.cancel().catch(() => undefined);
        return null;
      }
      text += decoder.decode(read.value, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError && size > 0) return null;
    throw error;
  }
}

/** The writer's own checkpoint, which it has encoded. */
function formOf(checkpoint: string): NoteForm {
  const decoded = decodeNote(checkpoint);
  if (!decoded.ok) throw new RangeError(`not a checkpoint: ${decoded.message}`);
  return decoded.form;
}

/** What somebody else wrote, so that nothing in it acts on a terminal. */
function told(text: string): string {
  const line = text.split("\n", 1)[0]!.slice(0, TOLD_CHARACTERS_MAX);
  return line === "" ? "" : `: ${line.replace(/[^ -~]/gu, "?")}`;
}

function problem(
  { name }: Askable,
  code: WitnessProblem["code"],
  message: string,
): { readonly kind: "problem"; readonly problem: WitnessProblem } {
  return { kind: "problem", problem: { witness: name, code, message } };
}

/** `fetch` says no more than that it failed; its cause says why. */
function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return "what was thrown is no error";
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  return cause.message === "" ? code || error.message : cause.message;
}
