/** The rows of the table of commands for witnesses, and for two histories of one log. */
import {
  type Command,
  files,
  HELP,
  JSON_OPTION,
  outputOption,
  required,
  switchOf,
  withValue,
} from "./command.ts";
import { TRUST_OPTIONS } from "./trust-options.ts";

const logWitness: Command = {
  name: "log witness",
  summary: "Watch logs, and cosign what continues them",
  operands: { ...files("DIR", 1, []), isFolder: true },
  options: [
    required(withValue("key", "NAME.pem", "the witness's private key; for nothing else")),
    required(withValue("name", "NAME", "the witness's name, such as witness.example/w1")),
    required(withValue("policy", "FILE", "a log policy: its log lines are the logs to watch")),
    withValue("listen", "HOST:PORT", "where to take checkpoints (default: 127.0.0.1:6962; port 0: any)"),
    switchOf("once", null, "end after the first request that was judged"),
    switchOf("json", null, "print JSON, one line for each event"),
    HELP,
  ],
  examples: [
    {
      line: "pol log witness seen --key witness.pem --name witness.example/w1 --policy logs.txt",
      says: "remembers in seen/ what it has cosigned, until it is told to end",
    },
  ],
  exits: ["0 done", "1 what it remembers was changed, so it cosigns nothing"],
};

const logVkey: Command = {
  name: "log vkey",
  summary: "Print a key as log policies have it",
  operands: files("NAME.pub.pem", 1, [".pem"]),
  options: [
    required(withValue("name", "NAME", "the log's name, or the witness's")),
    switchOf("witness", null, "the key of a witness (default: of a log)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log vkey log.pub.pem --name example.com/payments",
      says: "for a line `log` of a policy",
    },
    {
      line: "pol log vkey witness.pub.pem --name witness.example/w1 --witness",
      says: "for a line `witness`",
    },
  ],
  exits: ["0 done"],
};

const logCompare: Command = {
  name: "log compare",
  summary: "Say whether two checkpoints contradict each other",
  operands: { ...files("A [B]", 2, []), min: 1 },
  options: [
    withValue("key", "NAME.pub.pem", "the public key of the log"),
    ...TRUST_OPTIONS,
    withValue("log", "DIR|URL", "the log itself, for the proof between different sizes"),
    outputOption("E.fork", "where to write the evidence, if they contradict each other"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log compare mine.tlog-proof theirs.checkpoint --key log.pub.pem --log decisions",
      says: "two checkpoints, or proofs with one, that the log gave to different people",
    },
    {
      line: "pol log compare mine.tlog-proof --key log.pub.pem --log https://log.example.com/ -o two.fork",
      says: "with what the log says now",
    },
    {
      line: "pol log compare two.fork --key log.pub.pem",
      says: "whether such evidence holds, for anybody who has the key",
    },
    {
      line: "pol log compare mine.checkpoint theirs.checkpoint --trust trust --log decisions",
      says: "by the keys that a trust root has for this log, up to the sizes that they count for",
    },
  ],
  exits: [
    "0 the larger one begins with the smaller one",
    "1 they contradict each other, or the evidence holds",
    "2 they cannot be compared",
  ],
};

export const WITNESS_COMMANDS: readonly Command[] = [logWitness, logCompare, logVkey];
