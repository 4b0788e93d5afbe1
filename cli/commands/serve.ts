import type { ApiKeys } from "@polity/gateway/http/api-keys.ts";
import { deciderOf } from "@polity/gateway/http/decider.ts";
import { type Api, openApi } from "@polity/gateway/http/open-api.ts";
import { operationsOf } from "@polity/gateway/http/operations.ts";
import type { Answered } from "@polity/gateway/http/server.ts";
import { nodeRecording } from "@polity/lineage/node/crypto.ts";
import { type RecordedHost, recordHost } from "@polity/lineage/recorded-host.ts";
import { EXIT } from "../failure.ts";
import { type OpenedGovernor, openGovernorOf } from "../gateway-governor.ts";
import type { Invocation } from "../invocation.ts";
import { listenOption } from "../listen-option.ts";
import { serveUntilEnd } from "../serve-until-end.ts";
import { tlsOption, watchedKeys } from "../service-options.ts";
import { tellNote } from "../tell.ts";
import { offerLine, printLine } from "../terminal.ts";
import { version } from "../version.ts";

const LISTEN_USUAL = "127.0.0.1:8470";

/** Until a signal ends it: then what is under way is answered, and the log is closed behind it. */
export async function run(invocation: Invocation): Promise<number> {
  const { switches } = invocation;
  const place = listenOption(invocation, LISTEN_USUAL);
  const tls = await tlsOption(invocation);
  const keys = await watchedKeys(invocation);
  try {
    const opened = await openGovernorOf(invocation);
    if (opened === null) return EXIT.no;
    const { recorded, api } = serviceOf(opened, keys.current);
    const isJson = switches.has("json");
    await serveUntilEnd(invocation, {
      ...{ api, place, tls },
      ...(isJson && { onAnswer: tellAnswer }),
      onListening: (url) => printLine(isJson ? JSON.stringify({ event: "start", url }) : `listens  ${url}`),
      async close() {
        await recorded.close();
        await opened.close();
      },
    });
    return EXIT.done;
  } finally {
    // Looking at the file of keys would keep the process alive.
    keys.stop();
  }
}

function serviceOf(
  { host, governor, log }: OpenedGovernor,
  keys: () => ApiKeys,
): { readonly recorded: RecordedHost; readonly api: Api } {
  const node = `${log.node}/decide`;
  const { store, mode } = log;
  const { recorded, unwritten } = watched(
    recordHost(host, store, { ...{ node, nextSeq: log.nextSeq(node), ports: nodeRecording, mode } }),
  );
  const decider = deciderOf({ host, recorded, governor });
  const problem = () => unwritten() ?? governor.problem()?.message ?? null;
  const operations = operationsOf({ decider, governor, problem, version });
  const onFailure = (error: unknown) => void tellNote(error instanceof Error ? error.message : String(error));
  return { recorded, api: openApi({ keys, operations, onFailure }) };
}

/** After these the log goes on, without the entry. */
const PASSING: ReadonlySet<string> = new Set(["log.busy", "log.entry_invalid", "log.opening_mismatch"]);

/** A governor learns from its own entries that the log has failed, and single decisions are none of them. */
function watched(recorded: RecordedHost) {
  let problem: string | null = null;
  async function decide(asking: Parameters<RecordedHost["decide"]>[0]) {
    const said = await recorded.decide(asking);
    if (said.problem !== null && !PASSING.has(said.problem.code))
      problem ??= `the log takes nothing more: ${said.problem.message}`;
    return said;
  }
  return { recorded: { ...recorded, decide }, unwritten: () => problem };
}

function tellAnswer({ method, path, status, ms }: Answered): void {
  const about = { event: "answer", method, path, status, ms: Math.round(ms * 1e3) / 1e3 };
  offerLine(JSON.stringify(about), "out");
}
