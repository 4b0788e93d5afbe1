/**
 * The process that decides, in strict mode: loads the bundle under trust root, floor and freshness note,
 * opens the log, and goes on with the first decision that is in no log yet. Each acknowledged one is printed
 * as `index leaf`, after its receipt; then anybody may kill it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { type RecordedHost, recordHost } from "@polity/lineage/index.ts";
import {
  fileAnchor,
  folderFloor,
  nodeCrypto,
  nodeRecording,
  nodeSigner,
  readBundle,
} from "@polity/lineage/node/index.ts";
import { type BundleHost, loadBundle } from "@polity/runtime/bundle.ts";
import { openRoot, walkRoots } from "@polity/runtime/trust-walk.ts";

/** What it is told, as JSON in its first argument; paths are below `home`. */
export interface Task {
  readonly home: string;
  readonly bundle: string;
  /** Where the log is and goes on. */
  readonly log: string;
  readonly origin: string;
  /** How many decisions the log is to have. */
  readonly count: number;
  /** Whether there may be no epoch floor yet. */
  readonly isFirst: boolean;
}

const NODE = "eu-1/n1";
/** How many decisions are on their way to the disk. */
const OUTSTANDING = 256;
const HOUR_MS = 3_600_000;

const task = JSON.parse(process.argv[2] ?? "") as Task;
const file = (name: string) => readFileSync(join(task.home, name));

try {
  const host = await openHost();
  await decideAll(host);
} catch (error) {
  // Whoever started it looks at the code.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function openHost(): Promise<BundleHost> {
  const now = Date.now();
  const root = openRoot(file("trust/1.root.json"), nodeCrypto);
  if (!root.ok) throw new Error(`${root.code}: ${root.message}`);
  const trust = walkRoots(root, [], now, nodeCrypto);
  if (!trust.ok) throw new Error(`${trust.code}: ${trust.message}`);
  const bundle = readBundle(join(task.home, task.bundle));
  if (!bundle.ok) throw new Error(`${bundle.code}: ${bundle.message}`);
  const epochFloor = folderFloor(join(task.home, "floor"), { mayBegin: task.isFirst });
  const home = { set: "payments", audience: "eu-1", epochFloor };
  const news = { trust, freshness: file("payments.fresh.json"), now };
  const loaded = await loadBundle(bundle.files, home, news, nodeCrypto);
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  return loaded.host;
}

async function decideAll(host: BundleHost): Promise<void> {
  const signer = nodeSigner(file("log.pem").toString());
  if (!signer.ok) throw new Error(signer.message);
  const opened = await openFileLog(join(task.home, task.log), {
    origin: task.origin,
    signer: signer.signer,
    crypto: nodeCrypto,
    create: true,
    anchor: () => fileAnchor(join(task.home, `${task.log}.anchor`)),
  });
  if (!opened.ok) throw opened.error;
  const { store, nextSeq } = opened;
  const settings = { node: NODE, nextSeq: nextSeq(NODE), ports: nodeRecording } as const;
  const recorded = recordHost(host, store, { ...settings, mode: "strict" });
  process.stdout.write(`ready ${store.size}\n`);
  let next = store.size;
  const worker = async () => {
    for (let at = next++; at < task.count; at = next++) await decideOne(recorded, at);
  };
  await Promise.all(Array.from({ length: OUTSTANDING }, worker));
  await recorded.close();
  await store.checkpoint();
  await store.close();
}

async function decideOne(recorded: RecordedHost, at: number): Promise<void> {
  const now = Date.now();
  const header = {
    now,
    policyFrom: now - HOUR_MS,
    policyUntil: now + HOUR_MS,
    factsUntil: now + HOUR_MS,
    containment: { state: "free", readAt: now },
    trust: 800,
    approvals: [],
  } as const;
  const payee = at % 17 === 0 ? "mallory" : `supplier-${at % 50}`;
  const fields = { amount: (at * 37) % 1_500, payee, memo: `invoice ${at}` };
  const { decision, receipt, problem } = await recorded.decide({ action: "pay", fields, header });
  if (receipt === null) throw problem ?? new Error("no receipt");
  process.stdout.write(`${receipt.index} ${receipt.leafHash} ${decision.verdict}\n`);
}
