/** Requests of the protocol, beside calls of tools, that a policy has to allow. */
import { enforce } from "@polity/governor/answers.ts";
import type { Reply } from "./calls.ts";
import { refusal, refusedError } from "./denial.ts";
import { type Json, RPC } from "./message.ts";
import { PROTOCOL_ACTIONS } from "./protocol.ts";
import type { Shared } from "./shared.ts";

/** What a server claims of what is no tool: nothing. */
const NO_HINTS = { read_only: false, destructive: true, idempotent: false, open_world: true };

interface Failed extends Error {
  readonly reply: Reply;
}

export async function answerJudged(
  { ask, catalog, server, note, mayAsk }: Shared,
  method: string,
  params: Json,
  send: (params: Json) => Promise<Reply>,
): Promise<Reply> {
  const known = PROTOCOL_ACTIONS.get(method);
  const given = known?.toFields(params) ?? null;
  if (known === undefined || given === null) {
    await note("mcp_malformed");
    return { error: { code: RPC.params, message: "the parameters are not those of the method" } };
  }
  const { action, toParams } = known;
  if (mayAsk?.(action) === false) {
    return { error: refusal("api_key.scope", await note("mcp_key_scope")) };
  }
  const call = { server, tool: method, hints: NO_HINTS };
  const fields = catalog.takesCall(action) ? { ...given, call } : given;
  const answer = await ask({ action, fields });
  try {
    return await enforce<Reply>(answer, {
      async allow(grant) {
        const reply = await send(toParams(grant.fields));
        if ("error" in reply) throw Object.assign(new Error("the request failed"), { reply });
        return reply;
      },
      refuse: (refused) => ({ error: refusedError(refused) }),
    });
  } catch (error) {
    if (error instanceof Error && "reply" in error) return (error as Failed).reply;
    return { error: refusal("execution.aborted", answer.id) };
  }
}
