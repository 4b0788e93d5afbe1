/** The only file that writes to standard output and standard error. */
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";
import { endEarly } from "./ending.ts";
import { EXIT, fileFailure, isFailure } from "./failure.ts";

export type Channel = "out" | "error";
export type Look = "error" | "warning" | "hint" | "strong" | "faint" | "good";
/** Colours text, or leaves it as it is where nobody sees colours. */
export type Paint = (look: Look, text: string) => string;

const FORMATS: Readonly<Record<Look, Parameters<typeof styleText>[0]>> = {
  error: ["bold", "red"],
  warning: ["bold", "yellow"],
  hint: "cyan",
  strong: "bold",
  faint: "dim",
  good: "green",
};

const streamOf = (channel: Channel) => (channel === "out" ? process.stdout : process.stderr);

export function isTerminal(channel: Channel): boolean {
  return streamOf(channel).isTTY === true;
}

/** Whether somebody sits there who sees what is asked, and can answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Shows something and asks about it; only `y` and `yes` are a yes. */
export async function confirmed(shown: string, question: string): Promise<boolean> {
  const line = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    const ended = once(line, "close").then(() => "");
    const answer = await Promise.race([line.question(`${shown}\n${question} [y/N] `), ended]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    line.close();
  }
}

/** Paints only for a terminal, and not where NO_COLOR is set (no-color.org) or TERM is `dumb`. */
export function paintFor(channel: Channel): Paint {
  const stream = streamOf(channel);
  const { NO_COLOR, TERM } = process.env;
  const isPlain = stream.isTTY !== true || (NO_COLOR !== undefined && NO_COLOR !== "") || TERM === "dumb";
  return isPlain ? plain : (look, text) => styleText(FORMATS[look], text, { validateStream: false });
}

const plain: Paint = (_look, text) => text;

/** Writes text as it is and waits where the reader is slow. */
export async function write(text: string | Uint8Array, channel: Channel = "out"): Promise<void> {
  const stream = streamOf(channel);
  // After an error `watchStreams` ends the process, and whatever comes after this never comes.
  if (!stream.write(text)) await once(stream, "drain").catch(() => new Promise<never>(() => {}));
}

export async function printLine(line: string, channel: Channel = "out"): Promise<void> {
  await write(`${line}\n`, channel);
}

/** What may wait for a reader who is not waited for. */
const OFFERED_BYTES_MAX = 1024 * 1024;

/** Nobody waits for its reader: where too much waits already, it is left out. */
export function offerLine(line: string, channel: Channel): void {
  const stream = streamOf(channel);
  if (stream.writableLength < OFFERED_BYTES_MAX) stream.write(`${line}\n`);
}

const UNREAD_MS = 2_000;

/** The process ends even where nobody reads what it has written: with what it ends with, or with this. */
export function endUnread(exitCode: number): void {
  setTimeout(() => process.exit(process.exitCode ?? exitCode), UNREAD_MS).unref();
}

/**
 * Writing ends where nobody reads any more (`pol … | head -1`), without a word; any other failure is told.
 * Streams report both as an event, outside any call.
 */
export function watchStreams(): void {
  for (const channel of ["out", "error"] as const) {
    streamOf(channel).on("error", (error: Error) => {
      if ("code" in error && error.code === "EPIPE") return endEarly(() => process.exit(EXIT.pipe));
      const told = fileFailure("write", channel === "out" ? "standard output" : "standard error", error);
      if (channel === "out" && isFailure(told)) process.stderr.write(`pol: error: ${told.message}\n`);
      endEarly(() => process.exit(EXIT.usage));
    });
  }
}
