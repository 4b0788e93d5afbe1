import { readApiKeys } from "../api-key-files.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { columns } from "../table.ts";
import { printLine } from "../terminal.ts";
import { visible } from "../words.ts";

export async function run({ values, switches }: Invocation): Promise<number> {
  const keys = await readApiKeys(values.get("keys") ?? "");
  if (switches.has("json")) {
    const listed = keys.map(({ name, agents, actions, may }) => ({ name, agents, actions, may }));
    await printLine(JSON.stringify({ keys: listed }));
    return EXIT.done;
  }
  const rows = keys.map(({ name, agents, actions, may }) => {
    const who = agents?.map(({ type, id }) => `${type}::${id}`).join(", ") ?? "any agent";
    return [name, may.join(", "), visible(who), visible(actions?.join(", ") ?? "any action")];
  });
  for (const line of columns(rows)) await printLine(line);
  return EXIT.done;
}
