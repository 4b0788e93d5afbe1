/** A decision as a log has it, for whoever issues permits. */
import { checkOpening } from "@polity/lineage/commitment.ts";
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import type { Argument, Obligation } from "@polity/runtime/decision.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { parseJson } from "@polity/runtime/json.ts";
import type { WrittenDecision } from "@polity/runtime/permit.ts";
import type { Refusal } from "./refusal.ts";
import { plural } from "./words.ts";

export interface PermittedEntry {
  readonly ok: true;
  readonly written: WrittenDecision;
  readonly request: string;
  /** Those of the decision that are due before what it allowed. */
  readonly dueBefore: readonly Obligation[];
}

/** Rejects with what the store objects to. */
export async function permittedEntry(store: LogStore, index: number): Promise<PermittedEntry | Refusal> {
  const bytes = index < store.size ? await store.entry(index) : null;
  if (bytes === null) {
    const size = plural(store.size, "entry", "entries");
    return refusal("permit.no_receipt", `there is no entry ${index}: the log has ${size}`, null);
  }
  const decoded = decodeEntry(bytes);
  if (!decoded.ok) return refusal(decoded.code, `entry ${index} is none: ${decoded.message}`, null);
  const { entry } = decoded;
  if (entry.kind !== "decision") {
    return refusal("permit.not_allowed", `entry ${index} is no decision but of kind ${entry.kind}`, null);
  }
  const request = await requestOf(store, index, entry);
  if (request === null && entry.verdict === "allow") {
    const hint = "what was erased cannot be permitted any more: decide anew";
    return refusal("permit.terms", `the request of entry ${index} was erased, all or in part`, hint);
  }
  const leaf = digestName(leafHash(bytes, nodeCrypto.sha256));
  const obligations = entry.obligations.map(obligationOf);
  const written: WrittenDecision = {
    id: entry.id,
    decidedMs: entry.at,
    decision: { verdict: entry.verdict, granted: entry.verdict === "allow", obligations },
    action: entry.action ?? "",
    request: request === null ? null : { json: request },
    set: entry.set,
    receipt: { origin: store.origin, index, leafHash: leaf },
  };
  const dueBefore = obligations.filter(({ when }) => when === "before");
  return { ok: true, written, request: request ?? "", dueBefore };
}

/** Null where it was erased, all or in part, or there was none. */
async function requestOf(store: LogStore, index: number, { request }: DecisionEntry): Promise<string | null> {
  const opening = request === null ? null : await store.opening(index);
  if (request === null || opening === null) return null;
  const opened = checkOpening(request, opening, nodeCrypto.sha256);
  return opened.ok && opened.erased.length === 0 ? opened.request : null;
}

function obligationOf({ name, phase, arguments: written }: DecisionEntry["obligations"][number]): Obligation {
  const parsed = parseJson(written);
  return { name, when: phase, arguments: (parsed.ok ? parsed.value : {}) as Record<string, Argument> };
}

function refusal(code: string, message: string, hint: string | null): Refusal {
  return { ok: false, code, message, hint };
}
