/** What becomes of agents that must be stopped, and of verdicts that are none, in the one peer with both. */
import { load } from "../peers/load.ts";
import type { Answer } from "./engine.ts";

interface Client {
  readonly identity: { readonly did: string };
  readonly killSwitch?: { readonly kill: (agent: string, why: object) => Promise<unknown> };
  readonly executeWithGovernance: (action: string) => Promise<{ readonly decision: string }>;
}

interface Engine {
  readonly registerBackend: (backend: object) => void;
  readonly evaluateWithBackends: (action: string) => Promise<{ readonly effectiveDecision: string }>;
}

interface Sdk {
  readonly AgentMeshClient: { readonly create: (agent: string, options: object) => Client };
  readonly PolicyEngine: new (rules: readonly object[]) => Engine;
  readonly OPABackend: new (options: object) => object;
}

const ALLOW_ALL = [{ action: "*", effect: "allow" }];
const MISSPELT = [{ action: "pay", effect: "Deny" }, ...ALLOW_ALL];

/** In the order of the rows: each engine of this table answers all of them. */
export const AGENT_ROWS = [
  "the agent's trust is 0",
  "the agent is quarantined",
  "the agent was killed",
  "what the policy engine hears from behind is `ALLOWW`",
  "what the policy engine hears from behind is `DENY`",
  "the same from the SDK's own `OPABackend`",
  "a rule's effect is `Deny`, asked with `evaluateWithBackends`",
  "a rule's effect is `Deny`, asked with `executeWithGovernance`",
];

export async function agentAnswers(): Promise<readonly Answer[]> {
  const sdk = await load<Sdk>("@microsoft/agent-governance-sdk");
  const { AgentMeshClient } = sdk;
  const pay = async (client: Client) => (await client.executeWithGovernance("pay")).decision;

  const distrusted = AgentMeshClient.create("a", { policyRules: ALLOW_ALL, trust: { initialScore: 0 } });

  // By its own means: an action beyond the agent's ring is denied and quarantines it.
  const execution = { agentRing: 3, actionRings: { "admin.*": 0 }, quarantineOnBreach: true };
  const quarantined = AgentMeshClient.create("a", { policyRules: ALLOW_ALL, execution });
  await quarantined.executeWithGovernance("admin.rotate");

  const killed = AgentMeshClient.create("a", { policyRules: ALLOW_ALL, killSwitch: { enabled: true } });
  await killed.killSwitch?.kill(killed.identity.did, { reason: "test" });

  const misspelt = AgentMeshClient.create("a", { policyRules: MISSPELT });
  return [
    await pay(distrusted),
    await pay(quarantined),
    await pay(killed),
    await behind(sdk, ownBackend("ALLOWW")),
    await behind(sdk, ownBackend("DENY")),
    await behind(sdk, opaBackend(sdk, "ALLOWW")),
    (await new sdk.PolicyEngine(MISSPELT).evaluateWithBackends("pay")).effectiveDecision,
    await pay(misspelt),
  ];
}

async function behind({ PolicyEngine }: Sdk, backend: object): Promise<Answer> {
  const engine = new PolicyEngine(ALLOW_ALL);
  engine.registerBackend(backend);
  return (await engine.evaluateWithBackends("pay")).effectiveDecision;
}

function ownBackend(answer: string): object {
  return { name: "own", evaluateAction: () => answer };
}

function opaBackend({ OPABackend }: Sdk, answer: string): object {
  const fetchImpl = async () => ({ ok: true, json: async () => ({ result: answer }) });
  return new OPABackend({ endpoint: "https://opa.example", fetchImpl });
}
