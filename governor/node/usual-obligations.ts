/** What `std/obligations` declares, discharged: for `openGovernor`, and for whoever loads its evaluators. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { cap, redact } from "../obligations/change.ts";
import { type Handlers, handlersOf } from "../obligations/handler.ts";
import { log, notifyHandler, type Webhook } from "../obligations/report.ts";
import { nodeGovernor } from "./governor-ports.ts";

/** For what is due before; what is due after has its own. */
const WITHIN_MS = 10_000;

/**
 * `services`: those whom policies may have told, by name. Throws a RangeError for an address that would not
 * be protected on its way, or a secret that is none.
 */
export function usualObligations(services: ReadonlyMap<string, Webhook> = new Map()): Handlers {
  const { wake, now } = nodeGovernor;
  const notify = notifyHandler(services, { fetch, now, sha256: nodeCrypto.sha256 });
  return handlersOf([redact, cap, log, notify], { wake, withinMs: WITHIN_MS });
}
