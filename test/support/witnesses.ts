/** Witnesses with keys that are the same in every run. */
import { type Cosigner, cosign, cosignerKey } from "@polity/lineage/cosignature.ts";
import { decodeNote, encodeNote } from "@polity/lineage/note-form.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { signerOf } from "./lineage-log.ts";

export function witnessSigner(seed: number, name: string): Cosigner {
  const { publicKey, sign } = signerOf(new Uint8Array(32).fill(seed));
  const made = cosignerKey(name, publicKey, sha256);
  if (!made.ok) throw new Error(made.message);
  return { key: made.key, sign };
}

/** The note with a line more for each of them. */
export async function cosignedBy(
  note: string,
  cosigners: readonly Cosigner[],
  timeSeconds: number,
): Promise<string> {
  const decoded = decodeNote(note);
  if (!decoded.ok) throw new Error(decoded.message);
  const { text, lines } = decoded.form;
  const added = await Promise.all(cosigners.map((one) => cosign(text, one, timeSeconds)));
  return encodeNote({ text, lines: [...lines, ...added] });
}
