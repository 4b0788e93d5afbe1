import { catalogOf } from "@polity/gateway/mcp/catalog.ts";
import type { Workload } from "@polity/gateway/mcp/listen.ts";
import { openSession } from "@polity/gateway/mcp/session.ts";
import { serveStdio } from "@polity/gateway/mcp/stdio.ts";
import type { Beginning, Execution } from "@polity/governor/governor.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openAttestationFile } from "../attestation-file.ts";
import { beforeEnd } from "../ending.ts";
import { EXIT, failure } from "../failure.ts";
import { type OpenedGovernor, openGovernorOf } from "../gateway-governor.ts";
import { entityOption } from "../governed-options.ts";
import { type Invocation, usage } from "../invocation.ts";
import { listen } from "../mcp-listen.ts";
import { readPins } from "../mcp-pins.ts";
import { serverBehind } from "../server-behind.ts";
import { tellNote } from "../tell.ts";
import { endUnread } from "../terminal.ts";
import { quoted, visible } from "../words.ts";

const CLIENT_HAS_ENDED = "the client has ended";

/** Only for clients over HTTP. */
const OF_LISTENING = ["keys", "host", "sessions", "tls-cert", "tls-key"];

export async function run(invocation: Invocation): Promise<number> {
  const { command, values, switches } = invocation;
  if (values.has("listen")) return listenWith(invocation);
  const strange = OF_LISTENING.find((name) => values.has(name)) ?? (switches.has("plain") ? "plain" : null);
  if (strange !== null) throw usage(command, `--${strange} goes with --listen`);
  const agent = entityOption(invocation, "agent");
  if (agent === null) throw usage(command, "--agent is missing");
  const parts = await partsOf(invocation);
  const statement = values.has("attestation") ? openAttestationFile(values.get("attestation") ?? "") : null;
  const attestation = (await statement?.read()) ?? null;
  const opened = await openGovernorOf(invocation);
  if (opened === null) return EXIT.no;
  const { governor, host } = opened;
  const { purpose, ...rest } = parts;
  const execution = await begun(opened, { agent, purpose, parent: null, zone: null, attestation });
  const following = statement?.follow(governor, execution, attestation ?? "");
  const open = (toClient: Parameters<Parameters<typeof serveStdio>[0]>[0]) => {
    const catalog = catalogOf(host);
    const session = openSession({
      ...rest,
      ...{ governor, execution, toClient, catalog, governorCloses: () => true },
    });
    beforeEnd(async () => {
      await session.close("the gateway was told to end");
      await opened.close();
    });
    return session;
  };
  const why = await serveStdio(open, process.stdin, process.stdout).catch(async (error: unknown) => {
    await execution.end("failed");
    await opened.close();
    throw error;
  });
  process.stdin.destroy();
  following?.stop();
  await opened.close();
  const isDone = why === CLIENT_HAS_ENDED;
  endUnread(isDone ? EXIT.done : EXIT.no);
  if (isDone) return EXIT.done;
  throw failure(visible(why), null, EXIT.no);
}

/** Whoever calls is the agent that is given here, or else the only one of the key. */
function listenWith(invocation: Invocation): Promise<number> {
  const { values } = invocation;
  const agent = entityOption(invocation, "agent");
  return listen(invocation, async () => {
    const parts = await partsOf(invocation);
    const statement = values.has("attestation") ? openAttestationFile(values.get("attestation") ?? "") : null;
    await statement?.read();
    const opened = await openGovernorOf(invocation);
    if (opened === null) return null;
    const { governor, host } = opened;
    const workload: Workload | null = statement && {
      read: statement.read,
      follow: (execution, shown) => statement.follow(governor, execution, shown),
    };
    return { ...opened, given: { ...parts, agent, workload, catalog: catalogOf(host) } };
  });
}

/** What every session has in common. */
async function partsOf(invocation: Invocation) {
  const { command, values } = invocation;
  const behind = await serverBehind(invocation);
  if (behind === null)
    throw usage(command, "a server is missing", "its command behind --, or --upstream URL");
  const server = values.get("server") ?? "";
  const pins = values.has("pins") ? await readPins(values.get("pins") ?? "") : null;
  if (pins !== null && pins.server !== server) {
    throw failure(`the pins are those of ${quoted(pins.server)}, not of ${quoted(server)}`);
  }
  return {
    ...{ server, pins, sha256: nodeCrypto.sha256, purpose: values.get("purpose") ?? `mcp ${server}` },
    connect: behind.connect,
    log: (line: string) => void tellNote(visible(line)),
  };
}

async function begun({ governor, close }: OpenedGovernor, beginning: Beginning): Promise<Execution> {
  const began = await governor.begin(beginning);
  if (began.ok) return began.execution;
  await close();
  throw failure(`${began.code}: ${began.message}`, null, EXIT.no);
}
