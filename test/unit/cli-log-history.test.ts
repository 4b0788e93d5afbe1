/** What `pol log` says where a log shows another history than before: both sides, and the proof. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { verifyConsistency } from "@polity/lineage/tree-proof.ts";
import { decodeBase64 } from "@polity/runtime/base64.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { noteSigner } from "../support/lineage-log.ts";
import { env, filesOf, LAUNCHER, made, many, pol, put } from "../support/log-cli.ts";
import { bytesOf, decision, heartbeat } from "../support/log-entries.ts";
import { signedHead, type TileFiles } from "../support/tile-folder.ts";

describe("another history", () => {
  async function forked() {
    const { dir, key } = made(await filesOf(many(9)));
    const keep = join(dirname(dir), "seen");
    expect((await pol("log", "verify", dir, "--key", key, "--keep", keep)).code).toBe(0);
    const before = readFileSync(keep, "utf8");
    expect(before).toBe(await signedHead(many(9).map(bytesOf)));
    const others = [...many(6), heartbeat(6), ...[7, 8, 9, 10, 11].map((seq) => heartbeat(seq))];
    put(dirname(dir), await filesOf(others));
    return { dir, key, keep, before, now: await signedHead(others.map(bytesOf)) };
  }

  test("shows both notes, with the proof that they contradict each other", async () => {
    const { dir, key, keep, before, now } = await forked();
    const { code, out, error } = await pol("log", "verify", dir, "--key", key, "--since", keep);
    expect([code, out]).toEqual([1, ""]);
    expect(error).toContain(
      "log.forked: the log shows two histories: its first 9 entries are under the root sha256:",
    );
    for (const note of [before, now]) {
      for (const line of note.split("\n").filter((text) => text !== ""))
        expect(error).toContain(`    ${line}\n`);
    }
    const json = await pol("log", "verify", dir, "--key", key, "--keep", keep, "--json");
    const found = JSON.parse(json.out) as {
      code: string;
      earlier: string;
      later: string;
      proof: { root: string; hashes: string[] };
    };
    expect([json.code, found.code, found.earlier, found.later]).toEqual([1, "log.forked", before, now]);
    const toRoot = decodeBase64(now.split("\n")[2]!)!;
    const fromRoot = decodeBase64(found.proof.root)!;
    const proof = found.proof.hashes.map((hash) => decodeBase64(hash)!);
    expect(verifyConsistency({ from: 9, to: 12, fromRoot, toRoot, proof }, nodeCrypto.sha256)).toBe(true);
    expect(found.proof.root).not.toBe(before.split("\n")[2]);
    const evidence = join(dirname(dir), "fork");
    await pol("log", "verify", dir, "--key", key, "--keep", keep, "--evidence", evidence);
    const compared = await pol("log", "compare", evidence, "--key", key, "--json");
    expect([compared.code, JSON.parse(compared.out)]).toEqual([1, expect.objectContaining({ ok: false })]);
    // What was kept stays: it is evidence.
    expect(readFileSync(keep, "utf8")).toBe(before);
    expect((await pol("log", "consistency", dir, "--since", keep)).code).toBe(1);
  });

  test("a log that shrank shows both", async () => {
    const { dir, key } = made(await filesOf(many(9)));
    const keep = join(dirname(dir), "seen");
    await pol("log", "verify", dir, "--key", key, "--keep", keep);
    put(dirname(dir), await filesOf(many(5)));
    const { code, error } = await pol("log", "verify", dir, "--key", key, "--keep", keep);
    expect([code, error]).toEqual([
      1,
      expect.stringContaining("log.shrunk: the log has 5 entries now, but 9 were signed"),
    ]);
    expect(error).toContain("    9\n");
    expect(error).toContain("    5\n");
  });

  test("a kept checkpoint that is none, and one of another log", async () => {
    const { dir, key } = made(await filesOf(many(3)));
    const keep = join(dirname(dir), "seen");
    writeFileSync(keep, "hello\n");
    const none = await pol("log", "verify", dir, "--key", key, "--since", keep);
    expect([none.code, none.error]).toEqual([1, expect.stringContaining("log.malformed")]);
    writeFileSync(keep, await signedHead(many(3).map(bytesOf), noteSigner(1, "example.com/other")));
    const other = await pol("log", "verify", dir, "--key", key, "--since", keep);
    expect([other.code, other.error]).toEqual([1, expect.stringContaining("log.other_origin")]);
  });

  test("tail -f goes on with what is published, and stops at a fork", async () => {
    const { dir, key } = made(await filesOf(many(3)));
    const child = spawn(
      process.execPath,
      [LAUNCHER, "log", "tail", dir, "-f", "-n", "2", "--json", "--key", key],
      {
        env,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    onTestFinished(() => void child.kill());
    let [out, error] = ["", ""];
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (error += data));
    const indices = () => out.split("\n").flatMap((line) => /"index":(\d+)/.exec(line)?.[1] ?? []);
    const wait = { timeout: 20_000, interval: 20 };
    await expect.poll(indices, wait).toEqual(["1", "2"]);
    add(dir, await filesOf(many(6)));
    await expect.poll(indices, wait).toEqual(["1", "2", "3", "4", "5"]);
    add(dir, await filesOf([...many(5), decision(5).entry, heartbeat(6)]));
    const [code] = await once(child, "exit");
    expect(code).toBe(1);
    expect(JSON.parse(out.trimEnd().split("\n").at(-1)!)).toMatchObject({ ok: false, code: "log.forked" });
    expect(error).toBe("");
  });

  /** As a writer publishes: the checkpoint is replaced last. */
  function add(dir: string, files: TileFiles): void {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(dir, "public", path)), { recursive: true });
      writeFileSync(join(dir, "public", path), bytes);
    }
  }
});
