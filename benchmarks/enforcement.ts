/**
 * What does it cost to be governed? A function behind `govern`; one decision over HTTP beside a server that
 * answers with as many bytes and decides nothing; and many executions, all of which a new policy stops.
 */

import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { hashApiKey, makeApiKey, openApiKeys } from "@polity/gateway/http/api-keys.ts";
import { deciderOf } from "@polity/gateway/http/decider.ts";
import { openApi } from "@polity/gateway/http/open-api.ts";
import { operationsOf } from "@polity/gateway/http/operations.ts";
import { serveApi } from "@polity/gateway/http/server.ts";
import { govern } from "@polity/gateway/wrap/govern.ts";
import { openGovernor } from "@polity/governor/index.ts";
import { nodeGovernor } from "@polity/governor/node/index.ts";
import { nodeCrypto, nodeRandomBytes, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { recordHost } from "@polity/lineage/recorded-host.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { byHand, requests } from "./access.ts";
import { buildPolicy } from "./build.ts";
import { drive, openEcho, requestText } from "./http-driver.ts";
import { freshSigner, openLog } from "./lineage-stores.ts";
import { prepareLive, runLive } from "./live-executions.ts";
import { median, quantile } from "./measure.ts";
import { type Case, type Measured, type Options, POLITY, type Section } from "./section.ts";

const POLICY = join(import.meta.dirname, "../examples/access/policy.pol");
const MODES = ["relaxed", "strict"] as const;
type Log = (typeof MODES)[number];

export const section: Section = {
  name: "enforcement",
  title: "Being governed: functions, and decisions over HTTP",
  cases: ({ isQuick }) => [
    ...MODES.flatMap((mode) => [row(`govern-${mode}`), row(`http-decide-${mode}`)]),
    row(`live-${isQuick ? 100 : 10_000}`),
  ],
  async prepare(folder) {
    await buildPolicy(POLICY, join(folder, "access.wasm"));
    await prepareLive(folder);
  },
  run: (one, folder, options) => {
    const mode = one.row.endsWith("strict") ? "strict" : "relaxed";
    if (one.row.startsWith("live-")) return runLive(one, Number(one.row.slice("live-".length)), folder);
    return one.row.startsWith("govern")
      ? runGovern(one, mode, folder, options)
      : runHttp(one, mode, folder, options);
  },
};

function row(name: string): Case {
  return { row: name, engine: POLITY };
}

async function open({ row: name }: Case, mode: Log, folder: string) {
  // Node's own hash, as in every host that runs on Node.
  const { sha256 } = nodeCrypto;
  const loaded = await loadUnsigned(readFileSync(join(folder, "access.wasm")), { sha256 });
  if (!loaded.ok) throw new Error(loaded.message);
  const { host } = loaded;
  const log = await openLog(join(folder, name), freshSigner());
  const governor = await openGovernor({
    host,
    log: { store: log, node: "bench", nextSeq: 0, mode },
    ports: nodeGovernor,
  });
  return { host, log, governor };
}

/** A call that waits for nobody but the governor: the function itself costs nothing. */
async function runGovern(
  one: Case,
  mode: Log,
  folder: string,
  options: Options,
): Promise<readonly Measured[]> {
  const { governor, log } = await open(one, mode, folder);
  const begun = await governor.begin({
    ...{ agent: { type: "Agent", id: "bench" }, purpose: null, parent: null, zone: null, attestation: null },
  });
  if (!begun.ok) throw new Error(begun.message);
  const { execution } = begun;
  const asked = requests(options.seed).filter(byHand);
  const governed = govern(() => 1, {
    action: "access",
    input: (at: number) => asked[at % asked.length]!,
    execution: () => execution,
  });
  const times: number[] = [];
  const calls = options.isQuick ? 50 : mode === "strict" ? 4_000 : 40_000;
  // As many before: a host that has run for a second is what there is everywhere.
  for (let at = -calls; at < calls; at += 1) {
    const from = performance.now();
    await governed(Math.abs(at));
    if (at >= 0) times.push((performance.now() - from) * 1e6);
    // What is written behind the caller has its turn, as between the calls of an agent.
    if (at % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    // Faster than any agent: what is behind is waited for, and nobody measures that.
    if (at % 256 === 0) await log.flush();
  }
  await execution.end("succeeded");
  await governor.close();
  await log.close();
  return [measured(one, median(times), quantile(times, 0.99), null)];
}

function measured(
  one: Case,
  median_ns: number,
  p99_ns: number,
  ratio: number | null,
  note?: string,
): Measured {
  const figures = { median_ns, p99_ns, ratio_to_hand: ratio };
  return { ...one, mode: "varied", figure: "ack", ...figures, ...(note !== undefined && { note }) };
}

/** Rounds of one and the other in turn, over as many connections, by one client that reads what it must. */
async function runHttp(one: Case, mode: Log, folder: string, options: Options): Promise<readonly Measured[]> {
  const { host, governor, log } = await open(one, mode, folder);
  const recorded = recordHost(host, log, { node: "http", nextSeq: 0, ports: nodeRecording, mode });
  const decider = deciderOf({ host, recorded, governor });
  const { sha256 } = nodeCrypto;
  const key = makeApiKey(nodeRandomBytes);
  const may = ["decide"] as const;
  const row = { name: "bench", hash: hashApiKey(key, sha256), agents: null, actions: null, may };
  const keys = openApiKeys([row], sha256);
  const operations = operationsOf({ decider, governor, problem: () => null, version: "0" });
  const server = await serveApi(openApi({ keys: () => keys, operations }), { host: "127.0.0.1", port: 0 });
  const texts = requests(options.seed).map((fields) =>
    requestText(key, JSON.stringify({ action: "access", fields })),
  );
  const ours = Number(new URL(server.url).port);
  const [sample] = await drive(ours, texts, 1, 20);
  const echo = await openEcho(sample!.bytes);
  const theirs = (echo.address() as AddressInfo).port;
  const [connections, count, rounds] = options.isQuick ? [2, 20, 1] : [16, 8_000, 5];
  const [own, other]: [number[], number[]] = [[], []];
  const waits: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    for (const [port, times] of [
      [ours, own],
      [theirs, other],
    ] as const) {
      const from = performance.now();
      const answers = await drive(port, texts, connections, count);
      const ns = ((performance.now() - from) * 1e6) / answers.length;
      if (round >= 0 || rounds === 1) times.push(ns);
      if (port === ours && (round >= 0 || rounds === 1)) waits.push(...answers.map((answer) => answer.ns));
    }
  }
  await server.close();
  echo.close();
  await recorded.close();
  await governor.close();
  await log.close();
  const ratio = median(own) / median(other);
  const note = `${connections} connections; one of them waits ${Math.round(median(waits) / 1e3)} µs (p50)`;
  return [measured(one, median(own), quantile(own, 0.99), ratio, note)];
}
