/** The server of tools that a command is about: started by it behind `--`, or asked over HTTP. */
import { statSync } from "node:fs";
import { isLocalHost } from "@polity/gateway/http/server.ts";
import { connectServer } from "@polity/gateway/mcp/server-http.ts";
import { startServer } from "@polity/gateway/mcp/server-process.ts";
import type { Upstream, UpstreamEvents } from "@polity/gateway/mcp/upstream.ts";
import type { Token } from "@polity/gateway/mcp/upstream-link.ts";
import { failure, isFailure } from "./failure.ts";
import { type Invocation, usage } from "./invocation.ts";
import { nameOf, readSecret } from "./read-file.ts";
import { tellNote } from "./tell.ts";
import { quoted, visible } from "./words.ts";

export interface ServerBehind {
  /** For people, without what a query may have in it. */
  readonly name: string;
  readonly connect: (events: UpstreamEvents) => Upstream;
}

/** Null where none is named. */
export async function serverBehind(invocation: Invocation): Promise<ServerBehind | null> {
  const { command, values, switches, behind } = invocation;
  const [program, ...args] = behind;
  // Node calls it a mistake of ours.
  if (program === "") throw usage(command, "the server's command behind -- is empty");
  const given = values.get("upstream");
  if (given === undefined) {
    const token = values.has("upstream-token") ? "upstream-token" : null;
    const strange = switches.has("upstream-plain") ? "upstream-plain" : token;
    if (strange !== null) throw usage(command, `--${strange} goes with --upstream`);
    if (program === undefined) return null;
    const connect = (events: UpstreamEvents) => startServer({ command: program, args }, events);
    return { name: quoted(program), connect };
  }
  if (program !== undefined) throw usage(command, "--upstream and a server's command exclude each other");
  const url = urlOf(invocation, given);
  const token = await followedToken(values.get("upstream-token"));
  const log = (line: string) => void tellNote(visible(line));
  return {
    name: quoted(`${url.origin}${url.pathname}`),
    connect: (events) => connectServer({ url, token, log }, events),
  };
}

function urlOf({ command, switches }: Invocation, given: string): URL {
  const url = URL.parse(given);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw usage(command, "--upstream is no address", "an address is like https://tools.example.com/mcp");
  }
  if (url.username !== "" || url.password !== "") {
    throw usage(
      command,
      "--upstream has a password in it",
      "others see command lines: --upstream-token FILE",
    );
  }
  url.hash = "";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "http:" && !isLocalHost(host) && !switches.has("upstream-plain")) {
    const hint = "https://, or --upstream-plain where something else keeps others away";
    throw usage(command, "--upstream is another machine, and others on the way could read and change", hint);
  }
  return url;
}

/** How often the file is looked at: tokens are short-lived, and somebody else renews them. */
const LOOK_MS = 1_000;
/** RFC 6750, section 2.1. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,8192}=*$/;

async function followedToken(path: string | undefined): Promise<() => Token> {
  if (path === undefined) return () => ({ ok: true, token: null });
  let token: Token = { ok: true, token: await readToken(path) };
  let seen = stampOf(path);
  const timer = setInterval(async () => {
    const stamp = stampOf(path);
    if (stamp === seen) return;
    seen = stamp;
    try {
      token = { ok: true, token: await readToken(path) };
      await tellNote(`${nameOf(path)} was read again`);
    } catch (error) {
      token = { ok: false, message: isFailure(error) ? error.message : String(error) };
      await tellNote(`the server is asked nothing more: ${token.message}`);
    }
  }, LOOK_MS);
  timer.unref();
  return () => token;
}

async function readToken(path: string): Promise<string> {
  const token = (await readSecret(path, true)).trim();
  if (TOKEN.test(token)) return token;
  throw failure(`${nameOf(path)} has no token`, "one line, as whoever runs the server has given it");
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.mtimeMs} ${stat.size} ${stat.mode}`;
}
