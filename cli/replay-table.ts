/** The commands about what a log can be asked again, and what it may forget. */
import {
  type Command,
  files,
  HELP,
  JSON_OPTION,
  outputOption,
  required,
  severalOf,
  switchOf,
  withValue,
} from "./command.ts";
import { TRUST_OPTIONS } from "./trust-options.ts";

const replay: Command = {
  name: "replay",
  summary: "Make every decision of a log again, and compare all of it",
  operands: { ...files("DIR", 1, []), isFolder: true },
  options: [
    withValue("key", "NAME.pub.pem", "the public key of the log: what is replayed is what was signed"),
    ...TRUST_OPTIONS,
    withValue("policy", "POLICY", "who has to have cosigned, and which logs are meant: a tlog-policy file"),
    withValue("origin", "NAME", "with --key or --trust: the log that is meant (default: any that they sign)"),
    severalOf(
      withValue("artefacts", "DIR", "more evaluators and facts, files by their digests; may come often"),
    ),
    severalOf(
      withValue("bundle", "PATH", "a bundle, or any folder with evaluators and facts; may come often"),
    ),
    withValue("engine", "ENGINE", "what decides again (default: wasm)", ["wasm", "reference"]),
    severalOf(
      withValue(
        "source",
        "FILE.pol",
        "for --engine reference: what an evaluator was made of; may come often",
      ),
    ),
    withValue("with", "OTHER", "another version, .pol or .wasm: list every verdict that it changes"),
    withValue("member", "NAME", "with --with: whose place it takes (default: of its policy, by name)"),
    withValue("root", "DIR", "with --with or --source: the project, from which files may be imported"),
    switchOf("no-cache", null, "with --with or --source: build anew, whatever was built before"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol replay decisions --key log.pub.pem",
      says: "verdicts, rules, obligations: to the last byte",
    },
    {
      line: "pol replay decisions --engine reference --source payments.pol",
      says: "by the meaning of the language, from the sources alone",
    },
    { line: "pol replay decisions --with payments.pol", says: "what the next version would have answered" },
  ],
  exits: ["0 every decision comes out again", "1 one does not, a verdict changes, or something is missing"],
};

const logRedact: Command = {
  name: "log redact",
  summary: "Erase the request of a decision, or sensitive fields of it",
  operands: { ...files("DIR [INDEX|ID]", 2, []), isFolder: true },
  options: [
    required(withValue("key", "NAME.pem", "the private key that signs the log's checkpoints")),
    severalOf(withValue("field", "POINTER", "only this sensitive field, like /fields/card; may come often")),
    withValue("reason", "TEXT", "why; the log keeps it for ever"),
    withValue("node", "NAME", "who erases, as the log says it (default: local)"),
    withValue(
      "anchor",
      "FOLDER",
      "where the last checkpoint is kept outside of the log (default: see the docs)",
    ),
    withValue("witnesses", "FILE", "a log policy: its witnesses cosign, as many as it wants"),
    switchOf("all-said", null, "erase again what the log says was erased, as after a restored backup"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: 'pol log redact decisions 7 --reason "asked for by the payee" --key log.pem',
      says: "the whole request of entry 7; every proof stays valid",
    },
    {
      line: 'pol log redact decisions 7 --field /fields/card --reason "not needed" --key log.pem',
      says: "one field; all else can still be opened",
    },
  ],
  exits: ["0 gone, and the log says so", "1 there is nothing to erase"],
};

const logOpen: Command = {
  name: "log open",
  summary: "Write what opens the request of a decision, with some of its sensitive fields",
  operands: { ...files("DIR INDEX|ID", 2, []), min: 2, isFolder: true },
  options: [
    severalOf(
      withValue("field", "POINTER", "a sensitive field that is shown, like /fields/card; may come often"),
    ),
    required(outputOption("O.json", "where to write it, for its reader alone")),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log open decisions 7 --field /fields/card -o card.opening.json",
      says: "pol log verify refund.tlog-proof --opening card.opening.json checks it",
    },
  ],
  exits: ["0 done", "1 nothing opens it"],
};

export const REPLAY_COMMANDS: readonly Command[] = [replay, logOpen, logRedact];
