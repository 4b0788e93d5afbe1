/** The rows of the table of commands for whoever reads a log. */
import {
  type Command,
  files,
  HELP,
  JSON_OPTION,
  type Option,
  outputOption,
  switchOf,
  withValue,
} from "./command.ts";
import { TRUST_OPTIONS } from "./trust-options.ts";

const PLACE = { ...files("DIR|URL", 1, []), isFolder: true };
const KEY = withValue("key", "NAME.pub.pem", "the public key of the log (default: no signature is checked)");
const POLICY = withValue(
  "policy",
  "POLICY",
  "which logs are meant, and how many witnesses must have cosigned",
);
const ORIGIN = withValue("origin", "NAME", "the log that is meant (default: any)");
const INDEX_FILE = withValue(
  "index-file",
  "FILE",
  "where the index lies (default: DIR/index.sqlite, or a cache)",
);
const WRONG = "1 the log is not what was signed, or shows another history than before";

const short = (option: Option, letter: string): Option => ({ ...option, short: letter });

const logGet: Command = {
  name: "log get",
  summary: "Print one entry of a log",
  operands: PLACE,
  options: [
    withValue("index", "N", "which entry, from 0"),
    withValue("id", "UUID", "or its id, which is looked up in the index"),
    KEY,
    ...TRUST_OPTIONS,
    POLICY,
    ORIGIN,
    INDEX_FILE,
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log get decisions --index 7 --key log.pub.pem",
      says: "the bytes that were logged, once proven",
    },
    { line: "pol log get https://logs.example.com/eu/ --index 7 --json", says: "of a log on a server" },
  ],
  exits: ["0 done", "1 there is no such entry, or the log is not what was signed"],
};

const logTail: Command = {
  name: "log tail",
  summary: "Print the last entries of a log, and those that come",
  operands: PLACE,
  options: [
    short(withValue("last", "N", "how many (default: 10)"), "n"),
    switchOf("follow", "f", "go on with what is published; each checkpoint must continue the one before"),
    KEY,
    ...TRUST_OPTIONS,
    POLICY,
    ORIGIN,
    switchOf("json", null, "one JSON object a line instead of text"),
    HELP,
  ],
  examples: [
    { line: "pol log tail decisions -n 20 --key log.pub.pem", says: "the last twenty" },
    {
      line: "pol log tail -f https://logs.example.com/eu/ --json",
      says: "each entry, soon after it is published",
    },
  ],
  exits: ["0 done", WRONG],
};

const logTree: Command = {
  name: "log tree",
  summary: "Print the executions of a log as trees",
  operands: PLACE,
  options: [
    withValue("execution", "ID", "only this execution, and what is below it"),
    short(withValue("last", "N", "of so many entries at the end, 100000 at most (default: 10000)"), "n"),
    KEY,
    ...TRUST_OPTIONS,
    POLICY,
    ORIGIN,
    switchOf("json", null, "one JSON object a line, in the same order, instead of text"),
    HELP,
  ],
  examples: [
    { line: "pol log tree decisions --key log.pub.pem", says: "who asked what, and what became of it" },
    {
      line: "pol log tree decisions --execution 0190a5de-0000-7000-8000-00000000000a",
      says: "one execution, with those that it handed on to",
    },
  ],
  exits: ["0 done", `${WRONG}; or no such execution begins there`],
};

const logConsistency: Command = {
  name: "log consistency",
  summary: "Prove that a log goes on from what it was",
  operands: PLACE,
  options: [
    withValue("from", "N", "from its first N entries"),
    withValue("since", "CHECKPOINT", "from a checkpoint that was kept, which must be of this log"),
    outputOption("FILE", "write the proof as witnesses take it; - for standard output"),
    KEY,
    ...TRUST_OPTIONS,
    POLICY,
    ORIGIN,
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log consistency decisions --from 1000 --key log.pub.pem",
      says: "the hashes, and both roots",
    },
    {
      line: "pol log consistency decisions --since kept.txt --key log.pub.pem",
      says: "both notes, where it does not",
    },
  ],
  exits: ["0 done", WRONG],
};

const logFsck: Command = {
  name: "log fsck",
  summary: "Check all files of a log against each other",
  operands: PLACE,
  options: [KEY, ...TRUST_OPTIONS, POLICY, ORIGIN, JSON_OPTION, HELP],
  examples: [
    {
      line: "pol log fsck decisions --key log.pub.pem",
      says: "derives every tile and the root from the entries; names file and byte of what is wrong",
    },
  ],
  exits: ["0 nothing is wrong", "1 something is"],
};

const logSearch: Command = {
  name: "log search",
  summary: "Find entries of a log",
  operands: PLACE,
  options: [
    withValue("agent", "ID", "who acts in the execution, or whom an entry is about"),
    withValue("action", "NAME", "of decisions: what was asked for"),
    withValue("verdict", "VERDICT", "of decisions", ["allow", "hold", "deny", "quarantine", "terminate"]),
    withValue("code", "CODE", "of decisions: rule, no_rule, input.missing …"),
    withValue("request-id", "ID", "of decisions: what the caller called the request"),
    withValue("kind", "KIND", "decision, outcome, event, execution …"),
    withValue("execution", "ID", "that an entry belongs to"),
    withValue("node", "NAME", "who wrote it"),
    withValue("id", "UUID", "of the entry"),
    withValue("leaf", "HASH", "the leaf hash, sha256:…"),
    withValue("children-of", "HASH", "entries that name this leaf hash as a parent"),
    withValue("parents-of", "HASH", "entries that the one with this leaf hash names"),
    withValue("from", "TIME", "not before this time, RFC 3339 with Z"),
    withValue("until", "TIME", "before this time"),
    withValue("limit", "N", "how many at most (default: 100)"),
    KEY,
    ...TRUST_OPTIONS,
    POLICY,
    ORIGIN,
    INDEX_FILE,
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log search decisions --verdict deny --agent invoice-bot",
      says: "what it was not allowed to do",
    },
    {
      line: "pol log search decisions --children-of sha256:… --key log.pub.pem",
      says: "what came of an entry",
    },
  ],
  exits: ["0 done, whether anything was found or not", WRONG],
};

const logExport: Command = {
  name: "log export",
  summary: "Print a log in a shape that other tools read",
  operands: PLACE,
  options: [
    withValue("format", "FORMAT", "one line an entry (default: jsonl)", ["jsonl", "cloudevents", "opa"]),
    switchOf("with-requests", null, "of --format opa: input, where the request is still there to be opened"),
    switchOf("with-sensitive", null, "with --with-requests: also the fields that are sensitive"),
    withValue("from", "N", "from this entry on (default: 0)"),
    withValue("to", "N", "up to, not including, this one (default: all)"),
    outputOption("FILE", "where to write; - for standard output (default: -)"),
    KEY,
    ...TRUST_OPTIONS,
    POLICY,
    ORIGIN,
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log export decisions --key log.pub.pem > entries.jsonl",
      says: "index, leaf hash and entry",
    },
    { line: "pol log export decisions --format cloudevents -o events.jsonl", says: "CloudEvents 1.0" },
    { line: "pol log export decisions --format opa | gzip > decisions.gz", says: "as OPA logs decisions" },
    {
      line: "pol log export decisions --format opa --with-requests -o decisions.jsonl",
      says: "with what was asked, which only you can read; sensitive fields are masked",
    },
  ],
  exits: ["0 done", WRONG],
};

/** Those that need no more than a log's public files. */
export const LOG_COMMANDS: readonly Command[] = [
  logGet,
  logTail,
  logTree,
  logConsistency,
  logFsck,
  logSearch,
  logExport,
];
