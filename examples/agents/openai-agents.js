/** The OpenAI Agents SDK: a governed function in `tool({ execute })`. */
import { Agent, run as converse, setTracingDisabled, tool, Usage } from "@openai/agents";
import { live } from "./story.js";

setTracingDisabled(true);

function scriptedModel(script) {
  let turn = 0;
  return {
    async getResponse() {
      const asked = script[turn];
      turn += 1;
      const text = { type: "output_text", text: "done" };
      const said = { type: "message", role: "assistant", status: "completed", content: [text] };
      const call = { type: "function_call", callId: `call-${turn}`, name: asked?.name, status: "completed" };
      const output = asked === undefined ? said : { ...call, arguments: JSON.stringify(asked.input) };
      return { usage: new Usage(), output: [output] };
    },
    // biome-ignore lint/correctness/useYield: nothing here is streamed
    async *getStreamedResponse() {
      throw new Error("this model answers whole");
    },
  };
}

await live(async ({ script, tools, signal }) => {
  const made = Object.entries(tools).map(([name, { description, schema, run }]) => {
    return tool({ name, description, parameters: schema, execute: (input) => run(input) });
  });
  const model = scriptedModel(script);
  const agent = new Agent({ name: "agent", instructions: "Do your work.", model, tools: made });
  await converse(agent, "Do your work.", { signal });
});
