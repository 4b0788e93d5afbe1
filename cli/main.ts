/** `pol`: finds the command, runs it, and turns what goes wrong into one line and an exit code. */
import { nearest } from "@polity/compiler/2-check/suggest.ts";
import { COMMANDS, type Command, type CommandName, GLOBAL_OPTIONS } from "./command-table.ts";
import { EXIT, type Failure, failure, isFailure } from "./failure.ts";
import { commandHelp, overview } from "./help.ts";
import { type Invocation, readInvocation } from "./invocation.ts";
import { paintFor, printLine, watchStreams, write } from "./terminal.ts";
import { version } from "./version.ts";
import { quoted } from "./words.ts";

interface Runnable {
  readonly run: (invocation: Invocation) => Promise<number>;
}

/** A command is loaded when it runs: completion must not wait for a compiler. */
const LOADERS: Readonly<Record<CommandName, () => Promise<Runnable>>> = {
  check: () => import("./commands/check.ts"),
  test: () => import("./commands/test.ts"),
  build: () => import("./commands/build.ts"),
  inspect: () => import("./commands/inspect.ts"),
  decide: () => import("./commands/decide.ts"),
  completion: () => import("./commands/completion.ts"),
};

watchStreams();
process.on("uncaughtException", (error) => {
  process.exit(tell(error));
});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = tell(error);
}

async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined) {
    await write(overview(paintFor("error")), "error");
    return EXIT.usage;
  }
  if (first === "help") return help(rest);
  if (first.startsWith("-")) return global(first, rest);
  const command = commandOf(first);
  const invocation = readInvocation(command, rest);
  if (invocation.switches.has("help")) return help([first]);
  const { run } = await LOADERS[command.name]();
  return run(invocation);
}

async function help(names: readonly string[]): Promise<number> {
  const paint = paintFor("out");
  const [name] = names;
  await write(name === undefined ? overview(paint) : commandHelp(commandOf(name), paint));
  return EXIT.done;
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

function commandOf(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const near = nearest(name, [...COMMANDS.map((candidate) => candidate.name), "help"]);
  const hint = near === null ? "see pol --help" : `did you mean ${near}?`;
  throw failure(`unknown command ${quoted(name)}`, hint);
}

/** Says what went wrong on standard error and answers with the exit code. */
function tell(error: unknown): number {
  const paint = paintFor("error");
  if (isFailure(error)) {
    process.stderr.write(failureText(error));
    return error.exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  const [firstLine] = message.split("\n");
  const word = paint("error", "error");
  const more = process.env.POL_DEBUG === "1" ? "" : "; POL_DEBUG=1 shows where";
  process.stderr.write(`pol: ${word}: this is a bug in pol, not in your files: ${firstLine}${more}\n`);
  if (process.env.POL_DEBUG === "1" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return EXIT.bug;
}

function failureText({ message, hint }: Failure): string {
  const paint = paintFor("error");
  const line = `pol: ${paint("error", "error")}: ${message}\n`;
  return hint === null ? line : `${line}  ${paint("hint", "hint")}: ${hint}\n`;
}
