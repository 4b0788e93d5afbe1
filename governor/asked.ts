/** What comes from whoever calls, read once and looked at before anything rests on it. */
import { idShape, nameShape } from "@polity/lineage/entry-schema.ts";
import { fits } from "@polity/lineage/entry-shape.ts";
import { ownCopy } from "@polity/runtime/own-copy.ts";
import { utf8Length } from "@polity/runtime/text-order.ts";
import type { Beginning, Step } from "./governor.ts";
import type { Asked } from "./state.ts";

const PURPOSE_BYTES_MAX = 1_024;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Null where it is a beginning; what entries of the log have no room for is refused here. */
export function beginningProblem(beginning: Beginning): string | null {
  if (typeof beginning !== "object" || beginning === null) return "a beginning is an object";
  const { agent, purpose, parent, zone, attestation, leaseMs } = beginning;
  if (typeof agent !== "object" || agent === null) return "`agent` is missing: say who acts, by type and id";
  if (!fits(nameShape, agent.type)) return "`agent.type` is a name of 1 to 256 bytes";
  if (!fits(idShape, agent.id)) return "`agent.id` is text of 1 to 256 bytes";
  const isPurpose = purpose === null || (isText(purpose) && utf8Length(purpose) <= PURPOSE_BYTES_MAX);
  if (!isPurpose) return `\`purpose\` is text of 1 to ${PURPOSE_BYTES_MAX} bytes, or null`;
  if (parent !== null && !isText(parent)) return "`parent` is the id of an execution, or null";
  if (zone !== null && !fits(idShape, zone)) return "`zone` is text of 1 to 256 bytes, or null";
  if (attestation !== null && typeof attestation !== "string") return "`attestation` is an envelope, or null";
  if (leaseMs === undefined) return null;
  const isLease = Number.isSafeInteger(leaseMs) && leaseMs >= 1 && leaseMs <= DAY_MS;
  return isLease ? null : "`leaseMs` is a whole number of milliseconds, at least 1 and at most a day";
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}

/** Text says what is wrong. */
export function ownStep(given: Step): Asked | string {
  const step = ownCopy(given) as Step;
  if (typeof step !== "object" || step === null) return "a step is an object";
  const { action, fields, entities, requestId = null, retries = null } = step;
  if (typeof action !== "string") return "`action` is the name of an action";
  if (requestId !== null && !fits(idShape, requestId)) return "`requestId` is text of 1 to 256 bytes";
  if (retries !== null && typeof retries !== "string") return "`retries` is the id of a decision";
  return { action, fields, entities, requestId, retries };
}
