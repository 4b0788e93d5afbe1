/** What the gateway refuses with over HTTP, beside what the service of decisions does. */
import type { ApiResponse } from "../http/api.ts";
import { HTTP_CODES } from "../http/codes.ts";
import { RPC } from "./message.ts";

export const MCP_CODES = {
  "mcp.host": { status: 403, says: "the request was meant for another host" },
  "mcp.origin": { status: 403, says: "pages in browsers are not served" },
  "mcp.accept": { status: 406, says: "accept application/json and text/event-stream" },
  "mcp.version": { status: 400, says: "this is not the version of the protocol that was agreed on" },
  "mcp.session": { status: 404, says: "no session of this key has this id: initialize anew" },
  "mcp.no_session": { status: 400, says: "begin with initialize, and then name the session" },
  "mcp.sessions": { status: 429, says: "as many sessions are open as may be, or as one key may have" },
  "mcp.stream": { status: 409, says: "the session has a stream already" },
  "mcp.resume": { status: 400, says: "streams are not resumed here" },
} as const;

type Code = keyof typeof MCP_CODES | keyof typeof HTTP_CODES;

const ALL: Readonly<Record<string, { readonly status: number; readonly says: string }>> = {
  ...HTTP_CODES,
  ...MCP_CODES,
};

export function refuseHttp(code: Code, message?: string, headers = {}): ApiResponse {
  const { status, says } = ALL[code]!;
  return refusalOf(status, code, message ?? says, headers);
}

/** As JSON-RPC says it, with the code for programs. */
export function refusalOf(status: number, code: string, message: string, headers = {}): ApiResponse {
  const error = { code: RPC.refused, message: `${code}: ${message}`, data: { code } };
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
    body: `${JSON.stringify({ jsonrpc: "2.0", id: null, error })}\n`,
  };
}
