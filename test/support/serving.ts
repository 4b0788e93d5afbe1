/** The whole service over a real policy, a governor and a log in a folder of its own. */
import { type ApiKey, hashApiKey, makeApiKey, openApiKeys } from "@polity/gateway/http/api-keys.ts";
import { deciderOf } from "@polity/gateway/http/decider.ts";
import { type Api, type ApiLimits, openApi } from "@polity/gateway/http/open-api.ts";
import { operationsOf } from "@polity/gateway/http/operations.ts";
import { type ServeOptions, serveApi } from "@polity/gateway/http/server.ts";
import { nodeCrypto, nodeRandomBytes, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { recordHost } from "@polity/lineage/recorded-host.ts";
import { onTestFinished } from "vitest";
import { type Governed, governed } from "./governing.ts";

const { sha256 } = nodeCrypto;

/** A key, and its row. */
export function keyOf(changes: Partial<ApiKey> = {}): { readonly key: string; readonly row: ApiKey } {
  const key = makeApiKey(nodeRandomBytes);
  const may = ["decide", "execute", "approve", "order"] as const;
  return {
    key,
    row: { name: "ops", hash: hashApiKey(key, sha256), agents: null, actions: null, may, ...changes },
  };
}

export interface Serving extends Governed {
  readonly api: Api;
  readonly url: string;
  readonly key: string;
  /** With the key of the service, unless another is given. */
  readonly ask: (method: string, path: string, body?: unknown, key?: string) => Promise<Said>;
  readonly close: () => Promise<void>;
  readonly failures: unknown[];
}

export interface Said {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came; tests say what it should be
  readonly body: any;
  readonly headers: Headers;
}

export async function serving(
  options: {
    readonly keys?: readonly ApiKey[];
    readonly limits?: Partial<ApiLimits>;
    readonly serve?: Partial<ServeOptions>;
    readonly governed?: Parameters<typeof governed>[0];
    readonly problem?: () => string | null;
  } = {},
): Promise<Serving> {
  const one = await governed(options.governed);
  const { governor, store, host } = one;
  const { key, row } = keyOf();
  const keys = openApiKeys([row, ...(options.keys ?? [])], sha256);
  const recorded = recordHost(host, store, {
    node: "n1/decide",
    nextSeq: 0,
    ports: nodeRecording,
    mode: "strict",
  });
  const decider = deciderOf({ host, recorded, governor });
  const problem = options.problem ?? (() => governor.stopped()?.message ?? null);
  const failures: unknown[] = [];
  const api = openApi({
    keys: () => keys,
    operations: operationsOf({ decider, governor, problem, version: "0.0.0" }),
    onFailure: (error) => failures.push(error),
    ...(options.limits && { limits: options.limits }),
  });
  const server = await serveApi(api, { host: "127.0.0.1", port: 0, ...options.serve });
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= server.close().then(() => recorded.close());
    return closing;
  };
  onTestFinished(close);
  const ask = (method: string, path: string, body?: unknown, asked = key) =>
    send(`${server.url}${path}`, method, body, asked);
  return { ...one, api, url: server.url, key, ask, close, failures };
}

async function send(url: string, method: string, body: unknown, key: string): Promise<Said> {
  const headers = {
    authorization: `Bearer ${key}`,
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body: text }) });
  const said = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  return { status: response.status, body: isJson ? JSON.parse(said) : said, headers: response.headers };
}
