/**
 * From an MCP `tools/call` message to a request that the policy can judge: a table, tool by tool. What
 * the table does not know is passed on under its own name, so that the evaluator refuses it instead of
 * missing it.
 */

export interface ToolCall {
  readonly id: number;
  readonly params: {
    readonly name: string;
    readonly arguments?: Readonly<Record<string, unknown>> | undefined;
  };
}

export interface Request {
  readonly action: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A line of a requests file. */
export interface RequestLine extends Request {
  readonly id: number;
  /** RFC 3339. */
  readonly now: string;
  readonly trust: number;
}

/**
 * As it is; how many bytes it has in UTF-8; how many members it has; left out, since no answer hangs on
 * it.
 */
type Reading = "value" | "bytes" | "count" | "unread";

interface Tool {
  readonly action: string;
  /** Argument -> field and how its value is read. */
  readonly arguments: ReadonlyMap<string, readonly [field: string, reading: Reading]>;
}

const PATH = ["path", ["path", "value"]] as const;

function tool(action: string, ...args: (readonly [string, readonly [string, Reading]])[]): Tool {
  return { action, arguments: new Map(args) };
}

function unread(name: string): readonly [string, readonly [string, Reading]] {
  return [name, [name, "unread"]];
}

export const TOOLS: ReadonlyMap<string, Tool> = new Map([
  ["list_allowed_directories", tool("list_roots")],
  ["list_directory", tool("look", PATH)],
  ["list_directory_with_sizes", tool("look", PATH, unread("sortBy"))],
  ["directory_tree", tool("look", PATH, unread("excludePatterns"))],
  ["get_file_info", tool("look", PATH)],
  ["search_files", tool("search", PATH, ["pattern", ["pattern", "value"]], unread("excludePatterns"))],
  ["read_file", tool("read", PATH, unread("head"), unread("tail"))],
  ["read_text_file", tool("read", PATH, unread("head"), unread("tail"))],
  ["read_media_file", tool("read", PATH)],
  ["read_multiple_files", tool("read_many", ["paths", ["paths", "value"]])],
  ["create_directory", tool("make_folder", PATH)],
  ["write_file", tool("write", PATH, ["content", ["bytes", "bytes"]])],
  ["edit_file", tool("edit", PATH, ["edits", ["edits", "count"]], ["dryRun", ["dry_run", "value"]])],
  ["move_file", tool("move", ["source", ["source", "value"]], ["destination", ["destination", "value"]])],
]);

/** `agent` is who sent the message, as the host knows it from the connection, never from the message. */
export function toRequest(call: ToolCall, agent: string): Request {
  const { name, arguments: given = {} } = call.params;
  const known = TOOLS.get(name);
  const fields: [string, unknown][] = [
    ["agent", agent],
    ["tool", name],
  ];
  for (const [argument, value] of Object.entries(given)) {
    const [field, reading] = known?.arguments.get(argument) ?? [argument, "value"];
    if (reading !== "unread") fields.push([field, read(value, reading)]);
  }
  return { action: known?.action ?? name, fields: Object.fromEntries(fields) };
}

/**
 * What the host would have known when the session was recorded: who asks, when, and how far it is
 * trusted.
 */
const SESSION = { agent: "coder-1", trust: 700, startMs: 1_795_341_600_000, stepMs: 2_000 };

/** `session` has one message a line. */
export function sessionRequests(session: string): readonly RequestLine[] {
  const calls = session
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ToolCall);
  return calls.map((call, index) => ({
    id: call.id,
    ...toRequest(call, SESSION.agent),
    now: new Date(SESSION.startMs + index * SESSION.stepMs).toISOString(),
    trust: SESSION.trust,
  }));
}

/** A value that is not of the expected form stays what it is: the evaluator says what is wrong with it. */
function read(value: unknown, reading: Reading): unknown {
  if (reading === "bytes" && typeof value === "string") return new TextEncoder().encode(value).length;
  if (reading === "count" && Array.isArray(value)) return value.length;
  return value;
}
