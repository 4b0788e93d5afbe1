/** The one place here that knows how a log is opened, verified and given a key. */
import { type OpenResult, openFileLog } from "@polity/lineage/file-store/open.ts";
import { type VerifyResult, verifyLog } from "@polity/lineage/file-store/verify.ts";
import type { Finding } from "@polity/lineage/finding.ts";
import { fsckTiles } from "@polity/lineage/fsck.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { fileAnchor } from "@polity/lineage/node/file-anchor.ts";
import { folderSource, folderWithNames } from "@polity/lineage/node/folder-source.ts";
import { openTiles, readHead, type TileLog } from "@polity/lineage/open-tiles.ts";
import { LogError } from "@polity/lineage/store.ts";
import { TILE_WIDTH } from "@polity/lineage/tiles.ts";
import { ORIGIN, signerOf } from "../../test/support/lineage-log.ts";
import type { Plan } from "./plan.ts";

export const LOG_ORIGIN = ORIGIN;
export const LOG_SIGNER = signerOf(new Uint8Array(32).fill(7));

export function openFor({ dir, anchor, create, checkpointMs = 0 }: Omit<Plan, "steps">): Promise<OpenResult> {
  return openFileLog(dir, {
    origin: LOG_ORIGIN,
    signer: LOG_SIGNER,
    crypto: nodeCrypto,
    create,
    anchor: () => fileAnchor(anchor),
    // Usually only when it is asked for: otherwise two runs of one plan differ.
    checkpointMs,
    heartbeatMs: 0,
  });
}

export function verifyFor(dir: string): Promise<VerifyResult> {
  return verifyLog(dir, LOG_SIGNER.publicKey, nodeCrypto);
}

const READING = { keys: [LOG_SIGNER.publicKey], crypto: nodeCrypto, origin: LOG_ORIGIN };

/** Throws a `LogError`. */
export async function publishedLog(publicDir: string): Promise<TileLog> {
  const opened = await openTiles(folderSource(publicDir), READING);
  if (opened.ok) return opened.log;
  throw opened.error;
}

/** What the check of all public files finds. */
export async function publicFindings(publicDir: string): Promise<readonly Finding[]> {
  const source = folderWithNames(publicDir);
  const findings: Finding[] = [];
  const { checkpoint } = await readHead(source, READING);
  await fsckTiles(source, checkpoint, {
    sha256: nodeCrypto.sha256,
    onFinding: (finding) => findings.push(finding),
  });
  return findings;
}

/**
 * Reads every entry as a stranger would who has the public folder and the key: null where something was
 * refused, which is not said to be wrong. Entries of one bundle are refused together, since none is given out
 * before all of them are known to be right, so the others of it are not asked for again.
 */
export async function readEveryEntry(publicDir: string): Promise<readonly (Uint8Array | null)[] | null> {
  const opened = await openTiles(folderSource(publicDir), READING);
  if (!opened.ok) return null;
  const { tree } = opened.log;
  const entries: (Uint8Array | null)[] = [];
  for (let index = 0; index < tree.size; index += 1) {
    if (index % TILE_WIDTH > 0 && entries.at(-1) === null) {
      entries.push(null);
      continue;
    }
    const entry = await tree.entry(index).catch((error: unknown) => {
      if (error instanceof LogError) return null;
      throw error;
    });
    entries.push(entry);
  }
  return entries;
}
