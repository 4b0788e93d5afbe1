/** Small logs with keys that are the same in every run. */

import { encodeCheckpoint } from "@polity/lineage/checkpoint.ts";
import { nodeSigner } from "@polity/lineage/node/crypto.ts";
import { type NoteKey, type NoteSigner, noteKey, signNote } from "@polity/lineage/note.ts";
import { encodeTlogProof } from "@polity/lineage/tlog-proof.ts";
import { leafHash, makeTree, type Tree } from "@polity/lineage/tree.ts";
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Signer } from "@polity/runtime/signer.ts";

export const ORIGIN = "example.com/log";

/** PKCS#8 (RFC 8410, section 7) before the 32 bytes of the seed. */
const PKCS8_START = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

export function signerOf(seed: Uint8Array): Signer {
  const der = encodeBase64(Uint8Array.of(...PKCS8_START, ...seed));
  const made = nodeSigner(`-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`);
  if (!made.ok) throw new Error(made.message);
  return made.signer;
}

export function noteSignerOf(name: string, seed: Uint8Array): NoteSigner {
  const { publicKey, sign } = signerOf(seed);
  return { key: named(name, publicKey), sign };
}

/** Checking a key takes milliseconds. */
const signers = new Map<number, Signer>();

/** The key of example.com/log, unless another name is given. */
export function noteSigner(seed = 1, name = ORIGIN): NoteSigner {
  const signer = signers.get(seed) ?? signerOf(new Uint8Array(32).fill(seed));
  signers.set(seed, signer);
  return { key: named(name, signer.publicKey), sign: signer.sign };
}

export function named(name: string, publicKey: Signer["publicKey"]): NoteKey {
  const made = noteKey(name, publicKey, sha256);
  if (!made.ok) throw new Error(made.message);
  return made.key;
}

export function treeOf(entries: readonly Uint8Array[]): Tree {
  const tree = makeTree(sha256);
  for (const entry of entries) tree.append(leafHash(entry, sha256));
  return tree;
}

export function checkpointOf(tree: Tree, signer = noteSigner()): Promise<string> {
  const { name } = signer.key;
  return signNote(encodeCheckpoint({ origin: name, size: tree.size, root: tree.root() }), [signer]);
}

/** The proof file of one entry at the tree's present size. */
export async function proofFileOf(
  tree: Tree,
  index: number,
  extra: Uint8Array | null = null,
): Promise<string> {
  const hashes = tree.inclusionProof(index, tree.size);
  return encodeTlogProof({ index, hashes, checkpoint: await checkpointOf(tree), extra });
}
