/** A proof looked at step by step, for people: what was checked, what it said, and what was found. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import type { Sha256 } from "@polity/runtime/hash.ts";
import { type PublicKey, readPublicKey } from "@polity/runtime/keys.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { checkOpening, decodeOpening } from "./commitment.ts";
import type { Cosignature } from "./cosignature.ts";
import type { Entry } from "./entry.ts";
import { decodeEntry } from "./entry-codec.ts";
import { decodeLogPolicy, type LogPolicy } from "./log-policy.ts";
import { decodeVkey, type NoteKey } from "./note.ts";
import { decodeTlogProof } from "./tlog-proof.ts";
import { verifyProof } from "./verify-proof.ts";
import { type LogTrust, openWitnessed } from "./witnessed-checkpoint.ts";

/** Files as they came; null where there is none yet. */
export interface ProofFiles {
  readonly proof: Uint8Array;
  readonly record: Uint8Array | null;
  readonly opening: Uint8Array | null;
}

export type CheckName = "file" | "signature" | "witnesses" | "inclusion" | "entry" | "opening";

export interface Check {
  readonly name: CheckName;
  /** `open`: it waits for a file, or for a check before it; `none`: nothing asks for it. */
  readonly state: "good" | "bad" | "open" | "none";
  /** Of a refusal. */
  readonly code: string | null;
  readonly text: string;
}

export interface OpenedRequest {
  /** Canonical JSON; what was erased or hidden shows its commitment. */
  readonly request: string;
  /** Pointers (RFC 6901) of what was erased. */
  readonly erased: readonly string[];
  /** Pointers of fields that were committed to on their own, and opened. */
  readonly opened: readonly string[];
}

export interface ProofReport {
  readonly checks: readonly Check[];
  /** Whether the record is in the log, for whoever trusts as they said. */
  readonly isProven: boolean;
  /** Signed by the log, and cosigned as the policy wants. */
  readonly head: { readonly checkpoint: Checkpoint; readonly note: string } | null;
  readonly cosignatures: readonly Cosignature[];
  /** From the proof file; nothing is known of it before the inclusion is checked. */
  readonly index: number | null;
  readonly leafHash: string | null;
  readonly entry: Entry | null;
  readonly request: OpenedRequest | null;
}

/** Never throws. */
export function reportProof(files: ProofFiles, trust: LogTrust, crypto: CryptoPort): ProofReport {
  const file = decodeTlogProof(files.proof);
  if (!file.ok) return stopped([bad("file", file.code, file.message)], null);
  const { index, hashes, checkpoint: note } = file.proof;
  const checks = [good("file", `entry ${index}, ${hashes.length} hashes, and a checkpoint`)];
  const opened = openWitnessed(note, trust, crypto);
  if (!opened.ok) return stopped([...checks, ...headProblem(opened, note, trust, crypto)], index);
  const { checkpoint, cosignatures } = opened;
  const { size, origin } = checkpoint;
  checks.push(
    good("signature", `${origin} signed for ${size} entries`),
    quorumCheck(trust.policy, cosignatures),
  );
  const report = { ...stopped(checks, index), head: { checkpoint, note }, cosignatures };
  if (files.record === null) {
    const text = "the record is missing: the file that the proof is about";
    return {
      ...report,
      checks: withRest([...checks, { name: "inclusion", state: "open", code: null, text }]),
    };
  }
  const proven = verifyProof(files.proof, files.record, trust.keys, crypto, trust.policy);
  if (!proven.ok)
    return { ...report, checks: withRest([...checks, bad("inclusion", proven.code, proven.message)]) };
  checks.push(good("inclusion", `these bytes are entry ${index} of ${size}`));
  const { entry, request, checks: more } = reportRecord(files.record, files.opening);
  const all = withRest([...checks, ...more]);
  return { ...report, checks: all, isProven: true, leafHash: proven.leafHash, entry, request };
}

function headProblem(
  { code, message }: { readonly code: string; readonly message: string },
  note: string,
  trust: LogTrust,
  crypto: CryptoPort,
): readonly Check[] {
  if (code !== "witness.quorum") return [bad("signature", code, message)];
  const signed = openWitnessed(note, { ...trust, policy: withoutQuorum(trust.policy) }, crypto);
  if (!signed.ok) return [bad("signature", signed.code, signed.message)];
  const { origin, size } = signed.checkpoint;
  return [good("signature", `${origin} signed for ${size} entries`), bad("witnesses", code, message)];
}

function withoutQuorum(policy: LogPolicy | null): LogPolicy | null {
  return policy && { ...policy, quorum: null };
}

function quorumCheck(policy: LogPolicy | null, cosignatures: readonly Cosignature[]): Check {
  const names = cosignatures.map(({ key }) => key.name).join(", ");
  if (policy === null || policy.quorum === null) {
    const text = names === "" ? "no policy asks for witnesses" : `none has to cosign; ${names} did`;
    return { name: "witnesses", state: "none", code: null, text };
  }
  return good("witnesses", `cosigned by ${names}, as the policy wants`);
}

interface RecordReport {
  readonly checks: readonly Check[];
  readonly entry: Entry | null;
  readonly request: OpenedRequest | null;
}

function reportRecord(record: Uint8Array, opening: Uint8Array | null): RecordReport {
  const decoded = decodeEntry(record);
  if (!decoded.ok) {
    const place = decoded.path === "" ? "" : `${decoded.path}: `;
    return { checks: [bad("entry", decoded.code, `${place}${decoded.message}`)], entry: null, request: null };
  }
  const { entry } = decoded;
  const isEntry = good("entry", `a ${entry.kind} of ${entry.node}, number ${entry.seq}`);
  const { check, request } = reportOpening(entry, opening);
  return { checks: [isEntry, check], entry, request };
}

function reportOpening(
  entry: Entry,
  bytes: Uint8Array | null,
): { readonly check: Check; readonly request: OpenedRequest | null } {
  const commitment = entry.kind === "decision" ? entry.request : null;
  const refused = (code: string, message: string) => ({
    check: bad("opening", code, message),
    request: null,
  });
  if (bytes === null) {
    const text =
      commitment === null ? "the entry commits to no request" : "no opening of the request is given";
    return { check: { name: "opening", state: "none", code: null, text }, request: null };
  }
  if (commitment === null) return refused("opening.mismatch", "the entry commits to no request");
  const text = textOf(bytes);
  if (text === null) return refused("opening.malformed", "not UTF-8 text");
  const decoded = decodeOpening(text);
  if (!decoded.ok) return refused(decoded.code, decoded.message);
  const checked = checkOpening(commitment, decoded.opening);
  if (!checked.ok) return refused(checked.code, checked.message);
  const { request, erased } = checked;
  const opened = decoded.opening.sensitive.map(({ pointer }) => pointer);
  const fields = opened.length + erased.length;
  const said = fields === 0 ? "" : `, with ${opened.length} of ${fields} sensitive fields`;
  const check = good("opening", `the request is what the entry commits to${said}`);
  return { check, request: { request, erased, opened } };
}

const ORDER: readonly CheckName[] = ["file", "signature", "witnesses", "inclusion", "entry", "opening"];

/** What comes after the first check that is not good is not looked at, and shown all the same. */
function withRest(checks: readonly Check[]): readonly Check[] {
  const done = new Set(checks.map(({ name }) => name));
  const rest = ORDER.filter((name) => !done.has(name));
  return [
    ...checks,
    ...rest.map((name): Check => ({ name, state: "open", code: null, text: "not looked at yet" })),
  ];
}

function stopped(checks: readonly Check[], index: number | null): ProofReport {
  const nothing = {
    isProven: false,
    head: null,
    cosignatures: [],
    leafHash: null,
    entry: null,
    request: null,
  };
  return { checks: withRest(checks), index, ...nothing };
}

function good(name: CheckName, text: string): Check {
  return { name, state: "good", code: null, text };
}

function bad(name: CheckName, code: string, text: string): Check {
  return { name, state: "bad", code, text };
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export type TrustResult =
  | { readonly ok: true; readonly trust: LogTrust }
  | { readonly ok: false; readonly code: string; readonly message: string };

const PEM = /-----BEGIN [A-Z ]+-----\n[^-]*-----END [A-Z ]+-----\n?/g;

/** A log policy, or keys: one vkey a line, or public keys in PEM. Never throws. */
export function readTrust(text: string, sha256: Sha256): TrustResult {
  if (text.includes("-----BEGIN")) return readPems(text.replaceAll("\r\n", "\n"));
  if (/^[ \t]*(?:quorum|log|witness|group)[ \t]/m.test(text)) {
    const decoded = decodeLogPolicy(text, sha256);
    return decoded.ok ? { ok: true, trust: { keys: [], policy: decoded.policy } } : decoded;
  }
  const keys: NoteKey[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    const vkey = line.trim();
    if (vkey === "" || vkey.startsWith("#")) continue;
    const decoded = decodeVkey(vkey, sha256);
    if (!decoded.ok) return { ...decoded, message: `line ${at + 1}: ${decoded.message}` };
    keys.push(decoded.key);
  }
  return { ok: true, trust: { keys, policy: null } };
}

function readPems(text: string): TrustResult {
  const keys: PublicKey[] = [];
  for (const [pem] of text.matchAll(PEM)) {
    const read = readPublicKey(pem.endsWith("\n") ? pem : `${pem}\n`);
    if (!read.ok) return read;
    keys.push(read.key);
  }
  const rest = text.replaceAll(PEM, "").trim();
  if (rest === "") return { ok: true, trust: { keys, policy: null } };
  return { ok: false, code: "key.malformed", message: "something else stands between the public keys" };
}
