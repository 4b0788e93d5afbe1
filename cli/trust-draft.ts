/** A version of a trust root on its way to its signatures: nobody's yet, some, or enough of them. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { decodeEnvelope, type Envelope, encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import { digestName } from "@polity/runtime/hash.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { signersOf } from "@polity/runtime/signers.ts";
import {
  decodeTrustRoot,
  encodeTrustRoot,
  keysOf,
  TRUST_ROOT_TYPE,
  type TrustRoot,
} from "@polity/runtime/trust-root.ts";
import { failure } from "./failure.ts";
import type { Refusal } from "./refusal.ts";

export interface Draft {
  readonly ok: true;
  readonly root: TrustRoot;
  /** Of the document: what `--pin` takes. */
  readonly digest: string;
  /** Without signatures where nobody has signed yet. */
  readonly envelope: Envelope;
}

export function draftOf(root: TrustRoot): Draft {
  const payload = encodeTrustRoot(root);
  return withSignatures(root, { payload, payloadType: TRUST_ROOT_TYPE, signatures: [] });
}

/** What `draftText` wrote: an envelope, or the bare document. */
export function readDraft(bytes: Uint8Array): Draft | Refusal {
  const bare = decodeTrustRoot(bytes);
  if (bare.ok) return draftOf(bare.root);
  const decoded = decodeEnvelope(bytes);
  if (!decoded.ok) {
    // Whoever wrote a document by hand is told what is wrong in it.
    const isDocument =
      bytes[0] === 0x7b && !new TextDecoder().decode(bytes.subarray(0, 40)).includes("payload");
    return isDocument ? no(bare.code, bare.message) : no(decoded.code, decoded.message);
  }
  const { envelope } = decoded;
  if (envelope.payloadType !== TRUST_ROOT_TYPE) {
    return no("envelope.payload_type", `a payload of type ${envelope.payloadType}, not ${TRUST_ROOT_TYPE}`);
  }
  const read = decodeTrustRoot(envelope.payload);
  return read.ok ? withSignatures(read.root, envelope) : no(read.code, read.message);
}

function withSignatures(root: TrustRoot, envelope: Envelope): Draft {
  return { ok: true, root, digest: digestName(nodeCrypto.sha256(envelope.payload)), envelope };
}

function no(code: string, message: string): Refusal {
  return { ok: false, code, message, hint: "pol trust init and pol trust rotate write trust roots" };
}

/** An envelope needs a signature: before the first one, the document alone is the file. */
export function draftText({ envelope }: Draft): string {
  if (envelope.signatures.length === 0) return new TextDecoder().decode(envelope.payload);
  return encodeEnvelope(envelope);
}

const SIGNATURES_MAX = 16;

/** Whoever signs again replaces the signature that was there. */
export async function sign(draft: Draft, signers: readonly Signer[]): Promise<Draft> {
  if (signers.length === 0) return draft;
  const { envelope } = draft;
  const { signatures: added } = await signEnvelope(TRUST_ROOT_TYPE, envelope.payload, signers);
  const ids = new Set(added.map(({ keyid }) => keyid));
  const others = envelope.signatures.filter(({ keyid }) => !ids.has(keyid));
  const byId = new Map([...others, ...added].map((signature) => [signature.keyid, signature]));
  if (byId.size > SIGNATURES_MAX) {
    throw failure(`an envelope has room for ${SIGNATURES_MAX} signatures, and no version needs more`);
  }
  return withSignatures(draft.root, { ...envelope, signatures: [...byId.values()] });
}

/** How far a draft has come with the root keys of one version. */
export interface Standing {
  readonly version: number;
  readonly signed: number;
  readonly threshold: number;
}

/** By the version before, where it is known, and by its own. Signatures that do not hold do not count. */
export function standings({ envelope, root }: Draft, previous: TrustRoot | null): readonly Standing[] {
  return [...(previous === null ? [] : [previous]), root].map((by) => {
    let signed = 0;
    for (const signature of dedupe(envelope)) {
      const found = signersOf({ ...envelope, signatures: [signature] }, keysOf(by, by.root.keys), nodeCrypto);
      if (found.ok) signed += found.signers.length;
    }
    return { version: by.version, signed, threshold: by.root.threshold };
  });
}

function dedupe({ signatures }: Envelope): Envelope["signatures"] {
  return [...new Map(signatures.map((signature) => [signature.keyid, signature])).values()];
}
