/** Entries that somebody else wrote, as JSON: read from files, completed, and checked before any is kept. */
import type { Entry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import type { Sequences } from "@polity/lineage/sequence.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { CanonicalJsonError, canonicalJson, parseJson } from "@polity/runtime/json.ts";
import { timeText } from "./time-option.ts";

/** An entry as its writer left it, and where. */
export interface Draft {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly members: Readonly<Record<string, unknown>>;
}

/** What stands for what a writer leaves out. */
export interface Usual {
  readonly id: () => string;
  readonly at: number;
  readonly node: string;
  readonly due: Sequences;
}

export interface DraftRefusal {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly message: string;
  /** `members[0].rules[3]`; empty where no single member is meant. */
  readonly path: string;
}

export interface Drafts {
  readonly drafts: readonly Draft[];
  readonly refusals: readonly DraftRefusal[];
}

/** A text is one entry, which may have line ends inside, or one entry a line. Empty lines say nothing. */
export function readDrafts(file: string, text: string): Drafts {
  const numbered = text.split("\n").map((line, at) => [at + 1, line] as const);
  const lines = numbered.filter(([, line]) => line.trim() !== "");
  const [first] = lines;
  if (first === undefined || parseJson(first[1]).ok) return readAll(file, lines);
  // The first line is no value of its own, so it begins one.
  const whole = parseJson(text);
  if (whole.ok) return readAll(file, [[first[0], text]]);
  const before = text.slice(0, whole.offset).split("\n");
  const message = `${whole.message} (character ${(before.at(-1) ?? "").length + 1})`;
  return {
    drafts: [],
    refusals: [{ file, line: before.length, code: "entry.malformed", message, path: "" }],
  };
}

function readAll(file: string, lines: readonly (readonly [number, string])[]): Drafts {
  const drafts: Draft[] = [];
  const refusals: DraftRefusal[] = [];
  for (const [line, text] of lines) {
    const parsed = parseJson(text);
    const refuse = (message: string) =>
      refusals.push({ file, line, code: "entry.malformed", message, path: "" });
    if (!parsed.ok) refuse(`${parsed.message} (character ${parsed.offset + 1})`);
    else if (!isObject(parsed.value)) refuse("an entry is an object");
    else drafts.push({ file, line, members: parsed.value });
  }
  return { drafts, refusals };
}

/** The entry that is meant, with what was left out filled in. */
export function completeEntry({ file, line, members }: Draft, usual: Usual): Entry | DraftRefusal {
  const refuse = (code: string, message: string, path = "") => ({ file, line, code, message, path });
  const has = (name: string) => Object.hasOwn(members, name);
  const node = has("node") ? members.node : usual.node;
  const seq = has("seq") ? members.seq : dueNumber(node, members, usual.due);
  const id = has("id") ? members.id : usual.id();
  const at = has("at") ? members.at : timeText(usual.at);
  const whole = { v: 1, ...members, id, at, node, seq };
  try {
    const decoded = decodeEntry(utf8(canonicalJson(whole)));
    return decoded.ok ? decoded.entry : refuse(decoded.code, decoded.message, decoded.path);
  } catch (error) {
    if (error instanceof CanonicalJsonError) return refuse("entry.malformed", error.message);
    throw error;
  }
}

/** A gap comes after all that it stands for. */
function dueNumber(node: unknown, members: Draft["members"], due: Sequences): number {
  const { kind, from_seq: from, count } = members;
  const isGap = kind === "gap" && Number.isSafeInteger(from) && Number.isSafeInteger(count);
  return isGap ? (from as number) + (count as number) : (due.get(node as string) ?? 0);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
