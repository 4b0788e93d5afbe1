/** The second half of letting a bundle in: that its files are those that were signed, and fit together. */
import type { BundleFiles } from "./archive.ts";
import { openFacts, type SignedFacts } from "./bundle-facts.ts";
import type { SignedManifest, TellCheck, Wanted } from "./bundle-manifest.ts";
import { evaluatorPath, FACTS_PATH, sourceFile, sourcePath } from "./bundle-paths.ts";
import { type BundleProblem, problem } from "./bundle-refusal.ts";
import type { CryptoPort } from "./crypto-port.ts";
import { digestName } from "./hash.ts";
import type { Manifest } from "./manifest.ts";
import { decodeManifest } from "./manifest-codec.ts";
import { manifestText, readModule } from "./module-bytes.ts";
import type { SetManifest, SetManifestMember } from "./set-manifest.ts";
import type { TrustRoot } from "./trust-root.ts";

export interface BundledMember extends SetManifestMember {
  readonly wasm: Uint8Array;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly sources: Manifest["sources"];
  readonly kind: "guard" | "policy";
  readonly simd: boolean;
}

export interface BundleContents {
  readonly ok: true;
  readonly members: readonly BundledMember[];
  /** Null where the set has no facts. */
  readonly facts: SignedFacts | null;
}

/** The first check that fails is the answer. Never throws. */
export function openContents(
  { manifest, contents }: SignedManifest,
  root: TrustRoot,
  wanted: Wanted,
  crypto: CryptoPort,
  tell: TellCheck,
): BundleContents | BundleProblem {
  const opened = openMembers(manifest, contents, crypto, tell);
  if (!opened.ok) return opened;
  const { members } = opened;
  const snapshot = contents.get(FACTS_PATH);
  if (snapshot === undefined) return { ok: true, members, facts: null };
  const facts = openFacts(snapshot, contents, manifest, root, wanted, crypto);
  if ("code" in facts) return facts;
  tell("facts", `version ${facts.statement.version}, signed by ${facts.signers.length}`);
  return { ok: true, members, facts };
}

/** The part of it that is asked of nobody: whether these are the files of this manifest, and fit together. */
export function openMembers(
  manifest: SetManifest,
  contents: BundleFiles,
  crypto: CryptoPort,
  tell: TellCheck,
): Pick<BundleContents, "ok" | "members"> | BundleProblem {
  const altered = checkFiles(manifest, contents, crypto);
  if (altered !== null) return altered;
  tell("contents", `${manifest.files.length} files are as they were signed`);
  const digests = new Map(manifest.files.map(({ path, sha256 }) => [path, sha256]));
  const members: BundledMember[] = [];
  for (const member of manifest.members) {
    const path = evaluatorPath(member.name);
    const opened = openMember(member, manifest, contents.get(path)!, digests);
    if ("code" in opened) return opened;
    members.push(opened);
  }
  const useless = uselessSource(manifest, members);
  if (useless !== null) return problem("bundle.sources", `${useless} is of no member`, useless);
  tell("members", members.map(({ name }) => name).join(", "));
  return { ok: true, members };
}

function checkFiles(
  { files }: SetManifest,
  contents: BundleFiles,
  { sha256 }: CryptoPort,
): BundleProblem | null {
  const absent = files.find(({ path }) => !contents.has(path));
  if (absent !== undefined) return problem("bundle.missing", `${absent.path} is missing`, absent.path);
  const listed = new Set(files.map(({ path }) => path));
  const surplus = [...contents.keys()].sort().find((path) => !listed.has(path));
  if (surplus !== undefined) {
    return problem("bundle.extra", `${surplus} is not in the set manifest: nobody signed it`, surplus);
  }
  for (const { path, sha256: signed, bytes } of files) {
    const content = contents.get(path)!;
    if (content.length !== bytes) {
      return problem("bundle.altered", `${path} has ${content.length} bytes, but ${bytes} were signed`, path);
    }
    const digest = digestName(sha256(content));
    if (digest !== signed) {
      return problem("bundle.altered", `${path} is ${digest}, but ${signed} was signed`, path);
    }
  }
  return null;
}

/** What the set manifest says of a member, the evaluator says of itself, and the sources lie beside it. */
function openMember(
  member: SetManifestMember,
  { abi }: SetManifest,
  wasm: Uint8Array,
  digests: ReadonlyMap<string, string>,
): BundledMember | BundleProblem {
  const { name, policy, version, source, compiler, assembler } = member;
  const path = evaluatorPath(name);
  const read = readModule(wasm);
  const text = read.ok ? manifestText(read.shape) : null;
  const decoded = text === null ? null : decodeManifest(text);
  if (decoded === null || !decoded.ok) return problem("bundle.member", `${path} is no evaluator`, path);
  const own = decoded.manifest;
  const differs =
    (own.policy.name !== policy && "the policy's name") ||
    (own.policy.version !== version && "the policy's version") ||
    ((own.abi.major !== abi.major || own.abi.minor !== abi.minor) && "the ABI") ||
    (own.compiler !== compiler && "the compiler") ||
    (own.assembler !== assembler && "the assembler");
  if (differs) {
    return problem("bundle.member", `set manifest and evaluator of ${name} differ in ${differs}`, path);
  }
  if (source !== null && !own.sources.some(({ file }) => file === source)) {
    return problem("bundle.sources", `${path} was not compiled from ${source}`, path);
  }
  for (const { file, sha256 } of source === null ? [] : own.sources) {
    const beside = sourcePath(file);
    if (digests.get(beside) === sha256) continue;
    const what = digests.has(beside) ? "is not what" : "is missing, from which";
    return problem("bundle.sources", `${beside} ${what} ${path} was compiled`, beside);
  }
  return { ...member, wasm, digest: digests.get(path)!, ...saidBy(own) };
}

function saidBy({ sources, guard, simd }: Manifest): Pick<BundledMember, "sources" | "kind" | "simd"> {
  return { sources, kind: guard === true ? "guard" : "policy", simd: simd === true };
}

/** A path of a source that no evaluator was compiled from; null where there is none. */
function uselessSource({ files }: SetManifest, members: readonly BundledMember[]): string | null {
  const used = new Set(
    members.flatMap(({ source, sources }) => (source === null ? [] : sources)).map(({ file }) => file),
  );
  return files.find(({ path }) => sourceFile(path) !== null && !used.has(sourceFile(path)!))?.path ?? null;
}
