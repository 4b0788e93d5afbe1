import { pendingBody } from "@polity/gateway/http/paper-calls.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { readOne } from "../pending-source.ts";
import { answerNo } from "../refusal.ts";
import { requestLines } from "../render-papers.ts";
import { columns } from "../table.ts";
import { printLine } from "../terminal.ts";
import { visible } from "../words.ts";

export async function run(invocation: Invocation): Promise<number> {
  const json = invocation.switches.has("json");
  const one = await readOne(invocation);
  if (!one.ok) return answerNo(visible(invocation.operands[1] ?? ""), one, json);
  if (json) await printLine(JSON.stringify(pendingBody(one.pending)));
  else await printLine(columns(requestLines(one.pending, one.request)).join("\n"));
  return EXIT.done;
}
