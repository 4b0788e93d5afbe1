/** Files of the keys of a service's clients: hashes, which nobody else needs to read either. */
import { type ApiKey, decodeApiKeys, encodeApiKeys } from "@polity/gateway/http/api-keys.ts";
import { failure } from "./failure.ts";
import { nameOf, readSecret } from "./read-file.ts";
import { writeWhole } from "./write-file.ts";

const PRIVATE = 0o600;

export async function readApiKeys(path: string): Promise<readonly ApiKey[]> {
  const decoded = decodeApiKeys(await readSecret(path, true));
  if (decoded.ok) return decoded.keys;
  throw failure(`${nameOf(path)} is no file of keys: ${decoded.message}`, "pol api-key add writes one");
}

export function writeApiKeys(path: string, keys: readonly ApiKey[]): void {
  writeWhole(path, encodeApiKeys(keys), PRIVATE);
}
