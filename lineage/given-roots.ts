/** Versions of a trust root as somebody gives them: in any order, as files with names. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { decodeEnvelope } from "@polity/runtime/dsse.ts";
import { decodeTrustRoot } from "@polity/runtime/trust-root.ts";
import {
  openRoot,
  type TrustWalk,
  type TrustWalkCode,
  takeStep,
  walkRoots,
} from "@polity/runtime/trust-walk.ts";

export interface GivenRoot {
  readonly name: string;
  /** The envelope. */
  readonly bytes: Uint8Array;
}

export interface GivenRootRefusal {
  readonly ok: false;
  readonly code: TrustWalkCode;
  /** Begins with the name of the file that is refused. */
  readonly message: string;
}

/**
 * Walks from the lowest version that is there to the highest. That the first one is the right one no
 * signature can say: whoever believes it compares the digest of `path[0]` with one that they keep. At least
 * one file has to be there. Never throws.
 */
export function walkGiven(
  files: readonly GivenRoot[],
  nowMs: number,
  crypto: CryptoPort,
): TrustWalk | GivenRootRefusal {
  // What is no trust root comes last, and is refused there.
  const [first, ...steps] = files.toSorted((a, b) => versionOf(a) - versionOf(b));
  if (first === undefined) return { ok: false, code: "trust.invalid", message: "there is no file" };
  const opened = openRoot(first.bytes, crypto);
  if (!opened.ok) return { ...opened, message: `${first.name}: ${opened.message}` };
  let last = opened;
  for (const { name, bytes } of steps) {
    const next = takeStep(last, bytes, crypto);
    if (!next.ok) return { ...next, message: `${name}: ${next.message}` };
    last = next;
  }
  const { root, digest } = opened;
  const walked = walkRoots(
    { root, digest },
    steps.map(({ bytes }) => bytes),
    nowMs,
    crypto,
  );
  return walked.ok ? walked : { ...walked, message: `${(steps.at(-1) ?? first).name}: ${walked.message}` };
}

function versionOf({ bytes }: GivenRoot): number {
  const envelope = decodeEnvelope(bytes);
  const read = envelope.ok ? decodeTrustRoot(envelope.envelope.payload) : envelope;
  return read.ok ? read.root.version : Number.MAX_SAFE_INTEGER;
}
