/** Options of commands that answer clients over HTTP: the file of their keys, and a certificate. */
import { createSecureContext } from "node:tls";
import { type ApiKeys, openApiKeys } from "@polity/gateway/http/api-keys.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { readApiKeys } from "./api-key-files.ts";
import { failure, isFailure } from "./failure.ts";
import { fileStamp } from "./file-stamp.ts";
import { type Invocation, usage } from "./invocation.ts";
import { nameOf, readSecret, readText } from "./read-file.ts";
import { tellNote } from "./tell.ts";
import { visible } from "./words.ts";

/** How often the file of keys is looked at: what was taken back opens nothing for longer. */
const KEYS_MS = 1_000;
const NO_KEYS: ApiKeys = openApiKeys([], nodeCrypto.sha256);

export async function tlsOption({ command, values }: Invocation) {
  const [cert, key] = [values.get("tls-cert"), values.get("tls-key")];
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) throw usage(command, "--tls-cert and --tls-key go together");
  const pair = { cert: await readText(cert), key: await readSecret(key) };
  try {
    createSecureContext(pair);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = "a certificate in PEM form, with those that vouch for it, and its own private key";
    throw failure(`${nameOf(cert)} and ${nameOf(key)} are of no use together: ${visible(why)}`, hint);
  }
  return pair;
}

interface WatchedKeys {
  readonly current: () => ApiKeys;
  readonly stop: () => void;
}

/** A file that cannot be read any more opens nothing to anybody. */
export async function watchedKeys({ values }: Invocation): Promise<WatchedKeys> {
  const path = values.get("keys") ?? "";
  const first = await readApiKeys(path);
  if (first.length === 0) throw failure(`${nameOf(path)} has no key`, "pol api-key add makes one");
  let keys = openApiKeys(first, nodeCrypto.sha256);
  let seen = fileStamp(path);
  const timer = setInterval(async () => {
    const stamp = fileStamp(path);
    if (stamp === seen) return;
    seen = stamp;
    try {
      keys = openApiKeys(await readApiKeys(path), nodeCrypto.sha256);
      await tellNote(`${nameOf(path)} was read again`);
    } catch (error) {
      keys = NO_KEYS;
      await tellNote(`no key opens anything: ${isFailure(error) ? error.message : String(error)}`);
    }
  }, KEYS_MS);
  return { current: () => keys, stop: () => clearInterval(timer) };
}
