/**
 * What becomes of each message of the protocol (MCP 2025-11-25): it passes, is answered or judged here, or is
 * refused. What does not stand here is refused.
 */

/** Asked by the client. */
export const CLIENT_REQUESTS: ReadonlyMap<string, "pass" | "list" | "call" | "judge"> = new Map([
  ["initialize", "pass"],
  ["ping", "pass"],
  ["logging/setLevel", "pass"],
  ["tools/list", "list"],
  ["tools/call", "call"],
  ["resources/list", "pass"],
  ["resources/templates/list", "pass"],
  ["resources/read", "judge"],
  ["resources/subscribe", "judge"],
  ["resources/unsubscribe", "pass"],
  ["prompts/list", "pass"],
  ["prompts/get", "judge"],
  ["completion/complete", "judge"],
]);

/** By notification: the parameters that pass. */
export const CLIENT_NOTIFICATIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ["notifications/initialized", []],
  ["notifications/cancelled", ["requestId", "reason"]],
  ["notifications/progress", ["progressToken", "progress", "total", "message"]],
  ["notifications/roots/list_changed", []],
]);

/** Parameters of requests that pass unjudged: whatever else is in them could be meant for anything. */
const PASSED: ReadonlyMap<string, readonly string[]> = new Map([
  ["initialize", ["protocolVersion", "capabilities", "clientInfo"]],
  ["ping", []],
  ["logging/setLevel", ["level"]],
  ["resources/list", ["cursor"]],
  ["resources/templates/list", ["cursor"]],
  ["resources/unsubscribe", ["uri"]],
  ["prompts/list", ["cursor"]],
]);

/** Null where there is anything that does not belong there; of `_meta`, nothing is passed on. */
export function passedParams(method: string, params: Json | null): Json | null {
  const names = PASSED.get(method) ?? [];
  const { _meta: _, ...given } = params ?? {};
  return Object.keys(given).every((name) => names.includes(name)) ? given : null;
}

/** Asked by the server. */
export const SERVER_REQUESTS: ReadonlyMap<string, "pass" | "judge"> = new Map([
  ["ping", "pass"],
  ["roots/list", "pass"],
  ["sampling/createMessage", "judge"],
  ["elicitation/create", "judge"],
]);

export const SERVER_NOTIFICATIONS: ReadonlySet<string> = new Set([
  "notifications/cancelled",
  "notifications/progress",
  "notifications/message",
  "notifications/resources/updated",
  "notifications/resources/list_changed",
  "notifications/tools/list_changed",
  "notifications/prompts/list_changed",
  "notifications/elicitation/complete",
]);

type Json = Readonly<Record<string, unknown>>;

/** A message of the protocol as an action of a policy: what is judged, and what is sent of it. */
export interface ProtocolAction {
  readonly action: string;
  readonly toFields: (params: Json) => Json | null;
  readonly toParams: (judged: Json) => Json;
}

const text = (value: unknown): value is string => typeof value === "string";

const readResource: ProtocolAction = {
  action: "mcp_read_resource",
  toFields: ({ uri }) => (text(uri) ? { uri } : null),
  toParams: ({ uri }) => ({ uri }),
};

/** By method. A policy that does not declare the action refuses the message. */
export const PROTOCOL_ACTIONS: ReadonlyMap<string, ProtocolAction> = new Map([
  ["resources/read", readResource],
  ["resources/subscribe", readResource],
  [
    "prompts/get",
    {
      action: "mcp_get_prompt",
      toFields: ({ name, arguments: given }) =>
        text(name) ? { name, ...(given === undefined ? {} : { arguments: given }) } : null,
      toParams: ({ name, arguments: given }) => ({
        name,
        ...(given === undefined ? {} : { arguments: given }),
      }),
    },
  ],
  ["completion/complete", { action: "mcp_complete", toFields: completionFields, toParams: completionParams }],
  ["sampling/createMessage", wholeRequest("mcp_sample")],
  ["elicitation/create", wholeRequest("mcp_elicit")],
]);

function completionFields({ ref, argument }: Json): Json | null {
  const { type, name, uri } = (ref ?? {}) as Json;
  const { name: about, value } = (argument ?? {}) as Json;
  const of = type === "ref/prompt" ? name : type === "ref/resource" ? uri : undefined;
  return text(of) && text(about) && text(value) ? { kind: type, of, argument: about, value } : null;
}

function completionParams({ kind, of, argument, value }: Json): Json {
  const ref = kind === "ref/prompt" ? { type: kind, name: of } : { type: kind, uri: of };
  return { ref, argument: { name: argument, value } };
}

function wholeRequest(action: string): ProtocolAction {
  return {
    action,
    toFields: (params) => ({ request: params }),
    toParams: ({ request }) => (typeof request === "object" && request !== null ? (request as Json) : {}),
  };
}
