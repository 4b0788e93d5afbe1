/**
 * What somebody might be given: proofs of one log at two sizes, of another history, and what goes with them.
 */
import { encodeOpening } from "@polity/lineage/commitment.ts";
import { encodeCosignerVkey } from "@polity/lineage/cosignature.ts";
import { encodeEntry } from "@polity/lineage/entry-codec.ts";
import { encodeFork } from "@polity/lineage/fork.ts";
import { encodeVkey } from "@polity/lineage/note.ts";
import { encodeTlogProof } from "@polity/lineage/tlog-proof.ts";
import { leafHash, type Tree } from "@polity/lineage/tree.ts";
import { encodeWitnessRequest } from "@polity/lineage/witness-request.ts";
import { sha256, utf8 } from "@polity/runtime/hash.ts";
import { writePublicKey } from "@polity/runtime/keys.ts";
import { checkpointOf, noteSigner, ORIGIN, treeOf } from "./lineage-log.ts";
import { decision, heartbeat } from "./log-entries.ts";
import { ANNA, BERT, following, NOW, ROOT, signRoot, withKeys } from "./trust-roots.ts";
import { cosignedBy, witnessSigner } from "./witnesses.ts";

/**
 * By the name of the file; `small` and `large` are sizes of one log, `other` is the same log's other history.
 */
export interface ViewerFiles {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly vkey: string;
  readonly pem: string;
  readonly policy: string;
}

const INDEX = 4;

export async function viewerFiles(): Promise<ViewerFiles> {
  const witness = witnessSigner(7, "witness.example/w1");
  const { entry, opening } = decision(INDEX, "eu-1/node-7");
  const encoded = encodeEntry(entry);
  if (!encoded.ok) throw new Error(encoded.message);
  const record = encoded.bytes;
  const entries = Array.from({ length: 12 }, (_, at) => (at === INDEX ? record : bytesOf(at)));
  const [small, large] = [treeOf(entries.slice(0, 7)), treeOf(entries)];
  const otherLarge = treeOf(entries.map((one, at) => (at === 2 ? Uint8Array.of(1) : one)));
  const otherSmall = treeOf(entries.slice(0, 7).map((one, at) => (at === 2 ? Uint8Array.of(1) : one)));
  const stranger = noteSigner(2);
  const proof = async (tree: Tree, cosigners = [witness], signer = noteSigner()) => {
    const checkpoint = await cosignedBy(await checkpointOf(tree, signer), cosigners, 1_764_000_000);
    return utf8(
      encodeTlogProof({
        index: INDEX,
        hashes: tree.inclusionProof(INDEX, tree.size),
        checkpoint,
        extra: null,
      }),
    );
  };
  const earlier = await checkpointOf(small);
  const later = await checkpointOf(otherLarge);
  const erased = { ...opening, sensitive: [] };
  const changed = Uint8Array.from(record);
  changed[changed.indexOf(0x34)] = 0x35;
  const files = new Map<string, Uint8Array>([
    ["small.tlog-proof", await proof(small)],
    ["large.tlog-proof", await proof(large)],
    ["other.tlog-proof", await proof(otherSmall)],
    ["bare.tlog-proof", await proof(small, [])],
    // Of a log that took the name of this one.
    ["framed.tlog-proof", await proof(otherSmall, [witness], stranger)],
    ["stranger.pem", utf8(writePublicKey(stranger.key.publicKey))],
    ["record.json", record],
    ["changed.json", changed],
    ["opening.json", utf8(encodeOpening(opening))],
    ["erased.json", utf8(encodeOpening(erased))],
    ["wrong.json", utf8(encodeOpening(decision(9, "eu-1/node-7").opening))],
    [
      "consistency.txt",
      utf8(
        encodeWitnessRequest({
          oldSize: 7,
          proof: large.consistencyProof(7, 12),
          checkpoint: await checkpointOf(large),
        }),
      ),
    ],
    [
      "bent.txt",
      utf8(
        encodeWitnessRequest({
          oldSize: 7,
          proof: otherLarge.consistencyProof(7, 12),
          checkpoint: await checkpointOf(large),
        }),
      ),
    ],
    [
      "two.fork",
      utf8(
        encodeFork({
          earlier,
          later,
          proof: { root: otherLarge.root(7), hashes: otherLarge.consistencyProof(7, 12) },
        }),
      ),
    ],
    ["strange.bin", Uint8Array.of(0, 1, 2, 3)],
    ...(await rootFiles()),
  ]);
  const { key } = noteSigner();
  const vkey = encodeVkey(key);
  const policy = `log ${vkey}\nwitness w1 ${encodeCosignerVkey(witness.key)}\nquorum w1\n`;
  return { files, vkey, pem: writePublicKey(key.publicKey), policy };
}

/** The first version lets the log's key sign for up to 9 entries, the second for as many as there are. */
async function rootFiles(): Promise<readonly (readonly [string, Uint8Array])[]> {
  const { id } = noteSigner().key.publicKey;
  const logs = (sizeMax: number | null) => new Map([[ORIGIN, [{ key: id, sizeMax }]]]);
  const first = withKeys({ ...ROOT, expiresMs: Date.UTC(2126, 0), logs: logs(9) });
  const second = following(first, { logs: logs(null) });
  const ended = following(first, { expiresMs: NOW - 1 });
  const [one, two, three] = await Promise.all(
    [first, second, ended].map((root) => signRoot(root, ANNA, BERT)),
  );
  return [
    ["1.root.json", utf8(one!)],
    ["2.root.json", utf8(two!)],
    ["ended.root.json", utf8(three!)],
  ];
}

function bytesOf(seq: number): Uint8Array {
  const encoded = encodeEntry(heartbeat(seq, "eu-1/node-7"));
  if (!encoded.ok) throw new Error(encoded.message);
  if (leafHash(encoded.bytes, sha256).length !== 32) throw new Error("no leaf hash");
  return encoded.bytes;
}
