/**
 * What a signature on an evaluator says: an in-toto Statement (version 1) whose subject is the evaluator's
 * file and whose predicate says for whom, from when and until when it may decide.
 */
import { digestBytes } from "./hash.ts";
import { canonicalJson } from "./json.ts";
import { array, ascending, bigint, integer, members, refuse, text } from "./shape.ts";
import {
  DOCUMENT_BYTES_MAX,
  type DocumentForm,
  decodeDocument,
  encodeDocument,
  label,
  time,
  timeText,
} from "./signed-document.ts";

export interface EvaluatorStatement {
  /** The policy's name. */
  readonly name: string;
  /** The policy's version, a signed 64-bit integer. */
  readonly version: bigint;
  /** Of the evaluator's file: `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly abi: { readonly major: number; readonly minor: number };
  /** Base names and digests as above, ascending by name, none twice. */
  readonly sources: readonly { readonly file: string; readonly sha256: string }[];
  /** Where the evaluator may run; null where it is bound to no place. */
  readonly audience: string | null;
  /** Milliseconds since 1970, years 1 to 9999: from <= now < until. */
  readonly validFromMs: number;
  readonly validUntilMs: number;
}

export type StatementResult =
  | { readonly ok: true; readonly statement: EvaluatorStatement }
  | { readonly ok: false; readonly message: string };

export const STATEMENT_TYPE = "application/vnd.in-toto+json";
const TYPE = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE = "urn:polity:evaluator:v1";
const ABI_NUMBER_MAX = 65_535;

/** Canonical JSON in UTF-8; throws for what `decodeStatement` would refuse. */
export function encodeStatement(statement: EvaluatorStatement): Uint8Array {
  return encodeDocument(FORM, statement, "statement about an evaluator");
}

/** Only what `encodeStatement` wrote. Never throws. */
export function decodeStatement(bytes: Uint8Array): StatementResult {
  const read = decodeDocument(FORM, bytes);
  return read.ok ? { ok: true, statement: read.value } : read;
}

function write(statement: EvaluatorStatement): string {
  const { name, version, digest, abi, sources, audience, validFromMs, validUntilMs } = statement;
  return canonicalJson({
    _type: TYPE,
    predicate: {
      abi: { major: abi.major, minor: abi.minor },
      audience,
      sources: sources.map(({ file, sha256 }) => descriptor(file, sha256)),
      validFrom: timeText(validFromMs),
      validUntil: timeText(validUntilMs),
      version: String(version),
    },
    predicateType: PREDICATE_TYPE,
    subject: [descriptor(name, digest)],
  });
}

/** A ResourceDescriptor of in-toto, which writes digests as bare hex. */
function descriptor(name: string, digest: string): unknown {
  if (digestBytes(digest) === null) throw new RangeError(`${name}: not a SHA-256 in the form sha256:…`);
  return { digest: { sha256: digest.slice("sha256:".length) }, name };
}

function readStatement(json: unknown): EvaluatorStatement {
  const top = members(json, "statement", ["_type", "predicate", "predicateType", "subject"]);
  if (top._type !== TYPE) refuse("_type", `not ${TYPE}`);
  if (top.predicateType !== PREDICATE_TYPE) refuse("predicateType", `not ${PREDICATE_TYPE}`);
  const keys = ["abi", "audience", "sources", "validFrom", "validUntil", "version"];
  const predicate = members(top.predicate, "predicate", keys);
  const abi = members(predicate.abi, "abi", ["major", "minor"]);
  const [subject, ...others] = array(top.subject, "subject", readDescriptor);
  if (subject === undefined || others.length > 0) refuse("subject", "not exactly one");
  const sources = array(predicate.sources, "sources", readDescriptor);
  ascending(
    sources.map(({ file }) => file),
    "sources",
  );
  const validFromMs = time(predicate.validFrom, "validFrom");
  const validUntilMs = time(predicate.validUntil, "validUntil");
  if (validFromMs >= validUntilMs) refuse("validUntil", "not after validFrom");
  return {
    name: subject.file,
    version: bigint(predicate.version, "version"),
    digest: subject.sha256,
    abi: {
      major: integer(abi.major, "abi.major", 0, ABI_NUMBER_MAX),
      minor: integer(abi.minor, "abi.minor", 0, ABI_NUMBER_MAX),
    },
    sources,
    audience: predicate.audience === null ? null : label(predicate.audience, "audience"),
    validFromMs,
    validUntilMs,
  };
}

function readDescriptor(json: unknown, where: string): EvaluatorStatement["sources"][number] {
  const given = members(json, where, ["digest", "name"]);
  const digest = members(given.digest, `${where}.digest`, ["sha256"]);
  const sha256 = `sha256:${text(digest.sha256, `${where}.digest`)}`;
  if (digestBytes(sha256) === null) refuse(`${where}.digest`, "not 64 hex digits");
  return { file: label(given.name, `${where}.name`), sha256 };
}

const FORM: DocumentForm<EvaluatorStatement> = {
  bytesMax: DOCUMENT_BYTES_MAX,
  depthMax: 5,
  read: readStatement,
  write,
};
