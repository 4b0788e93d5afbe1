/** A witness on this machine, and logs that ask it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CosignerKey } from "@polity/lineage/cosignature.ts";
import type { LogPolicy } from "@polity/lineage/log-policy.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type KeeperOptions, openKeeper, type WitnessKeeper } from "@polity/lineage/node/witness-keeper.ts";
import { serveWitness, type WitnessServer } from "@polity/lineage/node/witness-server.ts";
import type { NoteKey } from "@polity/lineage/note.ts";
import { leafHash, makeTree, type Tree } from "@polity/lineage/tree.ts";
import type { WitnessedLog } from "@polity/lineage/witnesses.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { noteSigner } from "./lineage-log.ts";
import { witnessSigner } from "./witnesses.ts";

export function scratchFolder(): { readonly dir: string; readonly remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), "polity-witness-"));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export async function keeperIn(dir: string, options: Partial<KeeperOptions> = {}): Promise<WitnessKeeper> {
  const opened = await openKeeper({
    dir,
    cosigner: witnessSigner(7, "w.example"),
    logs: [noteSigner().key],
    crypto: nodeCrypto,
    nowSeconds: () => 1_700_000_000,
    ...options,
  });
  if (!opened.ok) throw opened.error;
  return opened.keeper;
}

export function serve(keeper: WitnessKeeper): Promise<WitnessServer> {
  return serveWitness(keeper, { host: "127.0.0.1", port: 0 });
}

/** A policy that wants them all. */
export function policyOf(witnesses: readonly { key: CosignerKey; url: string | null }[]): LogPolicy {
  const named = witnesses.map((one, at) => ({ name: `w${at + 1}`, ...one }));
  const members = named.map(({ name }) => name);
  const groups = [{ name: "all", threshold: members.length, members }];
  return { logs: [], witnesses: named, groups, quorum: "all" };
}

export function grown(entries: readonly Uint8Array[]): Tree {
  const tree = makeTree(sha256);
  for (const entry of entries) tree.append(leafHash(entry, sha256));
  return tree;
}

export function witnessedLog(tree: Tree, key: NoteKey = noteSigner().key): WitnessedLog {
  return {
    key,
    get size() {
      return tree.size;
    },
    root: async (size) => tree.root(size),
    consistencyProof: async (from, to) => tree.consistencyProof(from, to),
  };
}
