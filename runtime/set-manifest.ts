/**
 * What a signature on a policy set says: an in-toto Statement (version 1) whose subject is every file of the
 * bundle and whose predicate says which set this is, in which epoch, where and for how long it may decide.
 */
import {
  BUNDLE_FILES_MAX,
  BUNDLED_BYTES_MAX,
  evaluatorPath,
  FACTS_ENVELOPE_PATH,
  FACTS_PATH,
  MANIFEST_PATH,
  meetingPaths,
  pathProblem,
  STATEMENT_PATH,
  sourcePath,
} from "./bundle-paths.ts";
import {
  descriptor,
  IN_TOTO,
  readAudience,
  readDigest,
  readTerm,
  readTop,
  type Term,
  termJson,
} from "./in-toto.ts";
import { canonicalJson } from "./json.ts";
import { MEMBER_NAME, MEMBERS_MAX } from "./set-agreement.ts";
import { array, ascending, bigint, bool, integer, members, refuse, text } from "./shape.ts";
import { type DocumentForm, decodeDocument, encodeDocument, label } from "./signed-document.ts";

export interface SetManifest extends Term {
  /** The set's name, which hosts ask for. */
  readonly name: string;
  /** Of what the set says, a signed 64-bit integer: a rollback has an older one. */
  readonly version: bigint;
  /** Which manifest of this set this is, from 1 on: it only ever grows. */
  readonly epoch: number;
  /** `rollback`: the signers know that the version is older than one before. */
  readonly change: "activation" | "rollback";
  /** Where the set may run; null where it is bound to no place. */
  readonly audience: string | null;
  readonly abi: { readonly major: number; readonly minor: number };
  /** 1 to 64, ascending by name. */
  readonly members: readonly SetManifestMember[];
  /** All files but that of the manifest itself, ascending by path. */
  readonly files: readonly BundledFile[];
}

export interface SetManifestMember {
  readonly name: string;
  /** Of the policy that has this place. */
  readonly policy: string;
  /** The policy's version. */
  readonly version: bigint;
  /** Reported, never counted. */
  readonly shadow: boolean;
  /** The file from which it was compiled, as the program names it; null where no sources are given. */
  readonly source: string | null;
  readonly compiler: string;
  readonly assembler: string;
}

export interface BundledFile {
  readonly path: string;
  /** `sha256:` and 64 hex digits. */
  readonly sha256: string;
  readonly bytes: number;
}

type SetManifestRead =
  | { readonly ok: true; readonly manifest: SetManifest }
  | { readonly ok: false; readonly message: string };

const PREDICATE_TYPE = "urn:polity:set:v1";
const ABI_NUMBER_MAX = 65_535;

const FORM: DocumentForm<SetManifest> = {
  /** In base64, with 16 signatures, this still fits an envelope. */
  bytesMax: 180 * 1024,
  depthMax: 5,
  write,
  read,
};

/** Canonical JSON in UTF-8; throws for what `decodeSetManifest` would refuse. */
export function encodeSetManifest(manifest: SetManifest): Uint8Array {
  return encodeDocument(FORM, manifest, "set manifest");
}

/** Only what `encodeSetManifest` wrote. Never throws. */
export function decodeSetManifest(bytes: Uint8Array): SetManifestRead {
  const read = decodeDocument(FORM, bytes);
  return read.ok ? { ok: true, manifest: read.value } : read;
}

function write(manifest: SetManifest): string {
  const { name, version, epoch, change, audience, abi, files } = manifest;
  return canonicalJson({
    _type: IN_TOTO,
    predicate: {
      abi: { major: abi.major, minor: abi.minor },
      audience,
      change,
      epoch,
      members: manifest.members.map(memberJson),
      name,
      ...termJson(manifest),
      version: String(version),
    },
    predicateType: PREDICATE_TYPE,
    subject: files.map(fileJson),
  });
}

function memberJson(member: SetManifestMember): unknown {
  const { name, policy, version, shadow, source, compiler, assembler } = member;
  return { assembler, compiler, name, policy, shadow, source, version: String(version) };
}

/** What in-toto's descriptor of a resource has no member for is an annotation. */
function fileJson({ path, sha256, bytes }: BundledFile): unknown {
  return { annotations: { bytes }, ...descriptor(path, sha256) };
}

const PREDICATE = ["abi", "audience", "change", "epoch", "members", "name", "validFrom", "validUntil"];

function read(json: unknown): SetManifest {
  const top = readTop(json, PREDICATE_TYPE);
  const predicate = members(top.predicate, "predicate", [...PREDICATE, "version"]);
  const abi = members(predicate.abi, "abi", ["major", "minor"]);
  const { change } = predicate;
  if (change !== "activation" && change !== "rollback") refuse("change", "neither activation nor rollback");
  const seats = readMembers(predicate.members);
  const files = readFiles(top.subject);
  checkPlaces(seats, files);
  return {
    name: label(predicate.name, "name"),
    version: bigint(predicate.version, "version"),
    epoch: integer(predicate.epoch, "epoch", 1, Number.MAX_SAFE_INTEGER),
    change,
    audience: readAudience(predicate.audience),
    abi: {
      major: integer(abi.major, "abi.major", 0, ABI_NUMBER_MAX),
      minor: integer(abi.minor, "abi.minor", 0, ABI_NUMBER_MAX),
    },
    ...readTerm(predicate),
    members: seats,
    files,
  };
}

function readMembers(json: unknown): readonly SetManifestMember[] {
  const read = bounded(json, "members", MEMBERS_MAX, readMember);
  if (read.length === 0) refuse("members", "none");
  ascending(
    read.map(({ name }) => name),
    "members",
  );
  return read;
}

function readMember(json: unknown, where: string): SetManifestMember {
  const keys = ["assembler", "compiler", "name", "policy", "shadow", "source", "version"];
  const member = members(json, where, keys);
  const name = text(member.name, `${where}.name`);
  if (!MEMBER_NAME.test(name)) refuse(`${where}.name`, "no name of a member");
  return {
    name,
    policy: label(member.policy, `${where}.policy`),
    version: bigint(member.version, `${where}.version`),
    shadow: bool(member.shadow, `${where}.shadow`),
    source: member.source === null ? null : text(member.source, `${where}.source`),
    compiler: label(member.compiler, `${where}.compiler`),
    assembler: label(member.assembler, `${where}.assembler`),
  };
}

function readFiles(json: unknown): readonly BundledFile[] {
  const files = bounded(json, "subject", BUNDLE_FILES_MAX - 1, readFile);
  const paths = files.map(({ path }) => path);
  ascending(paths, "subject");
  const meeting = meetingPaths(paths);
  if (meeting !== null) refuse("subject", `${meeting[0]} and ${meeting[1]} meet in one place`);
  return files;
}

function readFile(json: unknown, where: string): BundledFile {
  const given = members(json, where, ["annotations", "digest", "name"]);
  const sha256 = readDigest(given.digest, `${where}.digest`);
  const { bytes } = members(given.annotations, `${where}.annotations`, ["bytes"]);
  const path = text(given.name, `${where}.name`);
  const wrong = pathProblem(path);
  if (wrong !== null) refuse(`${where}.name`, wrong);
  if (path === MANIFEST_PATH || path === STATEMENT_PATH) {
    refuse(`${where}.name`, "the manifest cannot list itself");
  }
  return { path, sha256, bytes: integer(bytes, `${where}.annotations.bytes`, 0, BUNDLED_BYTES_MAX) };
}

/** Every member has its evaluator and, where it names one, its source; nothing else is an evaluator. */
function checkPlaces(seats: readonly SetManifestMember[], files: readonly BundledFile[]): void {
  const paths = new Set(files.map(({ path }) => path));
  for (const { name, source } of seats) {
    if (!paths.delete(evaluatorPath(name))) refuse("subject", `no ${evaluatorPath(name)}`);
    if (source !== null && !files.some(({ path }) => path === `sources/${source}`)) {
      refuse("subject", `no ${sourcePath(source)}`);
    }
  }
  const surplus = [...paths].find((path) => path.startsWith("evaluators/"));
  if (surplus !== undefined) refuse("subject", `${surplus} is of no member`);
  if (paths.has(FACTS_PATH) !== paths.has(FACTS_ENVELOPE_PATH)) {
    refuse("subject", `of ${FACTS_PATH} and ${FACTS_ENVELOPE_PATH} only one`);
  }
}

function bounded<T>(
  json: unknown,
  where: string,
  max: number,
  read: (value: unknown, where: string) => T,
): readonly T[] {
  if (Array.isArray(json) && json.length > max) refuse(where, `${json.length}, more than ${max}`);
  return array(json, where, read);
}
