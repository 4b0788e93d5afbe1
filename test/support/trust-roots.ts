/** Trust roots and freshness notes with the keys of signing.ts, good ones and ones with faults. */
import { encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { encodeTrustRoot, TRUST_ROOT_TYPE, type TrustRoot } from "@polity/runtime/trust-root.ts";
import { signerOf } from "./signing.ts";

/** Three hold the root, two of them sign policies; one key is online. Dora and Emil come later. */
export const [ANNA, BERT, CLEO] = [signerOf(1), signerOf(2), signerOf(3)];
export const [DORA, EMIL, ONLINE] = [signerOf(5), signerOf(6), signerOf(7)];

export const NOW = Date.UTC(2026, 10, 22, 12);
const DAY_MS = 86_400_000;

export function idsOf(...signers: readonly Signer[]): readonly string[] {
  return signers.map(({ publicKey }) => publicKey.id).sort();
}

function keysBy(...signers: readonly Signer[]): ReadonlyMap<string, PublicKey> {
  const keys = signers.map(({ publicKey }) => [publicKey.id, publicKey] as const);
  return new Map(keys.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** With one of everything that a root can say. */
export const ROOT: TrustRoot = {
  name: "example.com/agents",
  version: 1,
  expiresMs: NOW + 365 * DAY_MS,
  minEpoch: 0,
  keys: keysBy(ANNA, BERT, CLEO, ONLINE),
  root: { keys: idsOf(ANNA, BERT, CLEO), threshold: 2 },
  policy: { keys: idsOf(ANNA, BERT), threshold: 2, sets: ["payments"], audiences: ["eu-1", "eu-2"] },
  freshness: {
    keys: idsOf(ONLINE),
    threshold: 1,
    noteMsMax: 3_600_000,
    continueMsMax: 600_000,
  },
  facts: new Map([
    ["directory", { keys: idsOf(ONLINE), threshold: 1, entities: ["Team", "User"], tables: [] }],
    ["limits", { keys: idsOf(ANNA, BERT), threshold: 1, entities: [], tables: ["limit"] }],
  ]),
  settings: new Map([["operators", { keys: idsOf(CLEO), threshold: 1, settings: ["ceiling"] }]]),
  logs: new Map([
    [
      "example.com/agents/eu-1",
      [
        { key: idsOf(CLEO)[0]!, sizeMax: 1000 },
        { key: idsOf(ONLINE)[0]!, sizeMax: null },
      ].sort((a, b) => (a.key < b.key ? -1 : 1)),
    ],
  ]),
  issuers: {
    approval: new Map([["desk", idsOf(ONLINE)]]),
    attestation: new Map(),
    containment: new Map([["watch", idsOf(ANNA, CLEO)]]),
    permit: new Map([["gate-1", idsOf(ONLINE)]]),
    trust: new Map(),
  },
};

/** As small as one can be: one key for everything. */
export const SMALL_ROOT: TrustRoot = {
  name: "example.com",
  version: 1,
  expiresMs: NOW + DAY_MS,
  minEpoch: 0,
  keys: keysBy(ANNA),
  root: { keys: idsOf(ANNA), threshold: 1 },
  policy: { keys: idsOf(ANNA), threshold: 1, sets: ["payments"], audiences: [] },
  freshness: { keys: idsOf(ANNA), threshold: 1, noteMsMax: 3_600_000, continueMsMax: 0 },
  facts: new Map(),
  settings: new Map(),
  logs: new Map(),
  issuers: {
    approval: new Map(),
    attestation: new Map(),
    containment: new Map(),
    permit: new Map(),
    trust: new Map(),
  },
};

/** The version after this one, with these changes; keys that nobody names any more are left out. */
export function following(root: TrustRoot, changes: Partial<TrustRoot>): TrustRoot {
  return withKeys({ ...root, version: root.version + 1, ...changes });
}

/** With exactly the keys that it names, of those above. */
export function withKeys(root: TrustRoot): TrustRoot {
  const roles = [root.root, root.policy, root.freshness, ...root.facts.values(), ...root.settings.values()];
  const issuers = Object.values(root.issuers).flatMap((of) => [...of.values()]);
  const logs = [...root.logs.values()].flat().map(({ key }) => key);
  const named = new Set([...roles.flatMap(({ keys }) => keys), ...issuers.flat(), ...logs]);
  const all = [ANNA, BERT, CLEO, DORA, EMIL, ONLINE];
  return { ...root, keys: keysBy(...all.filter(({ publicKey }) => named.has(publicKey.id))) };
}

export async function signRoot(root: TrustRoot, ...signers: readonly Signer[]): Promise<string> {
  return encodeEnvelope(await signEnvelope(TRUST_ROOT_TYPE, encodeTrustRoot(root), signers));
}

/** Any document under the type of a trust root. */
export async function signRootText(text: string, ...signers: readonly Signer[]): Promise<string> {
  return encodeEnvelope(await signEnvelope(TRUST_ROOT_TYPE, new TextEncoder().encode(text), signers));
}
