import { statSync } from "node:fs";
import { type ApiKeys, openApiKeys } from "@polity/gateway/http/api-keys.ts";
import { deciderOf } from "@polity/gateway/http/decider.ts";
import { type Api, openApi } from "@polity/gateway/http/open-api.ts";
import { operationsOf } from "@polity/gateway/http/operations.ts";
import { type Answered, type ApiServer, serveApi } from "@polity/gateway/http/server.ts";
import { nodeCrypto, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { type RecordedHost, recordHost } from "@polity/lineage/recorded-host.ts";
import { TIMESTAMP_MAX, TIMESTAMP_MIN } from "@polity/runtime/layout.ts";
import { readApiKeys } from "../api-key-files.ts";
import { beforeEnd } from "../ending.ts";
import { EXIT, failure, isFailure } from "../failure.ts";
import { type OpenedGovernor, openGovernorOf } from "../gateway-governor.ts";
import { type Invocation, usage } from "../invocation.ts";
import { listenFailure, listenOption } from "../listen-option.ts";
import { nameOf, readSecret, readText } from "../read-file.ts";
import { tellNote } from "../tell.ts";
import { printLine } from "../terminal.ts";
import { version } from "../version.ts";

const LISTEN_USUAL = "127.0.0.1:8470";
/** How often the file of keys is looked at: what was taken back opens nothing for longer. */
const KEYS_MS = 1_000;
const NO_KEYS: ApiKeys = openApiKeys([], nodeCrypto.sha256);

/** Until a signal ends it: then what is under way is answered, and the log is closed behind it. */
export async function run(invocation: Invocation): Promise<number> {
  const { switches } = invocation;
  const place = listenOption(invocation, LISTEN_USUAL);
  const tls = await tlsOf(invocation);
  const keys = await watchedKeys(invocation);
  const opened = await openGovernorOf(invocation).catch((error: unknown) => {
    // Looking at the file of keys would keep the process alive.
    keys.stop();
    throw error;
  });
  if (opened === null) {
    keys.stop();
    return EXIT.no;
  }
  const { recorded, api } = serviceOf(opened, keys.current);
  const isJson = switches.has("json");
  const onAnswer = (answer: Answered) => void tellAnswer(answer, isJson);
  const allowPlain = switches.has("plain");
  let server: ApiServer;
  try {
    server = await serveApi(api, { ...place, tls, allowPlain, ...(isJson && { onAnswer }) });
  } catch (error) {
    keys.stop();
    await recorded.close();
    await opened.close();
    if (!(error instanceof RangeError)) throw listenFailure(place, error);
    throw usage(invocation.command, error.message, "--tls-cert and --tls-key, or --plain behind a proxy");
  }
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  beforeEnd(async () => {
    keys.stop();
    await server.close();
    await recorded.close();
    await opened.close();
    end();
  });
  await printLine(isJson ? JSON.stringify({ event: "start", url: server.url }) : `listens  ${server.url}`);
  await ended;
  return EXIT.done;
}

function serviceOf(
  { host, governor, log }: OpenedGovernor,
  keys: () => ApiKeys,
): { readonly recorded: RecordedHost; readonly api: Api } {
  const node = `${log.node}/decide`;
  const { store, mode } = log;
  const recorded = recordHost(host, store, {
    ...{ node, nextSeq: log.nextSeq(node), ports: nodeRecording, mode },
  });
  const [policyFrom, policyUntil] = [Number(TIMESTAMP_MIN), Number(TIMESTAMP_MAX)];
  const window = () => ({ policyFrom, policyUntil, factsUntil: policyUntil });
  const decider = deciderOf({ host, recorded, governor, window, now: Date.now });
  const problem = () => governor.stopped()?.message ?? freshnessProblem(host);
  const operations = operationsOf({ decider, governor, problem, version });
  const onFailure = (error: unknown) => void tellNote(error instanceof Error ? error.message : String(error));
  return { recorded, api: openApi({ keys, operations, onFailure }) };
}

/** A bundle is known to be the latest for as long as its note says; nothing else ends by itself. */
function freshnessProblem(host: OpenedGovernor["host"]): string | null {
  if (!("headerOf" in host)) return null;
  const until = Number(TIMESTAMP_MAX);
  const now = Date.now();
  const containment = { state: "free", readAt: now } as const;
  const widest = {
    now,
    policyFrom: 0,
    policyUntil: until,
    factsUntil: until,
    containment,
    trust: 0,
    approvals: [],
  };
  const { policyUntil, factsUntil } = host.headerOf(widest);
  if (policyUntil < now) return "nobody says any more that this is the latest policy: it needs a new note";
  return factsUntil < now ? "the facts are stale" : null;
}

async function tlsOf({ command, values }: Invocation) {
  const [cert, key] = [values.get("tls-cert"), values.get("tls-key")];
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) throw usage(command, "--tls-cert and --tls-key go together");
  return { cert: await readText(cert), key: await readSecret(key) };
}

interface WatchedKeys {
  readonly current: () => ApiKeys;
  readonly stop: () => void;
}

/** A file that cannot be read any more opens nothing to anybody. */
async function watchedKeys({ values }: Invocation): Promise<WatchedKeys> {
  const path = values.get("keys") ?? "";
  const first = await readApiKeys(path);
  if (first.length === 0) throw failure(`${nameOf(path)} has no key`, "pol api-key add makes one");
  let keys = openApiKeys(first, nodeCrypto.sha256);
  let seen = stampOf(path);
  const timer = setInterval(async () => {
    const stamp = stampOf(path);
    if (stamp === seen) return;
    seen = stamp;
    try {
      keys = openApiKeys(await readApiKeys(path), nodeCrypto.sha256);
      await tellNote(`${nameOf(path)} was read again`);
    } catch (error) {
      keys = NO_KEYS;
      await tellNote(`no key opens anything: ${isFailure(error) ? error.message : String(error)}`);
    }
  }, KEYS_MS);
  return { current: () => keys, stop: () => clearInterval(timer) };
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.mtimeMs} ${stat.size} ${stat.mode}`;
}

async function tellAnswer({ method, path, status, ms }: Answered, isJson: boolean): Promise<void> {
  if (isJson)
    await printLine(
      JSON.stringify({ event: "answer", method, path, status, ms: Math.round(ms * 1e3) / 1e3 }),
    );
}
