/** Bundles of one set, good ones and ones with faults: a policy and a guard that import one module. */

import { filesIn } from "@polity/compiler/files.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { filesOf } from "@polity/compiler/source.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import {
  type BundleParts,
  type MemberParts,
  makeBundle,
  signBundle,
  signFacts,
} from "@polity/runtime/bundle-write.ts";
import type { FactsStatement } from "@polity/runtime/facts-statement.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { ANNA, BERT, CLEO, idsOf, NOW, ONLINE, ROOT } from "./trust-roots.ts";

export const DAY_MS = 86_400_000;

/** By the names that programs have for them. */
export const SOURCES: Readonly<Record<string, string>> = {
  "shared/types.pol": `polity 1
module types
entity Agent { level: int 0..9 }
subject agent: Agent
action pay { amount: int 0..1000 }
`,
  "pays.pol": `polity 1
policy acme.pays version 1
import "./shared/types.pol"
setting cap: int 0..1000 = 50
table limit { agent: Agent, most: int 0..1000 } key agent
allow small on pay when amount <= cap
`,
  "guard.pol": `polity 1
guard acme.guard version 1
import "./shared/types.pol"
deny huge on pay when amount > 900
`,
};

export const FACTS = {
  entities: [{ type: "Agent", id: "a", attributes: { level: 3 } }],
  settings: { cap: 80 },
  tables: { limit: [{ agent: "a", most: 5 }] },
};

/** Whose keys may sign what of these bundles. */
export const BUNDLE_ROOT: TrustRoot = {
  ...ROOT,
  facts: new Map([
    ["directory", { keys: idsOf(ONLINE), threshold: 1, entities: ["Agent"], tables: [] }],
    ["limits", { keys: idsOf(ANNA, BERT), threshold: 1, entities: [], tables: ["limit"] }],
  ]),
  settings: new Map([["operators", { keys: idsOf(CLEO), threshold: 1, settings: ["cap"] }]]),
};

const built = new Map<string, Promise<MemberParts>>();

/** The member that is compiled from this file of these sources. */
export function memberOf(
  name: string,
  source: string,
  texts: Readonly<Record<string, string>> = SOURCES,
): Promise<MemberParts> {
  const key = JSON.stringify([name, source, texts]);
  const known = built.get(key) ?? build(name, source, texts);
  built.set(key, known);
  return known;
}

async function build(
  name: string,
  file: string,
  texts: Readonly<Record<string, string>>,
): Promise<MemberParts> {
  const { value, diagnostics } = compile(
    { file, text: texts[file]! },
    filesIn(new Map(Object.entries(texts))),
  );
  if (value === null) throw new Error(JSON.stringify(diagnostics));
  const { wasm } = await buildEvaluator(value);
  return { name, shadow: false, wasm, source: file };
}

/** Every file that one of these programs is made of. */
export function sourcesFor(
  entries: readonly string[],
  texts: Readonly<Record<string, string>> = SOURCES,
): ReadonlyMap<string, Uint8Array> {
  const all = entries.flatMap((file) => {
    const find = filesIn(new Map(Object.entries(texts)));
    return filesOf(compile({ file, text: texts[file]! }, find).source);
  });
  return new Map(all.map(({ file, text }) => [file, utf8(text)]));
}

const FACTS_STATEMENT: FactsStatement = {
  set: "payments",
  version: 12n,
  digest: "",
  audience: null,
  validFromMs: NOW - DAY_MS,
  validUntilMs: NOW + 7 * DAY_MS,
};

/** The facts with an envelope by those who may supply all of them. */
export async function signedFacts(
  facts: unknown = FACTS,
  change: Partial<FactsStatement> = {},
  signers: readonly Signer[] = [ANNA, CLEO, ONLINE],
): Promise<NonNullable<BundleParts["facts"]>> {
  const snapshot = utf8(JSON.stringify(facts));
  const digest = digestName(nodeCrypto.sha256(snapshot));
  const envelope = await signFacts({ ...FACTS_STATEMENT, digest, ...change }, signers);
  return { snapshot, envelope: utf8(envelope) };
}

export async function bundleParts(change: Partial<BundleParts> = {}): Promise<BundleParts> {
  return {
    name: "payments",
    version: 3n,
    epoch: 7,
    change: "activation",
    audience: "eu-1",
    validFromMs: NOW - DAY_MS,
    validUntilMs: NOW + 30 * DAY_MS,
    members: [await memberOf("guard", "guard.pol"), await memberOf("pays", "pays.pol")],
    sources: sourcesFor(["guard.pol", "pays.pol"]),
    facts: await signedFacts(),
    ...change,
  };
}

/** Signed by both policy keys unless said otherwise. */
export async function bundleOf(
  change: Partial<BundleParts> = {},
  signers: readonly Signer[] = [ANNA, BERT],
): Promise<BundleFiles> {
  let files = makeBundle(await bundleParts(change), nodeCrypto.sha256);
  for (const signer of signers) files = await signBundle(files, signer);
  return files;
}
