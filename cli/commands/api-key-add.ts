import { existsSync } from "node:fs";
import {
  API_KEYS_MAX,
  API_RIGHTS,
  type ApiKey,
  type ApiRight,
  hashApiKey,
  isApiKeyName,
  makeApiKey,
} from "@polity/gateway/http/api-keys.ts";
import { nodeCrypto, nodeRandomBytes } from "@polity/lineage/node/crypto.ts";
import { readApiKeys, writeApiKeys } from "../api-key-files.ts";
import { EXIT, failure } from "../failure.ts";
import { entityOf } from "../governed-options.ts";
import { type Invocation, usage } from "../invocation.ts";
import { nameOf } from "../read-file.ts";
import { tellNote } from "../tell.ts";
import { printLine } from "../terminal.ts";
import { quoted } from "../words.ts";

/** The key is shown once, and is nowhere afterwards. */
export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, switches } = invocation;
  const [name = ""] = operands;
  if (!isApiKeyName(name)) {
    throw usage(
      command,
      `${quoted(name)} is no name`,
      "a name has lower-case letters, digits, . _ - (64 at most)",
    );
  }
  const path = values.get("keys") ?? "";
  const keys = existsSync(path) ? await readApiKeys(path) : [];
  if (keys.some((one) => one.name === name)) {
    throw failure(`${nameOf(path)} has a key ${quoted(name)} already`, "pol api-key remove takes it back");
  }
  if (keys.length >= API_KEYS_MAX)
    throw failure(`${nameOf(path)} has ${API_KEYS_MAX} keys, which is the most`);
  const key = makeApiKey(nodeRandomBytes);
  writeApiKeys(path, [...keys, rowOf(invocation, name, key)]);
  if (switches.has("json")) await printLine(JSON.stringify({ ok: true, name, key }));
  else {
    await printLine(key);
    await tellNote(`this is the only time that the key of ${quoted(name)} is shown`);
  }
  return EXIT.done;
}

function rowOf(invocation: Invocation, name: string, key: string): ApiKey {
  const { lists } = invocation;
  const rights = lists.get("may") ?? ["decide", "execute"];
  const agents = lists.get("agent")?.map((text) => entityOf(invocation, "agent", text)) ?? null;
  return {
    name,
    hash: hashApiKey(key, nodeCrypto.sha256),
    agents,
    actions: lists.get("action") ?? null,
    may: API_RIGHTS.filter((right: ApiRight) => rights.includes(right)),
  };
}
