/** The rows of the table of commands for statements about what runs. */
import { ENVIRONMENTS, HARDWARES } from "@polity/governor/papers/attestation.ts";
import { type Command, files, HELP, JSON_OPTION, outputOption, required, withValue } from "./command.ts";

const TRUST = required(
  withValue("trust", "PATH", "the trust root: a file, or a folder with 1.root.json, 2.root.json and so on"),
);
const SCOPE = [
  withValue("set", "NAME", "the policy set (default: the only one of the trust root)"),
  withValue("audience", "NAME", "where it runs (default: the only place of the trust root, or none)"),
];
const NOW = withValue("now", "TIME", "when, RFC 3339 with Z (default: now)");
const PIN = withValue("pin", "DIGEST", "what the first version's digest must be");

const issue: Command = {
  name: "attest issue",
  summary: "Say, signed, which image runs as an agent, where and on what",
  operands: files("NAME@sha256:HEX", 1, []),
  options: [
    TRUST,
    required(withValue("key", "NAME.pem", "the private key of an attester of the trust root")),
    required(withValue("agent", "ENTITY", "as whom it acts, like Agent::a7; nobody else can show it")),
    required(withValue("environment", "NAME", "at which stage it is", ENVIRONMENTS)),
    required(withValue("hardware", "NAME", "what protects its memory", HARDWARES)),
    ...SCOPE,
    withValue("until", "TIME", "until when it holds, at most 7 days (default: an hour)"),
    NOW,
    PIN,
    outputOption("FILE", "where to write it; - for standard output (default: attestation.json)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line:
        "pol attest issue registry.example.com/agent@sha256:… --agent Agent::a1 --environment production " +
        "--hardware tpm --trust trust --key launcher.pem",
      says: "what starts workloads writes for each of them; issue it again before it ends",
    },
  ],
  exits: ["0 done", "1 the trust root is refused, or does not let this key say that"],
};

const verify: Command = {
  name: "attest verify",
  summary: "Say whether a statement about what runs would be believed",
  operands: files("FILE", 1, [".json"]),
  options: [
    TRUST,
    withValue("agent", "ENTITY", "who would show it (default: whom it is about)"),
    ...SCOPE,
    NOW,
    PIN,
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol attest verify attestation.json --trust trust --agent Agent::a1",
      says: "what it fills in, or why nothing of it counts",
    },
  ],
  exits: ["0 it would", "1 it would not"],
};

const show: Command = {
  name: "attest show",
  summary: "Show what a statement about what runs says, believed or not",
  operands: files("FILE", 1, [".json"]),
  options: [JSON_OPTION, HELP],
  examples: [{ line: "pol attest show attestation.json", says: "without asking who has signed it" }],
  exits: ["0 done", "1 it is no such statement"],
};

export const ATTESTATION_COMMANDS: readonly Command[] = [issue, verify, show];
