/** Runs in the page: reads and verifies the log that the page's own server has, and one that was changed. */
import { portableCrypto } from "@polity/lineage/index.ts";
import { compareHeads, openTiles } from "@polity/lineage/open-tiles.ts";
import { verifyEntries } from "@polity/lineage/verify-tiles.ts";
import { httpSource } from "@polity/lineage/web/http-source.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { readPublicKey } from "@polity/runtime/keys.ts";

export interface TilesReport {
  readonly size: number;
  readonly kinds: readonly (readonly [string, number])[];
  readonly entry: string;
  readonly proofHashes: number;
  readonly continuity: string;
  /** What is said of the log below `/broken/`. */
  readonly broken: { readonly code: string; readonly file: string | null };
  readonly rootAt: string;
}

/** What TypeScript declares only together with the whole DOM. */
declare const location: { readonly href: string };

async function run(): Promise<TilesReport> {
  const read = readPublicKey(await (await fetch("/key.pem")).text());
  if (!read.ok) throw new Error(read.message);
  const options = { keys: [read.key], crypto: portableCrypto };
  const opened = await openTiles(httpSource(new URL("/log/", location.href).href), options);
  if (!opened.ok) throw opened.error;
  const { log } = opened;
  const tally = await verifyEntries(log);
  const entry = await log.tree.entry(299);
  const changed = await openTiles(httpSource(new URL("/broken", location.href).href), options);
  if (!changed.ok) throw changed.error;
  const broken = await verifyEntries(changed.log).then(
    () => ({ code: "none", file: null }),
    ({ code, file }: { code: string; file: string | null }) => ({ code, file }),
  );
  return {
    size: tally.size,
    kinds: [...tally.kinds],
    entry: new TextDecoder().decode(entry ?? new Uint8Array()),
    proofHashes: (await log.tree.inclusionProof(7)).length,
    continuity: (await compareHeads(changed.log, log)).kind,
    broken,
    rootAt: digestName(await log.tree.rootAt(257)),
  };
}

const report = await run().catch((error: unknown) => ({ error: String(error) }));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
