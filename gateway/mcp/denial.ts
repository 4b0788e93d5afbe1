/** What a client is told of a call that was not forwarded. */
import type { Authorized, PendingApproval } from "@polity/governor/governor.ts";
import { type Json, RPC, type RpcError } from "./message.ts";

/** For programs: why, by which rules, and where it is written down. */
export interface Why {
  readonly code: string;
  /** Names of the rules that decided, sorted. */
  readonly rules: readonly string[];
  /** The id of the entry in the log; null where there is none. */
  readonly entry: string | null;
}

function whyOf({ code, decisions, id }: Authorized): Why {
  const rules = [...new Set(decisions.flatMap((decision) => decision.rules))].sort();
  return { code, rules, entry: id };
}

/** Of a tool: a result that the model reads (MCP 2025-11-25, "Tools", error handling). */
export function refusedResult(answer: Authorized): Json {
  const why = whyOf(answer);
  const because = answer.reasons.length === 0 ? "" : `: ${answer.reasons.join("; ")}`;
  if (answer.verdict === "hold") {
    const text = `Held${because}. The call was not made, and nobody is asked: no approval releases it here.`;
    return failedResult(text, { ...why });
  }
  return failedResult(
    `Refused (${why.code})${because}. The call was not made; the same call will be refused again.`,
    {
      ...why,
    },
  );
}

export function heldResult(pending: PendingApproval, answer: Authorized): Json {
  const waits = pending.rules.map(({ rule, because, approvers, quorum }) => {
    const who =
      approvers === null ? "those named in the rule" : `${approvers.type}::${JSON.stringify(approvers.id)}`;
    const count = quorum === 1 ? "somebody" : `${quorum}`;
    return `${count} of ${who} has to approve (${rule}${because === null ? "" : `: ${because}`})`;
  });
  const until = new Date(pending.expiresAt).toISOString();
  const text = [
    `Held for approval: ${waits.join("; ")}.`,
    `The call was not made. Until ${until}, ${pending.id} (${pending.requestDigest}) can be approved.`,
    "Make the same call again, with the same arguments, once it is approved.",
  ].join(" ");
  const { id, requestDigest } = pending;
  return failedResult(text, { ...whyOf(answer), pending: { id, requestDigest, expiresAt: until } });
}

export function failedResult(text: string, structuredContent: Json): Json {
  return { content: [{ type: "text", text }], isError: true, structuredContent };
}

/** What the gateway itself refuses without asking a policy, for programs. */
export const REFUSALS = {
  "api_key.scope": "the key is not for this action",
  "execution.aborted": "the execution was stopped",
  "mcp.cancelled": "the request was cancelled",
  "mcp.changed_tool": "the tool is new or has changed, and nobody has accepted it yet",
  "mcp.late": "no answer in time",
  "mcp.task": "the tool answers with a task",
  "mcp.tool_list": "the list of tools",
  "mcp.too_many": "too many requests are under way",
  "mcp.unheard": "the client does not listen",
} as const;

export function refusal(code: keyof typeof REFUSALS, entry: string | null = null, more = ""): RpcError {
  const message = `${REFUSALS[code]}${more === "" ? "" : `: ${more}`}`;
  return { code: RPC.refused, message, data: { code, rules: [], entry } };
}

/** Of anything but a tool: JSON-RPC has no other way. */
export function refusedError(answer: Authorized): RpcError {
  const because = answer.reasons.length === 0 ? "" : `: ${answer.reasons.join("; ")}`;
  return { code: RPC.refused, message: `refused (${answer.code})${because}`, data: whyOf(answer) };
}
