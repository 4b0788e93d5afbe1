/** Who asks for single decisions, without an execution: `POST /v1/decide`, as the service answers it. */
import type { Call } from "@polity/gateway/http/api.ts";
import { count } from "./counts.ts";
import type { Outside } from "./operators.ts";
import { AGENTS, TRAPS } from "./policies.ts";

const KEY = { name: "asker", hash: "", agents: null, actions: null, may: ["decide"] } as const;

export async function askOnce({ node, checks }: Outside): Promise<void> {
  const { decide, life, world } = node;
  const { random } = world;
  if (decide === null) return;
  const agent = `a${random.below(AGENTS)}`;
  const what = random.chance(0.05) ? random.pick(TRAPS) : "shelf";
  const wasContained = checks.isContained(agent);
  const call: Call = {
    ...{ key: KEY, id: "", waitMs: 0, wantsEvents: false, isLate: () => false },
    ...{ body: { action: "look", fields: { agent, what } }, signal: new AbortController().signal },
  };
  const { status, body } = await decide(call);
  if (life !== node.life) return;
  const said = JSON.parse(String(body)) as Said;
  count(checks, `single: ${status} ${said.error?.code ?? `${said.verdict} ${said.code}`}`);
  if (status !== 200) return;
  const { verdict, id, contained = [] } = said;
  if (verdict === "allow" && wasContained && checks.isContained(agent))
    checks.violations.push(
      `at ${world.now()}, ${node.name}: a single decision allows ${agent}, who is contained`,
    );
  // What could not be written down is denied, and has no entry.
  if (id !== null) checks.answered(agent, id ?? null, contained.length > 0);
}

interface Said {
  readonly id?: string | null;
  readonly verdict?: string;
  readonly code?: string;
  readonly contained?: readonly unknown[];
  readonly error?: { readonly code: string };
}
