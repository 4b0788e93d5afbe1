/** LangChain: a governed function in `tool(…)`. */
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";
import { createAgent, tool } from "langchain";
import { live } from "./story.js";

class ScriptedModel extends BaseChatModel {
  turn = 0;

  constructor(script) {
    super({});
    this.script = script;
  }

  _llmType() {
    return "scripted";
  }

  bindTools() {
    return this;
  }

  async _generate() {
    const asked = this.script[this.turn];
    this.turn += 1;
    const call = { name: asked?.name, args: asked?.input, id: `call-${this.turn}`, type: "tool_call" };
    const tool_calls = asked === undefined ? [] : [call];
    const message = new AIMessage({ content: asked === undefined ? "done" : "", tool_calls });
    return { generations: [{ message, text: message.text }] };
  }
}

await live(async ({ script, tools, signal }) => {
  const made = Object.entries(tools).map(([name, { description, schema, run }]) => {
    return tool((input) => run(input), { name, description, schema });
  });
  const agent = createAgent({ model: new ScriptedModel(script), tools: made });
  await agent.invoke({ messages: [{ role: "user", content: "Do your work." }] }, { signal });
});
