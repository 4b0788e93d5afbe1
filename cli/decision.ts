/** One answer of `pol decide`, as it is printed. */
import type { Receipt } from "@polity/lineage/store.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import { renderReason } from "@polity/runtime/render.ts";
import { columns } from "./table.ts";
import type { Look, Paint } from "./terminal.ts";

/** What an engine answers; one that lists only the first rules also says how many there were. */
export interface Judgement extends Outcome {
  readonly rulesTotal?: number;
  readonly errorsTotal?: number;
  /** Of a set, by name: what each member said itself. */
  readonly members?: readonly MemberJudgement[];
}

export interface MemberJudgement extends Outcome {
  readonly name: string;
  /** A policy that does not declare the action answers as a guard. */
  readonly kind: "policy" | "guard";
  /** Reported, never counted. */
  readonly isShadow: boolean;
  readonly evaluator: string;
  readonly totals: { readonly rulesTotal: number; readonly errorsTotal: number };
}

export interface Decision {
  /** Undefined where the request had none. */
  readonly id: string | number | undefined;
  readonly outcome: Judgement;
  /** `sha256:` and 64 hex digits; null where what came is no request. */
  readonly request: string | null;
  readonly evaluator: string;
  readonly facts: string;
  /** Where it was logged; left out where no log is kept. */
  readonly log?: Receipt;
}

/** One line of JSON with its keys in a fixed order: the same bytes from every engine. */
export function decisionJson({ id, outcome, request, evaluator, facts, log }: Decision): string {
  const { verdict, code, rules, errors, shadow, members } = outcome;
  return JSON.stringify({
    ...(id === undefined ? {} : { id }),
    verdict,
    code,
    rules,
    errors: errors.map(({ rule, kind }) => ({ rule, kind })),
    reasons: outcome.reasons.map(({ parts }) => renderReason(parts)),
    notes: outcome.notes.map(({ parts }) => renderReason(parts)),
    ...(shadow === undefined ? {} : { shadow }),
    obligations: outcome.obligations,
    request,
    ...(members === undefined ? { evaluator } : { set: evaluator }),
    facts,
    ...(members === undefined ? {} : { members: members.map(memberData) }),
    ...(log === undefined ? {} : { log: { index: log.index, leaf: log.leafHash } }),
  });
}

function memberData({ name, kind, isShadow, evaluator, verdict, code, rules, errors }: MemberJudgement) {
  const erring = errors.map(({ rule, kind: of }) => ({ rule, kind: of }));
  return { name, kind, shadow: isShadow, verdict, code, rules, errors: erring, evaluator };
}

const LOOKS: Readonly<Record<Outcome["verdict"], Look>> = {
  allow: "good",
  hold: "warning",
  deny: "error",
  quarantine: "error",
  terminate: "error",
};

export function decisionText({ outcome, request, log }: Decision, paint: Paint): string {
  const { verdict, code, rules, errors, reasons, notes, obligations, shadow = [] } = outcome;
  const rows = [
    [paint("strong", paint(LOOKS[verdict], verdict)), code],
    ...rules.map((rule) => ["fired", rule]),
    ...errors.map(({ rule, kind }) => ["error", `${rule}: ${kind}`]),
    ...reasons.map((reason) => ["reason", `${reason.rule}: ${renderReason(reason.parts)}`]),
    ...notes.map((note) => ["note", `${note.rule}: ${renderReason(note.parts)}`]),
    ...shadow.map((rule) => ["shadow", rule]),
    ...obligations.map(({ name, when, arguments: given }) => [when, `${name} ${JSON.stringify(given)}`]),
    ...(outcome.members ?? []).map(({ name, kind, isShadow, ...said }) => {
      const what = isShadow ? `shadow ${kind}` : kind;
      return ["member", `${name} (${what}): ${said.verdict}, ${said.code}`];
    }),
    ["request", request ?? "none"],
    ...(log === undefined ? [] : [["log", `entry ${log.index}`]]),
  ];
  return `${columns(rows).join("\n")}\n`;
}
