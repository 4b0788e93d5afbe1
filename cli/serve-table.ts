/** The rows of the table of commands for the service, and for the keys of its clients. */
import {
  type Command,
  files,
  HELP,
  JSON_OPTION,
  required,
  severalOf,
  switchOf,
  withValue,
} from "./command.ts";
import { GOVERNOR_OPTIONS } from "./governor-table.ts";

const KEYS = required(withValue("keys", "KEYS.json", "the file of the clients' keys"));

const USUAL = "--keys keys.json --log decisions --key log.pem";
const SIGNED = "--trust trust --freshness now.fresh.json --floor floor";
const EVERYWHERE = "--listen 0.0.0.0:8470 --tls-cert cert.pem --tls-key tls.pem";

const serve: Command = {
  name: "serve",
  summary: "Answer over HTTP: decisions, executions, approvals and orders",
  operands: { ...files("", 0, []), min: 0 },
  options: [
    required(withValue("policy", "FILE", "a policy, an evaluator, or with --trust a signed bundle")),
    KEYS,
    required(withValue("log", "DIR", "the log, in which everything that is asked is")),
    required(withValue("key", "NAME.pem", "the private key that signs the log")),
    withValue("facts", "FACTS", "the facts, where the policy has any"),
    withValue("root", "DIR", "the project, from which files may be imported (default: FILE's folder)"),
    withValue("listen", "HOST:PORT", "where to answer (default: 127.0.0.1:8470; port 0: any)"),
    withValue("tls-cert", "CERT.pem", "the server's certificate, with those that vouch for it"),
    withValue("tls-key", "KEY.pem", "its private key"),
    switchOf("plain", null, "plain HTTP for other machines: something in front of this has TLS"),
    withValue("node", "NAME", "who decides, in the log (default: local)"),
    withValue("origin", "NAME", "what the log is called (default: made up)"),
    withValue("anchor", "DIR", "where the last checkpoint is kept, outside of the log"),
    withValue("witnesses", "POLICY", "who cosigns checkpoints: a tlog-policy file"),
    switchOf("relaxed", null, "answer before an entry is on the disk: faster, and may lose some"),
    ...GOVERNOR_OPTIONS,
    switchOf("json", null, "print JSON, one line for each event"),
    HELP,
  ],
  examples: [
    {
      line: `pol serve --policy payments.pol --facts facts.json ${USUAL}`,
      says: "answers on this machine until it is told to end",
    },
    {
      line: `pol serve --policy 7.tar ${SIGNED} ${USUAL} ${EVERYWHERE}`,
      says: "a signed bundle, for other machines",
    },
  ],
  exits: ["0 done", "1 the policy has errors, or the bundle is refused"],
};

const add: Command = {
  name: "api-key add",
  summary: "Make a key for a client, and show it once",
  operands: files("NAME", 1, []),
  options: [
    KEYS,
    severalOf(
      withValue("may", "RIGHT", "what it is for; may come often (default: decide and execute)", [
        "decide",
        "execute",
        "approve",
        "order",
      ]),
    ),
    severalOf(withValue("agent", "TYPE::ID", "whom it speaks for; may come often (default: any)")),
    severalOf(withValue("action", "ACTION", "what it may ask about; may come often (default: anything)")),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol api-key add billing --keys keys.json --agent Agent::a1 --action transfer",
      says: "prints the key; the file has its hash alone",
    },
  ],
  exits: ["0 done"],
};

const list: Command = {
  name: "api-key list",
  summary: "Show whose keys there are, and what they are for",
  operands: { ...files("", 0, []), min: 0 },
  options: [KEYS, JSON_OPTION, HELP],
  examples: [{ line: "pol api-key list --keys keys.json", says: "a line for each" }],
  exits: ["0 done"],
};

const remove: Command = {
  name: "api-key remove",
  summary: "Take a client's key back",
  operands: files("NAME", 1, []),
  options: [KEYS, JSON_OPTION, HELP],
  examples: [
    {
      line: "pol api-key remove billing --keys keys.json",
      says: "also in a service that runs with the file",
    },
  ],
  exits: ["0 done", "1 there is no such key"],
};

export const SERVE_COMMANDS: readonly Command[] = [serve, add, list, remove];
