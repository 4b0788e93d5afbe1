/** Requests and responses as the service knows them: nothing of any server is in them. */
import type { ApiKey } from "./api-keys.ts";
import { HTTP_CODES, type HttpCode, statusOf } from "./codes.ts";

export interface ApiRequest {
  readonly method: string;
  /** Path and query, as they came. */
  readonly target: string;
  /** Null where there is none. */
  readonly header: (name: string) => string | null;
  /** Asked once at most, and only when the key is known. Null beyond the bound. */
  readonly body: (bytesMax: number) => Promise<Uint8Array | null>;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or pieces that come as time goes by. */
  readonly body: string | AsyncIterable<string>;
}

/** What an operation gets: who asks, and what was found to have its form. */
export interface Call {
  readonly key: ApiKey;
  /** Of the path; empty where it has none. */
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly waitMs: number;
  readonly wantsEvents: boolean;
  readonly signal: AbortSignal;
  /** Somebody else was answered in its place already, or nobody waits: what it releases goes nowhere. */
  readonly isLate: () => boolean;
}

export type Operation = (call: Call) => Promise<ApiResponse> | ApiResponse;

const JSON_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
});

export function answerJson(status: number, value: unknown): ApiResponse {
  return { status, headers: JSON_HEADERS, body: `${JSON.stringify(value)}\n` };
}

/** `message` says more than the code does; it never repeats a key. */
export function refuse(code: string, message = saysOf(code), headers = NONE): ApiResponse {
  const body = `${JSON.stringify({ error: { code, message } })}\n`;
  return { status: statusOf(code), headers: { ...JSON_HEADERS, ...headers }, body };
}

const NONE: Readonly<Record<string, string>> = Object.freeze({});

function saysOf(code: string): string {
  return Object.hasOwn(HTTP_CODES, code) ? HTTP_CODES[code as HttpCode].says : code;
}
