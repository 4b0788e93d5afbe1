/** How far what follows the entries of a log is behind them: tiles, checkpoints, the index. */
import { join } from "node:path";
import type { LogMetrics } from "@polity/lineage/file-store/metrics.ts";
import { openIndex } from "@polity/lineage/index-store/log-index.ts";
import { nodeCrypto, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { folderSource, publicFolder } from "@polity/lineage/node/folder-source.ts";
import { openTiles } from "@polity/lineage/open-tiles.ts";
import { openRecorder } from "@polity/lineage/recorder.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { ORIGIN, openLogMeasured } from "./lineage-stores.ts";
import type { Measured } from "./section.ts";
import { digits } from "./targets.ts";

export interface Filled {
  /** Nanoseconds from the first entry to the last acknowledgement. */
  readonly ns: number;
  /** Entries that were durable and not in tiles yet, not under a checkpoint yet, at most. */
  readonly tilesBehind: number;
  readonly checkpointBehind: number;
  /** Nanoseconds from the last acknowledgement until all was in tiles under a checkpoint. */
  readonly lastNs: number;
  /** What the process had more at its largest, and after the first tenth. */
  readonly bytesMax: number;
  readonly bytesEarly: number;
}

const BATCH = 4_096;
const SAMPLE_MS = 100;

/** Writes so many entries of some 300 bytes, as fast as it goes. */
export async function fill(dir: string, signer: Signer, size: number, node = "n"): Promise<Filled> {
  const before = process.memoryUsage.rss();
  const { store, metrics } = await openLogMeasured(dir, signer);
  const recorder = openRecorder(store, { node, nextSeq: 0, ports: nodeRecording, mode: "strict" });
  const event = { kind: "event", name: "tool.called", phase: "ok", event: "e", digest: null } as const;
  const most = { tilesBehind: 0, checkpointBehind: 0, bytesMax: 0, bytesEarly: 0 };
  const sample = () => {
    const { sizeDurable, sizeIntegrated, sizePublished }: LogMetrics = metrics();
    const bytes = process.memoryUsage.rss() - before;
    most.tilesBehind = Math.max(most.tilesBehind, sizeDurable - sizeIntegrated);
    most.checkpointBehind = Math.max(most.checkpointBehind, sizeDurable - sizePublished);
    most.bytesMax = Math.max(most.bytesMax, bytes);
    if (sizeDurable <= size / 10) most.bytesEarly = Math.max(most.bytesEarly, bytes);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  const from = performance.now();
  for (let at = 0; at < size; at += BATCH) {
    const count = Math.min(BATCH, size - at);
    await Promise.all(Array.from({ length: count }, () => recorder.append(event)));
  }
  const last = performance.now();
  sample();
  await store.checkpoint();
  const end = performance.now();
  clearInterval(timer);
  await store.close();
  return { ns: (last - from) * 1e6, lastNs: (end - last) * 1e6, ...most };
}

type Found = readonly [name: string, figure: Measured["figure"], found: Partial<Measured>];

export function filledRows(filled: Filled, size: number): readonly Found[] {
  const { ns, tilesBehind, checkpointBehind, lastNs, bytesMax, bytesEarly } = filled;
  const behind = `at most ${digits(tilesBehind)} entries were not in full tiles yet`;
  const uncovered = `${digits(checkpointBehind)} under no checkpoint, which comes each second`;
  const early = `${digits(bytesEarly / 1024 ** 2)} MiB of it within the first tenth`;
  return [
    ["write", "append", { median_ns: ns / size, note: `${behind}, ${uncovered}` }],
    ["write", "memory", { bytes: bytesMax, note: early }],
    [
      "lag",
      "load",
      { median_ns: lastNs, note: "from the last entry until all tiles and a checkpoint are there" },
    ],
  ];
}

/** Nanoseconds until an index that has nothing has all entries that are published. */
export async function indexAll(dir: string, signer: Signer): Promise<number> {
  return (await followNow(dir, signer)).ns;
}

/** How far an index is behind once so many more entries are published, and how long it takes to have them. */
export async function indexMore(dir: string, signer: Signer, count: number): Promise<Caught> {
  await fill(dir, signer, count, "more");
  return followNow(dir, signer);
}

interface Caught {
  readonly ns: number;
  readonly behind: number;
}

async function followNow(dir: string, signer: Signer): Promise<Caught> {
  const from = performance.now();
  const source = folderSource(await publicFolder(dir));
  const opened = await openTiles(source, { keys: [signer.publicKey], crypto: nodeCrypto });
  if (!opened.ok) throw opened.error;
  const index = await openIndex(join(dir, "index.sqlite"), ORIGIN);
  const behind = opened.log.tree.size - index.size();
  await index.follow(opened.log);
  index.close();
  return { ns: (performance.now() - from) * 1e6, behind };
}
