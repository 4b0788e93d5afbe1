/** Putting a bundle together and signing it: for those who publish policy sets, not for hosts. */
import type { BundleFiles } from "./archive.ts";
import {
  evaluatorPath,
  FACTS_ENVELOPE_PATH,
  FACTS_PATH,
  MANIFEST_PATH,
  STATEMENT_PATH,
  sourcePath,
} from "./bundle-paths.ts";
import { decodeEnvelope, type Envelope, encodeEnvelope, signEnvelope } from "./dsse.ts";
import { encodeFactsStatement, type FactsStatement } from "./facts-statement.ts";
import { digestName, type Sha256, utf8 } from "./hash.ts";
import { decodeManifest } from "./manifest-codec.ts";
import { manifestText, readModule } from "./module-bytes.ts";
import {
  decodeSetManifest,
  encodeSetManifest,
  type SetManifest,
  type SetManifestMember,
} from "./set-manifest.ts";
import type { Signer } from "./signer.ts";
import { STATEMENT_TYPE } from "./statement.ts";
import { compareText } from "./text-order.ts";

export interface MemberParts {
  readonly name: string;
  readonly shadow: boolean;
  readonly wasm: Uint8Array;
  /** The file from which it was compiled, as the program names it; null where no sources are given. */
  readonly source: string | null;
}

export interface BundleParts
  extends Pick<
    SetManifest,
    "name" | "version" | "epoch" | "change" | "audience" | "validFromMs" | "validUntilMs"
  > {
  readonly members: readonly MemberParts[];
  /** By the names that programs give them; those of the library too. */
  readonly sources: ReadonlyMap<string, Uint8Array>;
  /** The snapshot and its envelope; null where the set has none. */
  readonly facts: { readonly snapshot: Uint8Array; readonly envelope: Uint8Array } | null;
}

/**
 * Everything but signatures: the statement lies under `set.statement.json` until somebody signs it. Throws a
 * RangeError for what cannot be a bundle.
 */
export function makeBundle(parts: BundleParts, sha256: Sha256): BundleFiles {
  const { members, sources, facts } = parts;
  const files = new Map<string, Uint8Array>();
  for (const { name, wasm } of members) files.set(evaluatorPath(name), wasm);
  for (const [file, text] of sources) files.set(sourcePath(file), text);
  if (facts !== null) {
    files.set(FACTS_PATH, facts.snapshot);
    files.set(FACTS_ENVELOPE_PATH, facts.envelope);
  }
  const listed = [...files].map(([path, content]) => {
    return { path, sha256: digestName(sha256(content)), bytes: content.length };
  });
  const described = members.map(describe);
  const { name, version, epoch, change, audience, validFromMs, validUntilMs } = parts;
  const manifest: SetManifest = {
    ...{ name, version, epoch, change, audience, validFromMs, validUntilMs },
    abi: described[0]?.abi ?? { major: 0, minor: 0 },
    members: described.map(({ member }) => member).sort((a, b) => compareText(a.name, b.name)),
    files: listed.sort((a, b) => compareText(a.path, b.path)),
  };
  return new Map([[STATEMENT_PATH, encodeSetManifest(manifest)], ...files]);
}

function describe({ name, shadow, wasm, source }: MemberParts) {
  const read = readModule(wasm);
  const text = read.ok ? manifestText(read.shape) : null;
  const decoded = text === null ? null : decodeManifest(text);
  if (decoded === null || !decoded.ok) throw new RangeError(`${name}: no evaluator`);
  const { policy, compiler, assembler, abi } = decoded.manifest;
  const member: SetManifestMember = {
    ...{ name, shadow, source, compiler, assembler },
    policy: policy.name,
    version: policy.version,
  };
  return { member, abi };
}

/** The manifest of a bundle that may be signed or not, before anybody has judged who signed; null: none. */
export function manifestOf(files: BundleFiles): SetManifest | null {
  const payload = files.get(STATEMENT_PATH) ?? envelopeOf(files)?.payload;
  const read = payload === undefined ? null : decodeSetManifest(payload);
  return read?.ok === true ? read.manifest : null;
}

export function envelopeOf(files: BundleFiles): Envelope | null {
  const text = files.get(MANIFEST_PATH);
  const decoded = text === undefined ? null : decodeEnvelope(text);
  return decoded?.ok === true ? decoded.envelope : null;
}

/**
 * The same files with one signature more; as they are where the key has signed already. Rejects where the
 * signer does, and for a bundle without a manifest.
 */
export async function signBundle(files: BundleFiles, signer: Signer): Promise<BundleFiles> {
  const before = envelopeOf(files);
  const payload = before?.payload ?? files.get(STATEMENT_PATH);
  if (payload === undefined) throw new RangeError("there is nothing to sign");
  const isSigned = before?.signatures.some(({ keyid }) => keyid === signer.publicKey.id) === true;
  if (isSigned && !files.has(STATEMENT_PATH)) return files;
  const { signatures } = await signEnvelope(STATEMENT_TYPE, payload, isSigned ? [] : [signer]);
  // A statement that somebody was kept from removing is removed now.
  const all = [...(before?.signatures ?? []), ...signatures];
  const envelope = encodeEnvelope({ payloadType: STATEMENT_TYPE, payload, signatures: all });
  const others = [...files].filter(([path]) => path !== STATEMENT_PATH && path !== MANIFEST_PATH);
  return new Map([[MANIFEST_PATH, utf8(envelope)], ...others]);
}

/** The envelope's text. Rejects where a signer does, and for a statement that cannot be encoded. */
export async function signFacts(statement: FactsStatement, signers: readonly Signer[]): Promise<string> {
  return encodeEnvelope(await signEnvelope(STATEMENT_TYPE, encodeFactsStatement(statement), signers));
}
