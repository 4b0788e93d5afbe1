/**
 * What must never go back, each in a folder of its own: the epoch floor of a host (I7), the last checkpoint
 * that a log's writer has signed, and the last one that a witness has cosigned. All of them keep a number
 * here.
 */
import { join } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { folderFloor } from "@polity/lineage/node/epoch-floor.ts";
import { fileAnchor } from "@polity/lineage/node/file-anchor.ts";
import { openKeeper } from "@polity/lineage/node/witness-keeper.ts";
import { encodeWitnessRequest } from "@polity/lineage/witness-request.ts";
import { firstFloor } from "@polity/runtime/epoch.ts";
import { checkpointOf, noteSigner, ORIGIN, treeOf } from "../../test/support/lineage-log.ts";
import { bytesOf, heartbeat } from "../../test/support/log-entries.ts";
import { ROOT } from "../../test/support/trust-roots.ts";
import { witnessSigner } from "../../test/support/witnesses.ts";

export interface Keeper {
  /** 0 where nothing was kept yet. */
  readonly read: () => Promise<number>;
  /** Resolves once it is durable that the number is this one. */
  readonly raise: (to: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export type KeeperName = "epoch-floor" | "anchor" | "witness";

/** `home` is there already. Rejects where what was kept cannot be read. */
export async function openNamed(name: KeeperName, home: string): Promise<Keeper> {
  if (name === "epoch-floor") return floorAt(join(home, "floor"));
  return name === "anchor" ? anchorAt(join(home, "anchor")) : witnessAt(join(home, "witness"));
}

const digestOf = (epoch: number) => `sha256:${String(epoch).padStart(64, "0")}`;

function floorAt(dir: string): Keeper {
  const floor = folderFloor(dir, { mayBegin: true });
  const first = firstFloor({ root: ROOT, digest: digestOf(0) }, "payments", "eu-1");
  return {
    read: async () => (await floor.read())?.epoch ?? 0,
    raise: (epoch) => floor.write({ ...first, epoch, digest: digestOf(epoch) }),
    close: async () => undefined,
  };
}

const TREE = treeOf(Array.from({ length: 40 }, (_, at) => bytesOf(heartbeat(at))));
const SIGNER = noteSigner();
/** Signed for the first so many entries. */
const noteAt = (size: number) =>
  checkpointOf(treeOf(Array.from({ length: size }, (_, at) => bytesOf(heartbeat(at)))), SIGNER);

function sizeOf(note: string | null): number {
  return note === null ? 0 : Number(note.split("\n")[1]);
}

function anchorAt(dir: string): Keeper {
  const anchor = fileAnchor(dir);
  return {
    read: async () => sizeOf(await anchor.read()),
    async raise(size) {
      const now = await anchor.read();
      if (!(await anchor.swap(now, await noteAt(size)))) throw new Error("somebody else was there");
    },
    close: async () => undefined,
  };
}

async function witnessAt(dir: string): Promise<Keeper> {
  const opened = await openKeeper({
    dir,
    cosigner: witnessSigner(21, "witness.example"),
    logs: [SIGNER.key],
    crypto: nodeCrypto,
    nowSeconds: () => 1_700_000_000,
  });
  if (!opened.ok) throw opened.error;
  const { keeper } = opened;
  const read = () => keeper.sizes().get(ORIGIN) ?? 0;
  return {
    read: async () => read(),
    async raise(size) {
      const oldSize = read();
      const proof = oldSize === 0 ? [] : TREE.consistencyProof(oldSize, size);
      const body = encodeWitnessRequest({ oldSize, proof, checkpoint: await noteAt(size) });
      const judged = await keeper.add(new Uint8Array(Buffer.from(body)));
      if (!judged.ok) throw new Error(`${judged.code}: ${judged.message}`);
    },
    close: () => keeper.close(),
  };
}
