/** Where replay finds what a log decided with. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ARTEFACT_BYTES_MAX, type Artefacts, artefactsOf } from "@polity/lineage/artefacts.ts";
import { ARTEFACTS_FOLDER, artefactFolder } from "@polity/lineage/node/artefact-folder.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { failure, fileFailure } from "./failure.ts";
import { isFolder, nameOf, readBytes } from "./read-file.ts";
import { quoted } from "./words.ts";

/** The log's own first, then the folders that are named. */
export async function openArtefacts(
  dir: string,
  folders: readonly string[],
  bundles: readonly string[],
): Promise<Artefacts> {
  for (const folder of [...folders, ...bundles]) {
    if (!isFolder(folder)) throw failure(`${nameOf(folder)} is no folder`);
  }
  const named = [join(dir, ARTEFACTS_FOLDER), ...folders].map((folder) => artefactFolder(folder));
  const others: Artefacts[] = [];
  for (const bundle of bundles) others.push(await anyNames(bundle));
  return artefactsOf([...named, ...others]);
}

const FILES_MAX = 4_096;
const DEPTH_MAX = 16;

/** The files below a folder by their digests, each read once to learn it. */
async function anyNames(folder: string): Promise<Artefacts> {
  const paths = new Map<string, string>();
  for (const path of filesBelow(folder, 0, [])) {
    paths.set(digestName(nodeCrypto.sha256(await readBytes(path))), path);
  }
  return {
    async read(digest) {
      const path = paths.get(digest);
      const bytes = path === undefined ? null : await readBytes(path);
      // Somebody may have written to it since.
      return bytes !== null && digestName(nodeCrypto.sha256(bytes)) === digest ? bytes : null;
    },
  };
}

function filesBelow(folder: string, depth: number, found: string[]): readonly string[] {
  try {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      const stat = lstatSync(path);
      if (stat.isDirectory() && depth < DEPTH_MAX) filesBelow(path, depth + 1, found);
      if (stat.isFile() && stat.size <= ARTEFACT_BYTES_MAX) found.push(path);
      if (found.length > FILES_MAX) throw failure(`there are more than ${FILES_MAX} files below a bundle`);
    }
    return found;
  } catch (error) {
    throw fileFailure("read", quoted(folder), error);
  }
}
