/** Where replay finds what a log decided with. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ARTEFACT_BYTES_MAX, type Artefacts, artefactsOf, heldArtefacts } from "@polity/lineage/artefacts.ts";
import { ARTEFACTS_FOLDER, artefactFolder } from "@polity/lineage/node/artefact-folder.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { readArchive } from "@polity/runtime/archive.ts";
import { decodeEnvelope } from "@polity/runtime/dsse.ts";
import { NO_FACTS } from "@polity/runtime/facts-none.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import { failure, fileFailure } from "./failure.ts";
import { isFolder, nameOf, readBytes } from "./read-file.ts";
import { quoted } from "./words.ts";

/** The log's own first, then the folders that are named. */
export async function openArtefacts(
  dir: string,
  folders: readonly string[],
  bundles: readonly string[],
): Promise<Artefacts> {
  for (const folder of folders) if (!isFolder(folder)) throw failure(`${nameOf(folder)} is no folder`);
  const named = [join(dir, ARTEFACTS_FOLDER), ...folders].map((folder) => artefactFolder(folder));
  // Where no facts were given, none lie anywhere: a host then has the empty snapshot.
  const others: Artefacts[] = [heldArtefacts([utf8(NO_FACTS)], nodeCrypto.sha256)];
  for (const bundle of bundles) others.push(await openBundle(bundle));
  return artefactsOf([...named, ...others]);
}

const FILES_MAX = 4_096;
const DEPTH_MAX = 16;

/** What is in a bundle, a folder or an archive, under any names; of envelopes what was signed, too. */
async function openBundle(path: string): Promise<Artefacts> {
  if (isFolder(path)) return folderArtefacts(filesBelow(path, 0, []));
  const read = readArchive(await readBytes(path));
  if (!read.ok) throw failure(`${nameOf(path)} is refused: ${read.code}: ${read.message}`);
  const held = [...read.files].flatMap(([name, bytes]) => [bytes, ...statementIn(name, bytes)]);
  return heldArtefacts(held, nodeCrypto.sha256);
}

/** Each file is read once to learn its digest, and once more where it is needed. */
async function folderArtefacts(files: readonly string[]): Promise<Artefacts> {
  const paths = new Map<string, string>();
  const statements: Uint8Array[] = [];
  for (const path of files) {
    const bytes = await readBytes(path);
    paths.set(digestName(nodeCrypto.sha256(bytes)), path);
    statements.push(...statementIn(path, bytes));
  }
  const held = heldArtefacts(statements, nodeCrypto.sha256);
  return {
    async read(digest) {
      const path = paths.get(digest);
      if (path === undefined) return held.read(digest);
      // Somebody may have written to it since.
      const bytes = await readBytes(path);
      return digestName(nodeCrypto.sha256(bytes)) === digest ? bytes : null;
    },
  };
}

/** A set is named by the digest of its manifest, whoever signed it. */
function statementIn(name: string, bytes: Uint8Array): readonly Uint8Array[] {
  const read = name.endsWith(".dsse.json") ? decodeEnvelope(bytes) : null;
  return read?.ok ? [read.envelope.payload] : [];
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
