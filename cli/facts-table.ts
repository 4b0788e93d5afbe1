/** The rows of the table of commands for facts. */
import { type Command, files, HELP, JSON_OPTION, outputOption, withValue } from "./command.ts";

const build: Command = {
  name: "facts build",
  summary: "Build facts into a file that an evaluator loads at once",
  operands: { ...files("FILE.pol|FILE.wasm FACTS", 2, [".pol", ".wasm", ".json", ".jsonl"]), min: 2 },
  options: [
    outputOption("OUT", "where to write (default: FACTS with .pfacts)"),
    withValue("root", "DIR", "the project, from which files may be imported (default: FILE's folder)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol facts build payments.wasm facts.jsonl",
      says: "writes facts.pfacts; JSON Lines are read piece by piece",
    },
    {
      line: "pol facts build payments.pol facts.json -o live.pfacts",
      says: "a policy will do, for the evaluator that it makes",
    },
  ],
  exits: ["0 done", "1 the facts are refused, or the policy has errors"],
};

const inspect: Command = {
  name: "facts inspect",
  summary: "Show what built facts are made of",
  operands: files("FILE.pfacts", 1, [".pfacts"]),
  options: [JSON_OPTION, HELP],
  examples: [
    {
      line: "pol facts inspect facts.pfacts",
      says: "counts, sizes, and the digest of what it was built from",
    },
    { line: "pol facts inspect --json facts.pfacts", says: "the same as data" },
  ],
  exits: ["0 done", "1 the file is not what was built"],
};

export const FACTS_COMMANDS: readonly Command[] = [build, inspect];
