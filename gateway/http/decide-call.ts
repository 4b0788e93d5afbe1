/** `POST /v1/decide`: one decision, without an execution. */
import type { Applied, Governor } from "@polity/governor/governor.ts";
import { isNamed, type SubjectField, subjectsNamed } from "@polity/governor/subjects-named.ts";
import type { Party } from "@polity/lineage/entry.ts";
import { idShape } from "@polity/lineage/entry-schema.ts";
import { fits } from "@polity/lineage/entry-shape.ts";
import type { RecordedDecision, RecordedHost } from "@polity/lineage/recorded-host.ts";
import type { LogReceipt } from "@polity/lineage/recorder.ts";
import type { Decision } from "@polity/runtime/result.ts";
import { type ApiResponse, answerJson, type Call, type Operation, refuse } from "./api.ts";
import { maySpeakFor } from "./api-keys.ts";

export interface Decider {
  readonly host: Pick<RecordedHost, "decide" | "permission" | "append">;
  /** The fields that name who acts, with their entity types: of each policy that has such a field. */
  readonly subjects: () => readonly SubjectField[];
  /** The fields of an action that only the host may say. */
  readonly fromHost: (action: string) => readonly string[];
  /** What is known of those who act; of nobody, where no policy says who that is. */
  readonly header: Governor["headerOf"];
  /** What a verdict says of whom it is about. */
  readonly contain: Governor["contain"];
}

export function decideOperation({ host, subjects, fromHost, header, contain }: Decider): Operation {
  return async ({ key, body }: Call) => {
    const { action, fields, entities, request_id: requestId = null } = body;
    const named = subjectsNamed(fields, subjects());
    if (key.agents !== null && (named.length === 0 || !named.every((one) => maySpeakFor(key, one)))) {
      await noteTried(host, "api_key.scope", action as string);
      return refuse("api_key.scope", "this key is not for this agent");
    }
    const measured = fromHost(action as string).find((name) => isNamed(fields, name));
    if (measured !== undefined) {
      await noteTried(host, "http.invalid", action as string);
      return refuse("http.invalid", `\`${measured}\` is for the host to say, not for its clients`);
    }
    const known = header(named);
    if (!known.ok) return refuse(known.code, known.message);
    let holding: Holding | null = null;
    const recorded = await host.decide({
      action: action as string,
      fields,
      header: known.header,
      ...(entities !== undefined && { entities }),
      requestId: requestId as string | null,
      // Parsed for this call, and a header that was made for it.
      own: "all",
      onJudged(decision) {
        holding = hold(contain, named, action as string, decision);
      },
    });
    const problem = await heldBy(holding, recorded.receipt);
    return problem ?? answerJson(200, decisionBody(recorded, host, holding === null ? [] : named));
  };
}

/** Refused before it was judged; that somebody tried is in the log, where that can be written at all. */
async function noteTried({ append }: Decider["host"], code: string, action: string): Promise<void> {
  const event = fits(idShape, action) ? action : "?";
  const body = { kind: "event", name: code, phase: "refused", event, digest: null } as const;
  await append(body).catch(() => null);
}

interface Holding {
  readonly tell: (receipt: LogReceipt | null) => void;
  readonly applied: readonly Promise<Applied>[];
}

const CONTAINS = new Map([
  ["quarantine", "quarantined"],
  ["terminate", "terminated"],
] as const);

/** At once, whether the decision can be written down or not. */
function hold(
  contain: Decider["contain"],
  subjects: readonly Party[],
  action: string,
  { verdict, rules }: Decision,
): Holding | null {
  const state = CONTAINS.get(verdict as "quarantine");
  if (state === undefined) return null;
  let tell: Holding["tell"] = () => {};
  const decision = new Promise<LogReceipt | null>((resolve) => {
    tell = resolve;
  });
  // Of at most three bytes each, in a note of 1,024 bytes.
  const reason = `rule ${rules[0] ?? "?"} on ${action}`.slice(0, 300);
  return { tell, applied: subjects.map((subject) => contain({ subject, state, reason, decision })) };
}

/** Who asked is answered once it is in the log who is contained. */
async function heldBy(holding: Holding | null, receipt: LogReceipt | null): Promise<ApiResponse | null> {
  if (holding === null) return null;
  holding.tell(receipt);
  for (const said of await Promise.all(holding.applied)) if (!said.ok) return refuse(said.code, said.message);
  return null;
}

function decisionBody(recorded: RecordedDecision, host: Decider["host"], contained: readonly Party[]) {
  const { id, decision, request, receipt } = recorded;
  const { verdict, code, rules, reasons, notes, obligations } = decision;
  const permission = host.permission(recorded);
  return {
    id,
    verdict,
    code,
    rules,
    reasons,
    request: request?.digest ?? null,
    entry: placeOf(receipt),
    notes,
    obligations,
    fields: permission.kind === "released" ? permission.fields : null,
    contained,
  };
}

export function placeOf(receipt: LogReceipt | null) {
  return receipt === null ? null : { origin: receipt.origin, index: receipt.index, leaf: receipt.leafHash };
}
