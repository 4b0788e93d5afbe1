/**
 * The file that says which definitions of tools somebody has read and accepted, and which action judges the
 * calls of each. What is not in it, or differs, is not called.
 */
import { parseJson } from "@polity/runtime/json.ts";
import { compareText } from "@polity/runtime/text-order.ts";
import { TOOLS_MAX } from "./definition.ts";
import { PROTOCOL_PREFIX } from "./names.ts";
import { isObject } from "./schema.ts";

const PINS_FORMAT = "polity-mcp-pins/1";
export const PINS_BYTES_MAX = 1024 * 1024;

export interface Pin {
  readonly tool: string;
  /** Of the policy. */
  readonly action: string;
  /** Of the definition: `sha256:` and 64 hex digits. */
  readonly digest: string;
}

export interface Pins {
  /** What policies call the server, whatever it calls itself. */
  readonly server: string;
  /** Sorted by tool. */
  readonly tools: readonly Pin[];
}

/** Two spaces deep and with an end of line: people read it, and so do reviews. */
export function encodePins({ server, tools }: Pins): string {
  const sorted = [...tools].sort((a, b) => compareText(a.tool, b.tool));
  const rows = sorted.map(({ tool, action, digest }) => ({ tool, action, digest }));
  return `${JSON.stringify({ format: PINS_FORMAT, server, tools: rows }, null, 2)}\n`;
}

export type ReadPins =
  | { readonly ok: true; readonly pins: Pins }
  | { readonly ok: false; readonly message: string };

const NAME = /^[A-Za-z0-9._:@/-]{1,256}$/;
const ACTION = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Takes what `encodePins` writes, in any layout: an action may be changed by hand. */
export function decodePins(text: string): ReadPins {
  const parsed = parseJson(text, { depthMax: 4, sizeMax: PINS_BYTES_MAX });
  if (!parsed.ok) return refuse(`it is no JSON: ${parsed.message}`);
  const { value } = parsed;
  if (!isObject(value) || !hasExactly(value, ["format", "server", "tools"])) {
    return refuse("it has other members than format, server and tools");
  }
  if (value.format !== PINS_FORMAT) return refuse(`its format is not ${PINS_FORMAT}`);
  if (typeof value.server !== "string" || !NAME.test(value.server)) return refuse("the server has no name");
  if (!Array.isArray(value.tools) || value.tools.length > TOOLS_MAX)
    return refuse("`tools` is no list of tools");
  const tools: Pin[] = [];
  for (const row of value.tools as unknown[]) {
    if (!isObject(row) || !hasExactly(row, ["tool", "action", "digest"])) return refuse("a row is no pin");
    const { tool, action, digest } = row;
    if (!isText(tool, NAME) || !isText(action, ACTION) || !isText(digest, DIGEST)) {
      return refuse(`the pin of \`${String(tool).slice(0, 64)}\` is malformed`);
    }
    if (action.startsWith(PROTOCOL_PREFIX)) {
      return refuse(`\`${action}\` is an action of the protocol, not of a tool`);
    }
    if (tools.some((other) => other.tool === tool)) return refuse(`\`${tool}\` is pinned twice`);
    tools.push({ tool, action, digest });
  }
  return { ok: true, pins: { server: value.server, tools } };
}

function refuse(message: string): ReadPins {
  return { ok: false, message };
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === "string" && form.test(value);
}

function hasExactly(object: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  const keys = Object.keys(object);
  return keys.length === names.length && names.every((name) => Object.hasOwn(object, name));
}
