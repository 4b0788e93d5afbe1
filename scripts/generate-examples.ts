/**
 * Writes what the examples generate: the requests of the recorded session, and of every example the decisions
 * that it expects. Read the difference before committing it: the test compares with these files.
 */
import { writeFileSync } from "node:fs";
import { codingAgentRequests, decisionLines, EXAMPLES, pathOf } from "../examples/decisions.ts";

writeFileSync(pathOf("coding-agent", "requests.jsonl"), codingAgentRequests());
for (const example of EXAMPLES) {
  writeFileSync(pathOf(example, "expected.jsonl"), await decisionLines(example, "reference"));
}
