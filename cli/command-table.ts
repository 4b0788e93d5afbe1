/**
 * Every command and option of `pol`, in one table: parsing, help, did-you-mean and completion all read it, so
 * that they cannot disagree.
 */
export type CommandName = "check" | "test" | "build" | "inspect" | "decide" | "completion";

export interface Option {
  readonly name: string;
  readonly short: string | null;
  /** What the value is called in help; null: the option is a switch. */
  readonly value: string | null;
  /** The only values it takes; null: any. */
  readonly choices: readonly string[] | null;
  readonly summary: string;
}

export interface Operands {
  /** As shown in the usage line. */
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** Completion offers files with these endings; empty: no files. */
  readonly endings: readonly string[];
  /** Completion offers these words. */
  readonly choices: readonly string[];
}

export interface Example {
  readonly line: string;
  readonly says: string;
}

export interface Command {
  readonly name: CommandName;
  readonly summary: string;
  readonly operands: Operands;
  readonly options: readonly Option[];
  readonly examples: readonly Example[];
  /** Exit codes beyond the common ones, as help prints them. */
  readonly exits: readonly string[];
}

const switchOf = (name: string, short: string | null, summary: string): Option => ({
  name,
  short,
  value: null,
  choices: null,
  summary,
});

const withValue = (
  name: string,
  value: string,
  summary: string,
  choices: readonly string[] | null = null,
) => ({
  name,
  short: null,
  value,
  choices,
  summary,
});

const HELP = switchOf("help", "h", "print this help");
const VERSION = switchOf("version", "V", "print the version");
const JSON_OPTION = switchOf("json", null, "print one JSON object instead of text");

const policies = (label: string, max: number): Operands => ({
  label,
  min: 1,
  max,
  endings: [".pol"],
  choices: [],
});

const DONE_OR_NO = ["0 done (warnings included)", "1 the policy has errors"];

const SHELLS: readonly string[] = ["bash", "zsh", "fish"];

const check: Command = {
  name: "check",
  summary: "Say what is wrong in policies",
  operands: policies("FILE…", Number.POSITIVE_INFINITY),
  options: [JSON_OPTION, switchOf("watch", "w", "check again whenever a file changes"), HELP],
  examples: [
    { line: "pol check policies/payments.pol", says: "errors and warnings, with the lines they are about" },
    { line: "pol check --json policies/*.pol", says: "the same as data" },
    { line: "pol check --watch payments.pol", says: "again after every save" },
  ],
  exits: DONE_OR_NO,
};

const build: Command = {
  name: "build",
  summary: "Compile a policy to an evaluator, one .wasm file",
  operands: policies("FILE", 1),
  options: [
    {
      name: "output",
      short: "o",
      value: "OUT",
      choices: null,
      summary: "where to write; - for standard output (default: FILE with .wasm)",
    },
    withValue("emit", "WHAT", "what to write (default: wasm)", ["wasm", "assemblyscript"]),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    { line: "pol build payments.pol", says: "writes payments.wasm and prints its digest" },
    { line: "pol build payments.pol -o dist/payments.wasm", says: "writes it elsewhere" },
    { line: "pol build payments.pol --emit assemblyscript", says: "prints the AssemblyScript text" },
  ],
  exits: DONE_OR_NO,
};

const inspect: Command = {
  name: "inspect",
  summary: "Show what an evaluator says about itself",
  operands: { label: "FILE.wasm", min: 1, max: 1, endings: [".wasm"], choices: [] },
  options: [JSON_OPTION, HELP],
  examples: [
    { line: "pol inspect payments.wasm", says: "policy, actions, rules, digest, imports, exports, memory" },
    { line: "pol inspect --json payments.wasm", says: "the same with the whole manifest" },
  ],
  exits: ["0 done", "1 the file is not an evaluator, or was changed"],
};

const test: Command = {
  name: "test",
  summary: "Run the tests written in policies",
  operands: policies("FILE…", Number.POSITIVE_INFINITY),
  options: [
    withValue("engine", "ENGINE", "what to run them on (default: both)", ["wasm", "reference", "both"]),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    { line: "pol test payments.pol", says: "every test on the compiled module and on the reference" },
    { line: "pol test --engine reference payments.pol", says: "fast, without building a module" },
  ],
  exits: ["0 all tests passed", "1 a test failed, or the policy has errors"],
};

const decide: Command = {
  name: "decide",
  summary: "Answer requests",
  operands: {
    label: "FILE.pol|FILE.wasm",
    min: 1,
    max: 1,
    endings: [".pol", ".wasm"],
    choices: [],
  },
  options: [
    withValue("request", "R.json", "one request; - for standard input"),
    withValue("requests", "R.jsonl", "one request a line, one decision a line; - for standard input"),
    withValue("facts", "F.json", "the facts snapshot (default: no entities)"),
    withValue("engine", "ENGINE", "what answers (default: wasm)", ["wasm", "reference"]),
    switchOf("json", null, "print JSON even on a terminal (without one it always is)"),
    HELP,
  ],
  examples: [
    { line: "pol decide payments.pol --request request.json --facts facts.json", says: "one decision" },
    { line: "pol decide payments.wasm --requests - < requests.jsonl", says: "one decision a line, in order" },
  ],
  exits: [
    "0 allow, 10 hold, 11 deny, 12 quarantine, 13 terminate",
    "0 with --requests, once every line is answered",
    "1 the policy has errors, or the evaluator is not sound",
  ],
};

const completion: Command = {
  name: "completion",
  summary: "Print a completion script for a shell",
  operands: { label: SHELLS.join("|"), min: 1, max: 1, endings: [], choices: SHELLS },
  options: [JSON_OPTION, HELP],
  examples: [
    { line: "source <(pol completion bash)", says: "for this session" },
    { line: "pol completion zsh > ~/.zsh/completions/_pol", says: "for every session" },
    { line: "pol completion fish > ~/.config/fish/completions/pol.fish", says: "for every session" },
  ],
  exits: ["0 done"],
};

export const COMMANDS: readonly Command[] = [check, test, build, inspect, decide, completion];

/** What `pol` takes before a command's name. */
export const GLOBAL_OPTIONS: readonly Option[] = [HELP, VERSION, JSON_OPTION];
