/** One call of a tool: judged, sent on as it was judged, its result reported. */
import { enforce } from "@polity/governor/answers.ts";
import type { Authorized, Grant, PendingApproval } from "@polity/governor/governor.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import type { KnownTool } from "./accepted-tools.ts";
import type { Reply } from "./calls.ts";
import { failedResult, heldResult, refusal, refusedResult } from "./denial.ts";
import { type Json, RPC } from "./message.ts";
import { isObject } from "./schema.ts";
import { type Active, forward, type Shared } from "./shared.ts";
import { toArguments, toFields } from "./wire.ts";

const PARAMS: ReadonlySet<string> = new Set(["name", "arguments", "_meta"]);
const HELD_MAX = 1_024;

export async function callTool(shared: Shared, params: Json, own: Active): Promise<Reply> {
  const { name, arguments: args = {} } = params;
  const strange = Object.keys(params).find((key) => !PARAMS.has(key));
  if (typeof name !== "string" || !isObject(args) || strange !== undefined) {
    await shared.note("mcp_malformed");
    return { error: { code: RPC.params, message: "a call has a name, arguments and nothing else" } };
  }
  const problem = await shared.listed();
  if (problem !== null) {
    return { error: refusal("mcp.tool_list", await shared.note("mcp_unknown_tool"), problem) };
  }
  const tool = shared.tools.find(name);
  if (tool?.isAccepted !== true) {
    const entry = await shared.note(tool === undefined ? "mcp_unknown_tool" : "mcp_changed_tool");
    if (tool === undefined) return { error: { code: RPC.params, message: "the server has no such tool" } };
    const text = "Refused: the tool is new or has changed, and nobody has accepted it yet.";
    return { result: failedResult(text, { code: "mcp.changed_tool", rules: [], entry }) };
  }
  return judgeCall(shared, tool, args, own);
}

/** What was thrown is no mistake of the gateway's: a tool that failed, or nobody who waits any more. */
interface CallFailed extends Error {
  readonly reply: Reply;
}

async function judgeCall(shared: Shared, tool: KnownTool, args: Json, own: Active): Promise<Reply> {
  const { definition, action } = tool;
  const { name, hints, fields } = definition;
  if (shared.mayAsk?.(action) === false) {
    const entry = await shared.note("mcp_key_scope");
    const text = "Refused: the key is not for this action. The call was not made.";
    return { result: failedResult(text, { code: "api_key.scope", rules: [], entry }) };
  }
  const call = { server: shared.server, tool: name, hints };
  const asked = { ...toFields(fields, args), ...(shared.catalog.takesCall(action) ? { call } : {}) };
  const key = keyOf(action, asked);
  const answer = await heldBefore(shared, action, asked, key);
  try {
    return await enforce<Reply>(answer, {
      allow: (grant) => makeCall(shared, tool, grant, own),
      hold: (pending, held) => {
        remember(shared, key, pending);
        return { result: heldResult(pending, held) };
      },
      refuse: (refused) => ({ result: refusedResult(refused) }),
    });
  } catch (error) {
    if (isCallFailed(error)) return error.reply;
    const { message, code } = error as { readonly message?: string; readonly code?: string };
    // Stopped in the middle: what the server still does is nobody's to know.
    if (own.upstreamId !== null) cancelUpstream(shared, own.upstreamId);
    const why = { code: code ?? "execution.aborted", rules: [], entry: answer.id };
    return { result: failedResult(`Stopped: ${message ?? "the execution was stopped"}`, why) };
  }
}

async function makeCall(shared: Shared, tool: KnownTool, grant: Grant, own: Active): Promise<Reply> {
  const { name, fields } = tool.definition;
  // What the gateway and the governor have added is not the tool's.
  const known = new Set(fields.map(({ field }) => field));
  const given = Object.fromEntries(Object.entries(grant.fields).filter(([field]) => known.has(field)));
  const args = toArguments(fields, given);
  if (args === null) {
    throw failedCall({ error: { code: RPC.internal, message: "what was judged has no form for the tool" } });
  }
  const { progressToken } = own;
  const meta = progressToken === null ? {} : { _meta: { progressToken } };
  const reply = await forward(shared, "tools/call", { name, arguments: args, ...meta }, own);
  if (own.isCancelled) throw failedCall(reply, "AbortError");
  if ("error" in reply) throw failedCall(reply);
  // A task would go on where nobody judges it.
  if (Object.hasOwn(reply.result, "task")) {
    throw failedCall({ error: refusal("mcp.task") });
  }
  if (reply.result.isError === true) throw failedCall(reply, "ToolError");
  return reply;
}

function failedCall(reply: Reply, name = "CallError"): CallFailed {
  const error = Object.assign(new Error("the call failed"), { reply });
  error.name = name;
  return error;
}

function isCallFailed(error: unknown): error is CallFailed {
  return error instanceof Error && "reply" in error;
}

function cancelUpstream({ upstream, toServer }: Shared, requestId: number): void {
  if (!toServer.isWaiting(requestId)) return;
  upstream.send({ kind: "notification", method: "notifications/cancelled", params: { requestId } });
  toServer.forget(requestId, refusal("execution.aborted"));
}

// ---- calls that are held

/** The same call again is the held one, once more: it is released, or still waits. */
async function heldBefore(
  shared: Shared,
  action: string,
  fields: Json,
  key: string | null,
): Promise<Authorized> {
  const { governor, execution, held } = shared;
  const pending = key === null ? undefined : held.get(key);
  const waits = governor.approvals().find(({ id }) => id === pending);
  if (waits === undefined) {
    if (key !== null) held.delete(key);
    return execution.authorize({ action, fields });
  }
  const answer = await governor.release(waits.id);
  if (answer.verdict === "allow" && key !== null) held.delete(key);
  if (answer.code !== "approval.pending" || answer.pending !== null) return answer;
  return { ...answer, verdict: "hold", pending: waits };
}

function remember({ held }: Shared, key: string | null, { id }: PendingApproval): void {
  if (key === null) return;
  if (held.size >= HELD_MAX) held.delete([...held.keys()][0]!);
  held.set(key, id);
}

function keyOf(action: string, fields: Json): string | null {
  try {
    return canonicalJson([action, fields], "fractions");
  } catch {
    return null;
  }
}
