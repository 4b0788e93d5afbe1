/** As whom a client over HTTP acts: what its key may, and what the head of its first request says. */
import type { Party } from "@polity/lineage/entry.ts";
import { type ApiKey, maySpeakFor } from "../http/api-keys.ts";
import { entityText } from "../http/entity-text.ts";

/** Which of the agents that the key speaks for; needed where they are several. */
export const AGENT_HEADER = "polity-agent";
/** The session that hands its authority on. */
export const PARENT_HEADER = "polity-parent";

export function mayAct(key: ApiKey, agent: Party): boolean {
  return key.may.includes("execute") && maySpeakFor(key, agent);
}

/** `fixed`: the gateway's only agent, if it has one. Null: it is not said, or this key is not for it. */
export function agentOf(fixed: Party | null, key: ApiKey, said: string | null): Party | null {
  const own = fixed ?? (key.agents?.length === 1 ? key.agents[0]! : null);
  const agent = said === null ? own : entityText(said);
  if (agent === null || !mayAct(key, agent)) return null;
  return fixed === null || (fixed.type === agent.type && fixed.id === agent.id) ? agent : null;
}
