/** A client that has started the gateway and speaks to it over its standard input and output. */
import type { Readable, Writable } from "node:stream";
import { splitLines } from "./lines.ts";
import { type Message, writeMessage } from "./message.ts";
import type { Session } from "./session.ts";
import type { ClosedCode } from "./shared.ts";

/** What a client sends: a whole file at most. */
const CLIENT_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** What waits for a client that does not read. */
const BACKLOG_BYTES_MAX = 32 * 1024 * 1024;

/** Answers why the session ended. */
export async function serveStdio(
  open: (toClient: (message: Message) => void) => Session,
  input: Readable,
  output: Writable,
): Promise<string> {
  const lines = splitLines(CLIENT_MESSAGE_BYTES_MAX);
  let session: Session | null = null;
  const fail = (why: string, code?: ClosedCode) => void session?.close(why, code);
  session = open((message) => {
    output.write(`${writeMessage(message)}\n`);
    if (output.writableLength > BACKLOG_BYTES_MAX)
      fail("the client does not read what it is sent", "mcp.unread");
  });
  output.on("error", () => fail("the client reads no more"));
  input.on("data", (chunk: Uint8Array) => {
    const whole = lines.push(chunk);
    if (whole === null) {
      input.pause();
      const why = `the client sent a message of more than ${CLIENT_MESSAGE_BYTES_MAX} bytes`;
      void session?.note("mcp_too_large").then(() => fail(why, "mcp.too_large"));
      return;
    }
    for (const line of whole) session?.receive(line);
    const relieved = session?.pressed() ?? null;
    if (relieved === null) return;
    input.pause();
    void relieved.then(() => input.resume());
  });
  input.on("end", () => fail("the client has ended"));
  input.on("error", () => fail("the client has ended"));
  return session.closed;
}
