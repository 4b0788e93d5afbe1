/** What says whose keys count, which epoch is the latest, and what was allowed. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import {
  checkFreshness,
  decodeFreshness,
  encodeFreshness,
  signFreshness,
} from "@polity/runtime/freshness.ts";
import { rememberPermits, verifyPermit } from "@polity/runtime/permit.ts";
import { decodeTrustRoot, encodeTrustRoot } from "@polity/runtime/trust-root.ts";
import { openRoot, takeStep } from "@polity/runtime/trust-walk.ts";
import { issued, service } from "../../test/support/permits.ts";
import {
  ANNA,
  BERT,
  CLEO,
  following,
  NOW,
  ONLINE,
  ROOT,
  SMALL_ROOT,
  signRoot,
} from "../../test/support/trust-roots.ts";
import { plainSample, type Read, type Sample, type Samples, signedSample } from "./sample.ts";

const ACTIVE = { set: "payments", audience: "eu-1", epoch: 42, digest: `sha256:${"a1".repeat(32)}` };
const NOTE = { root: ROOT.name, ...ACTIVE, fromMs: NOW, untilMs: NOW + 60_000 };
const bytesOfText = (text: string) => new Uint8Array(Buffer.from(text));

async function roots(): Promise<readonly Sample[]> {
  const texts = [
    await signRoot(ROOT, ANNA, BERT),
    await signRoot(ROOT, ANNA, BERT, CLEO),
    await signRoot(SMALL_ROOT, ANNA),
  ];
  const read = (bytes: Uint8Array): Read => {
    const opened = openRoot(bytes, nodeCrypto);
    return opened.ok ? { ok: true, meaning: opened.digest } : opened;
  };
  return texts.map((text) => sampleOf(bytesOfText(text), read));
}

async function rotations(): Promise<readonly Sample[]> {
  const first = openRoot(await signRoot(ROOT, ANNA, BERT), nodeCrypto);
  if (!first.ok) throw new Error(first.code);
  const read = (bytes: Uint8Array): Read => {
    const next = takeStep(first, bytes, nodeCrypto);
    return next.ok ? { ok: true, meaning: next.digest } : next;
  };
  const text = await signRoot(following(ROOT, { minEpoch: 5 }), ANNA, BERT, CLEO);
  return [sampleOf(bytesOfText(text), read)];
}

async function freshnessNotes(): Promise<readonly Sample[]> {
  const read = (bytes: Uint8Array): Read => {
    const checked = checkFreshness(bytes, ROOT, NOW + 1, ACTIVE, nodeCrypto);
    return checked.ok ? { ok: true, meaning: JSON.stringify(checked.note) } : checked;
  };
  return [sampleOf(bytesOfText(await signFreshness(NOTE, [ONLINE])), read)];
}

/** Each is asked of a service that has seen none before. */
async function permits(): Promise<readonly Sample[]> {
  const read = async (bytes: Uint8Array): Promise<Read> => {
    const seen = rememberPermits({ sinceMs: 0 });
    const verified = await verifyPermit(Buffer.from(bytes).toString("latin1"), { ...service(), seen });
    return verified.ok ? { ok: true, meaning: JSON.stringify(verified.permit) } : verified;
  };
  return Promise.all(
    [{}, { action: "pay", id: "3f0c2a52-6a0e-4c5e-9d52-0a4f6b1f7a12" }].map(async (written) => {
      const bytes = bytesOfText(await issued(written));
      const good = await read(bytes);
      if (!good.ok) throw new Error(`a good permit is refused: ${good.code}`);
      return signedSample(bytes, read, good.meaning);
    }),
  );
}

/** The documents themselves, as if whoever may sign them had signed nonsense. */
async function rootForms(): Promise<readonly Sample[]> {
  const rewrite = (bytes: Uint8Array) => {
    const decoded = decodeTrustRoot(bytes);
    return decoded.ok ? { ok: true as const, bytes: encodeTrustRoot(decoded.root) } : decoded;
  };
  return [ROOT, SMALL_ROOT].map((root) => plainSample(encodeTrustRoot(root), rewrite));
}

async function noteForms(): Promise<readonly Sample[]> {
  const rewrite = (bytes: Uint8Array) => {
    const decoded = decodeFreshness(bytes);
    if (!decoded.ok) return { ok: false as const, code: "freshness.malformed" };
    return { ok: true as const, bytes: encodeFreshness(decoded.note) };
  };
  return [plainSample(encodeFreshness(NOTE), rewrite)];
}

function sampleOf(bytes: Uint8Array, read: (bytes: Uint8Array) => Read): Sample {
  const good = read(bytes);
  if (!good.ok) throw new Error(`a good document is refused: ${good.code}`);
  return signedSample(bytes, read, good.meaning);
}

export const TRUST_SAMPLES: readonly (readonly [string, Samples])[] = [
  ["trust-root", roots],
  ["root-rotation", rotations],
  ["freshness-note", freshnessNotes],
  ["permit", permits],
  ["trust-root-form", rootForms],
  ["freshness-form", noteForms],
];
