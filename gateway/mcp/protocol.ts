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

type Json = Readonly<Record<string, unknown>>;
type Is = (value: unknown) => boolean;

const text = (value: unknown): value is string => typeof value === "string";
const number: Is = (value) => typeof value === "number";
const object: Is = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

const TOKEN_MAX = 256;

/** What progress is told by, in both directions. */
export function isToken(value: unknown): value is string | number {
  return text(value) ? value.length <= TOKEN_MAX : Number.isSafeInteger(value);
}

/** By notification: the parameters that pass. */
const CLIENT_NOTIFICATIONS: ReadonlyMap<string, Readonly<Record<string, Is>>> = new Map([
  ["notifications/initialized", {}],
  ["notifications/progress", { progressToken: isToken, progress: number, total: number, message: text }],
  ["notifications/roots/list_changed", {}],
]);

/** Parameters of requests that pass unjudged: whatever else is in them could be meant for anything. */
const PASSED: ReadonlyMap<string, Readonly<Record<string, Is>>> = new Map([
  ["initialize", { protocolVersion: text, capabilities: object, clientInfo: object }],
  ["ping", {}],
  ["logging/setLevel", { level: text }],
  ["resources/list", { cursor: text }],
  ["resources/templates/list", { cursor: text }],
  ["resources/unsubscribe", { uri: text }],
  ["prompts/list", { cursor: text }],
]);

/** Null where there is anything that does not belong there; of `_meta`, nothing is passed on. */
export function passedParams(method: string, params: Json | null): Json | null {
  const known = new Map(Object.entries(PASSED.get(method) ?? {}));
  const { _meta: _, ...given } = params ?? {};
  return Object.entries(given).every(([name, value]) => known.get(name)?.(value) === true) ? given : null;
}

/** Of a client's notification, what passes: null where that is of another type; undefined for any other. */
export function toldParams(method: string, params: Json | null): Json | null | undefined {
  const shape = CLIENT_NOTIFICATIONS.get(method);
  if (shape === undefined) return undefined;
  const known = new Map(Object.entries(shape));
  const told = Object.entries(params ?? {}).filter(([name]) => known.has(name));
  return told.every(([name, value]) => known.get(name)?.(value)) ? Object.fromEntries(told) : null;
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

/** A message of the protocol as an action of a policy: what is judged, and what is sent of it. */
export interface ProtocolAction {
  readonly action: string;
  readonly toFields: (params: Json) => Json | null;
  readonly toParams: (judged: Json) => Json;
}

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
