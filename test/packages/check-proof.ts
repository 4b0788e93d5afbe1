/** Anywhere: whether the log has the entry, by nothing but its public key. */
import { decodeEntry, portableCrypto, verifyProof } from "@polity/lineage";
import { readPublicKey } from "@polity/runtime";

export const EVIDENCE = ["entry.tlog-proof", "entry.json", "log.pub.pem"] as const;

export async function checkProof(
  read: (name: (typeof EVIDENCE)[number]) => Promise<Uint8Array>,
): Promise<string> {
  const [proof, record, pem] = await Promise.all([
    read("entry.tlog-proof"),
    read("entry.json"),
    read("log.pub.pem"),
  ]);
  const key = readPublicKey(new TextDecoder().decode(pem));
  if (!key.ok) throw new Error(key.message);
  const proven = verifyProof(proof, record, [key.key], portableCrypto);
  const changed = verifyProof(proof, Uint8Array.of(...record, 32), [key.key], portableCrypto);
  const entry = decodeEntry(record);
  if (!proven.ok || !entry.ok) throw new Error("what was proved is refused");
  const { origin, index, size } = proven;
  const other = changed.ok ? "taken" : changed.code;
  return `${origin} ${index} of ${size}: ${entry.entry.kind}; changed: ${other}`;
}
