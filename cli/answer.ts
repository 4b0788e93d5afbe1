/** From the text of a request to a decision. */
import type { Outcome } from "@polity/runtime/decision.ts";
import { parseJson } from "@polity/runtime/json.ts";
import type { Decision } from "./decision.ts";
import type { Desk } from "./desk.ts";
import { readRequest } from "./request.ts";
import { quoted } from "./words.ts";

export interface Answer {
  readonly decision: Decision;
  /** For people: why the request was not even judged, where that is known. */
  readonly why: string | null;
  /** What the request left out of the header. */
  readonly assumed: readonly string[];
}

/** `text` is null where what came cannot be read as text at all; `why` then says so. */
export function answer(desk: Desk, text: string | null, unreadable = "not UTF-8 text"): Answer {
  const { evaluator, facts } = desk;
  const refuse = (code: Outcome["code"], why: string, id?: string | number): Answer => ({
    decision: { id, outcome: denied(code), request: null, evaluator, facts },
    why,
    assumed: [],
  });
  if (text === null) return refuse("input.invalid", unreadable);
  const parsed = parseJson(text);
  if (!parsed.ok) return refuse("input.invalid", `${parsed.message} (character ${parsed.offset + 1})`);
  const { id, result } = readRequest(parsed.value, desk.readsTrust);
  if ("deny" in result) return refuse(result.deny, result.why, id);
  const { action, fields, header, assumed } = result;
  const named = desk.nameRequest(action, fields);
  return {
    decision: {
      id,
      outcome: desk.decide({ action, fields, header }),
      request: named.ok ? named.digest : null,
      evaluator,
      facts,
    },
    why: named.ok ? null : problemText(action, named.code, named.path),
    assumed,
  };
}

function denied(code: Outcome["code"]): Outcome {
  return { verdict: "deny", code, granted: false, rules: [], errors: [], reasons: [], notes: [] };
}

const PROBLEMS: ReadonlyMap<string, string> = new Map([
  ["input.missing", "is missing"],
  ["input.unknown_field", "is not declared"],
  ["input.out_of_range", "is out of its range"],
  ["input.too_large", "is too large"],
  ["input.invalid", "is not of its type"],
]);

function problemText(action: string, code: string, path: string): string {
  if (code === "input.unknown_action") return `no action ${quoted(action)}`;
  return `${path === "" ? "`fields`" : quoted(path)} ${PROBLEMS.get(code) ?? code}`;
}
