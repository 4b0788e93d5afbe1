/** Every operation in one table: matching, reading bodies, the document and its page are all made of it. */
import type { ApiRight } from "./api-keys.ts";
import {
  BEGINNING,
  DECISION,
  ENDING,
  ENTRY,
  ENVELOPE,
  EXECUTION,
  HEALTH,
  NOTICE,
  OUTCOME,
  OWED_LIST,
  PENDING_LIST,
  QUESTION,
  STEP,
  STEP_ANSWER,
} from "./bodies.ts";
import { any, type Shape } from "./shape.ts";

export type OperationName =
  | "decide"
  | "beginExecution"
  | "getExecution"
  | "authorizeStep"
  | "reportOutcome"
  | "attestExecution"
  | "endExecution"
  | "awaitAbort"
  | "listApprovals"
  | "giveApproval"
  | "releaseHeld"
  | "giveOrder"
  | "listObligations"
  | "health"
  | "readiness"
  | "document";

export interface Route {
  readonly method: "GET" | "POST";
  /** `{id}` stands for one segment. */
  readonly path: string;
  readonly name: OperationName;
  /** Null: for everybody, without a key. */
  readonly right: ApiRight | null;
  readonly says: string;
  readonly body: Shape | null;
  /** The query may say how long to wait. */
  readonly waits: boolean;
  readonly status: number;
  readonly answer: Shape;
  /** Refusals beyond the common ones. */
  readonly codes: readonly string[];
}

const GONE = ["execution.unknown", "execution.ended", "execution.aborted"];

function post(
  path: string,
  name: OperationName,
  right: ApiRight,
  says: string,
  body: Shape,
  answer: Shape,
  codes: readonly string[],
  status = 200,
): Route {
  return { method: "POST", path, name, right, says, body, waits: false, status, answer, codes };
}

function get(
  path: string,
  name: OperationName,
  right: ApiRight | null,
  says: string,
  answer: Shape,
  codes: readonly string[] = [],
): Route {
  const waits = name === "awaitAbort";
  return { method: "GET", path, name, right, says, body: null, waits, status: 200, answer, codes };
}

export const ROUTES: readonly Route[] = [
  post(
    "/v1/decide",
    "decide",
    "decide",
    "One decision about one request, without an execution. It is in the log before it is answered.",
    QUESTION,
    DECISION,
    ["governor.stopped", "governor.clock_back", "governor.log_failed"],
  ),
  post(
    "/v1/executions",
    "beginExecution",
    "execute",
    "Begins an execution; whatever its agent does is a step of it.",
    BEGINNING,
    EXECUTION,
    [
      "execution.invalid",
      "execution.too_many",
      "execution.parent_ended",
      "subject.quarantined",
      "subject.terminated",
    ],
    201,
  ),
  get("/v1/executions/{id}", "getExecution", "execute", "How an execution stands.", EXECUTION, [
    "execution.unknown",
  ]),
  post(
    "/v1/executions/{id}/steps",
    "authorizeStep",
    "execute",
    "Asks before an action. Execute the fields of `grant`, then report; without one do nothing.",
    STEP,
    STEP_ANSWER,
    [...GONE, "step.invalid", "step.replayed"],
  ),
  post(
    "/v1/executions/{id}/outcomes",
    "reportOutcome",
    "execute",
    "What came of a step that had a grant.",
    OUTCOME,
    ENTRY,
    [...GONE, "step.in_use"],
  ),
  post(
    "/v1/executions/{id}/attestation",
    "attestExecution",
    "execute",
    "A newer signed statement about what runs; what it changes is judged again.",
    ENVELOPE,
    ENTRY,
    ["execution.unknown", "attestation.malformed", "attestation.unsigned", "attestation.replayed"],
  ),
  post(
    "/v1/executions/{id}/end",
    "endExecution",
    "execute",
    "Ends an execution; whatever it left running is aborted.",
    ENDING,
    EXECUTION,
    ["execution.unknown"],
  ),
  get(
    "/v1/executions/{id}/abort",
    "awaitAbort",
    "execute",
    "Waits until an execution is stopped, so many seconds; as server-sent events where these are accepted.",
    NOTICE,
    ["execution.unknown"],
  ),
  get("/v1/approvals", "listApprovals", "approve", "What waits for an approval.", PENDING_LIST),
  post(
    "/v1/approvals",
    "giveApproval",
    "approve",
    "A signed answer of an approver to what waits.",
    ENVELOPE,
    ENTRY,
    ["approval.malformed", "approval.unsigned", "approval.unknown", "approval.named", "approval.replayed"],
  ),
  post(
    "/v1/approvals/{id}/release",
    "releaseHeld",
    "execute",
    "A held step, decided anew with the approvals that were given.",
    { kind: "object", members: {} },
    STEP_ANSWER,
    ["approval.unknown", "approval.pending", "approval.rejected", "approval.expired"],
  ),
  post(
    "/v1/orders",
    "giveOrder",
    "order",
    "A signed order: quarantine, terminate, release, or another trust.",
    ENVELOPE,
    ENTRY,
    ["order.malformed", "order.unsigned", "order.replayed", "order.expired"],
  ),
  get(
    "/v1/obligations",
    "listObligations",
    "execute",
    "What is due after what was allowed, and not done yet.",
    OWED_LIST,
  ),
  get("/healthz", "health", null, "Whether the service runs.", HEALTH),
  get("/readyz", "readiness", null, "Whether the service would answer now: 503 where it would not.", HEALTH),
  get("/openapi.json", "document", null, "This document.", any),
];

// ---- matching

export interface Matched {
  readonly route: Route;
  readonly id: string;
  readonly waitMs: number;
}

export type MatchResult =
  | ({ readonly ok: true } & Matched)
  | { readonly ok: false; readonly code: "http.not_found" }
  | { readonly ok: false; readonly code: "http.method"; readonly allow: string };

/** Ids are those that a log has. Nothing is decoded: what is written in another way is another path. */
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const TARGET = new RegExp(`^(/[a-z0-9._/-]{1,64}?)(/${UUID})?(/[a-z]{1,16})?(?:\\?wait=([0-9]{1,2}))?$`);

const byPath = new Map<string, readonly Route[]>();
for (const route of ROUTES) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);

const WAIT_USUAL_SECONDS = 30;
const WAIT_SECONDS_MAX = 60;

export function matchRoute(method: string, target: string): MatchResult {
  const plain = target.includes("{") ? undefined : byPath.get(target);
  if (plain !== undefined) return chosen(plain, method, "", undefined);
  const [, start = "", id = "", end = "", wait] = TARGET.exec(target) ?? [];
  const found = byPath.get(`${start}${id === "" ? "" : "/{id}"}${end}`);
  return found === undefined
    ? { ok: false, code: "http.not_found" }
    : chosen(found, method, id.slice(1), wait);
}

function chosen(routes: readonly Route[], method: string, id: string, wait: string | undefined): MatchResult {
  const seconds = wait === undefined ? WAIT_USUAL_SECONDS : Number(wait);
  const isUnasked = wait !== undefined && !routes.some(({ waits }) => waits);
  if (isUnasked || seconds > WAIT_SECONDS_MAX) return { ok: false, code: "http.not_found" };
  const route = routes.find((one) => one.method === method);
  if (route === undefined) {
    return { ok: false, code: "http.method", allow: routes.map((one) => one.method).join(", ") };
  }
  return { ok: true, route, id, waitMs: seconds * 1_000 };
}
