/**
 * What a signature on facts says: an in-toto Statement (version 1) whose subject is the snapshot and whose
 * predicate says from when and until when it holds, and where. Settings are part of a snapshot.
 */
import {
  descriptor,
  IN_TOTO,
  readAudience,
  readSubject,
  readTerm,
  readTop,
  type Term,
  termJson,
} from "./in-toto.ts";
import { canonicalJson } from "./json.ts";
import { bigint, members } from "./shape.ts";
import { type DocumentForm, decodeDocument, encodeDocument } from "./signed-document.ts";

export interface FactsStatement extends Term {
  /** The name of the set that may decide by these facts. */
  readonly set: string;
  /** A signed 64-bit integer; whoever signs facts raises it with each snapshot. */
  readonly version: bigint;
  /** Of the snapshot's bytes: `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** Where they hold; null where they are bound to no place. */
  readonly audience: string | null;
}

type FactsStatementRead =
  | { readonly ok: true; readonly statement: FactsStatement }
  | { readonly ok: false; readonly message: string };

const PREDICATE_TYPE = "urn:polity:facts:v1";

const FORM: DocumentForm<FactsStatement> = {
  /** Two names of up to 255 characters, however they are written, and little else. */
  bytesMax: 8 * 1024,
  depthMax: 4,
  write({ set, version, digest, audience, ...term }) {
    return canonicalJson({
      _type: IN_TOTO,
      predicate: { audience, ...termJson(term), version: String(version) },
      predicateType: PREDICATE_TYPE,
      subject: [descriptor(set, digest)],
    });
  },
  read(json) {
    const top = readTop(json, PREDICATE_TYPE);
    const keys = ["audience", "validFrom", "validUntil", "version"];
    const predicate = members(top.predicate, "predicate", keys);
    const { name, digest } = readSubject(top.subject);
    return {
      set: name,
      version: bigint(predicate.version, "version"),
      digest,
      audience: readAudience(predicate.audience),
      ...readTerm(predicate),
    };
  },
};

/** Canonical JSON in UTF-8; throws for what `decodeFactsStatement` would refuse. */
export function encodeFactsStatement(statement: FactsStatement): Uint8Array {
  return encodeDocument(FORM, statement, "statement about facts");
}

/** Only what `encodeFactsStatement` wrote. Never throws. */
export function decodeFactsStatement(bytes: Uint8Array): FactsStatementRead {
  const read = decodeDocument(FORM, bytes);
  return read.ok ? { ok: true, statement: read.value } : read;
}
