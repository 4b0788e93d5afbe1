/** Messages of JSON-RPC 2.0 as the Model Context Protocol uses it: strictly read, and written anew. */
import { parseJson } from "@polity/runtime/json.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { isObject } from "./schema.ts";

export type MessageId = string | number;
export type Json = Readonly<Record<string, unknown>>;

export type Message =
  | {
      readonly kind: "request";
      readonly id: MessageId;
      readonly method: string;
      readonly params: Json | null;
    }
  | { readonly kind: "notification"; readonly method: string; readonly params: Json | null }
  | { readonly kind: "result"; readonly id: MessageId; readonly result: Json }
  | { readonly kind: "error"; readonly id: MessageId | null; readonly error: RpcError };

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export type ReadMessage =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly error: RpcError };

/** Of JSON-RPC 2.0, section 5.1, and one of ours for what the policy or the gateway does not let pass. */
export const RPC = {
  parse: -32700,
  invalid: -32600,
  method: -32601,
  params: -32602,
  internal: -32603,
  refused: -32001,
} as const;

/** Characters of a text that serves as an id, and of a method's name. */
const ID_MAX = 256;
const METHOD_MAX = 128;
const MEMBERS: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params", "result", "error"]);

/** One message; what has two readings is refused. Never throws. */
export function readMessage(bytes: Uint8Array): ReadMessage {
  const text = textOf(bytes);
  if (text === null) return refuse(RPC.parse, "the message is not UTF-8");
  const parsed = parseJson(text);
  if (!parsed.ok) return refuse(RPC.parse, `the message is no JSON: ${parsed.message}`);
  const { value } = parsed;
  if (Array.isArray(value)) return refuse(RPC.invalid, "batches are not taken");
  if (!isObject(value)) return refuse(RPC.invalid, "a message is an object");
  if (value.jsonrpc !== "2.0") return refuse(RPC.invalid, "`jsonrpc` is not 2.0");
  const strange = Object.keys(value).find((key) => !MEMBERS.has(key));
  if (strange !== undefined) return refuse(RPC.invalid, "the message has members that are none of JSON-RPC");
  return Object.hasOwn(value, "method") ? readCall(value) : readAnswer(value);
}

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string | null {
  try {
    return DECODER.decode(bytes);
  } catch {
    return null;
  }
}

function readCall(value: Json): ReadMessage {
  const { id, method } = value;
  if (typeof method !== "string" || method === "" || method.length > METHOD_MAX)
    return refuse(RPC.invalid, "`method` is no name");
  if (Object.hasOwn(value, "result") || Object.hasOwn(value, "error"))
    return refuse(RPC.invalid, "a message either asks or answers");
  const params = Object.hasOwn(value, "params") ? value.params : null;
  if (params !== null && !isObject(params)) return refuse(RPC.invalid, "`params` is no object");
  if (Object.hasOwn(value, "params") && params === null) return refuse(RPC.invalid, "`params` is no object");
  if (!Object.hasOwn(value, "id")) return { ok: true, message: { kind: "notification", method, params } };
  if (!isId(id)) return refuse(RPC.invalid, "`id` is neither a text nor a whole number");
  return { ok: true, message: { kind: "request", id, method, params } };
}

function readAnswer(value: Json): ReadMessage {
  const { id, result, error } = value;
  const hasResult = Object.hasOwn(value, "result");
  if (hasResult === Object.hasOwn(value, "error") || Object.hasOwn(value, "params"))
    return refuse(RPC.invalid, "an answer has either a result or an error");
  if (hasResult) {
    if (!isId(id)) return refuse(RPC.invalid, "`id` is neither a text nor a whole number");
    if (!isObject(result)) return refuse(RPC.invalid, "`result` is no object");
    return { ok: true, message: { kind: "result", id, result } };
  }
  if (id !== null && id !== undefined && !isId(id))
    return refuse(RPC.invalid, "`id` is neither a text nor a whole number");
  if (!isObject(error) || !Number.isSafeInteger(error.code) || typeof error.message !== "string")
    return refuse(RPC.invalid, "`error` is no error");
  const { code, message } = error as { code: number; message: string };
  const said = Object.hasOwn(error, "data") ? { code, message, data: error.data } : { code, message };
  return { ok: true, message: { kind: "error", id: id ?? null, error: said } };
}

function isId(id: unknown): id is MessageId {
  return typeof id === "string" ? id.length <= ID_MAX : Number.isSafeInteger(id);
}

function refuse(code: number, message: string): ReadMessage {
  return { ok: false, error: { code, message } };
}

/** One line without its end. JSON text holds no line end, however a text in it was written. */
export function writeMessage(message: Message): string {
  switch (message.kind) {
    case "request": {
      const { id, method, params } = message;
      return JSON.stringify({ jsonrpc: "2.0", id, method, ...(params === null ? {} : { params }) });
    }
    case "notification": {
      const { method, params } = message;
      return JSON.stringify({ jsonrpc: "2.0", method, ...(params === null ? {} : { params }) });
    }
    case "result":
      return JSON.stringify({ jsonrpc: "2.0", id: message.id, result: message.result });
    case "error":
      return JSON.stringify({ jsonrpc: "2.0", id: message.id, error: message.error });
    default:
      return unreachable(message);
  }
}
