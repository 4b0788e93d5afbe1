/** `pol`: finds the command, runs it, and turns what goes wrong into one line and an exit code. */
import { nearest } from "@polity/compiler/2-check/suggest.ts";
import type { CommandName } from "./command.ts";
import { COMMANDS, GLOBAL_OPTIONS } from "./command-table.ts";
import { EXIT, failure, isFailure } from "./failure.ts";
import { findCommand, GROUPS, type Group, incomplete } from "./find-command.ts";
import { commandHelp, groupHelp, overview } from "./help.ts";
import { type Invocation, readInvocation } from "./invocation.ts";
import { tellFailure } from "./tell.ts";
import { type Paint, paintFor, printLine, watchStreams, write } from "./terminal.ts";
import { version } from "./version.ts";
import { quoted } from "./words.ts";

interface Runnable {
  readonly run: (invocation: Invocation) => Promise<number>;
}

/** A command is loaded when it runs: completion must not wait for a compiler. */
const LOADERS: Readonly<Record<CommandName, () => Promise<Runnable>>> = {
  check: () => import("./commands/check.ts"),
  fmt: () => import("./commands/fmt.ts"),
  test: () => import("./commands/test.ts"),
  build: () => import("./commands/build.ts"),
  inspect: () => import("./commands/inspect.ts"),
  decide: () => import("./commands/decide.ts"),
  "facts build": () => import("./commands/facts-build.ts"),
  "facts inspect": () => import("./commands/facts-inspect.ts"),
  "facts sign": () => import("./commands/facts-sign.ts"),
  "bundle create": () => import("./commands/bundle-create.ts"),
  "bundle sign": () => import("./commands/bundle-sign.ts"),
  "bundle verify": () => import("./commands/bundle-verify.ts"),
  "bundle inspect": () => import("./commands/bundle-inspect.ts"),
  rebuild: () => import("./commands/rebuild.ts"),
  keygen: () => import("./commands/keygen.ts"),
  sign: () => import("./commands/sign.ts"),
  verify: () => import("./commands/verify.ts"),
  "log append": () => import("./commands/log-append.ts"),
  "log checkpoint": () => import("./commands/log-checkpoint.ts"),
  "log prove": () => import("./commands/log-prove.ts"),
  "log verify": () => import("./commands/log-verify.ts"),
  "log compare": () => import("./commands/log-compare.ts"),
  "log witness": () => import("./commands/log-witness.ts"),
  "log vkey": () => import("./commands/log-vkey.ts"),
  "log get": () => import("./commands/log-get.ts"),
  "log tail": () => import("./commands/log-tail.ts"),
  "log tree": () => import("./commands/log-tree.ts"),
  "log consistency": () => import("./commands/log-consistency.ts"),
  "log fsck": () => import("./commands/log-fsck.ts"),
  "log search": () => import("./commands/log-search.ts"),
  "log export": () => import("./commands/log-export.ts"),
  "trust init": () => import("./commands/trust-init.ts"),
  "trust rotate": () => import("./commands/trust-rotate.ts"),
  "trust sign": () => import("./commands/trust-sign.ts"),
  "trust show": () => import("./commands/trust-show.ts"),
  "freshness issue": () => import("./commands/freshness-issue.ts"),
  "freshness check": () => import("./commands/freshness-check.ts"),
  "order issue": () => import("./commands/order-issue.ts"),
  "order verify": () => import("./commands/order-verify.ts"),
  "attest issue": () => import("./commands/attest-issue.ts"),
  "attest verify": () => import("./commands/attest-verify.ts"),
  "attest show": () => import("./commands/attest-show.ts"),
  "obligations list": () => import("./commands/obligations-list.ts"),
  "approvals list": () => import("./commands/approvals-list.ts"),
  "approvals show": () => import("./commands/approvals-show.ts"),
  "approvals approve": () => import("./commands/approvals-approve.ts"),
  "approvals reject": () => import("./commands/approvals-reject.ts"),
  "log open": () => import("./commands/log-open.ts"),
  "log redact": () => import("./commands/log-redact.ts"),
  replay: () => import("./commands/replay.ts"),
  "permit issue": () => import("./commands/permit-issue.ts"),
  "permit verify": () => import("./commands/permit-verify.ts"),
  "import mcp": () => import("./commands/import-mcp.ts"),
  "gateway mcp": () => import("./commands/gateway-mcp.ts"),
  "gateway pins": () => import("./commands/gateway-pins.ts"),
  serve: () => import("./commands/serve.ts"),
  "api-key add": () => import("./commands/api-key-add.ts"),
  "api-key list": () => import("./commands/api-key-list.ts"),
  "api-key remove": () => import("./commands/api-key-remove.ts"),
  completion: () => import("./commands/completion.ts"),
};

watchStreams();
process.on("uncaughtException", async (error) => {
  process.exit(await tell(error));
});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = await tell(error);
}

async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined) {
    await write(overview(paintFor("error")), "error");
    return EXIT.usage;
  }
  if (first === "help") return help(rest);
  if (first.startsWith("-")) return global(first, rest);
  const { command, name, rest: given } = findCommand(args);
  if (command === null) return group(name, given);
  const invocation = readInvocation(command, given);
  if (invocation.switches.has("help")) return help([name]);
  const { run } = await LOADERS[command.name]();
  return run(invocation);
}

async function help(names: readonly string[]): Promise<number> {
  const paint = paintFor("out");
  const words = names.flatMap((name) => name.split(" "));
  await write(words.length === 0 ? overview(paint) : helpOf(words, paint));
  return EXIT.done;
}

function helpOf(words: readonly string[], paint: Paint): string {
  const { command, name } = findCommand(words);
  return command === null ? groupHelp(groupOf(name), paint) : commandHelp(command, paint);
}

/** `pol log`, and whatever is asked about it. */
async function group(name: string, [option]: readonly string[]): Promise<number> {
  if (option === "--help" || option === "-h") return help([name]);
  throw incomplete(groupOf(name));
}

function groupOf(name: string): Group {
  const found = GROUPS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`${name} is no group of commands`);
  return found;
}

/** `pol --version`, `pol --help`, and anything else that starts with a dash. */
async function global(first: string, rest: readonly string[]): Promise<number> {
  const json = first === "--json" || rest.includes("--json");
  const option = first === "--json" ? rest[0] : first;
  if (option === "--version" || option === "-V") {
    await printLine(json ? JSON.stringify({ version, node: process.versions.node }) : `pol ${version}`);
    return EXIT.done;
  }
  if (option === "--help" || option === "-h") {
    if (!json) return help([]);
    await printLine(JSON.stringify({ commands: COMMANDS, options: GLOBAL_OPTIONS }));
    return EXIT.done;
  }
  if (json) throw failure("--json stands after the command", "pol check --json FILE");
  const near = nearest(
    first.replace(/^-+/, ""),
    GLOBAL_OPTIONS.map(({ name }) => name),
  );
  throw failure(
    `unknown option ${quoted(first)}`,
    near === null ? "see pol --help" : `did you mean --${near}?`,
  );
}

/** Says what went wrong on standard error and answers with the exit code. */
async function tell(error: unknown): Promise<number> {
  if (isFailure(error)) {
    await tellFailure(error);
    return error.exitCode;
  }
  const isDebugging = process.env.POL_DEBUG === "1";
  const [firstLine] = (error instanceof Error ? error.message : String(error)).split("\n");
  await tellFailure({
    message: `this is a bug in pol, not in your files: ${firstLine}`,
    hint: isDebugging ? null : "POL_DEBUG=1 shows where",
  });
  if (isDebugging && error instanceof Error) await printLine(String(error.stack), "error");
  return EXIT.bug;
}
