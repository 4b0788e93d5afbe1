/**
 * What does one small decision cost next to hand-written JavaScript, with Polity and with a peer? One process
 * measures one engine: `node benchmarks/five-field.ts ENGINE SEED [EVALUATOR.wasm]`. It asks 512 varied
 * requests in one array, the same objects for both rows, and stops where an answer is not the one by hand.
 */
import { readFileSync } from "node:fs";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { type Access, type Ask, byHand, REQUESTS, requests } from "./access.ts";
import { HEADER } from "./header.ts";
import { measure, used } from "./measure.ts";
import { PEERS } from "./peers/all.ts";

async function openPolity(file: string): Promise<Ask> {
  const loaded = await loadUnsigned(new Uint8Array(readFileSync(file)));
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  const { host } = loaded;
  return (request) => host.decide("access", request, HEADER).verdict === "allow";
}

function openNamed(name: string, file: string): Promise<Ask> {
  if (name === "polity") return openPolity(file);
  const peer = PEERS.find((each) => each.name === name);
  if (peer === undefined) throw new Error(`no engine is called ${name}`);
  return peer.open();
}

const [name = "", seed = "1", file = ""] = process.argv.slice(2);
const ask = await openNamed(name, file);
const all = requests(Number(seed));
for (const request of all) {
  const [wanted, answer] = [byHand(request), ask(request)];
  if (answer === wanted) continue;
  process.stderr.write(
    `${name} says ${answer}, by hand it is ${wanted}: ${JSON.stringify(request)} (seed ${seed})\n`,
  );
  process.exit(1);
}
let i = 0;
const next = () => all[i++ % REQUESTS] as Access;
const [hand, engine] = measure([
  { name: "by hand", run: () => (byHand(next()) ? 1 : 0) },
  { name, run: () => (ask(next()) ? 1 : 0) },
]);
process.stdout.write(`${JSON.stringify({ hand, engine, used: used() > 0 })}\n`);
