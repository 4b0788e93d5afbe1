/** What `pol log` says to whoever reads a published log, in folders and on servers, whole or changed. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cosignerKey, encodeCosignerVkey } from "@polity/lineage/cosignature.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { encodeVkey } from "@polity/lineage/note.ts";
import { verifyConsistency } from "@polity/lineage/tree-proof.ts";
import { decodeBase64 } from "@polity/runtime/base64.ts";
import { digestBytes, digestName } from "@polity/runtime/hash.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { freshFolder } from "../support/file-log.ts";
import { noteSigner } from "../support/lineage-log.ts";
import { filesOf, made, many, pol } from "../support/log-cli.ts";
import { bytesOf, decision, dozen, heartbeat, nthEntry } from "../support/log-entries.ts";
import { notRun } from "../support/not-run.ts";
import { bundleOf, signedHead, type TileFiles } from "../support/tile-folder.ts";

describe("a log that was changed", () => {
  const entries = dozen().map(({ entry }) => entry);
  const bundle = "tile/entries/000.p/12";
  const rewritten = () => entries.with(5, decision(4, "other").entry).map(bytesOf);
  const reordered = () => entries.with(5, entries[6]!).with(6, entries[5]!).map(bytesOf);

  test.each<[string, (files: TileFiles) => Promise<TileFiles> | TileFiles, string, RegExp]>([
    [
      "a rewritten entry",
      (files) => files.set(bundle, bundleOf(rewritten())),
      "log.other_entry",
      /rewritten/,
    ],
    [
      "re-ordered entries",
      (files) => files.set(bundle, bundleOf(reordered())),
      "log.other_entry",
      /this is entry 6/,
    ],
    [
      "entries and tiles rewritten",
      async (files) => {
        const others = await filesOf([...entries.slice(0, 11), heartbeat(12)]);
        return others.set("checkpoint", files.get("checkpoint")!);
      },
      "log.other_root",
      /under the root sha256:\S+ but the checkpoint of 12 entries was signed for sha256:/,
    ],
    [
      "a forged checkpoint",
      (files) => {
        const note = Buffer.from(files.get("checkpoint")!).toString();
        return files.set("checkpoint", Buffer.from(note.replace("\n12\n", "\n11\n")));
      },
      "log.bad_signature",
      /claims that example.com\/log has 11 entries/,
    ],
    [
      "a tail that was cut off",
      async (files) => (await filesOf(entries.slice(0, 9))).set("checkpoint", files.get("checkpoint")!),
      "log.missing",
      /the checkpoint promises this file, for entries 0 to 11, and it is not there/,
    ],
  ])("%s: verify says so, with both sides", async (_name, change, code, message) => {
    const { dir, key } = made(await change(await filesOf(entries)));
    const people = await pol("log", "verify", dir, "--key", key);
    expect([people.code, people.out]).toEqual([1, ""]);
    expect(people.error).toContain(code);
    expect(people.error).toMatch(message);
    const json = await pol("log", "verify", dir, "--key", key, "--json");
    expect([json.code, json.error, JSON.parse(json.out)]).toEqual([
      1,
      "",
      expect.objectContaining({ ok: false, code }),
    ]);
  });

  test("fsck names file and byte, as text and as JSON", async () => {
    const { dir, key } = made(await filesOf(many(300)));
    const file = join(dir, "public", "tile/0/000");
    const bytes = readFileSync(file);
    bytes[77]! ^= 1;
    writeFileSync(file, bytes);
    const people = await pol("log", "fsck", dir, "--key", key);
    expect([people.code, people.out]).toEqual([1, ""]);
    expect(people.error).toMatch(/^pol: error: tile\/0\/000, byte 77: log\.other_tile: this byte is 0x/);
    expect(people.error).toContain("1 thing is wrong");
    const json = await pol("log", "fsck", dir, "--key", key, "--json");
    const { ok, findings } = JSON.parse(json.out) as {
      ok: boolean;
      findings: { file: string; offset: number }[];
    };
    expect([ok, findings.map(({ file, offset }) => [file, offset])]).toEqual([false, [["tile/0/000", 77]]]);
  });

  test("fsck tells dangling parents, and an index that says something else", async () => {
    const parent = {
      leaf: digestName(nodeCrypto.sha256(Buffer.from("x"))),
      relation: "caused" as const,
      log: null,
    };
    const { dir, key } = made(await filesOf([heartbeat(0), { ...decision(1).entry, parents: [parent] }]));
    const good = await pol("log", "fsck", dir, "--key", key);
    expect([good.code, good.error]).toEqual([
      0,
      expect.stringMatching(/^pol: note: entry 1: caused by sha256:.*no earlier entry/),
    ]);
    await pol("log", "search", dir);
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(dir, "index.sqlite"));
    database.exec("UPDATE entry SET verdict = 'allow' WHERE at_index = 1");
    database.close();
    const bad = await pol("log", "fsck", dir, "--key", key);
    expect([bad.code, bad.error]).toEqual([
      1,
      expect.stringContaining("index.sqlite, entry 1: log.other_index"),
    ]);
    // What the index says wrongly is not shown as found.
    const found = await pol("log", "search", dir, "--verdict", "allow", "--key", key);
    expect([found.out, found.error]).toEqual([
      "",
      expect.stringContaining("1 entry of the index are not in the log"),
    ]);
  });
});

describe("reading", () => {
  test("over HTTP, from python3 -m http.server", async () => {
    if (spawnSync("python3", ["--version"]).status !== 0) {
      notRun("pol log over python3 -m http.server", "no python3");
      return;
    }
    const { dir, key } = made(await filesOf(many(300)));
    const args = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", join(dir, "public")];
    const server = spawn("python3", args, { stdio: ["ignore", "pipe", "ignore"] });
    onTestFinished(() => void server.kill());
    const [line] = await once(server.stdout, "data");
    const url = `http://127.0.0.1:${/ port (\d+) /.exec(String(line))![1]}/`;
    const verified = await pol("log", "verify", url, "--key", key, "--json");
    expect(JSON.parse(verified.out)).toMatchObject({
      ok: true,
      size: 300,
      kinds: { decision: 100, heartbeat: 200 },
    });
    const got = await pol("log", "get", url, "--index", "299", "--key", key);
    expect(got.out).toBe(`${Buffer.from(bytesOf(nthEntry(299).entry))}\n`);
    const found = await pol("log", "search", url, "--id", nthEntry(150).entry.id, "--key", key);
    expect([found.out, found.error]).toEqual([
      expect.stringMatching(/^150 /),
      expect.stringContaining("verified inclusion, completeness not proven"),
    ]);
    expect((await pol("log", "fsck", url, "--key", key)).code).toBe(0);
  });

  test("a proof from public files alone, by index and by id", async () => {
    const { dir, key } = made(await filesOf(many(300)));
    for (const which of [
      ["--index", "150"],
      ["--id", nthEntry(150).entry.id],
    ]) {
      const proof = join(freshFolder(), "p.tlog-proof");
      const proven = await pol("log", "prove", dir, ...which, "-o", proof, "--json");
      expect([proven.code, JSON.parse(proven.out)]).toEqual([
        0,
        expect.objectContaining({ index: 150, size: 300 }),
      ]);
      expect((await pol("log", "verify", proof, "--key", key)).out).toContain("150 of 300");
    }
    const proof = join(freshFolder(), "p.tlog-proof");
    const opened = await pol("log", "prove", dir, "--index", "0", "-o", proof, "--opening");
    expect([opened.code, opened.error]).toEqual([1, expect.stringContaining("nothing opens entry 0")]);
    expect((await pol("log", "prove", dir, "--id", "none", "-o", proof)).error).toContain("log.not_proven");
    expect((await pol("log", "prove", dir, "-o", proof)).error).toContain("--index or --id is missing");
  });

  test("verify needs to know whom to believe, and a policy about witnesses is kept", async () => {
    const { dir, key } = made(await filesOf(many(3)));
    expect((await pol("log", "verify", dir)).error).toContain("--key, --trust or --policy is missing");
    expect((await pol("log", "verify", dir, "--key", key, "--opening", key)).code).toBe(2);
    const policy = join(dirname(dir), "policy");
    const log = `log ${encodeVkey(noteSigner().key)}\n`;
    writeFileSync(policy, `${log}quorum none\n`);
    expect((await pol("log", "verify", dir, "--policy", policy)).code).toBe(0);
    const witness = cosignerKey("example.com/witness", noteSigner(2).key.publicKey, nodeCrypto.sha256);
    if (!witness.ok) throw new Error(witness.message);
    writeFileSync(policy, `${log}witness w ${encodeCosignerVkey(witness.key)}\nquorum w\n`);
    const alone = await pol("log", "verify", dir, "--policy", policy, "--key", key);
    expect([alone.code, alone.error]).toEqual([1, expect.stringContaining("log.unwitnessed")]);
  });

  test("nobody at an address is no answer, and no address is a mistake", async () => {
    const { key } = made(new Map());
    const nobody = await pol("log", "verify", "http://127.0.0.1:9/", "--key", key);
    expect([nobody.code, nobody.error]).toEqual([2, expect.stringContaining("log.unreachable")]);
    expect((await pol("log", "tail", "https://a b/")).code).toBe(2);
    expect((await pol("log", "tail", join(dirname(key), "none"))).error).toContain("log.missing");
  });

  test("export in every format, whole or in part", async () => {
    const { dir, key } = made(await filesOf(many(300)));
    const file = join(dirname(dir), "entries.jsonl");
    const done = await pol("log", "export", dir, "--key", key, "-o", file, "--json");
    expect(JSON.parse(done.out)).toMatchObject({ ok: true, written: 300, left: 0, verified: true });
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { index: number }).index)).toEqual(
      many(300).map((_, at) => at),
    );
    const events = await pol("log", "export", dir, "--format", "cloudevents", "--from", "3", "--to", "4");
    expect(JSON.parse(events.out)).toMatchObject({
      specversion: "1.0",
      id: nthEntry(3).entry.id,
      source: "//example.com/log",
      type: "polity.lineage.decision.v1",
      sequence: "0000000000000003",
      data: { kind: "decision", seq: 3 },
    });
    const opa = await pol("log", "export", dir, "--format", "opa");
    expect(opa.out.trimEnd().split("\n")).toHaveLength(100);
    expect(opa.error).toContain("200 entries are no decisions");
    expect(JSON.parse(opa.out.split("\n")[0]!)).toMatchObject({
      path: "pay",
      erased: ["/input"],
      result: { verdict: "allow" },
    });
    const unwritable = await pol("log", "export", dir, "-o", join(dir, "none", "x"));
    expect(unwritable.code).toBe(2);
    const broken = join(dir, "public", "tile/entries/001.p/44");
    writeFileSync(broken, "broken");
    const refused = await pol("log", "export", dir, "-o", `${file}.2`);
    expect([refused.code, existsSync(`${file}.2`)]).toEqual([1, false]);
  });

  test("consistency as witnesses take it", async () => {
    const { dir, key } = made(await filesOf(many(20)));
    const shown = await pol("log", "consistency", dir, "--from", "7", "--key", key, "-o", "-");
    const [head, note] = shown.out.split(/\n\n(.*)/s);
    const [old, ...hashes] = head!.split("\n");
    expect([old, note]).toEqual(["old 7", await signedHead(many(20).map(bytesOf))]);
    const json = JSON.parse((await pol("log", "consistency", dir, "--from", "7", "--json")).out) as Record<
      string,
      string
    >;
    const claim = {
      from: 7,
      to: 20,
      fromRoot: digestBytes(json.fromRoot!)!,
      toRoot: digestBytes(json.toRoot!)!,
      proof: hashes.map((hash) => decodeBase64(hash)!),
    };
    expect(verifyConsistency(claim, nodeCrypto.sha256)).toBe(true);
    const beyond = await pol("log", "consistency", dir, "--from", "21");
    expect([beyond.code, beyond.error]).toEqual([1, expect.stringContaining("log.no_entry")]);
  });
});
