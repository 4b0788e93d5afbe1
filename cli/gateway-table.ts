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

const SERVER = withValue("server", "NAME", "what policies call the server, whatever it calls itself");

const importMcp: Command = {
  name: "import mcp",
  summary: "Write actions and a first policy for the tools of an MCP server",
  operands: { ...files("[TOOLS.json]", 1, [".json"]), min: 0 },
  behind: "COMMAND…",
  options: [
    required(SERVER),
    outputOption("FILE.pol", "where to write the policy, a new file (default: standard output)"),
    withValue("pins", "PINS.json", "also write which definitions of tools were read, a new file"),
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

export const GATEWAY_COMMANDS: readonly Command[] = [importMcp, pins];
