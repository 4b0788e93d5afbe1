/** The file of canaries: requests that the policy has to deny, whoever asks. */
import { entityText } from "@polity/gateway/http/entity-text.ts";
import type { Canary } from "@polity/governor/state.ts";
import { parseJson } from "@polity/runtime/json.ts";
import { failure } from "./failure.ts";
import { nameOf, readText } from "./read-file.ts";

const CANARIES_MAX = 64;
const FORM = 'as [{"agent":"Agent::canary","action":"pay","fields":{"amount":1000000}}]';

interface Canaries {
  readonly canaries: readonly Canary[];
  /** Until the first of them. */
  readonly firstMs: number;
}

/**
 * What no policy can declare, and so none can allow: made where nothing else is named, so that each node
 * shows that it denies and that its log takes entries. What a policy must deny is for a file to say.
 * A process that lives for seconds would show nothing by it.
 */
const USUAL: Canaries = Object.freeze({
  canaries: [{ agent: { type: "Agent", id: "canary" }, action: "undeclared canary", fields: {} }],
  firstMs: 60_000,
});

export async function readCanaries(path: string | undefined): Promise<Canaries> {
  if (path === undefined) return USUAL;
  const no = (why: string) => failure(`${nameOf(path)} is no file of canaries: ${why}`, FORM);
  const parsed = parseJson(await readText(path));
  if (!parsed.ok) throw no(parsed.message);
  const { value } = parsed;
  if (!Array.isArray(value) || value.length === 0 || value.length > CANARIES_MAX)
    throw no(`it is no list of 1 to ${CANARIES_MAX}`);
  const canaries = value.map((given: unknown) => {
    const { agent: text, action, fields, ...more } = (given ?? {}) as Readonly<Record<string, unknown>>;
    const agent = typeof text === "string" ? entityText(text) : null;
    if (agent === null) throw no("an agent is an entity like Agent::a7");
    if (typeof action !== "string" || fields === undefined || Object.keys(more).length > 0)
      throw no("each has an agent, an action, fields and nothing else");
    return { agent, action, fields };
  });
  return { canaries, firstMs: 0 };
}
