/** What a host would say to an evaluator with its envelope, here and now. */

import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openUnsigned } from "@polity/runtime/authoring.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { load, type PublicKey, verifyEvaluator } from "@polity/runtime/index.ts";
import { decodeManifest } from "@polity/runtime/manifest-codec.ts";
import { manifestText, readModule } from "@polity/runtime/module-bytes.ts";
import type { EvaluatorStatement } from "@polity/runtime/statement.ts";
import type { Refusal } from "./refusal.ts";

export interface Expected {
  /** The policy's name; null: whatever the evaluator calls itself. */
  readonly name: string | null;
  readonly audience: string | null;
  readonly nowMs: number;
}

export interface Vouched {
  readonly ok: true;
  readonly statement: EvaluatorStatement;
  /** Ids of the keys that signed. */
  readonly signers: readonly string[];
}

/** For a module that says no name: everything before the name is checked, and then why it says none. */
const NAMELESS = "nameless";

/** The first check of a host that fails, or the statement that was signed. Never throws. */
export async function checkEnvelope(
  wasm: Uint8Array,
  envelope: Uint8Array | string,
  key: PublicKey,
  { name, audience, nowMs }: Expected,
): Promise<Vouched | Refusal> {
  const wanted = name ?? claimedName(wasm);
  const trust = { keys: [key], name: wanted ?? NAMELESS, ...(audience !== null && { audience }) };
  // The host's checks come first, and in its order; a policy that needs facts is sound without them.
  const loaded = await load(wasm, envelope, trust, nowMs, nodeCrypto);
  if (!loaded.ok && !loaded.code.startsWith("facts.")) {
    const unsigned =
      loaded.code === "envelope.wrong_name" && wanted === null ? await openUnsigned(wasm) : loaded;
    return "code" in unsigned
      ? refusal(unsigned.code, unsigned.message)
      : refusal(loaded.code, loaded.message);
  }
  const verified = verifyEvaluator(digestName(nodeCrypto.sha256(wasm)), envelope, trust, nowMs, nodeCrypto);
  return verified.ok ? verified : refusal(verified.code, verified.message);
}

/** What the file says about itself, believed only for a question: is it the one that was signed as that? */
function claimedName(wasm: Uint8Array): string | null {
  const read = readModule(wasm);
  const text = read.ok ? manifestText(read.shape) : null;
  const decoded = text === null ? null : decodeManifest(text);
  return decoded?.ok ? decoded.manifest.policy.name : null;
}

const CHANGED = "get the envelope again from whoever signed, as pol sign wrote it";
const APART = "evaluator and envelope do not belong together: get both again, or sign the evaluator";

const HINTS: ReadonlyMap<string, string> = new Map([
  ["trust.invalid", "--name and --audience are 1 to 255 characters without control characters"],
  ["envelope.unsigned", "pol sign writes the envelope of an evaluator"],
  ["envelope.too_large", CHANGED],
  ["envelope.malformed", CHANGED],
  ["envelope.payload_type", "the envelope is about something else: pol sign writes those of evaluators"],
  ["envelope.wrong_key", "give the public key of whoever signed, or have it signed by the key you trust"],
  ["envelope.bad_signature", CHANGED],
  ["envelope.statement", "the envelope is about something else: pol sign writes those of evaluators"],
  ["envelope.altered", APART],
  ["envelope.mismatch", APART],
  ["envelope.wrong_name", "--name says which policy is expected"],
  ["envelope.wrong_audience", "--audience says where it is to run; for another place it is signed again"],
  ["envelope.not_yet_valid", "wait, or sign it again with another --from"],
  ["envelope.expired", "no host takes it any more; --now asks about another time"],
]);

function refusal(code: string, message: string): Refusal {
  const hint = HINTS.get(code) ?? "build the evaluator again with pol build, and sign it";
  return { ok: false, code, message, hint };
}
