/** What waits for approvals: from a running `pol serve`, or from a file that somebody sent. */
import type { GivenApproval, HoldRule, PendingApproval } from "@polity/governor/governor.ts";
import { party, uuid } from "@polity/governor/papers/paper.ts";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import { parseJson } from "@polity/runtime/json.ts";
import { APPROVALS_MAX } from "@polity/runtime/layout.ts";
import { array, integer, members, name, refuse, ShapeError, text } from "@polity/runtime/shape.ts";
import { digest } from "@polity/runtime/signed-document.ts";
import { failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { nameOf, readBytes, readSecret, utf8Text } from "./read-file.ts";
import type { Refusal } from "./refusal.ts";
import { visible } from "./words.ts";

const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const WAIT_MS_MAX = 10_000;
const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Null where a file is meant. */
export function serviceOf(source: string): URL | null {
  if (!/^https?:\/\//i.test(source)) return null;
  const url = URL.parse(source);
  if (url === null) throw failure(`${nameOf(source)} is no address`);
  if (url.protocol !== "https:" && !LOCAL.has(url.hostname)) {
    throw failure(`${nameOf(source)} would show the key to the network`, "use https");
  }
  return url;
}

export async function readPending(invocation: Invocation): Promise<readonly PendingApproval[]> {
  const [source = ""] = invocation.operands;
  const service = serviceOf(source);
  const written =
    service === null
      ? utf8Text(await readBytes(source, ANSWER_BYTES_MAX))
      : await answerOf(invocation, service, {});
  const parsed = parseJson(written ?? "");
  if (!parsed.ok) throw failure(`${nameOf(source)} does not say what waits: ${parsed.message}`);
  try {
    return pendingOf(parsed.value);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw failure(`${nameOf(source)} does not say what waits: ${visible(error.message)}`);
  }
}

/** The one that is meant, and what it asks; a request that is not the one of its digest is refused. */
export async function readOne(
  invocation: Invocation,
): Promise<{ readonly ok: true; readonly pending: PendingApproval; readonly request: unknown } | Refusal> {
  const [, id] = invocation.operands;
  const pending = (await readPending(invocation)).find((one) => one.id === id);
  if (pending === undefined) {
    const hint = "pol approvals list says what does";
    return { ok: false, code: "approval.unknown", message: "nothing of this id waits for approvals", hint };
  }
  const parsed = parseJson(pending.request);
  const action = parsed.ok ? (parsed.value as { action?: unknown } | null)?.action : undefined;
  const isAsked = digestName(sha256(utf8(pending.request))) === pending.requestDigest;
  if (parsed.ok && isAsked && action === pending.action) return { ok: true, pending, request: parsed.value };
  const message = "what is shown is not what would be signed: the request has another digest or action";
  return { ok: false, code: "approval.wrong_request", message, hint: "do not sign; ask where it comes from" };
}

/** The entry in the log, or why the service does not take it. */
export async function sendApproval(
  invocation: Invocation,
  service: URL,
  envelope: string,
): Promise<{ readonly ok: true; readonly entry: string | null } | Refusal> {
  const body = JSON.stringify({ envelope });
  const headers = { "content-type": "application/json" };
  const parsed = parseJson(await answerOf(invocation, service, { method: "POST", body, headers }));
  const said = parsed.ok ? parsed.value : null;
  const refused = refusedBy(said);
  if (refused !== null) return refused;
  const entry = typeof said === "object" && said !== null ? (said as { entry?: unknown }).entry : undefined;
  if (typeof entry === "string" || entry === null) return { ok: true, entry };
  throw failure(`${nameOf(service.href)} answered what no service of ours does`);
}

/** `{"error":{"code":…,"message":…}}` */
function refusedBy(json: unknown): Refusal | null {
  const { error } = (typeof json === "object" && json !== null ? json : {}) as { error?: unknown };
  if (typeof error !== "object" || error === null) return null;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { ok: false, code: String(code), message: String(message), hint: null };
}

/** Also of a refusal, whose code is in the text. */
async function answerOf(
  { values }: Invocation,
  service: URL,
  { headers, ...init }: { method?: string; body?: string; headers?: Record<string, string> },
): Promise<string> {
  const keyFile = values.get("api-key");
  const key = keyFile === undefined ? null : (await readSecret(keyFile)).trim();
  const given = { ...headers, ...(key === null ? {} : { authorization: `Bearer ${key}` }) };
  const url = new URL("v1/approvals", service.href.endsWith("/") ? service : `${service.href}/`);
  try {
    const signal = AbortSignal.timeout(WAIT_MS_MAX);
    const response = await fetch(url, { ...init, headers: given, redirect: "error", signal });
    return await boundedText(response);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw failure(`${nameOf(url.href)} cannot be asked: ${cause instanceof Error ? cause.message : "?"}`);
  }
}

async function boundedText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > ANSWER_BYTES_MAX) throw new Error(`more than ${ANSWER_BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
}

// ---- what the service writes

function pendingOf(json: unknown): readonly PendingApproval[] {
  const refused = refusedBy(json);
  if (refused !== null) throw new ShapeError(`${refused.code}: ${refused.message}`);
  if (typeof json === "object" && json !== null && !Object.hasOwn(json, "approvals"))
    return [readOneOf(json, "pending")];
  return array(members(json, "answer", ["approvals"]).approvals, "approvals", readOneOf);
}

const TIME_MAX = 253_402_300_799_999;
const MEMBERS = [
  ...["action", "asked_at", "execution", "expires_at", "given", "id"],
  ...["request", "request_digest", "rules"],
];

function readOneOf(json: unknown, where: string): PendingApproval {
  const given = members(json, where, MEMBERS);
  const rules = array(given.rules, `${where}.rules`, readRule);
  return {
    id: uuid(given.id, `${where}.id`),
    execution: text(given.execution, `${where}.execution`),
    action: text(given.action, `${where}.action`),
    requestDigest: digest(given.request_digest, `${where}.request_digest`),
    request: text(given.request, `${where}.request`),
    rules: rules.length === 0 ? refuse(`${where}.rules`, "none") : rules,
    askedAt: integer(given.asked_at, `${where}.asked_at`, 0, TIME_MAX),
    expiresAt: integer(given.expires_at, `${where}.expires_at`, 0, TIME_MAX),
    given: array(given.given, `${where}.given`, readGiven),
  };
}

function readRule(json: unknown, where: string): HoldRule {
  const given = members(json, where, ["approvers", "because", "quorum", "rule", "within_ms"]);
  return {
    rule: name(given.rule, `${where}.rule`),
    because: given.because === null ? null : text(given.because, `${where}.because`),
    approvers: given.approvers === null ? null : party(given.approvers, `${where}.approvers`),
    quorum: integer(given.quorum, `${where}.quorum`, 1, APPROVALS_MAX),
    withinMs: integer(given.within_ms, `${where}.within_ms`, 1, TIME_MAX),
  };
}

function readGiven(json: unknown, where: string): GivenApproval {
  const given = members(json, where, ["approver", "decision", "given_at"]);
  const { decision } = given;
  if (decision !== "approved" && decision !== "rejected") refuse(where, "neither approved nor rejected");
  return {
    approver: party(given.approver, `${where}.approver`),
    decision: decision as GivenApproval["decision"],
    givenAt: integer(given.given_at, `${where}.given_at`, 0, TIME_MAX),
  };
}
