/**
 * The service without a server: a request in, a response out. Who asks is looked at before anything is read;
 * whatever goes wrong is a refusal with a code, and nothing is released.
 */
import { parseJson } from "@polity/runtime/json.ts";
import { type ApiRequest, type ApiResponse, type Call, type Operation, refuse } from "./api.ts";
import { type ApiKey, type ApiKeys, mayAsk } from "./api-keys.ts";
import { type Deadlines, makeDeadlines } from "./deadlines.ts";
import { type Matched, matchRoute, type OperationName } from "./routes.ts";
import { shapeProblem } from "./shape.ts";
import { makeShares, type Shares } from "./shares.ts";

export interface ApiLimits {
  readonly bodyBytesMax: number;
  /** Arrays and objects inside each other. */
  readonly depthMax: number;
  /** Under way at once, and waiting for a notice at once. */
  readonly requestsMax: number;
  readonly waitingMax: number;
  /** From the whole request to its answer. */
  readonly answerMsMax: number;
}

const API_LIMITS: ApiLimits = Object.freeze({
  bodyBytesMax: 1024 * 1024,
  depthMax: 64,
  requestsMax: 256,
  waitingMax: 1_024,
  answerMsMax: 30_000,
});

export interface ApiOptions {
  /** Asked anew with each request, so that a key that is taken back opens nothing. */
  readonly keys: () => ApiKeys;
  readonly operations: Readonly<Record<OperationName, Operation>>;
  readonly limits?: Partial<ApiLimits>;
  /** Told of what broke, which the client is told nothing of. */
  readonly onFailure?: (error: unknown) => void;
}

export interface Api {
  /** Never rejects. */
  readonly handle: (request: ApiRequest) => Promise<ApiResponse>;
  /** Takes nothing more; resolves when what is under way is answered. */
  readonly drain: () => Promise<void>;
}

interface State {
  readonly options: ApiOptions;
  readonly limits: ApiLimits;
  readonly deadlines: Deadlines;
  readonly underWay: Shares;
  readonly waiting: Shares;
  isClosing: boolean;
  onIdle: () => void;
}

/** Throws a RangeError where no key is configured: nobody could be let in, and nobody else may be. */
export function openApi(options: ApiOptions): Api {
  if (options.keys().count === 0) throw new RangeError("no key is configured");
  const limits = { ...API_LIMITS, ...options.limits };
  const deadlines = makeDeadlines(limits.answerMsMax);
  const state: State = {
    ...{ options, limits, deadlines },
    ...{ underWay: makeShares(limits.requestsMax), waiting: makeShares(limits.waitingMax) },
    ...{ isClosing: false, onIdle: () => {} },
  };
  return Object.freeze({
    handle: (request: ApiRequest) => handle(state, request),
    drain: () => drain(state),
  });
}

async function handle(state: State, request: ApiRequest): Promise<ApiResponse> {
  const matched = matchRoute(request.method, request.target);
  const isOpen = matched.ok && matched.route.right === null;
  try {
    // What is here is told to nobody without a key, but for what has none.
    const key = isOpen ? null : keyOf(state, request);
    if (key !== null && "status" in key) return key;
    if (!matched.ok)
      return refuse(matched.code, undefined, "allow" in matched ? { allow: matched.allow } : {});
    if (state.isClosing && matched.route.name !== "health" && matched.route.name !== "readiness") {
      return refuse("http.closing", undefined, { connection: "close" });
    }
    const right = matched.route.right;
    if (key !== null && right !== null && !key.may.includes(right)) {
      return refuse("api_key.scope", `this key may not ${right}`);
    }
    const holder = key ?? NOBODY;
    const shares = matched.route.waits ? state.waiting : state.underWay;
    if (!shares.take(holder.hash, 1, state.options.keys().count === 1)) {
      return refuse("http.busy", undefined, { "retry-after": "1" });
    }
    try {
      return await answer(state, request, matched, holder);
    } finally {
      shares.give(holder.hash, 1);
      if (state.underWay.taken() === 0) state.onIdle();
    }
  } catch (error) {
    state.options.onFailure?.(error);
    return refuse("http.failed");
  }
}

const NOBODY: ApiKey = Object.freeze({ name: "", hash: "", agents: [], actions: [], may: [] });
const BEARER = /^bearer +([^ ]+)$/i;

function keyOf({ options }: State, { header }: ApiRequest): ApiKey | ApiResponse {
  const given = header("authorization");
  const presented = given === null ? undefined : BEARER.exec(given)?.[1];
  const challenge = { "www-authenticate": 'Bearer realm="polity"' };
  if (presented === undefined) return refuse("api_key.missing", undefined, challenge);
  return options.keys().find(presented) ?? refuse("api_key.unknown", undefined, challenge);
}

async function answer(
  { options, limits, deadlines }: State,
  request: ApiRequest,
  { route, id, waitMs }: Matched,
  key: ApiKey,
): Promise<ApiResponse> {
  const body = route.body === null ? EMPTY : await bodyOf(request, limits);
  if (isResponse(body)) return body;
  const problem = route.body === null ? null : shapeProblem(route.body, body);
  if (problem !== null) return refuse("http.invalid", problem);
  const { action } = body;
  if (typeof action === "string" && !mayAsk(key, action)) {
    return refuse("api_key.scope", "this key is not for this action");
  }
  const wantsEvents = route.waits && request.header("accept") === "text/event-stream";
  let isOverdue = false;
  const isLate = () => isOverdue || request.signal.aborted;
  const call: Call = {
    ...{ key, id, body, waitMs, wantsEvents, isLate },
    get signal() {
      return request.signal;
    },
  };
  const answering = options.operations[route.name](call);
  if (!(answering instanceof Promise) || route.waits) return answering;
  return deadlines.within(answering, () => {
    isOverdue = true;
    return refuse("http.late");
  });
}

const EMPTY: Readonly<Record<string, unknown>> = Object.freeze({});
const RESPONSES = new WeakSet<object>();

function isResponse(value: ApiResponse | Readonly<Record<string, unknown>>): value is ApiResponse {
  return RESPONSES.has(value);
}

function refused(code: string, message?: string): ApiResponse {
  const response = refuse(code, message);
  RESPONSES.add(response);
  return response;
}

const JSON_TYPE = /^application\/json(?: *; *charset=utf-8)?$/i;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The parsed body, of which only the form of JSON is known. */
async function bodyOf(
  { header, body }: ApiRequest,
  { bodyBytesMax, depthMax }: ApiLimits,
): Promise<ApiResponse | Readonly<Record<string, unknown>>> {
  const encoding = header("content-encoding");
  if (!JSON_TYPE.test(header("content-type") ?? "") || (encoding !== null && encoding !== "identity")) {
    return refused("http.content_type");
  }
  const bytes = await body(bodyBytesMax);
  if (bytes === null) return refused("http.too_large", `a body has at most ${bodyBytesMax} bytes`);
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return refused("http.malformed", "the body is not UTF-8 text");
  }
  const parsed = parseJson(text, { depthMax });
  if (!parsed.ok) return refused("http.malformed", `${parsed.message} (character ${parsed.offset + 1})`);
  const { value } = parsed;
  const isMembers = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMembers ? (value as Record<string, unknown>) : refused("http.invalid", "the body is an object");
}

async function drain(state: State): Promise<void> {
  state.isClosing = true;
  while (state.underWay.taken() > 0) {
    await new Promise<void>((resolve) => {
      state.onIdle = resolve;
    });
  }
}
