import type { ToolDefinition } from "@polity/gateway/mcp/definition.ts";
import { actionName } from "@polity/gateway/mcp/names.ts";
import { encodePins, type Pin, type Pins } from "@polity/gateway/mcp/pins.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readPins } from "../mcp-pins.ts";
import { toolsOf } from "../mcp-tools.ts";
import { columns } from "../table.ts";
import { printLine, write } from "../terminal.ts";
import { quoted, visible } from "../words.ts";
import { writeWhole } from "../write-file.ts";

type State = "accepted" | "new" | "changed" | "gone";

interface Row {
  readonly tool: string;
  readonly action: string;
  readonly state: State;
}

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, lists, switches } = invocation;
  const [path = ""] = operands;
  const pins = await readPins(path);
  const accepted = new Set(lists.get("accept") ?? []);
  const isAll = switches.has("accept-all");
  if (isAll && accepted.size > 0) throw usage(command, "--accept and --accept-all exclude each other");
  const tools = await toolsOf(invocation, values.get("tools"));
  for (const name of accepted) {
    const isKnown = tools.some((tool) => tool.name === name);
    if (!isKnown) throw failure(`the server has no tool ${quoted(name)}`, "see what it has without --accept");
  }
  const next = accept(pins, tools, (name) => isAll || accepted.has(name));
  if (encodePins(next) !== encodePins(pins)) writeWhole(path, encodePins(next));
  const rows = compare(next, tools);
  if (switches.has("json")) await printLine(JSON.stringify({ server: pins.server, tools: rows }));
  else
    await write(
      `${columns(rows.map(({ tool, action, state }) => [visible(tool), action, state])).join("\n")}\n`,
    );
  return rows.every(({ state }) => state === "accepted") ? EXIT.done : EXIT.no;
}

/** A tool that was known keeps the action that somebody chose for it. */
function accept(
  { server, tools }: Pins,
  found: readonly ToolDefinition[],
  wants: (name: string) => boolean,
): Pins {
  const pins = new Map(tools.map((pin) => [pin.tool, pin]));
  const taken = new Set(tools.map(({ action }) => action));
  for (const { name, digest } of found) {
    if (!wants(name)) continue;
    const action = pins.get(name)?.action ?? free(actionName(name), taken);
    taken.add(action);
    pins.set(name, { tool: name, action, digest });
  }
  return { server, tools: [...pins.values()] };
}

function free(base: string, taken: ReadonlySet<string>): string {
  let name = base;
  for (let at = 2; taken.has(name); at += 1) name = `${base}_${at}`;
  return name;
}

function compare({ tools: pins }: Pins, found: readonly ToolDefinition[]): readonly Row[] {
  const byName = new Map(pins.map((pin) => [pin.tool, pin]));
  const rows = found.map(({ name, digest }): Row => {
    const pin: Pin | undefined = byName.get(name);
    byName.delete(name);
    if (pin === undefined) return { tool: name, action: actionName(name), state: "new" };
    return { tool: name, action: pin.action, state: pin.digest === digest ? "accepted" : "changed" };
  });
  const gone = [...byName.values()].map(({ tool, action }): Row => ({ tool, action, state: "gone" }));
  return [...rows, ...gone].sort((a, b) => (a.tool < b.tool ? -1 : 1));
}
