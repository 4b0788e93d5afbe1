/** Our answers to the rows of benchmarks/failures/agents.ts. */
import { compile } from "@polity/compiler/pipeline.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Host } from "@polity/runtime/index.ts";
import { openPolity } from "../../benchmarks/failures/polity.ts";
import { HEADER } from "../../benchmarks/header.ts";
import { DO, stubEvaluator } from "./stub-evaluator.ts";

const POLICY = `
polity 1
policy failures version 1
entity Agent
subject agent: Agent
action pay { amount: int }
allow all on pay always
quarantine distrusted on * when trust < 100
`;
const FACTS = '{"entities":[{"type":"Agent","id":"a"}]}';

export async function ourAgentAnswers(): Promise<readonly string[]> {
  const host = await openPolity(POLICY, FACTS);
  const pay = (header: Header) => answer(host, "pay", { agent: "a", amount: 1 }, header);
  const stub = await loadUnsigned(await stubEvaluator());
  if (!stub.ok) throw new Error(stub.code);
  const behind = (trust: number) => answer(stub.host, "go", { s: "x" }, { ...HEADER, trust });
  const { value } = compile({ file: "agents.pol", text: POLICY.replace("allow all", "Deny large") });
  const misspelt = value === null ? "refused" : "accepted";
  if (pay(HEADER) !== "allow") throw new Error("the policy allows nothing");
  return [
    pay({ ...HEADER, trust: 0 }),
    pay({ ...HEADER, containment: { state: "quarantined", readAt: HEADER.now } }),
    pay({ ...HEADER, containment: { state: "terminated", readAt: HEADER.now } }),
    behind(DO.verdictZero),
    behind(DO.otherAnswer),
    "—",
    misspelt,
    misspelt,
  ];
}

function answer(host: Host, action: string, fields: unknown, header: Header): string {
  const { verdict, code } = host.decide(action, fields, header);
  return verdict === "allow" ? "allow" : `${verdict} ${code}`;
}
