/** Servers that the gateway has started, and however they end or go wrong: each has its code. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Message } from "@polity/gateway/mcp/message.ts";
import { startServer } from "@polity/gateway/mcp/server-process.ts";
import type { UpstreamEvents } from "@polity/gateway/mcp/upstream.ts";
import { expect, onTestFinished, test } from "vitest";

const SOURCE = fileURLToPath(import.meta.resolve("@polity/gateway/mcp/server-process.ts"));

const pressed = () => null;

function started(script: string, args: readonly string[] = [], events: Partial<UpstreamEvents> = {}) {
  const messages: Message[] = [];
  let tell: (code: string | undefined) => void = () => {};
  const closed = new Promise<string | undefined>((resolve) => {
    tell = resolve;
  });
  const server = startServer(
    { command: "sh", args: ["-c", script, "sh", ...args], isQuiet: true },
    { message: (message) => messages.push(message), closed: (_why, code) => tell(code), pressed, ...events },
  );
  onTestFinished(() => server.close());
  return { ...server, messages, closed };
}

const HELLO = '{"jsonrpc":"2.0","method":"notifications/message"}';

test("whatever it wrote before its end counts, and its end has a name", async () => {
  const { messages, closed } = started(`echo '${HELLO}'; exit 3`);
  expect(await closed).toBe("upstream.ended");
  expect(messages).toHaveLength(1);
});

test("one that says more than can be dealt with is read no further until it is", async () => {
  let relieve: () => void = () => {};
  const relieved = new Promise<void>((resolve) => {
    relieve = resolve;
  });
  const [count, many] = [100_000, `yes '${HELLO}' | head -n 100000`];
  let asked = 0;
  const pressedOnce = () => {
    asked += 1;
    return asked > 1 ? null : relieved;
  };
  const { messages, closed } = started(many, [], { pressed: pressedOnce });
  await expect.poll(() => asked, { timeout: 30_000 }).toBe(1);
  const first = messages.length;
  // Whatever else would have been read by now was not.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([messages.length, first < count / 2]).toEqual([first, true]);
  relieve();
  expect(await closed).toBe("upstream.ended");
  expect(messages).toHaveLength(count);
});

test("one that cannot be started has ended", async () => {
  const closed = new Promise((resolve) => {
    startServer(
      { command: "/no/such/server", args: [] },
      { message: () => {}, closed: (_, code) => resolve(code), pressed },
    );
  });
  expect(await closed).toBe("upstream.ended");
});

test("one for which no file can be opened, or that has no such name, has ended", async () => {
  const closed = new Promise((resolve) => {
    const closed = (_: string, code?: string) => resolve(code);
    startServer({ command: "a\0b", args: [] }, { message: () => {}, closed, pressed });
  });
  expect(await closed).toBe("upstream.ended");
  const script = `
    import { openSync } from "node:fs";
    import { startServer } from ${JSON.stringify(SOURCE)};
    try { for (;;) openSync("/dev/null"); } catch {}
    const closed = (why, code) => console.log(code, why);
    const server = startServer({ command: "true", args: [] }, { message() {}, closed });
    server.send({ kind: "notification", method: "x", params: null });
    await server.close();
  `;
  const args = [process.execPath, "--input-type=module", "-e", script];
  const { stdout, stderr } = spawnSync("sh", ["-c", 'ulimit -n 64 && exec "$@"', "sh", ...args], {
    encoding: "utf8",
  });
  expect([stdout, stderr]).toEqual([
    "upstream.ended the server could not be started: too many files are open\n",
    "",
  ]);
});

test("another process that keeps its output open does not keep the session", async () => {
  const said = `echo '{"jsonrpc":"2.0","id":'$!',"result":{}}'`;
  const { messages, closed } = started(`sleep 60 & ${said}; exit 0`);
  onTestFinished(() => {
    for (const message of messages) if (message.kind === "result") process.kill(Number(message.id));
  });
  expect(await closed).toBe("upstream.ended");
  expect(messages).toHaveLength(1);
});

test.each([
  ["upstream.malformed", "echo '{}'; exec sleep 60"],
  ["upstream.malformed", `echo '[${HELLO}]'; exec sleep 60`],
  ["upstream.malformed", 'echo \'{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}\'; exec sleep 60'],
  ["upstream.malformed", 'printf \'{"jsonrpc":"2.0","method":"\\377"}\\n\'; exec sleep 60'],
  ["upstream.too_large", "head -c 17000000 /dev/zero; exec sleep 60"],
])("%s: %s", async (code, script) => {
  const { messages, closed } = started(script);
  expect(await closed).toBe(code);
  expect(messages).toEqual([]);
});

test("upstream.backlog: one that does not read, and would not end by itself either", async () => {
  const { send, closed } = started("trap '' TERM; exec sleep 60");
  const text = "x".repeat(1024 * 1024);
  for (let at = 0; at < 20; at += 1) send({ kind: "notification", method: "m", params: { text } });
  expect(await closed).toBe("upstream.backlog");
});
