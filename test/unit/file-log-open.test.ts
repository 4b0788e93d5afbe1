/** Folders that are opened as logs: made, refused, read. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { describe, expect, test } from "vitest";
import {
  freshFolder,
  OTHER_SIGNER,
  openLog,
  refusedOpen,
  rejection,
  verify,
  writeDozen,
} from "../support/file-log.ts";
import { ORIGIN } from "../support/lineage-log.ts";
import { decision, heartbeat } from "../support/log-entries.ts";

describe("opening a folder", () => {
  test("makes it with modes that keep openings private", async () => {
    const dir = join(freshFolder(), "new", "log");
    const store = await openLog(dir);
    const { entry, opening } = decision(0);
    await store.append(entry, opening);
    await store.checkpoint();
    const names = readdirSync(dir, { recursive: true, encoding: "utf8" }).sort();
    const modes = names.map((name) => `${(statSync(join(dir, name)).mode & 0o777).toString(8)} ${name}`);
    expect(modes).toEqual([
      "600 lock.db",
      "644 log",
      "755 public",
      "644 public/checkpoint",
      "755 public/tile",
      "755 public/tile/0",
      "755 public/tile/0/000.p",
      "644 public/tile/0/000.p/1",
      "755 public/tile/entries",
      "755 public/tile/entries/000.p",
      "644 public/tile/entries/000.p/1",
      "700 requests",
      "600 requests/0000000000000000",
      "600 reserve",
      "600 sequences",
      "700 staging",
      "700 wal",
      "600 wal/0000000000000000",
    ]);
  });

  test("refuses what is no log, by name", async () => {
    const dir = freshFolder();
    const file = join(dir, "file");
    writeFileSync(file, "");
    expect((await refusedOpen(file)).code).toBe("log.not_a_folder");
    expect((await refusedOpen(join(file, "deeper"))).code).toBe("log.not_a_folder");
    expect((await refusedOpen(dir)).code).toBe("log.not_empty");
    expect((await refusedOpen(dir, { create: false })).code).toBe("log.missing");
    expect((await refusedOpen(join(dir, "none"), { create: false })).code).toBe("log.missing");
    expect((await refusedOpen(join(dir, "none"), { create: false, signer: null })).code).toBe("log.missing");
    expect(readdirSync(dir)).toEqual(["file"]);
    for (const origin of ["", "https://example.com", "with space", "a+b"]) {
      expect((await refusedOpen(join(dir, "none"), { origin })).code).toBe("log.bad_origin");
    }
    expect((await refusedOpen(join(dir, "none"), { origin: null })).code).toBe("log.bad_origin");
    expect(await verify(file)).toMatchObject({ ok: false, error: { code: "log.not_a_folder" } });
    expect(await verify(dir)).toMatchObject({
      ok: false,
      error: { code: "log.uncovered", file: "public/checkpoint" },
    });
  });

  test("refuses a log of another origin, or one that another key signed", async () => {
    const dir = freshFolder();
    await writeDozen(dir);
    const origin = await refusedOpen(dir, { origin: "example.com/other" });
    expect([origin.code, origin.file]).toEqual(["log.other_origin", "log"]);
    const key = await refusedOpen(dir, { signer: OTHER_SIGNER });
    expect([key.code, key.file]).toEqual(["log.other_key", "public/checkpoint"]);
    const other = await verifyLog(dir, OTHER_SIGNER.publicKey, nodeCrypto);
    expect(other).toMatchObject({ ok: false, error: { code: "log.other_key" } });
    expect((await openLog(dir, { origin: null })).origin).toBe(ORIGIN);
  });

  test("does not begin anew where there was a log", async () => {
    const dir = freshFolder();
    await writeDozen(dir);
    rmSync(join(dir, "log"));
    expect(await refusedOpen(dir)).toMatchObject({ code: "log.missing", file: "log" });
    rmSync(join(dir, "public"), { recursive: true });
    expect(await refusedOpen(dir)).toMatchObject({
      code: "log.not_empty",
      file: expect.stringMatching("requests/"),
    });
  });

  test("refuses tiles that are not those that were signed, by name", async () => {
    for (const [name, code] of [
      ["public/tile/0/000.p/12", "log.malformed"],
      ["public/tile/entries/000.p/12", "log.malformed"],
      ["public/checkpoint", "log.bad_signature"],
    ] as const) {
      const dir = freshFolder();
      await writeDozen(dir);
      const bytes = readFileSync(join(dir, name));
      const at = name.endsWith("checkpoint") ? bytes.length - 20 : bytes.length - 1;
      writeFileSync(join(dir, name), bytes.with(at, bytes[at]! ^ 1));
      const error = await refusedOpen(dir);
      expect([name, error.code, error.file]).toEqual([name, expect.any(String), expect.any(String)]);
      if (!name.endsWith("checkpoint")) expect(error.code).toBe(code);
      expect(await verify(dir)).toMatchObject({ ok: false });
      rmSync(join(dir, name));
      const missing = await refusedOpen(dir);
      expect(missing).toMatchObject({ code: "log.missing", file: name });
    }
  });

  test("for reading takes no lock, writes nothing, and sees what was there then", async () => {
    const dir = freshFolder();
    const writer = await openLog(dir);
    await writer.append(heartbeat(0));
    await writer.checkpoint();
    const before = readdirSync(dir);
    const reader = await openLog(dir, { signer: null, create: false, origin: null });
    await writer.append(heartbeat(1));
    expect([reader.size, writer.size]).toEqual([1, 2]);
    for (const call of [() => reader.append(heartbeat(2)), reader.checkpoint]) {
      expect((await rejection(call())).code).toBe("log.read_only");
    }
    await reader.flush();
    await reader.close();
    await reader.close();
    expect((await rejection(reader.entry(0))).code).toBe("log.closed");
    expect(readdirSync(dir)).toEqual(before);
    await writer.append(heartbeat(2));
  });

  test("copies without openings can be read and verified, with a warning", async () => {
    const [dir, copy] = [freshFolder(), freshFolder()];
    await writeDozen(dir);
    cpSync(join(dir, "public"), join(copy, "public"), { recursive: true });
    mkdirSync(join(copy, "lost+found"));
    expect(await verify(copy)).toMatchObject({
      ok: true,
      size: 12,
      commitments: 4,
      openings: 0,
      warnings: [
        "lost+found is no part of the log and was not read",
        "there are no openings: no request was checked against its commitment",
        "there is no file log: this is a copy of what is published",
      ],
    });
    const reader = await openLog(copy, { signer: null, create: false });
    expect(await reader.opening(1)).toBe(null);
    expect(await reader.entry(11)).not.toBe(null);
  });
});
