/** Completion for shells, written from the table of commands. */
import type { Command, Operands, Option } from "./command.ts";
import { COMMANDS, GLOBAL_OPTIONS } from "./command-table.ts";
import { FIRST_WORDS, GROUPS, type Group } from "./find-command.ts";

export type Shell = "bash" | "zsh" | "fish";

export function completionScript(shell: Shell): string {
  const script = { bash, zsh, fish }[shell];
  return `${script().join("\n")}\n`;
}

const GROUP_HELP = ["-h", "--help"];

/** First words with what they do; a group's second words say what it does. */
const FIRST: readonly (readonly [word: string, summary: string])[] = FIRST_WORDS.map((word) => {
  const group = GROUPS.find(({ name }) => name === word);
  const command = COMMANDS.find(({ name }) => name === word);
  return [word, group === undefined ? (command?.summary ?? "") : [...group.members.keys()].join(", ")];
});

function flagsOf(options: readonly Option[]): string[] {
  return options.flatMap(({ name, short }) => (short === null ? [`--${name}`] : [`-${short}`, `--${name}`]));
}

// ---- bash

function bash(): string[] {
  return [
    "# pol completion for bash",
    "_pol() {",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own substitution
    '  local IFS=$\'\\n\' cur="${COMP_WORDS[COMP_CWORD]}" command="${COMP_WORDS[1]}" words="" endings=""',
    "  COMPREPLY=()",
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words=${bashWords([...FIRST_WORDS, "help", ...flagsOf(GLOBAL_OPTIONS)])}`,
    '    COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    "    return",
    "  fi",
    ...GROUPS.flatMap(bashGroup),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own substitution
    '  case "$command ${COMP_WORDS[COMP_CWORD-1]}" in',
    ...COMMANDS.flatMap(bashValues),
    "  esac",
    '  case "$command" in',
    ...COMMANDS.flatMap(bashCommand),
    `    help) words=${bashWords(FIRST_WORDS)} ;;`,
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '  case "$cur" in -*) return ;; esac',
    '  [ -n "$endings" ] && COMPREPLY+=($(compgen -d -- "$cur"))',
    "  for ending in $endings; do",
    '    COMPREPLY+=($(compgen -f -X "!*$ending" -- "$cur"))',
    "  done",
    "}",
    "complete -o filenames -F _pol pol",
  ];
}

/** The second word of a group is offered; from the third on, both together are the command. */
function bashGroup({ name, members }: Group): string[] {
  return [
    `  if [ "$command" = ${name} ]; then`,
    '    if [ "$COMP_CWORD" -eq 2 ]; then',
    `      words=${bashWords([...members.keys(), ...GROUP_HELP])}`,
    '      COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    "      return",
    "    fi",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own substitution
    '    command="$command ${COMP_WORDS[2]}"',
    "  fi",
  ];
}

/** One word a line: the script splits at line ends only, since file names have spaces. */
function bashWords(words: readonly string[]): string {
  return `$'${words.join("\\n")}'`;
}

/** What follows an option with a value: its choices, or files. */
function bashValues({ name, options }: Command): string[] {
  return options.flatMap((option) => {
    if (option.value === null) return [];
    const pattern = flagsOf([option])
      .map((flag) => `"${name} ${flag}"`)
      .join("|");
    const action = option.choices === null ? "compgen -f" : `compgen -W ${bashWords(option.choices)}`;
    return [`    ${pattern}) COMPREPLY=($(${action} -- "$cur")); return ;;`];
  });
}

function bashCommand({ name, operands, options }: Command): string[] {
  const words = bashWords([...flagsOf(options), ...operands.choices]);
  // No file ends like a folder's name with its stroke, so a command that takes folders offers them alone.
  const endings = operands.isFolder ? [...operands.endings, "/"] : operands.endings;
  return [`    ${pattern(name)}) words=${words} endings=${bashWords(endings)} ;;`];
}

/** A name of two words is one pattern. */
function pattern(name: string): string {
  return name.includes(" ") ? `"${name}"` : name;
}

// ---- zsh

function zsh(): string[] {
  const globals = GLOBAL_OPTIONS.map(({ name, summary }) => single(`--${name}[${summary}]`));
  return [
    "#compdef pol",
    "# pol completion for zsh",
    "_pol() {",
    "  local -a commands",
    "  commands=(",
    ...FIRST.map(([word, summary]) => `    ${single(`${word}:${summary}`)}`),
    "  )",
    "  if (( CURRENT == 2 )); then",
    "    _describe command commands",
    `    _values option ${globals.join(" ")}`,
    "    return",
    "  fi",
    '  local command="$words[2]"',
    "  shift words",
    "  (( CURRENT-- ))",
    ...GROUPS.flatMap(zshGroup),
    '  case "$command" in',
    ...COMMANDS.flatMap((command) => [
      `    ${pattern(command.name)})`,
      "      _arguments \\",
      ...zshArguments(command).map((line, at, all) => `        ${line}${at + 1 < all.length ? " \\" : ""}`),
      "      ;;",
    ]),
    "    help) _describe command commands ;;",
    "  esac",
    "}",
    'if [ "$funcstack[1]" = _pol ]; then _pol "$@"; else compdef _pol pol; fi',
  ];
}

function zshGroup({ name, members }: Group): string[] {
  const described = [...members].map(([word, { summary }]) => single(`${word}:${summary}`));
  return [
    `  if [[ "$command" == ${name} ]]; then`,
    "    if (( CURRENT == 2 )); then",
    `      local -a members=(${described.join(" ")})`,
    "      _describe command members",
    "      return",
    "    fi",
    '    command="$command $words[2]"',
    "    shift words",
    "    (( CURRENT-- ))",
    "  fi",
  ];
}

function zshArguments(command: Command): string[] {
  const options = command.options.flatMap(zshOption);
  return command.operands.max === 0 ? options : [...options, zshOperands(command)];
}

function zshOption({ name, short, summary, value, choices }: Option): string[] {
  const action = value === null ? "" : `:${value}:${choices === null ? "_files" : `(${choices.join(" ")})`}`;
  const flags = short === null ? [`--${name}`] : [`-${short}`, `--${name}`];
  return flags.map((flag) => single(`${flag}[${summary.replaceAll(":", "\\:")}]${action}`));
}

function zshOperands({ operands }: Command): string {
  const repeat = operands.max > 1 ? "*" : "1";
  return single(`${repeat}:file:${zshAction(operands)}`);
}

function zshAction({ choices, endings }: Operands): string {
  if (choices.length > 0) return `(${choices.join(" ")})`;
  // Files of these endings come with the folders on the way.
  return endings.length === 0 ? "_files -/" : `_files -g "${zshGlob(endings)}"`;
}

/** Parentheses at the end would be a qualifier, unless there are alternatives in them. */
function zshGlob(endings: readonly string[]): string {
  return endings.length === 1 ? `*${endings[0]}` : `*(${endings.join("|")})`;
}

// ---- fish

function fish(): string[] {
  return [
    "# pol completion for fish",
    "complete -c pol -f",
    ...FIRST.map(
      ([word, summary]) => `complete -c pol -n __fish_use_subcommand -a ${word} -d ${single(summary)}`,
    ),
    ...GLOBAL_OPTIONS.map((option) => `complete -c pol -n __fish_use_subcommand ${fishOption(option)}`),
    ...GROUPS.flatMap(fishGroup),
    ...COMMANDS.flatMap(fishCommand),
    `complete -c pol -n "__fish_seen_subcommand_from help" -a "${FIRST_WORDS.join(" ")}"`,
  ];
}

function fishGroup({ name, members }: Group): string[] {
  const words = [...members.keys()].join(" ");
  const start = `complete -c pol -n "__fish_seen_subcommand_from ${name}; and not ${fishSeen(words)}"`;
  return [...members].map(([word, { summary }]) => `${start} -a ${word} -d ${single(summary)}`);
}

function fishCommand({ name, options, operands }: Command): string[] {
  const start = `complete -c pol -n "${fishCondition(name)}"`;
  const files = operands.endings.map((ending) => `${start} -a "(__fish_complete_suffix ${ending})"`);
  const folders = operands.isFolder ? [`${start} -a "(__fish_complete_directories)"`] : [];
  const words = operands.choices.length > 0 ? [`${start} -a "${operands.choices.join(" ")}"`] : [];
  return [...options.map((option) => `${start} ${fishOption(option)}`), ...files, ...folders, ...words];
}

/** `verify` alone is one command, and after `log` it is another. */
function fishCondition(name: string): string {
  const [first = "", second] = name.split(" ");
  if (second !== undefined) return `${fishSeen(first)}; and ${fishSeen(second)}`;
  const groups = GROUPS.filter(({ members }) => members.has(first)).map((group) => group.name);
  return groups.length === 0 ? fishSeen(first) : `${fishSeen(first)}; and not ${fishSeen(groups.join(" "))}`;
}

function fishSeen(words: string): string {
  return `__fish_seen_subcommand_from ${words}`;
}

function fishOption({ name, short, summary, value, choices }: Option): string {
  const parts = [`-l ${name}`];
  if (short !== null) parts.unshift(`-s ${short}`);
  if (value !== null) parts.push(choices === null ? "-r -F" : `-x -a "${choices.join(" ")}"`);
  return `${parts.join(" ")} -d ${single(summary)}`;
}

/** A word for any of the three shells. */
function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
