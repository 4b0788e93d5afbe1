/**
 * Every command and option of `pol`, in one table: parsing, help, did-you-mean and completion all read it, so
 * that they cannot disagree.
 */
import { ATTESTATION_COMMANDS } from "./attestation-table.ts";
import { BUNDLE_COMMANDS, DECIDE_BUNDLE_OPTIONS } from "./bundle-table.ts";
import {
  type Command,
  files,
  HELP,
  JSON_OPTION,
  type Option,
  outputOption,
  severalOf,
  switchOf,
  withValue,
} from "./command.ts";
import { EVIDENCE_COMMANDS } from "./evidence-table.ts";
import { FACTS_COMMANDS } from "./facts-table.ts";
import { GATEWAY_COMMANDS } from "./gateway-table.ts";
import { LOG_COMMANDS } from "./log-table.ts";
import { OBLIGATION_COMMANDS } from "./obligations-table.ts";
import { PAPER_COMMANDS } from "./paper-table.ts";
import { PERMIT_COMMANDS } from "./permit-table.ts";
import { REPLAY_COMMANDS } from "./replay-table.ts";
import { SERVE_COMMANDS } from "./serve-table.ts";
import { TRUST_COMMANDS } from "./trust-table.ts";
import { WITNESS_COMMANDS } from "./witness-table.ts";

const VERSION = switchOf("version", "V", "print the version");

const policies = (label: string, max: number) => files(label, max, [".pol"]);

const ROOT = withValue(
  "root",
  "DIR",
  "the project, from which files may be imported (default: FILE's folder, or the set's)",
);

const NO_CACHE = switchOf("no-cache", null, "build anew, whatever was built before");

const SET = (does: string) => withValue("set", "SET.json", `${does}, in place of FILE`);

const DONE_OR_NO = ["0 done (warnings included)", "1 the policy has errors"];

const SHELLS: readonly string[] = ["bash", "zsh", "fish"];

const check: Command = {
  name: "check",
  summary: "Say what is wrong in policies",
  operands: { ...policies("FILE…", Number.POSITIVE_INFINITY), instead: "set" },
  options: [
    SET("check the members of a policy set, and whether they agree"),
    ROOT,
    switchOf("cost", null, "print what each action costs at most, in steps"),
    withValue("budget", "N", "an action that may take more steps than that is an error"),
    switchOf("coverage", null, "print which restricting rules reach which action"),
    JSON_OPTION,
    switchOf("watch", "w", "check again whenever a file changes"),
    HELP,
  ],
  examples: [
    { line: "pol check policies/payments.pol", says: "errors and warnings, with the lines they are about" },
    { line: "pol check --json policies/*.pol", says: "the same as data" },
    { line: "pol check --cost --budget 20000 payments.pol", says: "also what decisions cost at most" },
    { line: "pol check --watch payments.pol", says: "again after every save" },
    {
      line: "pol check --set set.json",
      says: 'also whether they agree; set.json: {"members": [{"name": "guard", "file": "guard.pol"}, …]}',
    },
  ],
  exits: DONE_OR_NO,
};

const fmt: Command = {
  name: "fmt",
  summary: "Write policies in the one layout",
  operands: policies("FILE…", Number.POSITIVE_INFINITY),
  options: [switchOf("check", null, "write nothing; say which files are not in it"), JSON_OPTION, HELP],
  examples: [
    { line: "pol fmt policies/*.pol", says: "rewrites what is not in order; words and comments stay" },
    { line: "pol fmt --check policies/*.pol", says: "for a build: fails where a file is not in order" },
    { line: "pol fmt - < payments.pol", says: "standard input to standard output, for editors" },
  ],
  exits: ["0 done", "1 a file has errors and was left as it is, or --check found one not in order"],
};

const build: Command = {
  name: "build",
  summary: "Compile a policy to an evaluator, one .wasm file",
  operands: policies("FILE", 1),
  options: [
    outputOption("OUT", "where to write; - for standard output (default: FILE with .wasm)"),
    ROOT,
    withValue("emit", "WHAT", "what to write (default: wasm)", ["wasm", "assemblyscript", "writers"]),
    switchOf("simd", null, "with vector instructions, for engines that have them"),
    NO_CACHE,
    JSON_OPTION,
    switchOf("watch", "w", "build again whenever a file changes"),
    HELP,
  ],
  examples: [
    { line: "pol build payments.pol", says: "writes payments.wasm and prints its digest" },
    { line: "pol build payments.pol -o dist/payments.wasm", says: "writes it elsewhere" },
    {
      line: "pol build --watch payments.pol",
      says: "again after every save; errors stay until they are mended",
    },
    { line: "pol build payments.pol --simd", says: "faster on long text, where the engine has vectors" },
    { line: "pol build payments.pol --emit assemblyscript", says: "prints the AssemblyScript text" },
    {
      line: "pol build payments.pol --emit writers -o payments.writers.js",
      says: "a file for hosts, who then write requests faster",
    },
  ],
  exits: DONE_OR_NO,
};

const inspect: Command = {
  name: "inspect",
  summary: "Show what an evaluator says about itself",
  operands: files("FILE.wasm", 1, [".wasm"]),
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
    ROOT,
    withValue("engine", "ENGINE", "what to run them on (default: both)", ["wasm", "reference", "both"]),
    switchOf("coverage", null, "print which rules and conditions the tests show both ways"),
    NO_CACHE,
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
  operands: { ...files("FILE.pol|FILE.wasm|BUNDLE", 1, [".pol", ".wasm", ".tar"]), instead: "set" },
  options: [
    SET("ask the members of a policy set together"),
    withValue("request", "R.json", "one request; - for standard input"),
    withValue("requests", "R.jsonl", "one request a line, one decision a line; - for standard input"),
    withValue("facts", "FACTS", "the facts: .json, .jsonl or built (default: no entities)"),
    ROOT,
    withValue("engine", "ENGINE", "what answers (default: wasm)", ["wasm", "reference"]),
    NO_CACHE,
    withValue("log", "DIR", "append each decision to this log, and show it once it is durable there"),
    withValue("key", "NAME.pem", "with --log: the private key that signs the log's checkpoints"),
    withValue("origin", "NAME", "with --log: the log's name (default: its own; a new log gets one)"),
    withValue("node", "NAME", "with --log: who decides, as the log says it (default: local)"),
    severalOf(
      withValue(
        "sensitive",
        "POINTER",
        "with --log: a value of requests that can be erased by itself, like /fields/card; may come often",
      ),
    ),
    withValue(
      "anchor",
      "FOLDER",
      "with --log: where the last checkpoint is kept outside of it (see the docs)",
    ),
    withValue("witnesses", "FILE", "with --log: a log policy, whose witnesses cosign its checkpoints"),
    ...DECIDE_BUNDLE_OPTIONS,
    switchOf("json", null, "print JSON even on a terminal (without one it always is)"),
    HELP,
  ],
  examples: [
    { line: "pol decide payments.pol --request request.json --facts facts.json", says: "one decision" },
    {
      line: "pol decide payments.wasm --requests - --facts facts.json < requests.jsonl",
      says: "one decision a line, in order",
    },
    {
      line: "pol decide doors.wasm --requests requests.jsonl --log decisions --key log.pem",
      says: "the same without facts, each one in a log that shows every change",
    },
    {
      line: "pol decide --set set.json --request request.json --facts facts.json",
      says: "what all members say together, and each of them; one facts file for all",
    },
    {
      line: "pol decide 7.tar --trust trust --freshness now.fresh.json --floor floor --request r.json",
      says: "as a host that takes only what is signed, and no older epoch than before",
    },
  ],
  exits: [
    "0 allow, 10 hold, 11 deny, 12 quarantine, 13 terminate",
    "14 allow, with obligations that somebody has to discharge",
    "0 with --requests, once every line is answered",
    "1 the policy has errors, or the evaluator is not sound, or the bundle is refused",
  ],
};

const completion: Command = {
  name: "completion",
  summary: "Print a completion script for a shell",
  operands: { ...files(SHELLS.join("|"), 1, []), choices: SHELLS },
  options: [JSON_OPTION, HELP],
  examples: [
    { line: "source <(pol completion bash)", says: "for this session" },
    { line: "pol completion zsh > ~/.zsh/completions/_pol", says: "for every session" },
    { line: "pol completion fish > ~/.config/fish/completions/pol.fish", says: "for every session" },
  ],
  exits: ["0 done"],
};

export const COMMANDS: readonly Command[] = [
  check,
  fmt,
  test,
  build,
  inspect,
  decide,
  ...FACTS_COMMANDS,
  ...BUNDLE_COMMANDS,
  ...EVIDENCE_COMMANDS,
  ...WITNESS_COMMANDS,
  ...LOG_COMMANDS,
  ...TRUST_COMMANDS,
  ...REPLAY_COMMANDS,
  ...PERMIT_COMMANDS,
  ...PAPER_COMMANDS,
  ...OBLIGATION_COMMANDS,
  ...ATTESTATION_COMMANDS,
  ...GATEWAY_COMMANDS,
  ...SERVE_COMMANDS,
  completion,
];

/** What `pol` takes before a command's name. */
export const GLOBAL_OPTIONS: readonly Option[] = [HELP, VERSION, JSON_OPTION];
