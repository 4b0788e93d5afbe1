/** What a desk decides with, as bytes that can be kept: whoever has them can decide the same again. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { isFactsFile } from "@polity/runtime/facts-file.ts";
import { digestName } from "@polity/runtime/hash.ts";

/** A file's name stands for bytes that may be too many to keep in memory. */
export type DeskArtefact = Uint8Array | { readonly path: string; readonly digest: string };

export interface DeskArtefacts {
  readonly artefacts: readonly DeskArtefact[];
  /** The digest of the file of built facts, where one was given. */
  readonly factsBuilt: string | null;
}

/** `path`: null where no facts are named. `bytes` are those of its file, or null for JSON Lines. */
export function artefactsOfDesk(
  modules: readonly Uint8Array[],
  path: string | null,
  bytes: Uint8Array | null,
  facts: string,
): DeskArtefacts {
  const isBuilt = bytes !== null && isFactsFile(bytes);
  const factsBuilt = isBuilt ? digestName(nodeCrypto.sha256(bytes)) : null;
  const isKept = bytes !== null && (path === null || path === "-");
  const given = isKept ? bytes : { path: path ?? "", digest: factsBuilt ?? facts };
  return { artefacts: [...modules, given], factsBuilt };
}
