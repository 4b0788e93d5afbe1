/** Artefacts in a folder: a file each, named by its digest, written once and never changed. */
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { digestName } from "@polity/runtime/hash.ts";
import { ARTEFACT_BYTES_MAX, ArtefactError, type Artefacts, expectArtefact } from "../artefacts.ts";
import { nodeDisk } from "../file-store/disk.ts";
import { nodeCrypto, nodeHashing, nodeUuid } from "./crypto.ts";

/** Where a log keeps what it decided with. */
export const ARTEFACTS_FOLDER = "artefacts";

export interface ArtefactFolder extends Artefacts {
  /** The digest of the bytes, once they are durable. */
  readonly put: (bytes: Uint8Array) => Promise<string>;
  /** The same of a file that is too large for the memory. */
  readonly putFile: (path: string) => Promise<string>;
}

/** Facts may be nobody else's business. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const DRAFT = /^\.[0-9a-f-]{36}\.tmp$/;
const DIGEST = /^sha256:([0-9a-f]{64})$/;
const CHUNK_BYTES = 1 << 20;

/** One process at a time may write to it, as to the log beside it; the folder is made when it is needed. */
export function artefactFolder(dir: string): ArtefactFolder {
  let made: Promise<void> | null = null;
  const make = () => {
    made ??= makeFolder(dir);
    return made;
  };

  /** The draft becomes the file, unless that is there already and whole. */
  async function keep(draft: string, digest: string): Promise<string> {
    if (await isWhole(pathOf(dir, digest), digest)) await rm(draft, { force: true });
    else await rename(draft, pathOf(dir, digest));
    // A name is durable once its folder is.
    await nodeDisk.syncFolder(dir);
    return digest;
  }

  async function put(write: (draft: FileHandle) => Promise<string>): Promise<string> {
    await make();
    const draft = join(dir, `.${nodeUuid()}.tmp`);
    try {
      const file = await open(draft, "wx", FILE_MODE);
      try {
        const digest = await write(file);
        await file.sync();
        await file.close();
        return await keep(draft, digest);
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  return {
    read: (digest) => readArtefact(dir, digest),
    async put(bytes) {
      if (bytes.length > ARTEFACT_BYTES_MAX) throw tooLarge(`${bytes.length} bytes`);
      const digest = digestName(nodeCrypto.sha256(bytes));
      await make();
      if (await isWhole(pathOf(dir, digest), digest)) return digest;
      return put(async (draft) => {
        await draft.writeFile(bytes);
        return digest;
      });
    },
    putFile: (path) => put((draft) => copyFile(path, draft)),
  };
}

function pathOf(dir: string, digest: string): string {
  const hex = DIGEST.exec(digest)?.[1];
  if (hex === undefined) throw new RangeError(`${JSON.stringify(digest)} is no digest`);
  return join(dir, hex);
}

async function readArtefact(dir: string, digest: string): Promise<Uint8Array | null> {
  const bytes = await readBounded(pathOf(dir, digest));
  return bytes && expectArtefact(bytes, digest, nodeCrypto.sha256);
}

/** Null where there is no such file. */
async function readBounded(path: string): Promise<Uint8Array | null> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    if (size > ARTEFACT_BYTES_MAX) throw tooLarge(`${path} has ${size} bytes`);
    const bytes = new Uint8Array(size);
    const { bytesRead } = await readAll(file, bytes);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function readAll(file: FileHandle, bytes: Uint8Array): Promise<{ readonly bytesRead: number }> {
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK_BYTES * 64, bytes.length - at), at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return { bytesRead: at };
}

/** What is there and is not whole is written anew. */
async function isWhole(path: string, digest: string): Promise<boolean> {
  const bytes = await readBounded(path);
  return bytes !== null && digestName(nodeCrypto.sha256(bytes)) === digest;
}

/** The digest of what was copied. */
async function copyFile(path: string, draft: FileHandle): Promise<string> {
  const source = await open(path, "r");
  try {
    const hashing = nodeHashing();
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let at = 0; ; ) {
      const { bytesRead } = await source.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) return digestName(hashing.digest());
      at += bytesRead;
      if (at > ARTEFACT_BYTES_MAX) throw tooLarge(`${path} has more`);
      const piece = chunk.subarray(0, bytesRead);
      hashing.update(piece);
      await draft.writeFile(piece);
    }
  } finally {
    await source.close();
  }
}

function tooLarge(what: string): ArtefactError {
  return new ArtefactError(
    "replay.artefact_too_large",
    `${what}, and at most ${ARTEFACT_BYTES_MAX} are kept`,
  );
}

/**
 * What an interrupted writer left is of no use to anybody; what it had finished counts, and is durable from
 * now on, with its name.
 */
async function makeFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: FOLDER_MODE });
  await nodeDisk.syncFolder(dirname(dir));
  await nodeDisk.syncFolder(dir);
  for (const name of await readdir(dir)) if (DRAFT.test(name)) await rm(join(dir, name), { force: true });
}
