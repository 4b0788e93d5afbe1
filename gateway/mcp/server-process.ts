/** A server that is started by the gateway and spoken to over its standard input and output. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { type LineSplitter, splitLines } from "./lines.ts";
import { type Message, readMessage, writeMessage } from "./message.ts";
import {
  SERVER_BACKLOG_BYTES_MAX,
  SERVER_MESSAGE_BYTES_MAX,
  type Upstream,
  type UpstreamEvents,
} from "./upstream.ts";
import type { UpstreamCode } from "./upstream-codes.ts";

/** From the request to end to the end of all patience. */
const KILL_AFTER_MS = 2_000;
/** For what it has written before its end: another process may keep its output open for ever. */
const LAST_WORDS_MS = 1_000;

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** All that the server sees of it; left out, the gateway's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it writes on standard error is let go. */
  readonly isQuiet?: boolean;
}

/** Why it is ended. */
interface Problem {
  readonly text: string;
  readonly code?: UpstreamCode;
}

/** What it writes on standard error is passed on to the gateway's. Never throws. */
export function startServer(command: ServerCommand, events: UpstreamEvents): Upstream {
  const child = spawned(command);
  if (child instanceof Error) return neverStarted(child, events);
  return serverOf(child, events);
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Where no file can be opened any more there is a process without pipes, which never was one. */
function spawned({ command, args, env, isQuiet = false }: ServerCommand): Child | Error {
  try {
    const child: Child = spawn(command, [...args], {
      stdio: ["pipe", "pipe", isQuiet ? "ignore" : "inherit"],
      ...(env === undefined ? {} : { env }),
    });
    if ((child.stdout as Readable | undefined) !== undefined) return child;
    child.on("error", () => {});
    return new Error("too many files are open");
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function neverStarted({ message }: Error, { closed }: UpstreamEvents): Upstream {
  const told = Promise.resolve().then(() =>
    closed(`the server could not be started: ${message}`, "upstream.ended"),
  );
  return { send: () => {}, close: () => told };
}

function serverOf(child: Child, events: UpstreamEvents): Upstream {
  const lines = splitLines(SERVER_MESSAGE_BYTES_MAX);
  let why: Problem | null = null;
  let isClosed = false;
  let told: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    told = resolve;
  });

  function fail(problem: Problem): void {
    why ??= problem;
    child.stdin.destroy();
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
  }

  function end(reason: string): void {
    if (isClosed) return;
    isClosed = true;
    const { text, code } = why ?? { text: reason, code: "upstream.ended" };
    events.closed(text, code);
    told();
  }

  child.on("error", (error) => end(`the server could not be started: ${error.message}`));
  child.on("exit", () => {
    const patience = setTimeout(() => child.stdout.destroy(), LAST_WORDS_MS);
    child.once("close", () => clearTimeout(patience));
  });
  child.on("close", (code, signal) => end(`the server ended (${signal ?? code})`));
  // Its end is told by `close`; a pipe that breaks before is no reason to end with it.
  child.stdin.on("error", () => {});
  child.stdout.on("data", (chunk: Uint8Array) => {
    if (why !== null) return;
    const problem = take(lines, chunk, events.message);
    if (problem !== null) fail(problem);
    const relieved = events.pressed();
    if (relieved === null) return;
    child.stdout.pause();
    void relieved.then(() => child.stdout.resume());
  });

  return {
    send(message) {
      if (isClosed || why !== null) return;
      child.stdin.write(`${writeMessage(message)}\n`);
      if (child.stdin.writableLength > SERVER_BACKLOG_BYTES_MAX)
        fail({ text: "the server does not read what it is sent", code: "upstream.backlog" });
    },
    async close() {
      if (!isClosed) fail({ text: "the gateway has ended it" });
      await closed;
    },
  };
}

/** What is wrong with it, or null: whoever writes anything but messages is not listened to any more. */
function take(lines: LineSplitter, chunk: Uint8Array, message: (message: Message) => void): Problem | null {
  const whole = lines.push(chunk);
  if (whole === null) {
    const text = `the server wrote a message of more than ${SERVER_MESSAGE_BYTES_MAX} bytes`;
    return { text, code: "upstream.too_large" };
  }
  for (const line of whole) {
    const read = readMessage(line);
    if (!read.ok) {
      const text = `the server wrote something else than a message: ${read.error.message}`;
      return { text, code: "upstream.malformed" };
    }
    message(read.message);
  }
  return null;
}
