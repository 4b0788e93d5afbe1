import { answerApproval } from "../answer-approval.ts";
import type { Invocation } from "../invocation.ts";

export function run(invocation: Invocation): Promise<number> {
  return answerApproval(invocation, "approved");
}
