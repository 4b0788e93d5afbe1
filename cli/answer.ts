/** From the text of a request to a decision. */
import { denied } from "@polity/compiler/interpret/verdict.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import { parseJson } from "@polity/runtime/json.ts";
import type { RequestResult } from "@polity/runtime/request.ts";
import type { Decision, Judgement } from "./decision.ts";
import type { Desk } from "./desk.ts";
import { headerProblem, type RequestInput, readRequest } from "./request.ts";
import { quoted } from "./words.ts";

export interface Answer {
  readonly decision: Decision;
  /** For people: why the request was not even judged, where that is known. */
  readonly why: string | null;
  /** What the request left out of the header. */
  readonly assumed: readonly string[];
  readonly asked: Asked;
}

/** What was answered, as far as it could be read. */
export interface Asked {
  readonly action: string | null;
  readonly header: Header | null;
  /** The canonical JSON of the request and its digest. */
  readonly request: { readonly json: string; readonly digest: string } | null;
}

const NOTHING: Asked = { action: null, header: null, request: null };

/** `text` is null where what came cannot be read as text at all; `why` then says so. */
export function answer(desk: Desk, text: string | null, unreadable = "not UTF-8 text"): Answer {
  const { evaluator, facts } = desk;
  const refuse = (code: Outcome["code"], why: string, id?: string | number): Answer => ({
    decision: { id, outcome: deniedBy(desk, code), request: null, evaluator, facts },
    why,
    assumed: [],
    asked: NOTHING,
  });
  if (text === null) return refuse("input.invalid", unreadable);
  const parsed = parseJson(text);
  if (!parsed.ok) return refuse("input.invalid", `${parsed.message} (character ${parsed.offset + 1})`);
  const { id, result } = readRequest(parsed.value, desk.readsTrust);
  if ("deny" in result) return refuse(result.deny, result.why, id);
  const { action, fields, entities, assumed } = result;
  const header = desk.headerOf?.(result.header) ?? result.header;
  const named = desk.nameRequest(action, fields, entities);
  const outcome = desk.decide({ action, fields, header, entities });
  const request = named.ok ? named : null;
  return {
    decision: { id, outcome, request: request?.digest ?? null, evaluator, facts },
    why: whyOf(result, named, outcome),
    assumed,
    asked: { action, header, request },
  };
}

/** Why an engine did not come to any rule; null where the code says all there is to say. */
function whyOf({ action, header }: RequestInput, named: RequestResult, { code }: Outcome): string | null {
  if (!code.startsWith("input.")) return null;
  if (code === "input.unknown_action") return `no action ${quoted(action)}`;
  if (named.ok) return headerProblem(header);
  return `${named.path === "" ? "`fields`" : quoted(named.path)} ${PROBLEMS.get(named.code) ?? named.code}`;
}

/** Of a request that nobody could read, no member has heard more than another. */
function deniedBy({ members }: Desk, code: Outcome["code"]): Judgement {
  const outcome = denied(code);
  if (members === undefined) return outcome;
  const totals = { rulesTotal: 0, errorsTotal: 0 };
  const each = members.map(({ name, kind, evaluator, shadow }) => {
    return { ...outcome, name, kind, isShadow: shadow, evaluator, totals };
  });
  return { ...outcome, members: each };
}

const PROBLEMS: ReadonlyMap<string, string> = new Map([
  ["input.missing", "is missing"],
  ["input.unknown_field", "is not declared"],
  ["input.out_of_range", "is out of its range"],
  ["input.too_large", "is too large"],
  ["input.invalid", "is not of its type"],
]);
