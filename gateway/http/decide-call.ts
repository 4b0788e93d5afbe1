/** `POST /v1/decide`: one decision, without an execution. */
import type { Party } from "@polity/lineage/entry.ts";
import type { RecordedDecision, RecordedHost } from "@polity/lineage/recorded-host.ts";
import type { LogReceipt } from "@polity/lineage/recorder.ts";
import type { Header } from "@polity/runtime/header.ts";
import { answerJson, type Call, type Operation, refuse } from "./api.ts";
import { maySpeakFor } from "./api-keys.ts";

export interface Decider {
  readonly host: Pick<RecordedHost, "decide" | "permission">;
  /** The fields that name who acts, with their entity types: of each policy that has such a field. */
  readonly subjects: () => readonly { readonly field: string; readonly entity: string }[];
  /** The fields of an action that only the host may say. */
  readonly fromHost: (action: string) => readonly string[];
  /** What is known of those who act; of nobody, where no policy says who that is. */
  readonly header: (subjects: readonly Party[]) => Header;
}

export function decideOperation({ host, subjects, fromHost, header }: Decider): Operation {
  return async ({ key, body }: Call) => {
    const { action, fields, entities, request_id: requestId = null } = body;
    const named = namedIn(fields, subjects());
    if (key.agents !== null && (named.length === 0 || !named.every((one) => maySpeakFor(key, one)))) {
      return refuse("api_key.scope", "this key is not for this agent");
    }
    const measured = fromHost(action as string).find((name) => isNamed(fields, name));
    if (measured !== undefined) {
      return refuse("http.invalid", `\`${measured}\` is for the host to say, not for its clients`);
    }
    const asking = { action: action as string, fields, header: header(named) };
    const recorded = await host.decide({
      ...asking,
      ...(entities !== undefined && { entities }),
      requestId: requestId as string | null,
    });
    return answerJson(200, decisionBody(recorded, host));
  };
}

/** Whoever is named in another way than by an id is nobody here: the evaluator refuses that. */
function namedIn(fields: unknown, subjects: ReturnType<Decider["subjects"]>): readonly Party[] {
  return subjects.flatMap(({ field, entity }) => {
    const id = isNamed(fields, field) ? fields[field] : undefined;
    return typeof id === "string" ? [{ type: entity, id }] : [];
  });
}

function isNamed(fields: unknown, name: string): fields is Record<string, unknown> {
  return typeof fields === "object" && fields !== null && Object.hasOwn(fields, name);
}

function decisionBody(recorded: RecordedDecision, host: Decider["host"]) {
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
  };
}

export function placeOf(receipt: LogReceipt | null) {
  return receipt === null ? null : { origin: receipt.origin, index: receipt.index, leaf: receipt.leafHash };
}
