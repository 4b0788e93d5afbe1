/** `pol gateway mcp --listen`: until a signal ends it, clients over streamable HTTP. */
import { type ListenOptions, listenForClients } from "@polity/gateway/mcp/listen.ts";
import { nodeRandomBytes } from "@polity/lineage/node/crypto.ts";
import { countOption } from "./count-option.ts";
import { EXIT, failure } from "./failure.ts";
import type { OpenedGovernor } from "./gateway-governor.ts";
import { type Invocation, usage } from "./invocation.ts";
import { listenOption } from "./listen-option.ts";
import { openFilesMax } from "./open-files.ts";
import { serveUntilEnd } from "./serve-until-end.ts";
import { tlsOption, watchedKeys } from "./service-options.ts";
import { printLine } from "./terminal.ts";

const LISTEN_USUAL = "127.0.0.1:8471";
const SESSIONS_USUAL = 64;
const ID_BYTES = 32;

/** Two pipes each, or two connections. */
const FILES_OF_SESSION = 2;
/** Of the gateway and its log. */
const OWN_FILES = 64;

/** A log that can open no file any more ends everything, and no client may bring that about. */
function expectFiles(sessionsMax: number): void {
  const most = openFilesMax();
  const needed = 2 * (OWN_FILES + sessionsMax * FILES_OF_SESSION);
  if (most === null || needed <= most) return;
  const why = `${sessionsMax} sessions need ${needed} open files, and this process may have ${most}`;
  throw failure(why, "raise that limit (ulimit -n), or allow fewer sessions (--sessions)");
}

type Given = Omit<ListenOptions, "keys" | "hosts" | "sessionsMax" | "makeId" | "governor">;

/** `open` is called once everything else is known to be right. */
export async function listen(
  invocation: Invocation,
  open: () => Promise<(OpenedGovernor & { readonly given: Given }) | null>,
): Promise<number> {
  const { command, values, lists } = invocation;
  const place = listenOption(invocation, LISTEN_USUAL);
  const sessionsMax = countOption(invocation, "sessions", 1) ?? SESSIONS_USUAL;
  expectFiles(sessionsMax);
  if (!values.has("keys")) throw usage(command, "--keys is missing: without a key nobody is let in");
  const tls = await tlsOption(invocation);
  const keys = await watchedKeys(invocation);
  try {
    const opened = await open();
    if (opened === null) return EXIT.no;
    const { governor, given, close } = opened;
    const hosts = [...(lists.get("host") ?? []), place.host, "localhost"].map((name) => name.toLowerCase());
    const makeId = () => Buffer.from(nodeRandomBytes(ID_BYTES)).toString("base64url");
    const api = listenForClients({ ...given, governor, hosts, sessionsMax, makeId, keys: keys.current });
    const onListening = (url: string) => printLine(`listens  ${url}/mcp`);
    await serveUntilEnd(invocation, { api, place, tls, onListening, close });
    return EXIT.done;
  } finally {
    // Looking at the file of keys would keep the process alive.
    keys.stop();
  }
}
