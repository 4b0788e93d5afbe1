/** What goes between logs, witnesses and readers: cosigned checkpoints, requests to a witness, policies. */

import { decodeCosignerVkey, encodeCosignerVkey } from "@polity/lineage/cosignature.ts";
import { decodeLogPolicy, encodeLogPolicy, type LogPolicy } from "@polity/lineage/log-policy.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { encodeVkey } from "@polity/lineage/note.ts";
import { witnessStep } from "@polity/lineage/witness.ts";
import { decodeWitnessRequest, encodeWitnessRequest } from "@polity/lineage/witness-request.ts";
import { openWitnessed } from "@polity/lineage/witnessed-checkpoint.ts";
import { checkpointOf, noteSigner, ORIGIN, treeOf } from "../../test/support/lineage-log.ts";
import { bytesOf, heartbeat } from "../../test/support/log-entries.ts";
import { cosignedBy, witnessSigner } from "../../test/support/witnesses.ts";
import { hex, plainSample, type Read, type Sample, type Samples, signedSample } from "./sample.ts";

const SIGNER = noteSigner();
const ALICE = witnessSigner(11, "alice.example");
const BOB = witnessSigner(12, "bob.example");
const CAROL = witnessSigner(13, "carol.example");
const TIME = 1_700_000_000;
const { sha256 } = nodeCrypto;
const TREE = treeOf(Array.from({ length: 20 }, (_, at) => bytesOf(heartbeat(at))));
const bytesOfText = (text: string) => new Uint8Array(Buffer.from(text));

const POLICY_TEXT = [
  `log ${encodeVkey(SIGNER.key)} https://log.example/`,
  `witness alice ${encodeCosignerVkey(ALICE.key)} https://alice.example/`,
  `witness bob ${encodeCosignerVkey(BOB.key)}`,
  `witness carol ${encodeCosignerVkey(CAROL.key)}`,
  "group two 2 alice bob carol",
  "quorum two",
  "",
].join("\n");

function policyOf(text: string | Uint8Array): LogPolicy {
  const decoded = decodeLogPolicy(text, sha256);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.policy;
}

async function cosigned(): Promise<readonly Sample[]> {
  const policy = policyOf(POLICY_TEXT);
  const read = (bytes: Uint8Array): Read => {
    const opened = openWitnessed(bytes, { keys: [SIGNER.key], policy }, nodeCrypto);
    if (!opened.ok) return opened;
    const { origin, size, root } = opened.checkpoint;
    return { ok: true, meaning: `${origin} ${size} ${hex(root)}` };
  };
  const note = await checkpointOf(TREE, SIGNER);
  const meaning = `${ORIGIN} ${TREE.size} ${hex(TREE.root())}`;
  const notes = [
    await cosignedBy(note, [ALICE, BOB], TIME),
    await cosignedBy(note, [ALICE, BOB, CAROL], TIME),
  ];
  return notes.map((text) => signedSample(bytesOfText(text), read, meaning));
}

async function request(): Promise<string> {
  const proof = TREE.consistencyProof(7, TREE.size);
  return encodeWitnessRequest({ oldSize: 7, proof, checkpoint: await checkpointOf(TREE, SIGNER) });
}

/** The witness advances to the log's tree, or answers with a refusal. */
async function requests(): Promise<readonly Sample[]> {
  const view = {
    keysOf: (origin: string) => (origin === ORIGIN ? [SIGNER.key] : []),
    lastOf: () => ({ size: 7, root: TREE.root(7) }),
  };
  const read = (bytes: Uint8Array): Read => {
    const step = witnessStep(bytes, view, nodeCrypto);
    return step.ok ? { ok: true, meaning: step.text } : step;
  };
  const text = await request();
  const note = text.slice(text.indexOf("\n\n") + 2);
  return [signedSample(bytesOfText(text), read, note.slice(0, note.lastIndexOf("\n\n") + 1))];
}

async function requestForms(): Promise<readonly Sample[]> {
  const rewrite = (bytes: Uint8Array) => {
    const decoded = decodeWitnessRequest(bytes);
    return decoded.ok
      ? { ok: true as const, bytes: bytesOfText(encodeWitnessRequest(decoded.request)) }
      : decoded;
  };
  return [plainSample(bytesOfText(await request()), rewrite)];
}

/**
 * People write policies, with comments and spaces: what is read has to say the same when it is written
 * again.
 */
async function policies(): Promise<readonly Sample[]> {
  const read = (bytes: Uint8Array): Read => {
    const decoded = decodeLogPolicy(bytes, sha256);
    if (!decoded.ok) return decoded;
    const again = encodeLogPolicy(decoded.policy);
    return { ok: true, meaning: encodeLogPolicy(policyOf(again)) === again ? "stable" : "changes" };
  };
  return [{ bytes: bytesOfText(POLICY_TEXT), read, meaning: () => "stable" }];
}

async function cosignerKeys(): Promise<readonly Sample[]> {
  const rewrite = (bytes: Uint8Array) => {
    const decoded = decodeCosignerVkey(Buffer.from(bytes).toString(), sha256);
    return decoded.ok ? { ok: true as const, bytes: bytesOfText(encodeCosignerVkey(decoded.key)) } : decoded;
  };
  return [ALICE, BOB].map(({ key }) => plainSample(bytesOfText(encodeCosignerVkey(key)), rewrite));
}

export const WITNESS_SAMPLES: readonly (readonly [string, Samples])[] = [
  ["cosigned-checkpoint", cosigned],
  ["witness-request", requests],
  ["witness-request-form", requestForms],
  ["log-policy", policies],
  ["cosigner-key", cosignerKeys],
];
