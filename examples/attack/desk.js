/** The bank's folder: keys, a signed policy, and the gateway as a process, to which an attacker may write. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { entriesIn, pol, startPol, until } from "../shared/pol.js";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

export const TRANSFER = {
  name: "transfer",
  description: "Send money",
  inputSchema: {
    type: "object",
    properties: { amount: { type: "integer" }, to: { type: "string" } },
    required: ["amount", "to"],
  },
};

export function makeDesk() {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "polity-attack-")));
  for (const name of ["policy.pol", "facts.json", "set.json", "plan.json"])
    cpSync(here(name), join(dir, name));
  for (const name of ["trust", "papers"]) mkdirSync(join(dir, name));
  for (const who of ["root", "anna", "mallory", "log"]) pol(dir, "keygen", "-o", who);
  pol(dir, "trust", "init", "--plan", "plan.json", "--sign", "root.pem", "-o", "trust/1.root.json");
  pol(dir, "facts", "sign", "facts.json", "--set", "bank", "--key", "root.pem");
  publish(dir, 1);
  put(dir, "back", "0");
  put(dir, "calls", "");
  put(dir, "tools", JSON.stringify([TRANSFER]));
  const pins = ["-o", "imported.pol", "--pins", "pins.json"];
  pol(dir, "import", "mcp", "--server", "bank", ...pins, "--", ...server(dir));
  return dir;
}

/** An epoch of the policy that lies there, under a signature and a note that it is the latest. */
export function publish(dir, epoch) {
  const scope = ["--set", "bank", "--audience", "desk", "--epoch", `${epoch}`, "--facts", "facts.json"];
  for (const name of ["bank.tar", "bank.fresh.json"]) rmSync(join(dir, name), { force: true });
  pol(dir, "bundle", "create", "set.json", ...scope, "-o", "bank.tar");
  pol(dir, "bundle", "sign", "bank.tar", "--key", "root.pem");
  pol(dir, "freshness", "issue", "--trust", "trust", "--bundle", "bank.tar", "--key", "root.pem");
}

export const put = (dir, name, text) => writeFileSync(join(dir, name), text);
export const read = (dir, name) => readFileSync(join(dir, name), "utf8");
export const callsOf = (dir) => read(dir, "calls").split("\n").length - 1;

/** Everything that is in the log. */
export function entriesOf(dir) {
  if (!existsSync(join(dir, "decisions"))) return [];
  pol(dir, "log", "checkpoint", "decisions", "--key", "log.pem");
  return entriesIn(dir, "decisions");
}

function server(dir) {
  const env = [`CALLS=${join(dir, "calls")}`, `TOOLS=${join(dir, "tools")}`];
  return ["env", ...env, process.execPath, here("bank-server.js")];
}

/** The gateway as its client starts it; what comes out is answers, by their ids. */
export function startGateway(dir, more = []) {
  const policy = [
    "--policy",
    "bank.tar",
    "--trust",
    "trust",
    "--freshness",
    "bank.fresh.json",
    "--floor",
    "floor",
  ];
  const isFirst = existsSync(join(dir, "floor")) ? [] : ["--first-start"];
  const who = ["--server", "bank", "--agent", "Agent::buyer", "--pins", "pins.json", "--papers", "papers"];
  const log = ["--log", "decisions", "--key", "log.pem"];
  const args = ["gateway", "mcp", ...policy, ...isFirst, ...who, ...log, ...more, "--", ...server(dir)];
  const env = { CLOCK_BACK_MS_FILE: join(dir, "back") };
  const started = startPol(dir, args, { env, imports: [here("clock.js")] });
  const answers = [];
  createInterface({ input: started.child.stdout }).on("line", (line) => {
    const message = line.startsWith("{") ? JSON.parse(line) : {};
    // What has no id answers nothing.
    if ("id" in message) answers.push(message);
  });
  // Whoever writes to a gateway that is gone is told nothing.
  started.child.stdin.on("error", () => {});
  const write = (text) => started.child.stdin.write(`${text}\n`);
  /** Sends this text, and waits until there is one more answer. */
  const say = async (text) => {
    const before = answers.length;
    write(text);
    await until(`an answer to ${text}: ${started.told.error}`, () => answers.length > before);
    return saidBy(answers[before]);
  };
  const hello = async () => {
    const params =
      '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}';
    await say(`{"jsonrpc":"2.0","id":"hello","method":"initialize","params":${params}}`);
    write('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  };
  return { ...started, write, say, hello };
}

/** Of an answer: the code, the entry that it names, and what is awaited. */
export function saidBy({ result, error }) {
  const {
    code = `${error?.code}`,
    entry = null,
    pending = null,
  } = result?.structuredContent ?? error?.data ?? {};
  const text = result?.content?.[0]?.text ?? "";
  return { code: pending === null ? code : "held", entry, pending, text, isSent: text.startsWith("sent") };
}
