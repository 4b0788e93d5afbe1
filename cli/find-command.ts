/** Which command a command line means. */
import { nearest } from "@polity/compiler/2-check/suggest.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./command-table.ts";
import { failure } from "./failure.ts";
import { quoted, wordList } from "./words.ts";

/** Commands that share their first word, by their second. */
export interface Group {
  readonly name: string;
  readonly members: ReadonlyMap<string, Command>;
}

/** First words that stand for several commands, as `log` does. */
export const GROUPS: readonly Group[] = groups();

/** What comes first on a command line, each word once. */
export const FIRST_WORDS: readonly string[] = [
  ...new Set(COMMANDS.map(({ name }) => name.split(" ")[0] ?? "")),
];

export interface Found {
  /** Null where a group's second word is missing. */
  readonly command: Command | null;
  /** As written: a command's name or that of a group. */
  readonly name: string;
  /** What follows the name. */
  readonly rest: readonly string[];
}

/** Fails, with what was probably meant, where the words name no command. */
export function findCommand(words: readonly string[]): Found {
  const [first = "", second] = words;
  const group = GROUPS.find(({ name }) => name === first);
  if (group === undefined) {
    const command = COMMANDS.find(({ name }) => name === first);
    if (command !== undefined) return { command, name: first, rest: words.slice(1) };
    throw unknown(first, first, [...FIRST_WORDS, "help"], "see pol --help");
  }
  if (second === undefined || second.startsWith("-")) {
    return { command: null, name: first, rest: words.slice(1) };
  }
  const command = group.members.get(second);
  if (command !== undefined) return { command, name: command.name, rest: words.slice(2) };
  throw unknown(`${first} ${second}`, second, [...group.members.keys()], `see pol ${first} --help`);
}

/** A group without its second word, and without a question about it. */
export function incomplete({ name, members }: Group): Error {
  const wanted = wordList([...members.keys()]);
  return failure(`${name}: what to do is missing: ${wanted}`, `see pol ${name} --help`);
}

function unknown(shown: string, word: string, known: readonly string[], help: string): Error {
  const near = nearest(word, known);
  return failure(`unknown command ${quoted(shown)}`, near === null ? help : `did you mean ${near}?`);
}

function groups(): Group[] {
  const members = new Map<string, Map<string, Command>>();
  for (const command of COMMANDS) {
    const [first = "", second] = command.name.split(" ");
    if (second === undefined) continue;
    members.set(first, (members.get(first) ?? new Map<string, Command>()).set(second, command));
  }
  return [...members].map(([name, of]) => ({ name, members: of }));
}
