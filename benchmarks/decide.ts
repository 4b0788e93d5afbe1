/** What does one small decision cost next to hand-written JavaScript, with Polity and with other engines? */
import { join } from "node:path";
import { type Access, type Ask, byHand, REQUESTS, requests } from "./access.ts";
import { buildPolicy } from "./build.ts";
import { compare } from "./compare.ts";
import { HEADER } from "./header.ts";
import { effortOf } from "./measure.ts";
import { decideOnly, openInstanceOf, openPolity, writersOf } from "./open-polity.ts";
import { PEERS } from "./peers/all.ts";
import {
  BY_HAND,
  type Case,
  type Measured,
  type Options,
  POLITY,
  POLITY_BY_TABLE,
  type Section,
} from "./section.ts";

const ROW = "five-field";
const POLICY = join(import.meta.dirname, "../examples/access/policy.pol");

export const section: Section = {
  name: "decide",
  title: "One small decision: a rule over five fields",
  cases: () => {
    const engines = [BY_HAND, POLITY, POLITY_BY_TABLE, ...PEERS.map(({ name }) => name)];
    return engines.map((engine) => ({ row: ROW, engine }));
  },
  prepare: (folder) => buildPolicy(POLICY, join(folder, "access.wasm")),
  run,
};

async function run(one: Case, folder: string, options: Options): Promise<readonly Measured[]> {
  const { engine } = one;
  const [effort, all] = [effortOf(options), requests(options.seed)];
  if (engine === BY_HAND) return compare({ ...one, requests: all, byHand, note: inlined(all) }, effort);
  if (engine !== POLITY && engine !== POLITY_BY_TABLE)
    return compare({ ...one, requests: all, byHand, ask: await openPeer(engine) }, effort);
  const wasm = join(folder, "access.wasm");
  const writers = engine === POLITY ? await writersOf(wasm) : [];
  const host = await openPolity(wasm, undefined, writers);
  const ask: Ask = (request) => host.decide("access", request, HEADER).verdict === "allow";
  const read = (fields: Access) => ({ action: "access", fields });
  const decide = decideOnly(await openInstanceOf(wasm), read);
  return compare({ ...one, requests: all, byHand, ask, decide }, effort);
}

function openPeer(name: string): Promise<Ask> {
  const peer = PEERS.find((each) => each.name === name);
  if (peer === undefined) throw new Error(`no engine is called ${name}`);
  return peer.open();
}

/** What is called through the package cannot be made part of its loop; in production neither, as a rule. */
function inlined(all: readonly Access[]): string {
  let permitted = 0;
  const loop = (times: number) => {
    for (let i = 0; i < times; i += 1) if (byHand(all[i % REQUESTS]!)) permitted += 1;
  };
  loop(1e6);
  const from = performance.now();
  loop(1e7);
  const ns = ((performance.now() - from) * 1e6) / 1e7;
  if (permitted === 0) throw new Error("no request is permitted");
  return `${ns.toFixed(1)} ns in a loop of which the optimising compiler makes it a part`;
}
