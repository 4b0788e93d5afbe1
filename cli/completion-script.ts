/** Completion for shells, written from the table of commands. */
import { COMMANDS, type Command, GLOBAL_OPTIONS, type Option } from "./command-table.ts";

export type Shell = "bash" | "zsh" | "fish";

export function completionScript(shell: Shell): string {
  const script = { bash, zsh, fish }[shell];
  return `${script().join("\n")}\n`;
}

const names = COMMANDS.map(({ name }) => name);

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
    `    words=${bashWords([...names, "help", ...flagsOf(GLOBAL_OPTIONS)])}`,
    '    COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    "    return",
    "  fi",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own substitution
    '  case "$command ${COMP_WORDS[COMP_CWORD-1]}" in',
    ...COMMANDS.flatMap(bashValues),
    "  esac",
    '  case "$command" in',
    ...COMMANDS.flatMap(bashCommand),
    `    help) words=${bashWords(names)} ;;`,
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
  return [`    ${name}) words=${words} endings=${bashWords(operands.endings)} ;;`];
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
    ...COMMANDS.map(({ name, summary }) => `    ${single(`${name}:${summary}`)}`),
    "  )",
    "  if (( CURRENT == 2 )); then",
    "    _describe command commands",
    `    _values option ${globals.join(" ")}`,
    "    return",
    "  fi",
    '  local command="$words[2]"',
    "  shift words",
    "  (( CURRENT-- ))",
    '  case "$command" in',
    ...COMMANDS.flatMap((command) => [
      `    ${command.name})`,
      "      _arguments \\",
      ...command.options.flatMap(zshOption).map((line) => `        ${line} \\`),
      `        ${zshOperands(command)}`,
      "      ;;",
    ]),
    "    help) _describe command commands ;;",
    "  esac",
    "}",
    'if [ "$funcstack[1]" = _pol ]; then _pol "$@"; else compdef _pol pol; fi',
  ];
}

function zshOption({ name, short, summary, value, choices }: Option): string[] {
  const action = value === null ? "" : `:${value}:${choices === null ? "_files" : `(${choices.join(" ")})`}`;
  const flags = short === null ? [`--${name}`] : [`-${short}`, `--${name}`];
  return flags.map((flag) => single(`${flag}[${summary.replaceAll(":", "\\:")}]${action}`));
}

function zshOperands({ operands }: Command): string {
  const repeat = operands.max > 1 ? "*" : "1";
  const action =
    operands.choices.length > 0
      ? `(${operands.choices.join(" ")})`
      : `_files -g "${zshGlob(operands.endings)}"`;
  return single(`${repeat}:file:${action}`);
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
    ...COMMANDS.map(
      ({ name, summary }) => `complete -c pol -n __fish_use_subcommand -a ${name} -d ${single(summary)}`,
    ),
    ...GLOBAL_OPTIONS.map((option) => `complete -c pol -n __fish_use_subcommand ${fishOption(option)}`),
    ...COMMANDS.flatMap(fishCommand),
    `complete -c pol -n "__fish_seen_subcommand_from help" -a "${names.join(" ")}"`,
  ];
}

function fishCommand({ name, options, operands }: Command): string[] {
  const start = `complete -c pol -n "__fish_seen_subcommand_from ${name}"`;
  const files = operands.endings.map((ending) => `${start} -a "(__fish_complete_suffix ${ending})"`);
  const words = operands.choices.length > 0 ? [`${start} -a "${operands.choices.join(" ")}"`] : [];
  return [...options.map((option) => `${start} ${fishOption(option)}`), ...files, ...words];
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
