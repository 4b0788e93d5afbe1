/** What makes an evaluator trustworthy and its decisions provable, each done with the real parts. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commitRequest } from "@polity/lineage/commitment.ts";
import { decisionEntry } from "@polity/lineage/decision-entry.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import {
  generateKey,
  nodeCrypto,
  nodeRandomBytes,
  nodeSigner,
  nodeUuid,
} from "@polity/lineage/node/crypto.ts";
import { encodeTlogProof } from "@polity/lineage/tlog-proof.ts";
import { verifyProof } from "@polity/lineage/verify-proof.ts";
import { digestName } from "@polity/runtime/hash.ts";
import {
  type Host,
  load,
  type Manifest,
  type Signer,
  signEvaluator,
  type Trust,
} from "@polity/runtime/index.ts";
import type { Call } from "./session.ts";

/** Whoever releases evaluators; here also the writer of the log. */
export interface Releaser {
  readonly signer: Signer;
  readonly trust: Trust;
}

const ORIGIN = "example.com/coding-agent";
const AUDIENCE = "workstations";
export const VALID_DAYS = 90;
const DAY_MS = 86_400_000;

export function newReleaser(policy: string): Releaser {
  const { privatePem, publicKey } = generateKey();
  const made = nodeSigner(privatePem);
  if (!made.ok) throw new Error(made.message);
  return { signer: made.signer, trust: { keys: [publicKey], name: policy, audience: AUDIENCE } };
}

/** The text of an envelope that vouches for `wasm` from `now` on. */
export function sign(
  wasm: Uint8Array,
  manifest: Manifest,
  { signer }: Releaser,
  now: number,
): Promise<string> {
  const { policy, abi, sources } = manifest;
  const digest = digestName(nodeCrypto.sha256(wasm));
  const validity = { validFromMs: now, validUntilMs: now + VALID_DAYS * DAY_MS };
  return signEvaluator({ ...policy, digest, abi, sources, audience: AUDIENCE, ...validity }, [signer]);
}

export interface Chained {
  /** How many entries there are. */
  readonly size: number;
  /** The signed note. */
  readonly checkpoint: string;
  /** Of the entry that is proved: its bytes, and what proves it. */
  readonly record: Uint8Array;
  readonly proof: string;
}

/** Asks again about every call and writes each answer into a log in `folder`; proves entry `index`. */
export async function chain(
  folder: string,
  host: Host,
  calls: readonly Call[],
  { signer }: Releaser,
  index: number,
): Promise<Chained> {
  const opened = await openFileLog(folder, { origin: ORIGIN, signer, crypto: nodeCrypto, create: true });
  if (!opened.ok) throw opened.error;
  const { store } = opened;
  await Promise.all(
    calls.map((call, seq) => {
      const { entry, opening } = entryOf(host, call, seq);
      return store.append(entry, opening);
    }),
  );
  const checkpoint = await store.checkpoint();
  const record = await store.entry(index);
  if (record === null) throw new Error("an entry that was acknowledged is in the log");
  const hashes = await store.inclusionProof(index, store.size);
  const { size } = store;
  await store.close();
  return { size, checkpoint, record, proof: encodeTlogProof({ index, hashes, checkpoint, extra: null }) };
}

function entryOf(host: Host, { step, action, fields, header }: Call, seq: number) {
  const request = host.request(action, fields);
  const committed = request.ok ? commitRequest(request.json, [], nodeRandomBytes) : null;
  if (committed !== null && !committed.ok) throw new Error(committed.message);
  const { evaluator, facts, manifest } = host;
  const entry = decisionEntry({
    identity: {
      id: nodeUuid(),
      at: header.now,
      node: "tour",
      seq,
      execution: null,
      parents: [],
      trace: null,
    },
    requestId: String(step),
    decision: host.decide(action, fields, header),
    policy: { name: manifest.policy.name, evaluator },
    facts,
    action,
    request: request.ok && committed ? { digest: request.digest, commitment: committed.commitment } : null,
    header,
  });
  return { entry, opening: committed?.opening };
}

/** What a stranger does, who has the public key and two small files. */
export function provedBy({ trust }: Releaser, { proof, record }: Pick<Chained, "proof" | "record">): string {
  const result = verifyProof(proof, record, trust.keys, nodeCrypto);
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return `entry ${result.index} of ${result.size} in ${result.origin}`;
}

/** What was changed, and what found it. */
export interface Caught {
  readonly what: string;
  readonly by: string;
  readonly message: string;
}

/** Changes one byte in each artefact, one after the other, and tells who objects. */
export async function tamper(
  folder: string,
  wasm: Uint8Array,
  envelope: string,
  { trust }: Releaser,
  now: number,
): Promise<readonly Caught[]> {
  const place = wasm.length >> 1;
  const loaded = await load(changed(wasm, place), envelope, trust, now, nodeCrypto);
  const caught = [caughtBy(`evaluator, byte ${place}`, loaded.ok ? null : loaded)];
  for (const [what, file] of [
    ["entries", entriesOf(folder)],
    ["checkpoint", "public/checkpoint"],
  ] as const) {
    const path = join(folder, file);
    const before = readFileSync(path);
    const at = before.length >> 1;
    put(path, changed(before, at));
    const verified = await verifyLog(folder, trust.keys[0]!, nodeCrypto);
    caught.push(caughtBy(`${what} of the log, byte ${at}`, verified.ok ? null : verified.error));
    put(path, before);
  }
  return caught;
}

/** A session has fewer entries than a whole bundle. */
function entriesOf(folder: string): string {
  const [width] = readdirSync(join(folder, "public/tile/entries/000.p"));
  return `public/tile/entries/000.p/${width}`;
}

/** What is published may not be written to, only replaced. */
function put(path: string, bytes: Uint8Array): void {
  rmSync(path);
  writeFileSync(path, bytes);
}

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

function caughtBy(what: string, refusal: { readonly code: string; readonly message: string } | null): Caught {
  if (refusal === null) throw new Error(`${what}: a changed byte was not noticed`);
  return { what, by: refusal.code, message: refusal.message };
}
