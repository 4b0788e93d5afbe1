import { parseArgs } from "node:util";
import { nearest } from "@polity/compiler/2-check/suggest.ts";
import type { Command, Option } from "./command.ts";
import { failure } from "./failure.ts";
import { quoted, wordList } from "./words.ts";

/** A command line that was understood. */
export interface Invocation {
  readonly command: Command;
  readonly operands: readonly string[];
  /** Switches that were given. */
  readonly switches: ReadonlySet<string>;
  /** Options with a value; of those that may come several times, the last one. */
  readonly values: ReadonlyMap<string, string>;
  /** All values of each option, as they were given: for options that may come several times. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** Another program's command line, for commands that take one; empty where there is none. */
  readonly behind: readonly string[];
}

/** Understands what follows the command's name, or fails with what is wrong in it. */
export function readInvocation(command: Command, args: readonly string[]): Invocation {
  const operands: string[] = [];
  const behind: string[] = [];
  let isBehind = false;
  const switches = new Set<string>();
  const lists = new Map<string, string[]>();
  for (const token of tokensOf(command, args)) {
    if (token.kind === "option-terminator") {
      isBehind = command.behind !== undefined;
      continue;
    }
    if (token.kind === "positional") {
      (isBehind ? behind : operands).push(token.value);
      continue;
    }
    const option = optionOf(command, token.name, token.rawName);
    if (option.value === null) {
      if (token.value !== undefined) throw usage(command, `${token.rawName} takes no value`);
      switches.add(option.name);
    } else {
      const given = lists.get(option.name) ?? [];
      if (given.length > 0 && !option.isMany) throw usage(command, `--${option.name} is given twice`);
      lists.set(option.name, [...given, optionValue(command, option, token)]);
    }
  }
  const values = new Map([...lists].map(([name, given]) => [name, given.at(-1) ?? ""]));
  if (!switches.has("help")) {
    checkOperands(command, operands, values);
    checkRequired(command, values);
  }
  return { command, operands, switches, values, lists, behind };
}

interface OptionToken {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** Without `strict`, so that the messages are ours. */
function tokensOf(command: Command, args: readonly string[]) {
  const options = Object.fromEntries(
    command.options.map((option) => [
      option.name,
      {
        type: option.value === null ? ("boolean" as const) : ("string" as const),
        ...(option.short === null ? {} : { short: option.short }),
      },
    ]),
  );
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function optionOf(command: Command, name: string, rawName: string): Option {
  const option = command.options.find((candidate) => candidate.name === name);
  if (option !== undefined) return option;
  const near = nearest(
    name,
    command.options.map((candidate) => candidate.name),
  );
  const hint = near === null ? null : `did you mean --${near}?`;
  throw usage(command, `unknown option ${quoted(rawName)}`, hint);
}

function optionValue(command: Command, option: Option, token: OptionToken): string {
  const { value } = token;
  // `--output --json` is a forgotten value, and `--output=--json` is a file with a strange name.
  const forgotten = value === undefined || (value.startsWith("-") && value !== "-" && !token.inlineValue);
  if (forgotten || value === "") throw usage(command, `${token.rawName} needs a value: ${option.value}`);
  if (option.choices !== null && !option.choices.includes(value)) {
    const near = nearest(value, option.choices);
    const hint = near === null ? null : `did you mean ${near}?`;
    throw usage(command, `--${option.name} is ${wordList(option.choices)}, not ${quoted(value)}`, hint);
  }
  return value;
}

function checkOperands(
  command: Command,
  operands: readonly string[],
  values: ReadonlyMap<string, string>,
): void {
  const { label, min, max, choices, instead } = command.operands;
  const isReplaced = instead !== null && values.has(instead);
  if (isReplaced && operands.length > 0) throw usage(command, `${label} and --${instead} exclude each other`);
  if (!isReplaced && operands.length < min) throw usage(command, `${label} is missing`);
  const surplus = operands[max];
  if (surplus !== undefined) throw usage(command, `one argument too many: ${quoted(surplus)}`);
  for (const operand of operands) {
    if (operand === "") throw usage(command, "a file's name is empty");
    if (choices.length > 0 && !choices.includes(operand)) {
      throw usage(command, `${quoted(operand)} is none of ${wordList(choices)}`);
    }
  }
}

function checkRequired(command: Command, values: ReadonlyMap<string, string>): void {
  for (const { name, isRequired } of command.options) {
    if (isRequired && !values.has(name)) throw usage(command, `--${name} is missing`);
  }
}

/** A wrong command line; the hint ends with where to read more. */
export function usage(command: Command, message: string, hint: string | null = null): Error {
  return failure(`${command.name}: ${message}`, hint ?? `see pol ${command.name} --help`);
}
