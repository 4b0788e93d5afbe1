/** Whoever judges logs has to object: to files other than what was promised, to a store that did not sync. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { erasedBy, remainingProblems } from "../../scripts/fault/erasure.ts";
import { rawProblems } from "../../scripts/fault/invariants.ts";
import { makeLedger } from "../../scripts/fault/ledger.ts";
import { expectedEntry } from "../../scripts/fault/plan.ts";
import { problemsAfterLoss, type Recording, record } from "../../scripts/fault/power.ts";
import { rawLeaf, rawPrefixRoots, rawRoot } from "../../scripts/fault/raw-log.ts";
import { straceMissing } from "../../scripts/fault/strace.ts";
import { noteSigner } from "../support/lineage-log.ts";
import { notRun } from "../support/not-run.ts";
import { seededRandom } from "../support/random.ts";
import { folderOf, logFilesOf, signedHead, type TileFiles } from "../support/tile-folder.ts";

const SIZE = 300;
const ENTRIES = Array.from({ length: SIZE }, (_, seq) => expectedEntry(0, seq).bytes);
const OWNER = noteSigner(7);

async function problemsOf(
  change: (files: TileFiles) => void = () => undefined,
  notes: readonly string[] = [],
) {
  const files = await logFilesOf(ENTRIES, OWNER);
  change(files);
  const below = new Map([...files].map(([path, bytes]) => [`public/${path}`, bytes]));
  const ledger = makeLedger();
  for (const [index, bytes] of ENTRIES.entries()) {
    const leaf = `sha256:${rawLeaf(bytes).toString("hex")}`;
    ledger.acknowledged.set(index, { node: 0, seq: index, variant: "-", leaf });
  }
  for (const note of notes) ledger.notes.add(note);
  return rawProblems({ dir: folderOf(below), anchor: "" }, ledger);
}

function flipped(path: string, at = 5) {
  return (files: TileFiles) => {
    const bytes = Uint8Array.from(files.get(path)!);
    bytes[at]! ^= 1;
    files.set(path, bytes);
  };
}

describe("the judge of public files", () => {
  test("has nothing against a log that is right, and the checkpoints that were seen of it", async () => {
    const seen = [
      await signedHead(ENTRIES.slice(0, 0), OWNER),
      await signedHead(ENTRIES.slice(0, 200), OWNER),
    ];
    expect(await problemsOf(undefined, seen)).toEqual([]);
  });

  test.each([
    ["a changed entry", flipped("tile/entries/000", 40), "I1: the bundles have"],
    ["a changed tile", flipped("tile/0/001.p/44"), "tile/0/001.p/44 has other hashes"],
    ["a changed tile of tiles", flipped("tile/1/000.p/1"), "tile/1/000.p/1 has other hashes"],
    ["a bundle that is gone", (files: TileFiles) => files.delete("tile/entries/000"), "cannot be read"],
    ["a checkpoint that nobody signed", flipped("checkpoint", 20), "cannot be read"],
  ])("objects to %s", async (_, change, expected) => {
    expect((await problemsOf((files) => void change(files))).join("\n")).toContain(expected);
  });

  test("objects to checkpoints that are no beginning of the log", async () => {
    const others = Array.from({ length: 50 }, (_, seq) => expectedEntry(1, seq).bytes);
    const fork = [await signedHead(others, OWNER)];
    expect(await problemsOf(undefined, fork)).toEqual([expect.stringContaining("I2: the checkpoint of 50")]);
    const longer = [await signedHead([...ENTRIES, ...others], OWNER)];
    expect(await problemsOf(undefined, longer)).toEqual([expect.stringContaining("I2: a checkpoint of 350")]);
    await expect(problemsOf(undefined, [await signedHead(ENTRIES, noteSigner(8))])).resolves.toHaveLength(1);
  });

  test("computes the roots of beginnings as the definition does", () => {
    const leaves = ENTRIES.slice(0, 70).map(rawLeaf);
    const sizes = new Set(leaves.keys());
    for (const [size, root] of rawPrefixRoots(leaves, sizes)) {
      expect(root).toBe(rawRoot(leaves, 0, size).toString("hex"));
    }
  });
});

describe("the judge of erased requests", () => {
  const { opening } = expectedEntry(0, 84);
  const [card] = opening!.sensitive;
  const salt = Buffer.from(card!.salt).toString("base64");
  const problemsOf = (text: string, variant: string) => {
    const dir = join(folderOf(new Map([["requests/0", Buffer.from(`before ${text} behind`)]])), "log");
    return remainingProblems({ dir, anchor: "" }, erasedBy([variant]));
  };

  test("objects to what is left of a field, or of all of it", () => {
    for (const left of [salt, JSON.stringify(card!.value)]) {
      expect(problemsOf(left, "redact:0:84:/card")).toEqual([expect.stringContaining("I8: ")]);
      expect(problemsOf(left, "redact:0:84")).toEqual([expect.stringContaining("requests/0 still has")]);
    }
    const all = Buffer.from(opening!.salt).toString("base64");
    expect([problemsOf(all, "redact:0:84:/card").length, problemsOf(all, "redact:0:84").length]).toEqual([
      0, 1,
    ]);
  });

  test("has nothing against what is of other requests", () => {
    expect(problemsOf(salt, "redact:0:87")).toEqual([]);
    expect(problemsOf("nothing", "redact:0:84")).toEqual([]);
  });
});

describe("a store that did not sync", () => {
  const RUN = {
    name: "sabotage",
    before: [],
    steps: [{ do: "append", nodes: 2, each: 2 }, { do: "checkpoint" }, { do: "append", nodes: 2, each: 2 }],
  } as const;
  /** Somewhere between these an acknowledgement is outstanding. */
  const POINTS = 12;

  async function problemsWith(recording: Recording, scratch: string): Promise<readonly string[]> {
    const problems: string[] = [];
    const count = recording.events.length;
    for (let point = 1; point <= POINTS; point += 1) {
      const until = Math.floor((count * point) / POINTS);
      const random = seededRandom(point);
      problems.push(
        ...(await problemsAfterLoss(recording, { until, loss: "nothing-left", random, scratch })),
      );
    }
    return problems;
  }

  test("is found out when the power goes", { timeout: 120_000 }, async () => {
    const missing = straceMissing();
    if (missing !== null) return notRun("a store that does not sync", missing);
    const scratch = mkdtempSync(join(tmpdir(), "polity-sabotage-"));
    onTestFinished(() => rmSync(scratch, { recursive: true }));
    const honest = await record(RUN, scratch);
    expect(await problemsWith(honest, scratch)).toEqual([]);
    const events = honest.events.filter(({ kind }) => kind !== "sync");
    expect((await problemsWith({ ...honest, events }, scratch)).join("\n")).toMatch(/I1/);
  });
});
