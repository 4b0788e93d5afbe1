/** Entries of a log in the shapes that other tools read, one line each. */
import type { DecisionEntry, Entry } from "@polity/lineage/entry.ts";
import type { ReadEntry } from "@polity/lineage/read-entries.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { entryJson } from "./render-entry.ts";
import { timeText } from "./time-option.ts";

export type ExportFormat = "jsonl" | "cloudevents" | "opa";

export const EXPORT_FORMATS: readonly ExportFormat[] = ["jsonl", "cloudevents", "opa"];

/** The request of a decision, as far as it is shown. */
export interface ShownRequest {
  readonly input: unknown;
  /** Pointers into the request of what its commitment stands for. */
  readonly masked: readonly string[];
}

/** Null for an entry that the format has no shape for. */
export function exportLine(
  format: ExportFormat,
  origin: string,
  read: ReadEntry,
  request: ShownRequest | null = null,
): string | null {
  switch (format) {
    case "jsonl":
      return entryJson(read);
    case "cloudevents":
      return cloudEvent(origin, read);
    case "opa":
      return read.entry.kind === "decision" ? opaDecision(origin, read, read.entry, request) : null;
  }
}

/** Digits of the largest index: as texts, sequences have the order of the log. */
const SEQUENCE_DIGITS = 16;

/**
 * CloudEvents 1.0 in JSON, with the extensions for distributed tracing and sequence; `index` and `leaf` lead
 * to the entry in the log. An origin has no scheme, so the source is a reference to it as an authority.
 */
function cloudEvent(origin: string, { index, bytes, leaf, entry }: ReadEntry): string {
  const subject = subjectOf(entry);
  const { trace } = entry;
  const envelope = {
    specversion: "1.0",
    id: entry.id,
    source: `//${origin}`,
    type: `polity.lineage.${entry.kind}.v${entry.v}`,
    ...(subject !== null && { subject }),
    time: timeText(entry.at),
    datacontenttype: "application/json",
    sequence: String(index).padStart(SEQUENCE_DIGITS, "0"),
    leaf: digestName(leaf),
    // Whether the caller sampled the trace is not logged.
    ...(trace !== null && { traceparent: `00-${trace.trace}-${trace.span}-00` }),
  };
  return `${JSON.stringify(envelope).slice(0, -1)},"data":${Buffer.from(bytes).toString()}}`;
}

function subjectOf(entry: Entry): string | null {
  if (entry.kind === "decision") return entry.action;
  if (entry.kind === "execution") return entry.agent.id;
  return entry.kind === "trust" || entry.kind === "containment" ? entry.subject.id : entry.execution;
}

/**
 * The shape of an OPA decision log. The request is not in the log, only what commits to it, so `input` is
 * listed as erased unless somebody has what opens it; of a field that is not shown there is the commitment.
 */
function opaDecision(
  origin: string,
  { index, leaf }: ReadEntry,
  entry: DecisionEntry,
  request: ShownRequest | null,
): string {
  const { set, members, trace } = entry;
  return JSON.stringify({
    labels: { id: entry.node, log: origin, index: String(index), leaf: digestName(leaf) },
    decision_id: entry.id,
    ...(trace !== null && { trace_id: trace.trace, span_id: trace.span }),
    bundles: Object.fromEntries(
      members.map((member) => [
        member.name ?? member.policy,
        { revision: set === null || set.epoch === 0 ? member.evaluator : `${set.epoch} ${set.digest}` },
      ]),
    ),
    path: entry.action ?? "",
    result: {
      allow: entry.verdict === "allow",
      verdict: entry.verdict,
      code: entry.code,
      rules: members.flatMap(({ rules }) => rules),
      obligations: entry.obligations.map(({ name, phase, arguments: given }) => {
        return { name, phase, arguments: JSON.parse(given) as unknown };
      }),
    },
    ...(request === null ? { erased: ["/input"] } : { input: request.input }),
    ...(request !== null &&
      request.masked.length > 0 && { masked: request.masked.map((at) => `/input${at}`) }),
    ...(entry.requestId !== null && { req_id: entry.requestId }),
    timestamp: timeText(entry.at),
  });
}
