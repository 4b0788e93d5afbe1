/** Log policies (C2SP tlog-policy) as files. */
import { decodeLogPolicy, type LogPolicy } from "@polity/lineage/log-policy.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { nameOf, readBytes } from "./read-file.ts";
import { visible } from "./words.ts";

/** Fails with the line that is wrong. */
export async function readLogPolicy(path: string): Promise<LogPolicy> {
  const decoded = decodeLogPolicy(await readBytes(path), nodeCrypto.sha256);
  if (decoded.ok) return decoded.policy;
  const message = `${nameOf(path)} is no log policy: ${decoded.code}: ${visible(decoded.message)}`;
  throw failure(message, "see docs/witness.md for what a policy is made of");
}

/** Null where no policy is asked for. */
export async function policyOption({ values }: Invocation): Promise<LogPolicy | null> {
  const path = values.get("policy");
  return path === undefined ? null : readLogPolicy(path);
}
