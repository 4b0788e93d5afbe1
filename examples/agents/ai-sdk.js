/** The Vercel AI SDK: a governed function in `tool({ execute })`. */
import { generateText, isStepCount, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { live } from "./story.js";

const usage = {
  inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 0, text: 0, reasoning: 0 },
};

function scriptedModel(script) {
  let turn = 0;
  return new MockLanguageModelV4({
    doGenerate: async () => {
      const asked = script[turn];
      turn += 1;
      const call = { type: "tool-call", toolCallId: `call-${turn}`, toolName: asked?.name };
      const content =
        asked === undefined
          ? [{ type: "text", text: "done" }]
          : [{ ...call, input: JSON.stringify(asked.input) }];
      const unified = asked === undefined ? "stop" : "tool-calls";
      return { content, finishReason: { unified, raw: unified }, usage, warnings: [] };
    },
  });
}

await live(async ({ script, tools, signal }) => {
  const made = Object.entries(tools).map(([name, { description, schema, run }]) => {
    return [name, tool({ description, inputSchema: schema, execute: (input) => run(input) })];
  });
  await generateText({
    ...{ model: scriptedModel(script), abortSignal: signal, tools: Object.fromEntries(made) },
    ...{ prompt: "Do your work.", stopWhen: isStepCount(script.length + 1) },
  });
});
