/** One request to a server, to its own address and nowhere else; whatever goes wrong has a code. */
import { Agent, type ClientRequest, type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls, Agent as TlsAgent } from "node:https";
import { type UpstreamFailure, upstreamFailure } from "./upstream-codes.ts";

export interface Asking {
  readonly url: URL;
  readonly agent: Agent;
  /** How long it may take until all is written. */
  readonly sendMs: number;
}

export interface Question {
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Its reason is an `UpstreamFailure`. */
  readonly signal: AbortSignal;
  /** All is written, or never will be. */
  readonly onWritten?: () => void;
}

export type Asked =
  | { readonly ok: true; readonly response: IncomingMessage }
  | { readonly ok: false; readonly failure: UpstreamFailure };

const HEADERS_BYTES_MAX = 16 * 1024;
/** Sooner than servers close what is idle: what is written to a connection that is closed may be lost. */
const IDLE_MS = 2_000;
const IDLE_SOCKETS_MAX = 4;

/** Certificates are looked at, whatever the environment says. */
export function makeAgent({ protocol }: URL): Agent {
  const options = { keepAlive: true, maxFreeSockets: IDLE_SOCKETS_MAX, timeout: IDLE_MS };
  if (protocol === "http:") return new Agent(options);
  return new TlsAgent({ ...options, rejectUnauthorized: true, minVersion: "TLSv1.2" });
}

/** Until the head of the answer is there. Never rejects. */
export function ask({ url, agent, sendMs }: Asking, question: Question): Promise<Asked> {
  const { method, headers, body, signal, onWritten } = question;
  return new Promise((resolve) => {
    let isWritten = false;
    const written = () => {
      clearTimeout(late);
      if (!isWritten) onWritten?.();
      isWritten = true;
    };
    const end = (asked: Asked) => {
      signal.removeEventListener("abort", onAbort);
      resolve(asked);
    };
    const fail = (failure: UpstreamFailure) => {
      written();
      end({ ok: false, failure });
      sent.destroy();
    };
    const onAbort = () => fail(signal.reason as UpstreamFailure);
    const late = setTimeout(() => {
      fail(upstreamFailure("upstream.unreachable", `nothing was taken within ${sendMs / 1_000} s`));
    }, sendMs);
    const options = { method, headers, agent, maxHeaderSize: HEADERS_BYTES_MAX };
    const sent: ClientRequest = (url.protocol === "http:" ? requestPlain : requestTls)(url, options);
    sent.on("finish", written);
    sent.on("error", (error) => fail(failureOf(error, isWritten)));
    sent.on("response", (response) => {
      written();
      end({ ok: true, response });
    });
    // A server that wants to speak something else than HTTP.
    sent.on("upgrade", (_response, socket) => {
      socket.destroy();
      fail(upstreamFailure("upstream.malformed", "it speaks another protocol"));
    });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    else sent.end(body ?? undefined);
  });
}

const UNTRUSTED = /CERT|SIGNATURE|ISSUER|CA_|TLS|SSL/;

export function failureOf(error: unknown, isWritten: boolean): UpstreamFailure {
  const { code = "" } = error as { readonly code?: string };
  if (code.startsWith("HPE_")) return upstreamFailure("upstream.malformed", "its answer is not HTTP");
  if (UNTRUSTED.test(code)) return upstreamFailure("upstream.untrusted", code);
  return upstreamFailure(isWritten ? "upstream.cut" : "upstream.unreachable", code);
}

/** What is wrong with the head of an answer; null where a body with a message, or none, may follow. */
export function headProblem(
  { statusCode = 0, headers }: IncomingMessage,
  hasSession: boolean,
  types: readonly string[],
): UpstreamFailure | null {
  if (statusCode >= 300 && statusCode < 400) return upstreamFailure("upstream.redirect", `${statusCode}`);
  if (statusCode === 401 || statusCode === 403)
    return upstreamFailure("upstream.unauthorized", `${statusCode}`);
  if (statusCode === 404 && hasSession) return upstreamFailure("upstream.session");
  // What is told and asks nothing is answered by nothing.
  const isFine = types.length === 0 ? statusCode >= 200 && statusCode < 300 : statusCode === 200;
  if (!isFine) return upstreamFailure("upstream.status", `${statusCode}`);
  if (types.length === 0) return null;
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding === "identity" && types.includes(mediaType(headers["content-type"]))) return null;
  return upstreamFailure("upstream.content_type");
}

export function mediaType(header: string | undefined): string {
  return (header ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

const DRAIN_MS = 1_000;

/** Nobody reads on: a short rest lets the connection be used again, a long one ends it. */
export function letGo(response: IncomingMessage): void {
  response.on("error", () => {});
  response.resume();
  const timer = setTimeout(() => response.destroy(), DRAIN_MS);
  timer.unref();
  response.once("close", () => clearTimeout(timer));
}
