import { readApiKeys, writeApiKeys } from "../api-key-files.ts";
import { EXIT, failure } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { nameOf } from "../read-file.ts";
import { printLine } from "../terminal.ts";
import { quoted } from "../words.ts";

/** A service that runs with this file takes the key no longer within a second or two. */
export async function run({ operands, values, switches }: Invocation): Promise<number> {
  const [name = ""] = operands;
  const path = values.get("keys") ?? "";
  const keys = await readApiKeys(path);
  const left = keys.filter((one) => one.name !== name);
  if (left.length === keys.length) throw failure(`${nameOf(path)} has no key ${quoted(name)}`, null, EXIT.no);
  writeApiKeys(path, left);
  await printLine(switches.has("json") ? JSON.stringify({ ok: true, name }) : `${name}: removed`);
  return EXIT.done;
}
