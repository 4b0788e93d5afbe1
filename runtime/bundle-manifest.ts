/** The first half of letting a bundle in: what it is, who signed it, and whether it is for this host. */
import type { BundleFiles } from "./archive.ts";
import {
  BUNDLE_BYTES_MAX,
  BUNDLE_FILES_MAX,
  MANIFEST_PATH,
  meetingPaths,
  pathProblem,
} from "./bundle-paths.ts";
import { type BundleProblem, problem } from "./bundle-refusal.ts";
import type { CryptoPort } from "./crypto-port.ts";
import { decodeEnvelope, type Envelope } from "./dsse.ts";
import { digestName, isBytes } from "./hash.ts";
import { decodeSetManifest, type SetManifest } from "./set-manifest.ts";
import { isLabel, timeText } from "./signed-document.ts";
import { signersOf } from "./signers.ts";
import { STATEMENT_TYPE } from "./statement.ts";
import { keysOf, type TrustRoot } from "./trust-root.ts";

/** What a host asks a bundle to be. */
export interface Wanted {
  /** The name of the policy set. */
  readonly set: string;
  /** Where this host runs; null: only sets that are bound to no place. */
  readonly audience: string | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Of all files together; no more than 256 MiB. */
  readonly bytesMax: number;
}

/** Told of each check that passed, in order. */
export type TellCheck = (check: string, says: string) => void;

export interface SignedManifest {
  readonly ok: true;
  readonly manifest: SetManifest;
  /** Of the manifest that was signed, without its signatures: `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** Ids of the policy keys that signed, ascending. */
  readonly signers: readonly string[];
  /** Every file but the manifest, as bytes of our own. */
  readonly contents: BundleFiles;
}

/** The first check that fails is the answer. Never throws, whatever JavaScript passes. */
export function openManifest(
  files: BundleFiles,
  root: TrustRoot,
  wanted: Wanted,
  crypto: CryptoPort,
  tell: TellCheck,
): SignedManifest | BundleProblem {
  const wrong = checkWanted(root, wanted);
  if (wrong !== null) return wrong;
  const copy = copyOf(files, wanted.bytesMax);
  if (!copy.ok) return copy;
  const { contents } = copy;
  tell("files", `${contents.size} files, ${copy.bytes} bytes`);
  const text = contents.get(MANIFEST_PATH);
  if (text === undefined || text.length === 0) {
    return problem("bundle.unsigned", `there is no ${MANIFEST_PATH}: nobody vouches for these files`);
  }
  contents.delete(MANIFEST_PATH);
  const decoded = decodeEnvelope(text);
  if (!decoded.ok) return problem(decoded.code, decoded.message, MANIFEST_PATH);
  const signers = checkSigners(decoded.envelope, root, crypto);
  if ("code" in signers) return signers;
  tell(
    "signatures",
    `${signers.length} of ${root.policy.keys.length} policy keys, ${root.policy.threshold} have to`,
  );
  const read = decodeSetManifest(decoded.envelope.payload);
  if (!read.ok) {
    return problem("bundle.manifest", `what was signed is no set manifest: ${read.message}`, MANIFEST_PATH);
  }
  const { manifest } = read;
  const refused = checkScope(manifest, root, wanted, tell);
  if (refused !== null) return refused;
  return {
    ok: true,
    manifest,
    digest: digestName(crypto.sha256(decoded.envelope.payload)),
    signers,
    contents,
  };
}

function checkWanted(root: TrustRoot, { set, audience, nowMs, bytesMax }: Wanted): BundleProblem | null {
  if (!Number.isSafeInteger(nowMs))
    return problem("trust.invalid", "the time is no whole number of milliseconds");
  if (!isLabel(set)) return problem("trust.invalid", "the name of the wanted set is none");
  if (audience !== null && !isLabel(audience))
    return problem("trust.invalid", "the audience is no name of a place");
  if (!(bytesMax <= BUNDLE_BYTES_MAX))
    return problem("trust.invalid", `more than ${BUNDLE_BYTES_MAX} bytes allowed`);
  const expires = root?.expiresMs;
  if (!Number.isSafeInteger(expires) || !isRoot(root)) {
    return problem("trust.invalid", "there is no trust root: say whose signatures count");
  }
  if (nowMs < expires) return null;
  return problem(
    "trust.expired",
    `version ${root.version} of the trust root was good until ${timeText(expires)}`,
  );
}

/** From JavaScript anything may come as a root; no keys must never mean that no signature is needed. */
function isRoot({ keys, policy, facts, settings }: TrustRoot): boolean {
  const { keys: ids, sets, audiences, threshold } = policy ?? {};
  const isPolicy = [ids, sets, audiences].every(Array.isArray) && ids.length >= 1 && threshold >= 1;
  return isPolicy && [keys, facts, settings].every((one) => one instanceof Map);
}

type Copy = { readonly ok: true; readonly contents: Map<string, Uint8Array>; readonly bytes: number };

/** Nobody may change the bytes while they are judged. Sizes are added up before anything is copied. */
function copyOf(files: BundleFiles, bytesMax: number): Copy | BundleProblem {
  try {
    if (!(files.size <= BUNDLE_FILES_MAX)) {
      return problem("bundle.too_large", `${files.size} files, more than ${BUNDLE_FILES_MAX}`);
    }
    const listed = [...files];
    let bytes = 0;
    for (const [path, content] of listed) {
      if (typeof path !== "string" || !isBytes(content)) return problem("bundle.malformed", NO_FILES);
      const wrong = pathProblem(path);
      if (wrong !== null) return problem("bundle.path", `${JSON.stringify(path)}: ${wrong}`, path);
      bytes += content.length;
    }
    if (bytes > bytesMax) return problem("bundle.too_large", `${bytes} bytes, more than ${bytesMax}`);
    const meeting = meetingPaths(listed.map(([path]) => path));
    if (meeting !== null) {
      return problem("bundle.path", `${meeting[0]} and ${meeting[1]} meet in one place`, meeting[1]);
    }
    const contents = new Map(listed.map(([path, content]) => [path, new Uint8Array(content)]));
    return { ok: true, contents, bytes };
  } catch {
    return problem("bundle.malformed", NO_FILES);
  }
}

const NO_FILES = "the files are no map from paths to bytes";

function checkSigners(
  envelope: Envelope,
  root: TrustRoot,
  crypto: CryptoPort,
): readonly string[] | BundleProblem {
  const refuse = (code: BundleProblem["code"], message: string) => problem(code, message, MANIFEST_PATH);
  const { payloadType, signatures } = envelope;
  if (payloadType !== STATEMENT_TYPE) {
    return refuse("envelope.payload_type", `a payload of type ${payloadType}, not ${STATEMENT_TYPE}`);
  }
  const { keys, threshold } = root.policy;
  const trusted = keysOf(root, keys);
  if (!signatures.some(({ keyid }) => trusted.has(keyid))) {
    return refuse(
      "envelope.wrong_key",
      `signed by ${signatures[0]?.keyid}, which is no policy key of this root`,
    );
  }
  const found = signersOf(envelope, trusted, crypto);
  if (!found.ok) return refuse("envelope.bad_signature", found.message);
  if (found.signers.length >= threshold) return found.signers;
  return refuse(
    "envelope.threshold",
    `${found.signers.length} of the policy keys signed, ${threshold} have to`,
  );
}

function checkScope(
  { name, audience, validFromMs, validUntilMs }: SetManifest,
  { policy }: TrustRoot,
  wanted: Wanted,
  tell: TellCheck,
): BundleProblem | null {
  const refuse = (code: BundleProblem["code"], message: string) => problem(code, message, MANIFEST_PATH);
  if (name !== wanted.set)
    return refuse("bundle.wrong_name", `this is the set ${name}, but ${wanted.set} is wanted`);
  if (!policy.sets.includes(name)) {
    return refuse(
      "bundle.not_granted",
      `the trust root lets its policy keys sign for ${policy.sets.join(", ")}`,
    );
  }
  if (audience !== null && !policy.audiences.includes(audience)) {
    return refuse(
      "bundle.not_granted",
      `the trust root lets its policy keys sign for no audience ${audience}`,
    );
  }
  tell("set", name);
  if (audience !== wanted.audience) {
    const [signed, here] = [audience ?? "no audience", wanted.audience ?? "no audience"];
    return refuse("bundle.wrong_audience", `signed for ${signed}, but this host is for ${here}`);
  }
  tell("audience", audience ?? "none");
  if (wanted.nowMs < validFromMs)
    return refuse("bundle.not_yet_valid", `valid from ${timeText(validFromMs)}`);
  if (wanted.nowMs >= validUntilMs) {
    return refuse("bundle.expired", `valid until ${timeText(validUntilMs)}: sign it again`);
  }
  tell("validity", `${timeText(validFromMs)} until ${timeText(validUntilMs)}`);
  return null;
}
