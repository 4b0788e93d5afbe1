/** The Vercel AI SDK: `govern` in `tool({ execute })`. */
import { generateText, isStepCount, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { z } from "zod";
import { governed, SCRIPT } from "./bank.js";

const usage = {
  inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 0, text: 0, reasoning: 0 },
};

let turn = 0;
const model = new MockLanguageModelV4({
  doGenerate: async () => {
    const input = SCRIPT[turn];
    turn += 1;
    const content =
      input === undefined
        ? [{ type: "text", text: "done" }]
        : [
            {
              type: "tool-call",
              toolCallId: `call-${turn}`,
              toolName: "send_money",
              input: JSON.stringify(input),
            },
          ];
    const unified = input === undefined ? "stop" : "tool-calls";
    return { content, finishReason: { unified, raw: unified }, usage, warnings: [] };
  },
});

await governed(async (sendMoney, { signal: abortSignal }) => {
  const send_money = tool({
    description: "Send money",
    inputSchema: z.object({ amount: z.string(), to: z.string() }),
    execute: (input) => sendMoney(input),
  });
  const { steps, text } = await generateText({
    ...{ model, abortSignal, tools: { send_money }, stopWhen: isStepCount(SCRIPT.length + 1) },
    prompt: "Pay the bills.",
  });
  for (const { output } of steps.flatMap(({ toolResults }) => toolResults)) console.log(output);
  console.log(text);
});
