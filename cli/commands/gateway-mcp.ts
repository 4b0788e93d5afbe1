import { catalogOf } from "@polity/gateway/mcp/catalog.ts";
import { startServer } from "@polity/gateway/mcp/server-process.ts";
import { openSession } from "@polity/gateway/mcp/session.ts";
import { serveStdio } from "@polity/gateway/mcp/stdio.ts";
import type { Beginning, Execution } from "@polity/governor/governor.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { beforeEnd } from "../ending.ts";
import { EXIT, failure } from "../failure.ts";
import { type OpenedGovernor, openGovernorOf } from "../gateway-governor.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readPins } from "../mcp-pins.ts";
import { tellNote } from "../tell.ts";
import { quoted, visible } from "../words.ts";

const CLIENT_HAS_ENDED = "the client has ended";

export async function run(invocation: Invocation): Promise<number> {
  const { command, values, behind } = invocation;
  const [program, ...args] = behind;
  if (program === undefined) throw usage(command, "a server's command is missing behind --");
  const server = values.get("server") ?? "";
  const agent = agentOf(invocation);
  const pins = values.has("pins") ? await readPins(values.get("pins") ?? "") : null;
  if (pins !== null && pins.server !== server) {
    throw failure(`the pins are those of ${quoted(pins.server)}, not of ${quoted(server)}`);
  }
  const opened = await openGovernorOf(invocation);
  if (opened === null) return EXIT.no;
  const { governor, host } = opened;
  const beginning = { agent, purpose: values.get("purpose") ?? `mcp ${server}`, parent: null, zone: null };
  const execution = await begun(opened, { ...beginning, attestation: null });
  const open = (toClient: Parameters<Parameters<typeof serveStdio>[0]>[0]) => {
    const session = openSession({
      ...{ governor, execution, server, pins, toClient },
      catalog: catalogOf(host),
      sha256: nodeCrypto.sha256,
      connect: (events) => startServer({ command: program, args }, events),
      log: (line) => void tellNote(visible(line)),
    });
    beforeEnd(async () => {
      await session.close("the gateway was told to end");
      await opened.close();
    });
    return session;
  };
  const why = await serveStdio(open, process.stdin, process.stdout);
  process.stdin.destroy();
  await opened.close();
  if (why === CLIENT_HAS_ENDED) return EXIT.done;
  throw failure(visible(why), null, EXIT.no);
}

async function begun({ governor, close }: OpenedGovernor, beginning: Beginning): Promise<Execution> {
  const began = await governor.begin(beginning);
  if (began.ok) return began.execution;
  await close();
  throw failure(`${began.code}: ${began.message}`, null, EXIT.no);
}

/** `Agent::a1`, or with quotes as policies write it. */
function agentOf({ command, values }: Invocation): { readonly type: string; readonly id: string } {
  const given = values.get("agent") ?? "";
  const [, type = "", quotedId, id = quotedId ?? ""] =
    /^([A-Za-z_][A-Za-z0-9_]*)::(?:"([^"]*)"|([^"]+))$/.exec(given) ?? [];
  if (type !== "" && id !== "") return { type, id };
  throw usage(command, `${quoted(given)} is nobody`, "an agent is like Agent::a1");
}
