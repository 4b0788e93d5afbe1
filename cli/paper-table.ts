/** The rows of the table of commands for orders and approvals. */
import { type Command, files, HELP, JSON_OPTION, outputOption, required, withValue } from "./command.ts";

const ORDERS: readonly string[] = ["quarantine", "terminate", "release", "trust"];

const TRUST = required(
  withValue("trust", "PATH", "the trust root: a file, or a folder with 1.root.json, 2.root.json and so on"),
);
const PIN = withValue("pin", "DIGEST", "what the first version's digest must be");
const NOW = withValue("now", "TIME", "when, RFC 3339 with Z (default: now)");
const PLACE = [
  withValue("set", "NAME", "the policy set (default: the only one of the trust root)"),
  withValue("audience", "NAME", "where it runs (default: the only place of the trust root, or none)"),
];
const API_KEY = withValue("api-key", "FILE", "a file with the key for the service");

const issue: Command = {
  name: "order issue",
  summary: "Order that somebody is contained, free, or trusted to another degree",
  operands: { ...files(ORDERS.join("|"), 1, []), choices: ORDERS },
  options: [
    TRUST,
    required(withValue("key", "NAME.pem", "the private key of an issuer of the trust root")),
    required(withValue("reason", "TEXT", "why, on one line")),
    withValue("agent", "ENTITY", "about an agent, like Agent::a7"),
    withValue("workload", "DIGEST", "about all that run this image"),
    withValue("zone", "NAME", "about all in this zone"),
    withValue("containment", "UUID", "for release: the id of the log's entry that contained it last"),
    withValue("to", "N", "for trust: 0 to 1000"),
    ...PLACE,
    withValue("until", "TIME", "until when it may be taken in (default: in an hour)"),
    NOW,
    PIN,
    outputOption("FILE", "where to write it; - for standard output (default: ID.order.json)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol order issue quarantine --agent Agent::a7 --reason 'odd calls' --trust trust --key watch.pem",
      says: "writes an order; give it to the governor",
    },
    {
      line: "pol order issue trust --to 300 --zone dmz --reason audit --trust trust --key rating.pem",
      says: "trusts all in this zone no further than that",
    },
  ],
  exits: ["0 done", "1 the trust root is refused, or does not let this key say that"],
};

const verify: Command = {
  name: "order verify",
  summary: "Say whether an order would be taken in",
  operands: files("ORDER.json", 1, [".order.json"]),
  options: [TRUST, ...PLACE, NOW, PIN, JSON_OPTION, HELP],
  examples: [{ line: "pol order verify 0190….order.json --trust trust", says: "who ordered what, and why" }],
  exits: ["0 it would, unless it was before", "1 it would not"],
};

const SOURCE = "SOURCE";

const list: Command = {
  name: "approvals list",
  summary: "List what waits for approvals",
  operands: files(SOURCE, 1, [".json"]),
  options: [API_KEY, JSON_OPTION, HELP],
  examples: [
    { line: "pol approvals list http://localhost:8080 --api-key desk.key", says: "from a running pol serve" },
    { line: "pol approvals list pending.json", says: "from a file that somebody sent" },
  ],
  exits: ["0 done, also where nothing waits"],
};

const show: Command = {
  name: "approvals show",
  summary: "Show one request that waits for approvals",
  operands: { ...files(`${SOURCE} ID`, 2, [".json"]), min: 2 },
  options: [API_KEY, JSON_OPTION, HELP],
  examples: [{ line: "pol approvals show pending.json 0190…", says: "every field of the request" }],
  exits: ["0 done", "1 it does not wait, or is not what it says"],
};

const ANSWER = [
  TRUST,
  required(withValue("key", "NAME.pem", "your own private key, which the trust root has for you alone")),
  withValue("request", "DIGEST", "the request that pol approvals show has shown: no other one is answered"),
  API_KEY,
  ...PLACE,
  NOW,
  PIN,
  outputOption("FILE", "where to write it; - for standard output (default: send it, or ID.approval.json)"),
  JSON_OPTION,
  HELP,
];

const approve: Command = {
  name: "approvals approve",
  summary: "Approve one request that waits for it",
  operands: { ...files(`${SOURCE} ID`, 2, [".json"]), min: 2 },
  options: ANSWER,
  examples: [
    {
      line: "pol approvals approve http://localhost:8080 0190… --trust trust --key anna.pem --api-key k",
      says: "shows the request, signs the answer and sends it",
    },
    {
      line: "pol approvals approve pending.json 0190… --request sha256:… --trust trust --key anna.pem",
      says: "writes the answer to what pol approvals show has shown, to be given to the governor",
    },
  ],
  exits: ["0 done", "1 it does not wait, is not what it says, or is not taken"],
};

const reject: Command = {
  ...approve,
  name: "approvals reject",
  summary: "Reject one request that waits for approvals",
  examples: [
    { line: "pol approvals reject pending.json 0190… --trust trust --key anna.pem", says: "ends it" },
  ],
};

export const PAPER_COMMANDS: readonly Command[] = [issue, verify, list, show, approve, reject];
