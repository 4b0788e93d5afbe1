/** Long rows of ancestors and large sets of entities: both are halved, and the answer is that of a search. */
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Header } from "@polity/runtime/header.ts";
import { expect, test } from "vitest";
import { loadFacts } from "../../compiler/interpret/facts.ts";
import { interpret } from "../../compiler/interpret/interpret.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { compiled } from "../support/compiled.ts";
import { createRandom } from "../support/generate/random.ts";

const POLICY = `polity 1
policy large.sets version 1
entity Team in Team
entity Agent in Team
entity Holder { set: set<Team> max 300  list: list<Team> max 300 }
every action { holder: Holder }
action below   { agent: Agent }
action listed  { agent: Agent }
action has     { team: Team }
action inside  { agent: Agent, team: Team }
allow below  on below  when agent in holder.set
allow listed on listed when agent in holder.list
allow has    on has    when holder.set.has(team)
allow inside on inside when agent in team
`;

const NOW = 1_795_000_000_000;
const HEADER: Header = {
  now: NOW,
  policyFrom: NOW,
  policyUntil: NOW,
  factsUntil: NOW,
  containment: { state: "free", readAt: NOW },
  trust: 0,
  approvals: [],
};
const TEAMS = 300;

test("membership in large sets, lists and groups of groups", async () => {
  const random = createRandom(20_261_122, 7);
  const teams = Array.from({ length: TEAMS }, (_, at) => `team-${at}`);
  const parents = (many: number, below: number) =>
    random
      .shuffle(teams.slice(0, below))
      .slice(0, many)
      .map((id) => ({ type: "Team", id }));
  const sizes = [0, 1, 2, 7, 8, 9, 15, 16, 17, 40, 150, TEAMS];
  const entities: object[] = [
    // A chain through the first hundred, so that ancestors are many.
    ...teams.map((id, at) => ({
      type: "Team",
      id,
      parents: at > 0 && at < 100 ? [{ type: "Team", id: teams[at - 1] }] : parents(random.below(3), at),
    })),
    ...sizes.map((size, at) => ({
      type: "Agent",
      id: `agent-${at}`,
      parents: parents(Math.min(size, 20), TEAMS),
    })),
    { type: "Agent", id: "agent-12", parents: [{ type: "Team", id: "team-40" }] },
    ...sizes.map((size, at) => {
      const members = random.shuffle(teams).slice(0, size);
      return { type: "Holder", id: `holder-${at}`, attributes: { set: members, list: members } };
    }),
  ];
  const checked = compiled(POLICY);
  const loaded = loadFacts(checked, { entities });
  const opened = await loadUnsigned((await buildEvaluator(checked)).wasm, {
    facts: JSON.stringify({ entities }),
  });
  if (!loaded.ok || !opened.ok) throw new Error("refused");
  const counts = { allow: 0, deny: 0 };
  for (let round = 0; round < 4_000; round += 1) {
    const action = random.pick(["below", "listed", "has", "inside"]);
    const agent = `agent-${random.below(13)}`;
    const team = random.pick(teams);
    const fields = {
      holder: `holder-${random.below(sizes.length)}`,
      ...(action !== "has" && { agent }),
      ...((action === "has" || action === "inside") && { team }),
    };
    const { verdict } = interpret(checked, loaded.facts, { action, fields, header: HEADER, digest: null });
    expect(opened.host.decide(action, fields, HEADER).verdict, JSON.stringify({ action, fields })).toBe(
      verdict,
    );
    counts[verdict as "allow" | "deny"] += 1;
  }
  expect(Math.min(counts.allow, counts.deny)).toBeGreaterThan(500);
});
