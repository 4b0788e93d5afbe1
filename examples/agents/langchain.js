/** LangChain: `govern` in `tool(…)`. */
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";
import { createAgent, tool } from "langchain";
import { z } from "zod";
import { governed, SCRIPT } from "./bank.js";

class ScriptedModel extends BaseChatModel {
  turn = 0;

  _llmType() {
    return "scripted";
  }

  bindTools() {
    return this;
  }

  async _generate() {
    const args = SCRIPT[this.turn];
    this.turn += 1;
    const tool_calls =
      args === undefined ? [] : [{ name: "send_money", args, id: `call-${this.turn}`, type: "tool_call" }];
    const message = new AIMessage({ content: args === undefined ? "done" : "", tool_calls });
    return { generations: [{ message, text: message.text }] };
  }
}

await governed(async (sendMoney, { signal }) => {
  const send_money = tool((input) => sendMoney(input), {
    name: "send_money",
    description: "Send money",
    schema: z.object({ amount: z.string(), to: z.string() }),
  });
  const agent = createAgent({ model: new ScriptedModel({}), tools: [send_money] });
  const { messages } = await agent.invoke(
    { messages: [{ role: "user", content: "Pay the bills." }] },
    { signal },
  );
  for (const message of messages) if (message.getType() === "tool") console.log(message.content);
  console.log(messages.at(-1).content);
});
