/**
 * A request file's JSON as what an engine takes. Only the form is judged here; what fields and header say
 * is for the engine, so that both engines refuse the same things in the same order.
 */
import type { Header } from "@polity/runtime/header.ts";
import { readTimestamp } from "@polity/runtime/scalars.ts";
import { quoted } from "./words.ts";

export interface RequestInput {
  readonly action: string;
  readonly fields: unknown;
  /** What the request carries; undefined where it says nothing of it. */
  readonly entities?: unknown;
  /** Properties that the request does not give may be missing: engines deny then. */
  readonly header: Header;
  /** Header keys that were left out and taken as free and current at `now`. */
  readonly assumed: readonly string[];
}

/** `id` is undefined where the request has none that can be repeated. */
export interface ReadRequest {
  readonly id: string | number | undefined;
  readonly result: RequestInput | Refused;
}

export interface Refused {
  readonly deny: "input.invalid" | "input.missing";
  /** For people: what is wrong with the form. */
  readonly why: string;
}

type Members = Readonly<Record<string, unknown>>;

const REQUEST_KEYS = ["id", "action", "now", "fields", "entities", "trust", "header", "approvals"];
const HEADER_KEYS = ["policy_from", "policy_until", "facts_until", "contained_at", "containment"];
const APPROVAL_KEYS = ["request", "approver", "asked_at", "given_at"];
/** For a policy that never looks. */
const TRUSTED = 1_000;

/** `readsTrust`: the policy looks at `trust`, so a request without it is denied instead of trusted. */
export function readRequest(json: unknown, readsTrust: boolean): ReadRequest {
  if (!isObject(json)) return { id: undefined, result: invalid("a request is an object") };
  const { id } = json;
  if (id === undefined) return { id, result: readMembers(json, readsTrust) };
  if (typeof id === "string" || Number.isSafeInteger(id)) {
    return { id: id as string | number, result: readMembers(json, readsTrust) };
  }
  return { id: undefined, result: invalid("`id` is text or an integer") };
}

function readMembers(json: Members, readsTrust: boolean): ReadRequest["result"] {
  const { action, fields, entities, header = {} } = json;
  const surplus = surplusKey(json, REQUEST_KEYS);
  if (surplus !== undefined) return invalid(`a request has no ${quoted(surplus)}`);
  if (!isObject(header)) return invalid("`header` is an object");
  const surplusHeader = surplusKey(header, HEADER_KEYS);
  if (surplusHeader !== undefined) return invalid(`a header has no ${quoted(surplusHeader)}`);
  if (action === undefined || fields === undefined) {
    return { deny: "input.missing", why: `${action === undefined ? "`action`" : "`fields`"} is missing` };
  }
  if (typeof action !== "string") return invalid("`action` is text");
  if (!isObject(fields)) return invalid("`fields` is an object");
  const approvals = readApprovals(json.approvals);
  if (!Array.isArray(approvals)) return approvals as Refused;
  const carried = entities === undefined ? {} : { entities };
  return { action, fields, ...carried, ...readHeader(json, header, readsTrust, approvals) };
}

/** What is wrong or missing in a header is for the engine to find. */
function readHeader(
  { now: written, trust }: Members,
  header: Members,
  readsTrust: boolean,
  approvals: readonly unknown[],
): Pick<RequestInput, "header" | "assumed"> {
  const assumed: string[] = [];
  const assume = <T>(key: string, value: T): T => {
    assumed.push(key);
    return value;
  };
  const now = written === undefined ? undefined : milliseconds(written);
  const timeOf = (key: string) => (header[key] === undefined ? assume(key, now) : milliseconds(header[key]));
  const members = {
    now,
    policyFrom: timeOf("policy_from"),
    policyUntil: timeOf("policy_until"),
    factsUntil: timeOf("facts_until"),
    containment: withoutMissing({
      readAt: timeOf("contained_at"),
      state: header.containment === undefined ? assume("containment", "free") : header.containment,
    }),
    trust: trust === undefined && !readsTrust ? assume("trust", TRUSTED) : trust,
    approvals,
  };
  const said = withoutMissing(members) as unknown as Header;
  return { header: said, assumed: now === undefined ? [] : assumed };
}

/** Approvals with the names that a header gives their parts. */
function readApprovals(json: unknown): readonly unknown[] | Refused {
  if (json === undefined) return [];
  if (!Array.isArray(json)) return invalid("`approvals` is a list");
  const approvals: unknown[] = [];
  for (const approval of json as unknown[]) {
    if (!isObject(approval)) return invalid("an approval is an object");
    const { request, approver, asked_at: asked, given_at: given } = approval;
    const surplus =
      surplusKey(approval, APPROVAL_KEYS) ??
      (isObject(approver) ? surplusKey(approver, ["type", "id"]) : undefined);
    if (surplus !== undefined) return invalid(`an approval has no ${quoted(surplus)}`);
    const askedAt = asked === undefined ? undefined : milliseconds(asked);
    const givenAt = given === undefined ? undefined : milliseconds(given);
    approvals.push(withoutMissing({ request, approver, askedAt, givenAt }));
  }
  return approvals;
}

function invalid(why: string): Refused {
  return { deny: "input.invalid", why };
}

/** For people: what is wrong where an engine refuses a request whose fields are of their types. */
export function headerProblem(header: Header): string {
  const { containment, trust, approvals: _, ...times } = header;
  for (const [key, value] of [...Object.entries(times), ["containedAt", containment.readAt] as const]) {
    if (Number.isNaN(value)) return `${quoted(snakeCase(key))} is not RFC 3339 with Z`;
  }
  if (times.now === undefined) return "`now` is missing";
  if (trust === undefined) return "`trust` is missing, and the policy reads it";
  return "a path, `trust`, `containment` or an approval is not as it must be, or there is too much of it all";
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Milliseconds since 1970, or NaN, which no engine takes for a time. */
function milliseconds(json: unknown): number {
  return readTimestamp(json) ?? Number.NaN;
}

function withoutMissing(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function surplusKey(object: Members, keys: readonly string[]): string | undefined {
  return Object.keys(object).find((key) => !keys.includes(key));
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
