/** fsck and verify over the folder of a writer, with what opens requests. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { writePublicKey } from "@polity/runtime/keys.ts";
import { expect, onTestFinished, test } from "vitest";
import { freshFolder, openLog, SIGNER, writeDozen } from "../support/file-log.ts";
import { pol } from "../support/log-cli.ts";
import { heartbeat, nthEntry } from "../support/log-entries.ts";
import { notRun } from "../support/not-run.ts";

async function written(): Promise<{ readonly dir: string; readonly key: string }> {
  const dir = join(freshFolder(), "log");
  await writeDozen(dir);
  const key = join(freshFolder(), "log.pub.pem");
  writeFileSync(key, writePublicKey(SIGNER.publicKey));
  return { dir, key };
}

function change(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}

test("openings are checked against what entries commit to", async () => {
  const { dir, key } = await written();
  const good = JSON.parse((await pol("log", "fsck", dir, "--key", key, "--json")).out) as object;
  expect(good).toMatchObject({ ok: true, size: 12, openings: 3, findings: [] });
  const [segment] = readdirSync(join(dir, "requests"));
  const file = join("requests", segment!);
  change(join(dir, file), 200);
  const bad = await pol("log", "fsck", dir, "--key", key, "--json");
  const { ok, findings } = JSON.parse(bad.out) as {
    ok: boolean;
    findings: { file: string; offset: number }[];
  };
  expect([bad.code, ok, findings.map((finding) => finding.file)]).toEqual([1, false, [file]]);
  expect(findings[0]!.offset).toBeLessThanOrEqual(200);
});

test("a changed entry shows both hashes in the writer's folder too", async () => {
  const { dir, key } = await written();
  change(join(dir, "public", "tile/entries/000.p/12"), 300);
  const { code, error } = await pol("log", "verify", dir, "--key", key);
  expect([code, error]).toEqual([
    1,
    expect.stringMatching(/log\.other_entry: .*of these bytes is sha256:\S+, and sha256:\S+ was signed;/),
  ]);
  expect((await pol("log", "fsck", dir, "--key", key)).error).toMatch(
    /^pol: error: tile\/entries\/000\.p\/12, byte 300, entry/,
  );
});

test("a changed entry is all that is blamed: no opening, no index, no parent behind it", async () => {
  const dir = join(freshFolder(), "log");
  const store = await openLog(dir);
  for (let seq = 0; seq < 300; seq += 1) {
    const { entry, opening } = nthEntry(seq);
    void store.append(entry, opening);
  }
  await store.flush();
  await store.checkpoint();
  const parents = [
    { leaf: digestName(leafHash((await store.entry(9))!, nodeCrypto.sha256)), relation: "caused", log: null },
  ] as const;
  await store.append({ ...heartbeat(300), parents });
  await store.checkpoint();
  await store.close();
  const key = join(freshFolder(), "log.pub.pem");
  writeFileSync(key, writePublicKey(SIGNER.publicKey));
  expect((await pol("log", "search", dir, "--key", key)).code).toBe(0);
  const path = join("tile", "entries", "000");
  change(join(dir, "public", path), 2_000);
  const { findings, notes, openings } = JSON.parse(
    (await pol("log", "fsck", dir, "--key", key, "--json")).out,
  ) as { findings: { file: string; offset: number }[]; notes: string[]; openings: number };
  expect(findings.map(({ file, offset }) => [file, offset])).toEqual([[path, 2_000]]);
  expect(notes).toEqual(["parents were not looked up: not every entry could be read"]);
  // Those of the entries before and of the bundle behind.
  expect(openings).toBeGreaterThan(14);
});

test("what a writer publishes is all that a stranger needs: over python3 -m http.server", async () => {
  if (spawnSync("python3", ["--version"]).status !== 0) {
    notRun("a writer's log over python3 -m http.server", "no python3");
    return;
  }
  const { dir, key } = await written();
  const args = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", join(dir, "public")];
  const server = spawn("python3", args, { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void server.kill());
  const [line] = await once(server.stdout, "data");
  const url = `http://127.0.0.1:${/ port (\d+) /.exec(String(line))![1]}`;
  const verified = await pol("log", "verify", url, "--key", key, "--json");
  expect(JSON.parse(verified.out)).toMatchObject({ ok: true, size: 12, commitments: 4 });
  expect((await pol("log", "fsck", url, "--key", key)).code).toBe(0);
  const proof = join(freshFolder(), "p.tlog-proof");
  expect((await pol("log", "prove", url, "--index", "5", "-o", proof)).code).toBe(0);
  expect((await pol("log", "verify", proof, "--key", key)).code).toBe(0);
});

test("an index is made beside the log, and no reader writes anything else", async () => {
  const { dir, key } = await written();
  const before = readdirSync(dir);
  expect((await pol("log", "tail", dir, "--key", key)).code).toBe(0);
  expect(readdirSync(dir)).toEqual(before);
  expect((await pol("log", "search", dir, "--verdict", "deny", "--key", key)).out.split("\n")).toHaveLength(
    4,
  );
  expect(existsSync(join(dir, "index.sqlite"))).toBe(true);
  expect((await pol("log", "verify", dir, "--key", key)).error).toBe("");
});
