import { pendingBody } from "@polity/gateway/http/paper-calls.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { readPending } from "../pending-source.ts";
import { pendingRows } from "../render-papers.ts";
import { columns } from "../table.ts";
import { printLine } from "../terminal.ts";

export async function run(invocation: Invocation): Promise<number> {
  const pending = await readPending(invocation);
  // In the form of the service, so that the answer can be sent to approvers and read again.
  const json = invocation.switches.has("json");
  if (json) await printLine(JSON.stringify({ approvals: pending.map(pendingBody) }));
  else if (pending.length === 0) await printLine("nothing waits for approvals");
  else await printLine(columns(pending.map(pendingRows)).join("\n"));
  return EXIT.done;
}
