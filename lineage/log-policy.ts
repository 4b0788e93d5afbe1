/**
 * Whom somebody believes about logs (C2SP tlog-policy): keys of logs, keys of witnesses, and how many of
 * these must have cosigned. Ours has to be UTF-8, which the standard recommends.
 */
import type { Sha256 } from "@polity/runtime/hash.ts";
import { utf8Length } from "@polity/runtime/text-order.ts";
import { type CosignerKey, decodeCosignerVkey, encodeCosignerVkey } from "./cosignature.ts";
import { decodeVkey, encodeVkey, type NoteKey } from "./note.ts";

/** Far above what the standard asks for: 32 logs, 32 witnesses and 32 groups. */
const POLICY_BYTES_MAX = 256 * 1024;
const LOGS_MAX = 256;
/** More could not cosign: a note has up to 64 lines, one of them the log's. */
const WITNESSES_MAX = 63;
const GROUPS_MAX = 256;

const NONE = "none";

export interface PolicyLog {
  readonly key: NoteKey;
  readonly url: string | null;
}

export interface PolicyWitness {
  /** What quorum and groups call it; nothing outside of the policy does. */
  readonly name: string;
  readonly key: CosignerKey;
  /** Where it takes checkpoints (C2SP tlog-witness, the submission prefix). */
  readonly url: string | null;
}

export interface PolicyGroup {
  readonly name: string;
  /** How many of the members are needed: 1 to all of them. */
  readonly threshold: number;
  /** Names of witnesses and of groups above. */
  readonly members: readonly string[];
}

export interface LogPolicy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  /** A group stands after its members. */
  readonly groups: readonly PolicyGroup[];
  /** The name of a witness or a group; null: nobody has to cosign. */
  readonly quorum: string | null;
}

export interface PolicyRefusal {
  readonly ok: false;
  readonly code: "witness.policy";
  readonly message: string;
  /** From 1; null where the policy as a whole is meant. */
  readonly line: number | null;
}

export type LogPolicyResult = { readonly ok: true; readonly policy: LogPolicy } | PolicyRefusal;

/** The policy with nothing around it, one line each; `decodeLogPolicy` reads it back. */
export function encodeLogPolicy({ logs, witnesses, groups, quorum }: LogPolicy): string {
  const url = (text: string | null) => (text === null ? "" : ` ${text}`);
  const lines = [
    ...logs.map((log) => `log ${encodeVkey(log.key)}${url(log.url)}`),
    ...witnesses.map((one) => `witness ${one.name} ${encodeCosignerVkey(one.key)}${url(one.url)}`),
    ...groups.map(({ name, threshold, members }) => `group ${name} ${threshold} ${members.join(" ")}`),
    `quorum ${quorum ?? NONE}`,
  ];
  return `${lines.join("\n")}\n`;
}

interface Parsing {
  readonly sha256: Sha256;
  readonly logs: PolicyLog[];
  readonly witnesses: PolicyWitness[];
  readonly groups: PolicyGroup[];
  /** Null where `quorum none` stands; undefined where no line does. */
  quorum: string | null | undefined;
  /** Names above, and whether a group has them. */
  readonly names: Map<string, { isMember: boolean }>;
  readonly keys: Set<string>;
}

/** Strict but for comments, blank lines and spaces, which the standard allows. Never throws. */
export function decodeLogPolicy(input: Uint8Array | string, sha256: Sha256): LogPolicyResult {
  const text = textOf(input);
  if (typeof text !== "string") return refuse(text.message, null);
  const parsing: Parsing = {
    sha256,
    logs: [],
    witnesses: [],
    groups: [],
    quorum: undefined,
    names: new Map(),
    keys: new Set(),
  };
  for (const [at, line] of text.split("\n").entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    if (words.length === 0 || words[0]!.startsWith("#")) continue;
    const problem = readLine(words, parsing);
    if (problem !== null) return refuse(problem, at + 1);
  }
  const { logs, witnesses, groups, quorum } = parsing;
  if (quorum === undefined) return refuse("no line says the quorum: `quorum none` wants no witness", null);
  return { ok: true, policy: { logs, witnesses, groups, quorum } };
}

/** What is wrong with a line, or null once it is part of the policy. */
function readLine([keyword, ...words]: readonly string[], parsing: Parsing): string | null {
  switch (keyword) {
    case "log":
      return readLog(words, parsing);
    case "witness":
      return readWitness(words, parsing);
    case "group":
      return readGroup(words, parsing);
    case "quorum":
      return readQuorum(words, parsing);
    default:
      return `a line begins with log, witness, group, quorum or #, not with \`${shown(keyword ?? "")}\``;
  }
}

function readLog(words: readonly string[], { logs, keys, sha256 }: Parsing): string | null {
  const [vkey, url = null] = words;
  if (vkey === undefined || words.length > 2) return "wanted: log VKEY [URL]";
  const decoded = decodeVkey(vkey, sha256);
  if (!decoded.ok) return `${decoded.code}: ${decoded.message}`;
  if (logs.length === LOGS_MAX) return `more than ${LOGS_MAX} logs`;
  if (!addKey(decoded.key.publicKey.id, keys)) return "the key stands in a line above";
  logs.push({ key: decoded.key, url });
  return null;
}

function readWitness(words: readonly string[], parsing: Parsing): string | null {
  const [name, vkey, url = null] = words;
  if (name === undefined || vkey === undefined || words.length > 3) return "wanted: witness NAME VKEY [URL]";
  const decoded = decodeCosignerVkey(vkey, parsing.sha256);
  if (!decoded.ok) return `${decoded.code}: ${decoded.message}`;
  if (parsing.witnesses.length === WITNESSES_MAX) return `more than ${WITNESSES_MAX} witnesses`;
  // Also that of a log: nobody is a witness of what they do themselves.
  if (!addKey(decoded.key.publicKey.id, parsing.keys)) return "the key stands in a line above";
  parsing.witnesses.push({ name, key: decoded.key, url });
  return addName(name, parsing);
}

function readGroup(words: readonly string[], parsing: Parsing): string | null {
  const [name, written, ...members] = words;
  if (name === undefined || written === undefined || members.length === 0) {
    return "wanted: group NAME all|any|K MEMBER…";
  }
  const threshold = thresholdOf(written, members.length);
  if (threshold === null) {
    return `of ${members.length} members, \`all\`, \`any\` or 1 to ${members.length} can be needed`;
  }
  for (const member of members) {
    const known = parsing.names.get(member);
    if (known === undefined) return `no line above says who \`${shown(member)}\` is`;
    // Otherwise one witness could count more than once.
    if (known.isMember) return `\`${shown(member)}\` is a member already`;
    known.isMember = true;
  }
  if (parsing.groups.length === GROUPS_MAX) return `more than ${GROUPS_MAX} groups`;
  parsing.groups.push({ name, threshold, members });
  return addName(name, parsing);
}

function readQuorum(words: readonly string[], parsing: Parsing): string | null {
  const [name, ...more] = words;
  if (name === undefined || more.length > 0) return "wanted: quorum NAME";
  if (parsing.quorum !== undefined) return "a line above says the quorum already";
  if (name !== NONE && !parsing.names.has(name)) return `no line above says who \`${shown(name)}\` is`;
  parsing.quorum = name === NONE ? null : name;
  return null;
}

function thresholdOf(written: string, members: number): number | null {
  if (written === "all") return members;
  if (written === "any") return 1;
  const threshold = /^[1-9][0-9]{0,3}$/.test(written) ? Number(written) : 0;
  return threshold >= 1 && threshold <= members ? threshold : null;
}

function addKey(id: string, keys: Set<string>): boolean {
  if (keys.has(id)) return false;
  keys.add(id);
  return true;
}

function addName(name: string, { names }: Parsing): string | null {
  if (name === NONE) return "`none` cannot name a witness or a group";
  if (names.has(name)) return `\`${shown(name)}\` names a witness or a group above`;
  names.set(name, { isMember: false });
  return null;
}

/** Whether those who cosigned are enough. Keys that the policy does not list count for nothing. */
export function meetsQuorum(policy: LogPolicy, cosigners: readonly CosignerKey[]): boolean {
  if (policy.quorum === null) return true;
  const ids = new Set(cosigners.map(({ publicKey }) => publicKey.id));
  const met = new Set<string>();
  for (const { name, key } of policy.witnesses) if (ids.has(key.publicKey.id)) met.add(name);
  // A group stands after its members, so one pass is enough.
  for (const { name, threshold, members } of policy.groups) {
    if (members.filter((member) => met.has(member)).length >= threshold) met.add(name);
  }
  return met.has(policy.quorum);
}

export type QuorumResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: "witness.quorum"; readonly message: string };

/** As `meetsQuorum`, with a message that shows who is there and who is not. */
export function checkQuorum(policy: LogPolicy, cosigners: readonly CosignerKey[]): QuorumResult {
  if (meetsQuorum(policy, cosigners)) return { ok: true };
  const ids = new Set(cosigners.map(({ publicKey }) => publicKey.id));
  const names = (isThere: boolean) => {
    const some = policy.witnesses.filter(({ key }) => ids.has(key.publicKey.id) === isThere);
    return some.length === 0 ? "nobody" : some.map(({ name }) => shown(name)).join(", ");
  };
  const message =
    `the policy wants \`${shown(policy.quorum ?? NONE)}\` to have cosigned: ` +
    `${names(true)} did, ${names(false)} did not`;
  return { ok: false, code: "witness.quorum", message };
}

export function policyCosigners({ witnesses }: LogPolicy): readonly CosignerKey[] {
  return witnesses.map(({ key }) => key);
}

function textOf(input: Uint8Array | string): string | { readonly message: string } {
  const tooLarge = { message: `more than ${POLICY_BYTES_MAX} bytes` };
  let text: string;
  if (typeof input === "string") {
    if (input.length > POLICY_BYTES_MAX || utf8Length(input) > POLICY_BYTES_MAX) return tooLarge;
    if (!input.isWellFormed()) return { message: "not UTF-8: a lone surrogate" };
    text = input;
  } else {
    if (!ArrayBuffer.isView(input)) return { message: "neither bytes nor text" };
    if (input.byteLength > POLICY_BYTES_MAX) return tooLarge;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
    } catch {
      return { message: "not UTF-8" };
    }
  }
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if ((unit >= 0x20 && unit !== 0x7f) || unit === 0x09 || unit === 0x0a) continue;
    const code = unit.toString(16).padStart(4, "0").toUpperCase();
    return {
      message: `control character U+${code} at character ${at}: only tabs and line feeds may stand there`,
    };
  }
  return text;
}

/** For messages: names are free text, so nothing in them may act on a terminal. */
function shown(name: string): string {
  const short = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return short.replace(/[^ -~…]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

function refuse(message: string, line: number | null): PolicyRefusal {
  const place = line === null ? "" : `line ${line}: `;
  return { ok: false, code: "witness.policy", message: `${place}${message}`, line };
}
