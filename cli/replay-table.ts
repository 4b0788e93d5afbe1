/** The commands about what a log can be asked again, and what it may forget. */
import { type Command, files, HELP, JSON_OPTION, switchOf, withValue } from "./command.ts";

const replay: Command = {
  name: "replay",
  summary: "Make every decision of a log again, and compare all of it",
  operands: { ...files("DIR", 1, []), isFolder: true },
  options: [
    withValue("key", "NAME.pub.pem", "the public key of the log: what is replayed is what was signed"),
    withValue("origin", "NAME", "with --key: the log that is meant (default: any that the key signed)"),
    withValue("artefacts", "DIR", "more evaluators and facts, files by their digests; may come often"),
    withValue("bundle", "PATH", "a bundle, or any folder with evaluators and facts; may come often"),
    withValue("engine", "ENGINE", "what decides again (default: wasm)", ["wasm", "reference"]),
    withValue("source", "FILE.pol", "for --engine reference: what an evaluator was made of; may come often"),
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

export const REPLAY_COMMANDS: readonly Command[] = [replay];
