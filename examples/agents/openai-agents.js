/** The OpenAI Agents SDK: `govern` in `tool({ execute })`. */
import { Agent, run, setTracingDisabled, tool, Usage } from "@openai/agents";
import { z } from "zod";
import { governed, SCRIPT } from "./bank.js";

setTracingDisabled(true);

let turn = 0;
const model = {
  async getResponse() {
    const input = SCRIPT[turn];
    turn += 1;
    const output =
      input === undefined
        ? {
            type: "message",
            role: "assistant",
            status: "completed",
            content: [{ type: "output_text", text: "done" }],
          }
        : {
            type: "function_call",
            callId: `call-${turn}`,
            name: "send_money",
            status: "completed",
            arguments: JSON.stringify(input),
          };
    return { usage: new Usage(), output: [output] };
  },
  // biome-ignore lint/correctness/useYield: nothing here is streamed
  async *getStreamedResponse() {
    throw new Error("this model answers whole");
  },
};

await governed(async (sendMoney, { signal }) => {
  const send_money = tool({
    name: "send_money",
    description: "Send money",
    parameters: z.object({ amount: z.string(), to: z.string() }),
    execute: (input) => sendMoney(input),
  });
  const agent = new Agent({ name: "buyer", instructions: "Pay the bills.", model, tools: [send_money] });
  const { newItems, finalOutput } = await run(agent, "Pay the bills.", { signal });
  for (const { type, output } of newItems) if (type === "tool_call_output_item") console.log(output);
  console.log(finalOutput);
});
