/**
 * How long until a service can decide? From the bytes of a signed evaluator, with its signature verified, to
 * the first decision: in a fresh process each time, as after a start, and in one that has done it before.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKey, nodeCrypto, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { openUnsigned } from "@polity/runtime/authoring.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { load, readPublicKey } from "@polity/runtime/index.ts";
import { signEvaluator } from "@polity/runtime/signed-evaluator.ts";
import { byHand, requests } from "./access.ts";
import { buildPolicy } from "./build.ts";
import { HEADER } from "./header.ts";
import { timingOf } from "./measure.ts";
import { type Case, type Measured, type Options, POLITY, type Section } from "./section.ts";

const POLICY = join(import.meta.dirname, "../examples/access/policy.pol");
const AUDIENCE = "benchmark";
const DAY = 86_400_000;
/** With Node's own SHA-256 and Ed25519, and with the portable ones that a browser uses. */
const CRYPTO = new Map<string, Partial<CryptoPort>>([
  ["load-five-field", nodeCrypto],
  ["load-five-field-portable", {}],
]);

export const section: Section = {
  name: "load",
  title: "From a signed evaluator's bytes to its first decision",
  cases: () => [...CRYPTO.keys()].map((row) => ({ row, engine: POLITY })),
  prepare,
  run,
};

async function prepare(folder: string): Promise<void> {
  const out = join(folder, "access.wasm");
  await buildPolicy(POLICY, out);
  const evaluator = await openUnsigned(new Uint8Array(readFileSync(out)));
  const { privatePem, publicPem } = generateKey();
  const made = nodeSigner(privatePem);
  if ("code" in evaluator || !made.ok) throw new Error("the evaluator cannot be signed");
  const { policy, abi, sources } = evaluator.manifest;
  const term = { validFromMs: HEADER.now - DAY, validUntilMs: HEADER.now + DAY };
  const statement = { ...policy, digest: evaluator.name, abi, sources, audience: AUDIENCE, ...term };
  writeFileSync(join(folder, "access.dsse.json"), await signEvaluator(statement, [made.signer]));
  writeFileSync(join(folder, "key.pub.pem"), publicPem);
}

async function run(one: Case, folder: string, options: Options): Promise<readonly Measured[]> {
  const fresh = Array.from({ length: options.isQuick ? 3 : 25 }, () => {
    const script = [import.meta.filename, one.row, folder, String(options.seed)];
    return Number(execFileSync(process.execPath, script, { encoding: "utf8" }));
  });
  const warm: number[] = [];
  for (let at = 0; at < (options.isQuick ? 5 : 200); at += 1) {
    warm.push(await loadOnce(one.row, folder, options.seed));
  }
  const rest = { ...one, figure: "load", ratio_to_hand: null } as const;
  return [
    {
      ...rest,
      ...timingOf(fresh),
      mode: "once",
      note: "once: in a process that was just started, each time",
    },
    { ...rest, ...timingOf(warm), mode: "repeated" },
  ];
}

/** Nanoseconds; what reads the files and what the program is made of is there already. */
async function loadOnce(row: string, folder: string, seed: number): Promise<number> {
  const [wasm, envelope] = [
    readFileSync(join(folder, "access.wasm")),
    readFileSync(join(folder, "access.dsse.json")),
  ];
  const read = readPublicKey(readFileSync(join(folder, "key.pub.pem"), "utf8"));
  if (!read.ok) throw new Error(read.message);
  const [request] = requests(seed);
  const trust = { keys: [read.key], name: "documents.access", audience: AUDIENCE };
  const from = performance.now();
  const loaded = await load(wasm, envelope, trust, HEADER.now, CRYPTO.get(row));
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  const { verdict } = loaded.host.decide("access", request, HEADER);
  const ns = (performance.now() - from) * 1e6;
  if ((verdict === "allow") !== byHand(request!)) throw new Error(`the first answer is ${verdict}`);
  return ns;
}

if (import.meta.main) {
  const [row = "", folder = "", seed = "1"] = process.argv.slice(2);
  process.stdout.write(String(await loadOnce(row, folder, Number(seed))));
}
