/** Runs in the page: every vector on the portable path, and on the browser's own Ed25519 where it has one. */
import { verifyStrict } from "@polity/runtime/ed25519.ts";
import { publicKeyOf } from "@polity/runtime/keys.ts";
import { fromHex, verdictOf } from "../support/ed25519-cases.ts";
import type { SignatureCase } from "../support/ed25519-crafted.ts";

export interface SignaturesReport {
  readonly portable: readonly string[];
  /** Behind the same gate for keys, but without our other checks; null where the browser has no Ed25519. */
  readonly native: readonly string[] | null;
}

async function run(): Promise<SignaturesReport> {
  const cases = (await (await fetch("/cases.json")).json()) as readonly SignatureCase[];
  const portable = cases.map((test) => verdictOf(verifyStrict, test));
  return { portable, native: await nativeVerdicts(cases) };
}

async function nativeVerdicts(cases: readonly SignatureCase[]): Promise<readonly string[] | null> {
  const verdicts: string[] = [];
  for (const test of cases) {
    const read = publicKeyOf(fromHex(test.publicKey));
    if (!read.ok) verdicts.push(read.code);
    else {
      const isVerified = await verifyNative(test);
      if (isVerified === null) return null;
      verdicts.push(isVerified ? "signature" : "signature.refused");
    }
  }
  return verdicts;
}

async function verifyNative({ publicKey, message, signature }: SignatureCase): Promise<boolean | null> {
  const { subtle } = crypto;
  const key = await subtle
    .importKey("raw", fromHex(publicKey), "Ed25519", false, ["verify"])
    .catch(() => null);
  return key && subtle.verify("Ed25519", key, fromHex(signature), fromHex(message));
}

const report = await run().catch((error: unknown) => ({ error: String(error) }));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
