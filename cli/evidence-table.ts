/** The rows of the table of commands for keys, signatures and logs. */
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
import { TRUST_DETAILS, TRUST_OPTIONS } from "./trust-options.ts";

const PRIVATE_KEY = "NAME.pem";
const PUBLIC_KEY = "NAME.pub.pem";

const keygen: Command = {
  name: "keygen",
  summary: "Make a key pair for signing",
  operands: { ...files("", 0, []), min: 0 },
  options: [
    required(
      outputOption("NAME", "write NAME.pem (private) and NAME.pub.pem (public); neither may be there"),
    ),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol keygen -o release",
      says: "writes release.pem, which only you can read, and release.pub.pem",
    },
  ],
  exits: ["0 done"],
};

const sign: Command = {
  name: "sign",
  summary: "Sign an evaluator, so that hosts load it",
  operands: files("FILE.wasm", 1, [".wasm"]),
  options: [
    required(withValue("key", PRIVATE_KEY, "the private key to sign with")),
    withValue("audience", "NAME", "where it may run; hosts of another audience refuse it (default: none)"),
    withValue("from", "TIME", "when it starts to be valid, RFC 3339 with Z (default: now)"),
    withValue("until", "TIME", "from when on it is refused (default: 90 days after --from)"),
    outputOption("OUT", "where to write the envelope; - for standard output (default: FILE with .dsse.json)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol sign payments.wasm --key release.pem",
      says: "writes payments.dsse.json, valid for 90 days",
    },
    {
      line: "pol sign payments.wasm --key release.pem --audience eu-1 --until 2027-01-01T00:00:00Z",
      says: "for the hosts of eu-1, until the end of the year",
    },
  ],
  exits: ["0 done", "1 the file is not an evaluator, or was changed"],
};

const verify: Command = {
  name: "verify",
  summary: "Say whether a host would load a signed evaluator",
  operands: files("FILE.wasm", 1, [".wasm"]),
  options: [
    required(withValue("key", PUBLIC_KEY, "the public key that is trusted")),
    withValue("envelope", "FILE.dsse.json", "its signature (default: FILE with .dsse.json)"),
    withValue("audience", "NAME", "where it is to run (default: none)"),
    withValue("name", "POLICY", "the policy that is expected (default: the one the evaluator says it is)"),
    withValue("now", "TIME", "when, RFC 3339 with Z (default: now)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    { line: "pol verify payments.wasm --key release.pub.pem", says: "signature, validity and module" },
    {
      line: "pol verify payments.wasm --key release.pub.pem --audience eu-1 --name payments",
      says: "as a host of eu-1 that expects the policy payments",
    },
  ],
  exits: ["0 a host would load it", "1 it is refused"],
};

const logAppend: Command = {
  name: "log append",
  summary: "Append entries to a log",
  operands: { ...files("DIR FILE…", Number.POSITIVE_INFINITY, [".json", ".jsonl"]), min: 2, isFolder: true },
  options: [
    required(withValue("key", PRIVATE_KEY, "the private key that signs the log's checkpoints")),
    withValue("origin", "NAME", "the log's name (default: its own; a new log gets one)"),
    withValue("node", "NAME", "who appends, where an entry does not say it (default: local)"),
    withValue(
      "anchor",
      "FOLDER",
      "where the last checkpoint is kept outside of the log (default: see the docs)",
    ),
    withValue("witnesses", "FILE", "a log policy: its witnesses cosign, as many as it wants"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log append decisions outcome.json --key log.pem",
      says: "one entry; v, id, at, node and seq may be left out",
    },
    {
      line: "pol log append decisions - --key log.pem < entries.jsonl",
      says: "one entry a line: all or none",
    },
  ],
  exits: ["0 done", "1 an entry is refused, and none is appended"],
};

const logCheckpoint: Command = {
  name: "log checkpoint",
  summary: "Sign for everything that is in a log",
  operands: { ...files("DIR", 1, []), isFolder: true },
  options: [
    required(withValue("key", PRIVATE_KEY, "the private key that signs the log's checkpoints")),
    withValue(
      "anchor",
      "FOLDER",
      "where the last checkpoint is kept outside of the log (default: see the docs)",
    ),
    withValue("witnesses", "FILE", "a log policy: its witnesses cosign, as many as it wants"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log checkpoint decisions --key log.pem",
      says: "where whoever wrote to it was interrupted before the last checkpoint",
    },
  ],
  exits: ["0 done"],
};

const logProve: Command = {
  name: "log prove",
  summary: "Write the proof that a log has an entry",
  operands: { ...files("DIR|URL", 1, []), isFolder: true },
  options: [
    withValue("index", "N", "which entry, from 0"),
    withValue("id", "UUID", "or its id, which is looked up in the index"),
    required(outputOption("P.tlog-proof", "where to write the proof; the entry goes beside it, into P.json")),
    switchOf("opening", null, "also write P.opening.json, which reveals the request"),
    withValue("policy", "FILE", "a log policy: refuse where fewer have cosigned than it wants"),
    withValue("trust", "PATH", "a trust root, file or folder: refuse where no key that it names signed"),
    ...TRUST_DETAILS,
    withValue(
      "index-file",
      "FILE",
      "with --id: where the index lies (default: DIR/index.sqlite, or a cache)",
    ),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log prove decisions --index 7 -o refund.tlog-proof",
      says: "writes refund.tlog-proof and refund.json: whoever has the public key can check them",
    },
    {
      line: "pol log prove decisions --index 7 -o refund.tlog-proof --opening",
      says: "and refund.opening.json, with the request that was decided",
    },
  ],
  exits: ["0 done", "1 the log has no such entry, or no checkpoint covers it yet"],
};

const logVerify: Command = {
  name: "log verify",
  summary: "Check a proof, or a whole log",
  operands: { ...files("P.tlog-proof|DIR|URL", 1, [".tlog-proof"]), isFolder: true },
  options: [
    withValue("key", PUBLIC_KEY, "the public key of the log"),
    ...TRUST_OPTIONS,
    withValue("policy", "FILE", "of a proof: a log policy, whose logs are trusted and whose quorum cosigned"),
    withValue("origin", "NAME", "the log that is meant (default: any that the key signed)"),
    withValue("since", "CHECKPOINT", "of a log: it must go on from this checkpoint, which was kept"),
    withValue("keep", "FILE", "of a log: as --since where FILE is there; then keep the new checkpoint in it"),
    withValue("evidence", "FILE", "of a log: where it shows two histories, what shows it to others"),
    switchOf("all", null, "of a log: read also the entries that the kept checkpoint covers"),
    withValue("record", "R.json", "of a proof: the entry (default: P.json)"),
    withValue("opening", "O.json", "of a proof: the request that was decided, to be checked too"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol log verify refund.tlog-proof --record refund.json --key log.pub.pem",
      says: "needs nothing of the log but its public key",
    },
    {
      line: "pol log verify refund.tlog-proof --policy policy.txt",
      says: "and that as many witnesses have cosigned as the policy wants",
    },
    {
      line: "pol log verify refund.tlog-proof --trust trust",
      says: "by the keys that the trust root has for this log",
    },
    {
      line: "pol log verify decisions --key log.pub.pem",
      says: "every entry, from the first byte to the last",
    },
    {
      line: "pol log verify https://logs.example.com/eu/ --key log.pub.pem --keep seen.txt",
      says: "what is new since the last time; both checkpoints, where it shows another history",
    },
    {
      line: "pol log verify decisions --key log.pub.pem --origin example.com/payments",
      says: "and that it is this log: one key may sign several",
    },
  ],
  exits: ["0 everything is as it was logged", "1 something is not"],
};

export const EVIDENCE_COMMANDS: readonly Command[] = [
  keygen,
  sign,
  verify,
  logAppend,
  logCheckpoint,
  logProve,
  logVerify,
];
