/** The rows of the table of commands for servers of tools, and for what stands between them and agents. */
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
import { GOVERNOR_OPTIONS } from "./governor-table.ts";

const SERVER = withValue("server", "NAME", "what policies call the server, whatever it calls itself");

/** In the place of a command behind `--`. */
const UPSTREAM = [
  withValue("upstream", "URL", "the server's address, where it is asked over HTTP, in place of COMMAND"),
  withValue("upstream-token", "FILE", "with --upstream: the bearer token that it is shown, watched"),
  switchOf("upstream-plain", null, "with --upstream: plain HTTP to another machine, on a way that is safe"),
];

const importMcp: Command = {
  name: "import mcp",
  summary: "Write actions and a first policy for the tools of an MCP server",
  operands: { ...files("[TOOLS.json]", 1, [".json"]), min: 0 },
  behind: "COMMAND…",
  options: [
    required(SERVER),
    outputOption("FILE.pol", "where to write the policy, a new file (default: standard output)"),
    withValue("pins", "PINS.json", "also write which definitions of tools were read, a new file"),
    ...UPSTREAM,
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol import mcp --server files -o files.pol --pins files.pins.json -- npx mcp-server-files /srv",
      says: "asks a server that is started for it; what a policy cannot say is listed",
    },
    { line: "pol import mcp tools.json --server files", says: "from what `tools/list` answered" },
  ],
  exits: ["0 done", "1 there is nothing that a policy could be made of"],
};

const pins: Command = {
  name: "gateway pins",
  summary: "Say which tools of a server are accepted, and accept what is new or has changed",
  operands: { ...files("PINS.json", 1, [".json"]) },
  behind: "COMMAND…",
  options: [
    withValue("tools", "TOOLS.json", "what `tools/list` answered, in place of COMMAND"),
    severalOf(withValue("accept", "TOOL", "accept its definition as it is now; may come often")),
    switchOf("accept-all", null, "accept every definition as it is now"),
    ...UPSTREAM,
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol gateway pins files.pins.json -- npx mcp-server-files /srv",
      says: "what is new or has changed",
    },
    {
      line: "pol gateway pins files.pins.json --accept read_file -- npx mcp-server-files /srv",
      says: "from now on the gateway lets read_file be called as it is now described",
    },
  ],
  exits: ["0 all are accepted", "1 some are new, have changed or are gone"],
};

const mcp: Command = {
  name: "gateway mcp",
  summary: "Put a governor between an MCP client and a server: each call is judged before it is made",
  operands: { ...files("", 0, []), min: 0 },
  behind: "COMMAND…",
  options: [
    required(withValue("policy", "FILE", "a policy, an evaluator, or with --trust a signed bundle")),
    withValue("facts", "FACTS.json", "the facts, where the policy has any"),
    withValue("root", "DIR", "the project, from which files may be imported (default: FILE's folder)"),
    required(SERVER),
    ...UPSTREAM,
    withValue("agent", "TYPE::ID", "who calls; with --listen, where it is not said by the key"),
    withValue("listen", "HOST:PORT", "serve clients over HTTP there, a server for each session"),
    withValue("keys", "KEYS.json", "with --listen: the file of the clients' keys"),
    severalOf(withValue("host", "NAME", "with --listen: a name of this host; may come often")),
    withValue("sessions", "N", "with --listen: open at once at most (default: 64)"),
    withValue("tls-cert", "CERT.pem", "with --listen: the certificate, with those that vouch for it"),
    withValue("tls-key", "KEY.pem", "its private key"),
    switchOf("plain", null, "plain HTTP for other machines: something in front of this has TLS"),
    withValue("purpose", "TEXT", "what for, as it is written down"),
    withValue(
      "attestation",
      "FILE",
      "with --trust: a signed statement about what runs; watched while it runs",
    ),
    withValue("pins", "PINS.json", "tools that were accepted (default: what a tool says first counts)"),
    required(withValue("log", "DIR", "the log, in which everything that is tried is")),
    required(withValue("key", "NAME.pem", "the private key that signs the log")),
    withValue("node", "NAME", "who decides, in the log (default: local)"),
    withValue("origin", "NAME", "what the log is called (default: made up)"),
    withValue("anchor", "DIR", "where the last checkpoint is kept, outside of the log"),
    withValue("witnesses", "POLICY", "who cosigns checkpoints: a tlog-policy file"),
    switchOf("relaxed", null, "let a call go before its entry is on the disk: faster, and may lose some"),
    ...GOVERNOR_OPTIONS,
    HELP,
  ],
  examples: [
    {
      line: "pol gateway mcp --policy p.pol --server files --agent Agent::a1 … -- npx mcp-server-files /srv",
      says: "what a client starts in place of the server",
    },
    {
      line: "pol gateway mcp --listen 127.0.0.1:8471 --keys keys.json … -- npx mcp-server-files /srv",
      says: "for clients that speak streamable HTTP, at http://127.0.0.1:8471/mcp",
    },
    {
      line: "pol gateway mcp --upstream https://tools.example.com/mcp --upstream-token tools.token …",
      says: "before a server that is somewhere else",
    },
  ],
  exits: ["0 the client has ended", "1 the session was closed, which standard error explains"],
};

export const GATEWAY_COMMANDS: readonly Command[] = [importMcp, mcp, pins];
