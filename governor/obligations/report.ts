/** Obligations that tell somebody: the log, or a service over HTTP. They never keep a decision waiting. */
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { type Sha256, utf8 } from "@polity/runtime/hash.ts";
import { hmacSha256 } from "@polity/runtime/hmac.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import type { Discharge } from "../ports.ts";
import type { ObligationHandler } from "./handler.ts";

/** An entry of kind `event`: its name is `log`, and what the policy says stands in it. */
export const log: ObligationHandler = {
  declaration: { name: "log", arguments: { note: "string" } },
  discharge: async ({ arguments: given }, { outcome, note }: Discharge) => {
    if (typeof given.note !== "string") throw new Error("`log` says nothing");
    const phase = outcome === null || outcome.status === "succeeded" ? "ok" : "failed";
    await note({ kind: "event", name: "log", phase, event: given.note, digest: null });
  },
};

/** A service that can be told. */
export interface Webhook {
  /** `https:`, or `http:` to this machine. */
  readonly url: string;
  /** Shared with the service; 24 to 64 bytes. */
  readonly secret: Uint8Array;
}

export interface WebhookPorts {
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly sha256: Sha256;
}

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);
const SECRET_BYTES = { min: 24, max: 64 };
/** For one attempt. */
const ATTEMPT_MS_MAX = 10_000;
const BODY_BYTES_MAX = 16 * 1024;

/**
 * Services by the names that policies use: a policy says whom, the host where. Throws a RangeError for an
 * address that would not be protected on its way, or a secret that is none.
 */
export function notifyHandler(hooks: ReadonlyMap<string, Webhook>, ports: WebhookPorts): ObligationHandler {
  const known = new Map([...hooks].map(([name, hook]) => [name, checked(name, hook)]));
  return {
    declaration: { name: "notify", arguments: { message: "string", service: "string" } },
    discharge: async ({ arguments: given }, { execution, action, outcome, id: task, signal }: Discharge) => {
      const { service, message } = given;
      const hook = typeof service === "string" ? known.get(service) : undefined;
      if (hook === undefined) throw new Error(`this host knows no service ${JSON.stringify(service)}`);
      const status = outcome?.status ?? null;
      // Each attempt has the same id, so that a service can tell that it has heard of it.
      const id = `msg_${task}`;
      const body = canonicalJson({ action, execution, id, message, status });
      if (utf8(body).length > BODY_BYTES_MAX) throw new Error("the message is too long");
      await post(hook, id, body, ports, signal);
    },
  };
}

function checked(name: string, { url, secret }: Webhook): Webhook {
  const parsed = URL.parse(url);
  const isSafe =
    parsed?.protocol === "https:" || (parsed?.protocol === "http:" && LOCAL.has(parsed.hostname));
  if (parsed === null || !isSafe || parsed.username !== "" || parsed.password !== "") {
    throw new RangeError(`service ${JSON.stringify(name)}: not https, nor http to this machine`);
  }
  if (secret.length < SECRET_BYTES.min || secret.length > SECRET_BYTES.max) {
    throw new RangeError(`service ${JSON.stringify(name)}: a secret has 24 to 64 bytes`);
  }
  return { url: parsed.href, secret: Uint8Array.from(secret) };
}

/** As Standard Webhooks says: id, time and body are signed with HMAC-SHA256. */
async function post(
  { url, secret }: Webhook,
  id: string,
  body: string,
  ports: WebhookPorts,
  signal: AbortSignal,
): Promise<void> {
  const seconds = Math.floor(ports.now() / 1000);
  const signature = hmacSha256(ports.sha256, secret, utf8(`${id}.${seconds}.${body}`));
  const response = await ports.fetch(url, {
    method: "POST",
    redirect: "error",
    signal: AbortSignal.any([AbortSignal.timeout(ATTEMPT_MS_MAX), signal]),
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": `v1,${encodeBase64(signature)}`,
    },
    body,
  });
  // What it answers beside that is of no interest, and may have no end.
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the service answered ${response.status}`);
}
