/** A published log, read and verified in a browser from static files alone, with the code that Node runs. */
import { existsSync } from "node:fs";
import { digestName } from "@polity/runtime/hash.ts";
import { writePublicKey } from "@polity/runtime/keys.ts";
import { expect, test } from "vitest";
import { bundled, CHROMIUM, type Files, visit } from "../support/chromium.ts";
import { noteSigner } from "../support/lineage-log.ts";
import { bytesOf, nthEntry } from "../support/log-entries.ts";
import { leaf, rootOf } from "../support/merkle-definitions.ts";
import { notRun } from "../support/not-run.ts";
import { logFilesOf } from "../support/tile-folder.ts";
import type { TilesReport } from "./tiles-page.ts";

const PAGE = new URL("./tiles-page.ts", import.meta.url);

test("what reads logs needs nothing but the Web platform", async () => {
  const script = await bundled(PAGE);
  expect(/\beval\(|new Function|["'`]node:/.exec(script)?.[0]).toBeUndefined();
});

test("300 entries in Chromium, and a changed one among them", async () => {
  if (!existsSync(CHROMIUM)) {
    notRun("a published log in Chromium", `no ${CHROMIUM}`);
    return;
  }
  const entries = Array.from({ length: 300 }, (_, seq) => bytesOf(nthEntry(seq).entry));
  const log = await logFilesOf(entries);
  const bundle = new Uint8Array(log.get("tile/entries/000")!);
  bundle[500]! ^= 1;
  const broken = new Map(log).set("tile/entries/000", bundle);
  const served = (
    folder: string,
    of: ReadonlyMap<string, Uint8Array>,
  ): [string, readonly [string, Uint8Array]][] =>
    [...of].map(([path, bytes]) => [`/${folder}/${path}`, ["application/octet-stream", bytes]]);
  const files: Files = new Map<string, readonly [string, string | Uint8Array]>([
    ["/key.pem", ["text/plain", writePublicKey(noteSigner().key.publicKey)]],
    ...served("log", log),
    ...served("broken", broken),
  ]);
  expect(await visit<TilesReport>(PAGE, files)).toEqual({
    size: 300,
    kinds: [
      ["decision", 100],
      ["heartbeat", 200],
    ],
    entry: Buffer.from(entries[299]!).toString(),
    proofHashes: 9,
    continuity: "continues",
    broken: { code: "log.other_entry", file: "tile/entries/000" },
    rootAt: digestName(rootOf(entries.slice(0, 257).map(leaf))),
  });
});
