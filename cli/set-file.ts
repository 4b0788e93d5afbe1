/**
 * `set.json`, in which authors list the members of a policy set. Nobody has signed it, so it says which files
 * there are and nothing of epochs or times.
 */
import { nearest } from "@polity/compiler/2-check/suggest.ts";
import { parseJson } from "@polity/runtime/json.ts";
import { MEMBER_NAME, MEMBERS_MAX, type SetCode } from "@polity/runtime/set-agreement.ts";
import { utf8Text } from "./read-file.ts";
import { quoted } from "./words.ts";

export interface ListedMember {
  readonly name: string;
  /** From the folder of the set's file, `/` between folders: a `.pol` or a `.wasm`. */
  readonly file: string;
  /** Reported, never counted. */
  readonly shadow: boolean;
}

/** What is wrong with a set's file, in the order in which it is looked for. */
export type SetFileCode =
  | "set.too_large"
  | "set.malformed"
  | "set.unknown_key"
  | Extract<SetCode, "set.members" | "set.name">
  | "set.file";

export interface SetFileProblem {
  readonly ok: false;
  readonly code: SetFileCode;
  readonly message: string;
  readonly hint: string | null;
}

export type SetFileResult = { readonly ok: true; readonly members: readonly ListedMember[] } | SetFileProblem;

const BYTES_MAX = 64 * 1024;
const PATH_UNITS_MAX = 1_024;
const FORM = '`{"members": [{"name": "guard", "file": "guard.pol"}]}`';

/** The members by name, or the first thing that is wrong. */
export function readSetFile(bytes: Uint8Array): SetFileResult {
  if (bytes.length > BYTES_MAX) return problem("set.too_large", `it has more than ${BYTES_MAX} bytes`);
  const text = utf8Text(bytes);
  if (text === null) return problem("set.malformed", "it is no UTF-8 text");
  const parsed = parseJson(text);
  if (!parsed.ok) return problem("set.malformed", `${parsed.message} (character ${parsed.offset + 1})`);
  const file = objectOf(parsed.value);
  if (file === null) return problem("set.malformed", "it is no object", `a set is ${FORM}`);
  const surplus = surplusKey(file, ["members"], "a set");
  if (surplus !== null) return surplus;
  const { members } = file;
  if (!Array.isArray(members)) {
    return problem("set.malformed", "`members` is no list", `a set is ${FORM}`);
  }
  if (members.length < 1 || members.length > MEMBERS_MAX) {
    return problem("set.members", `${members.length} members, not 1 to ${MEMBERS_MAX}`);
  }
  const read: ListedMember[] = [];
  for (const [at, raw] of members.entries()) {
    const member = readMember(raw, `members[${at}]`);
    if ("code" in member) return member;
    const twice = read.some(({ name }) => name === member.name);
    if (twice) return problem("set.name", `two members are named ${quoted(member.name)}`);
    read.push(member);
  }
  return { ok: true, members: read.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function readMember(raw: unknown, where: string): ListedMember | SetFileProblem {
  const member = objectOf(raw);
  if (member === null) return problem("set.malformed", `${where} is no object`, `a set is ${FORM}`);
  const surplus = surplusKey(member, ["name", "file", "shadow"], where);
  if (surplus !== null) return surplus;
  const { name, file, shadow = false } = member;
  for (const key of ["name", "file"]) {
    if (!Object.hasOwn(member, key)) return problem("set.malformed", `${where} has no \`${key}\``);
  }
  if (typeof name !== "string" || !MEMBER_NAME.test(name)) {
    const hint = "a name has 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`, and begins with a letter or digit";
    return problem("set.name", `${where}: ${quoted(shown(name))} is no name of a member`, hint);
  }
  if (typeof shadow !== "boolean") {
    return problem("set.malformed", `${where}: \`shadow\` is neither true nor false`);
  }
  const wrong = fileProblem(file);
  if (wrong !== null) return problem("set.file", `${where}: ${quoted(shown(file))} ${wrong}`);
  return { name, file: file as string, shadow };
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A set can be moved with its folder, and means the same on every machine. */
function fileProblem(file: unknown): string | null {
  if (typeof file !== "string" || file === "" || file.length > PATH_UNITS_MAX) return "is no name of a file";
  if (/[\p{Cc}\\]/u.test(file) || file.includes(":")) return "has a sign that not every machine allows";
  if (!/\.(?:pol|wasm)$/.test(file)) return "ends neither in `.pol` nor in `.wasm`";
  const parts = file.split("/");
  if (parts[0] === "" || parts.includes("..")) return "is not below the folder of the set";
  return parts.includes("") || parts.includes(".") ? "is not the shortest way to say it" : null;
}

type Members = Readonly<Record<string, unknown>>;

function objectOf(json: unknown): Members | null {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Members) : null;
}

function surplusKey(object: Members, known: readonly string[], where: string): SetFileProblem | null {
  const surplus = Object.keys(object).find((key) => !known.includes(key));
  if (surplus === undefined) return null;
  const near = nearest(surplus, known);
  const hint = near === null ? `known are ${known.map(quoted).join(", ")}` : `did you mean ${quoted(near)}?`;
  return problem("set.unknown_key", `${where} has no ${quoted(surplus)}`, hint);
}

function problem(code: SetFileCode, message: string, hint: string | null = null): SetFileProblem {
  return { ok: false, code, message, hint };
}
