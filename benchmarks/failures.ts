/**
 * What do other engines answer where something is wrong? `node benchmarks/failures.ts ENGINE` prints what
 * one of them answers, as JSON, in a process that it may ruin; docs/failures.md shows all beside ours.
 */
import { agentAnswers } from "./failures/agents.ts";
import { ENGINES } from "./failures/all.ts";
import { answersOf } from "./failures/answers.ts";

const [name = ""] = process.argv.slice(2);
const engine = ENGINES.find((each) => each.name === name);
if (engine === undefined && name !== "agents") {
  const names = [...ENGINES.map((each) => each.name), "agents"].map((each) => JSON.stringify(each));
  process.stderr.write(`failures: name an engine: ${names.join(", ")}\n`);
  process.exit(2);
}
const answers = engine === undefined ? await agentAnswers() : await answersOf(engine);
process.stdout.write(`${JSON.stringify(answers)}\n`);
