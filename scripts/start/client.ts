/** As much of an MCP client as an agent needs who calls tools through a gateway in the same process. */
import type { Message } from "@polity/gateway/mcp/message.ts";
import { writeMessage } from "@polity/gateway/mcp/message.ts";
import { openSession, type Session } from "@polity/gateway/mcp/session.ts";

type Options = Omit<Parameters<typeof openSession>[0], "toClient">;

export interface Told {
  readonly isError: boolean;
  readonly text: string;
}

export interface Client {
  readonly call: (tool: string, args: Readonly<Record<string, string>>) => Promise<Told>;
  readonly session: Session;
}

export async function connect(options: Options): Promise<Client> {
  const waiting = new Map<number, (message: Message) => void>();
  let last = 0;
  const session = openSession({
    ...options,
    toClient(message) {
      if (message.kind === "result" || message.kind === "error") waiting.get(Number(message.id))?.(message);
    },
  });
  const send = (message: Message) => session.receive(new TextEncoder().encode(writeMessage(message)));
  function ask(method: string, params: Readonly<Record<string, unknown>>): Promise<Message> {
    last += 1;
    const id = last;
    const answered = new Promise<Message>((resolve) => waiting.set(id, resolve));
    send({ kind: "request", id, method, params });
    return answered;
  }
  const clientInfo = { name: "story", version: "1" };
  const hello = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const welcome = await ask("initialize", hello);
  if (welcome.kind !== "result") throw new Error("the server of files did not answer");
  send({ kind: "notification", method: "notifications/initialized", params: null });
  return {
    session,
    async call(name, args) {
      const said = await ask("tools/call", { name, arguments: args });
      if (said.kind === "error") return { isError: true, text: said.error.message };
      if (said.kind !== "result") throw new Error("an answer is a result or an error");
      const { content, isError } = said.result as {
        readonly content: readonly { readonly text?: string }[];
        readonly isError?: boolean;
      };
      return { isError: isError === true, text: content[0]?.text ?? "" };
    },
  };
}
