/** Shadow members and shadow rules: in every record of a governor, and counted in none of its answers. */
import { enforce } from "@polity/governor/answers.ts";
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { loadSetUnsigned } from "@polity/runtime/authoring.ts";
import { expect, test } from "vitest";
import { ADA, begun, governed, hostOf, moduleOf, POLICY, pay, saying } from "../support/governing.ts";

const SHADOWED = `${POLICY}obligation audit { amount: int 0..1000 }
shadow deny loud on pay when amount > 10 because "in future"
shadow quarantine worse on pay when amount > 20
shadow allow wide on pay always
  oblige audit { amount: amount }
`;
const FACTS = { entities: [{ type: "Agent", id: "ada", attributes: { limit: 1000 } }] };
const zone = { measured: () => ({ zone: "eu" }) };

type Entries = Awaited<ReturnType<Awaited<ReturnType<typeof governed>>["entries"]>>;
const decisionsOf = (entries: Entries) =>
  entries.filter((one): one is DecisionEntry => one.kind === "decision");

test("shadow rules are named in the entry, and neither deny, contain, oblige nor allow", async () => {
  const { governor, entries } = await governed({ host: await hostOf(SHADOWED, FACTS), ...zone });
  const execution = await begun(governor);
  expect(await enforce(await execution.authorize(pay(30)), saying())).toBe("ran");
  // What nothing else allows is not allowed by a shadow.
  expect(await enforce(await execution.authorize(pay(500)), saying())).toBe("deny no_rule");
  expect([governor.standing(ADA).containment, execution.signal.aborted]).toEqual(["free", false]);
  const all = await entries();
  const said = decisionsOf(all).map(({ verdict, members, obligations }) => {
    return [verdict, members[0]!.shadow, members[0]!.rules, obligations];
  });
  const shadow = ["loud", "wide", "worse"];
  expect(said).toEqual([
    ["allow", shadow, ["small"], []],
    ["deny", shadow, [], []],
  ]);
  expect(all.map(({ kind }) => kind)).toEqual(["execution", "decision", "outcome", "decision"]);
});

test("a shadow member stands in the entry with all that it said, and is counted in nothing", async () => {
  const next = POLICY.replace("policy test.agents", "guard test.next")
    .split("\n")
    .filter((line) => !line.startsWith("allow") && !line.startsWith("  oblige"))
    .concat("deny all on * always", "terminate everybody on pay when amount < 50", "")
    .join("\n");
  const members = [
    { name: "now", wasm: await moduleOf(POLICY) },
    { name: "next", wasm: await moduleOf(next), shadow: true },
  ];
  const opened = await loadSetUnsigned(members, { facts: JSON.stringify(FACTS), obligations: "any" });
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
  const { governor, entries } = await governed({ host: opened.set as never, ...zone });
  const execution = await begun(governor);
  const child = await begun(governor, ADA, { parent: execution.id });
  for (const one of [execution, child])
    expect(await enforce(await one.authorize(pay(5)), saying())).toBe("ran");
  expect([governor.standing(ADA).containment, child.signal.aborted]).toEqual(["free", false]);
  const decisions = decisionsOf(await entries());
  // The child's step was judged for those behind it too.
  expect(decisions).toHaveLength(3);
  for (const { verdict, code, members: said } of decisions) {
    expect([verdict, code]).toEqual(["allow", "rule"]);
    expect(said.map(({ name, mode, verdict: own, rules }) => [name, mode, own, rules])).toEqual([
      ["next", "shadow", "terminate", ["all", "everybody"]],
      ["now", "enforcing", "allow", ["small"]],
    ]);
  }
});
