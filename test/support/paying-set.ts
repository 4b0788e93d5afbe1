/** A policy and a guard that declare different things, with one snapshot for both: for tests of sets. */
import type { Checked } from "@polity/compiler/checked.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import type { UnsignedMember } from "@polity/runtime/authoring.ts";
import { type MemberProgram, openBothSets } from "./both-sets.ts";

export const HEADER = {
  now: 0,
  policyFrom: 0,
  policyUntil: 0,
  factsUntil: 0,
  containment: { state: "free", readAt: 0 },
  trust: 0,
  approvals: [],
} as const;

export const SHARED = `entity Agent { level: int 0..9 }
subject agent: Agent
every action { zone: int 0..5 }
`;
/** Who may pay whom; knows grants and its own limit, and nothing of people. */
export const PAYS = `polity 1
policy acme.pays version 1
${SHARED}entity Team
entity Account in Team
table grant { agent: Agent, account: Account } key agent, account
setting cap: int 0..100 = 50
action pay { amount: int 0..100, to: ref Account }
allow granted on pay when amount <= cap and exists(to)
`;
/** Only restricts; knows people who approve, and does not declare \`pay\`. */
export const ASKS = `polity 1
guard acme.asks version 1
${SHARED}entity Group
entity Person in Group
setting quiet: bool = false
hold ask on * when zone == 2 until approved by Group::"bosses" within 1h
deny hush on * when quiet
action other { by: Person }
deny never on other when zone == 3
`;
export const FACTS = {
  entities: [
    { type: "Agent", id: "a", attributes: { level: 3 } },
    { type: "Team", id: "t" },
    { type: "Account", id: "x", parents: [{ type: "Team", id: "t" }] },
    { type: "Group", id: "bosses" },
    { type: "Person", id: "p", parents: [{ type: "Group", id: "bosses" }] },
  ],
  tables: { grant: [{ agent: "a", account: "x" }] },
  settings: { cap: 80, quiet: false },
};

function checkedOf(text: string): Checked {
  const { value, diagnostics } = compile({ file: "a.pol", text });
  if (value === null) throw new Error(JSON.stringify(diagnostics));
  return value;
}

function programs(texts: Readonly<Record<string, string>>, shadow: readonly string[] = []): MemberProgram[] {
  return Object.entries(texts).map(([name, text]) => {
    return { name, checked: checkedOf(text), shadow: shadow.includes(name) };
  });
}

export async function both(
  texts: Readonly<Record<string, string>>,
  facts: unknown = FACTS,
  shadow?: string[],
) {
  const opened = await openBothSets(programs(texts, shadow), facts);
  if ("refused" in opened) throw new Error(`${opened.refused}: ${opened.message}`);
  return opened;
}

export async function refusal(
  texts: Readonly<Record<string, string>>,
  facts: unknown = FACTS,
): Promise<string> {
  const opened = await openBothSets(programs(texts), facts);
  return "refused" in opened ? `${opened.refused}: ${opened.message}` : "";
}

const modules = new Map<string, Promise<Uint8Array>>();

export async function moduleOf(name: string, text: string, shadow = false): Promise<UnsignedMember> {
  const known = modules.get(text) ?? buildEvaluator(checkedOf(text)).then(({ wasm }) => wasm);
  modules.set(text, known);
  return { name, wasm: await known, shadow };
}

export const paying = (amount: number, zone = 1, to = "x") => ({
  action: "pay",
  fields: { agent: "a", zone, amount, to },
  header: HEADER,
});
