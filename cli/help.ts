import type { Command, Option } from "./command.ts";
import { COMMANDS, GLOBAL_OPTIONS } from "./command-table.ts";
import type { Group } from "./find-command.ts";
import { columns } from "./table.ts";
import type { Paint } from "./terminal.ts";
import { wordList } from "./words.ts";

/** `pol --help` */
export function overview(paint: Paint): string {
  return sections(paint, [
    ["", ["Policies for agents: check, test, build and decide; sign, log and prove."]],
    ["Usage", ["pol COMMAND [OPTIONS] …", "pol COMMAND --help"]],
    ["Commands", columns(COMMANDS.map(({ name, summary }) => [name, summary]))],
    ["Options", columns(GLOBAL_OPTIONS.map(optionRow))],
    [
      "Examples",
      [
        ...exampleLines("pol check payments.pol", "what is wrong in a policy"),
        ...exampleLines("pol test payments.pol", "run the tests written in it"),
        ...exampleLines("pol decide payments.pol --request request.json --facts facts.json", "ask it"),
      ],
    ],
    ["Exit codes", COMMON_EXITS],
    ["Environment", columns(ENVIRONMENT)],
  ]);
}

/** `pol log --help` */
export function groupHelp({ name, members }: Group, paint: Paint): string {
  const commands = [...members.values()];
  return sections(paint, [
    ["Usage", commands.flatMap(usageLines)],
    ["Commands", columns(commands.map((command) => [command.name, command.summary]))],
    ["More", [`pol ${name} COMMAND --help`]],
  ]);
}

/** `pol COMMAND --help` */
export function commandHelp(command: Command, paint: Paint): string {
  return sections(paint, [
    ["", [`${command.summary}.`]],
    ["Usage", usageLines(command)],
    ["Options", columns(command.options.map(optionRow))],
    ["Examples", command.examples.flatMap(({ line, says }) => exampleLines(line, says))],
    ["Exit codes", [...command.exits, ...COMMON_EXITS.slice(2)]],
  ]);
}

const COMMON_EXITS = [
  "0 done",
  "1 the answer is no: errors in the policy, a failing test, a proof that does not hold",
  "2 wrong usage, or a file that cannot be read or written",
  "70 a bug in pol",
];

const ENVIRONMENT = [
  ["NO_COLOR", "no colours, even on a terminal"],
  ["POL_DEBUG=1", "the stack trace of a bug in pol"],
];

/** A second one where an option stands in the place of the operands. */
function usageLines({ name, operands, options, behind }: Command): string[] {
  const required = options.filter(({ isRequired }) => isRequired);
  const flags = required.map(({ name: long, short, value }) =>
    short === null ? `--${long} ${value}` : `-${short} ${value}`,
  );
  const replacing = options.find((option) => option.name === operands.instead);
  const instead = replacing === undefined ? [] : [`--${replacing.name} ${replacing.value}`];
  return [operands.label, ...instead].map((what) =>
    ["pol", name, what, ...flags, "[OPTIONS]", behind === undefined ? "" : `[-- ${behind}]`]
      .filter((part) => part !== "")
      .join(" "),
  );
}

function optionRow(option: Option): string[] {
  const short = option.short === null ? "    " : `-${option.short}, `;
  const value = option.value === null ? "" : ` ${option.value}`;
  const choices = option.choices === null ? "" : `: ${wordList(option.choices)}`;
  return [`${short}--${option.name}${value}`, `${option.summary}${choices}`];
}

function exampleLines(line: string, says: string): string[] {
  return [line, `    ${says}`];
}

function sections(paint: Paint, parts: readonly (readonly [string, readonly string[]])[]): string {
  const texts = parts.map(([title, lines]) => {
    if (title === "") return lines.join("\n");
    return [paint("strong", `${title}:`), ...lines.map((line) => `  ${line}`)].join("\n");
  });
  return `${texts.join("\n\n")}\n`;
}
