/** Folders that are opened as logs: made, refused, read. */
import { mkdirSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { LogError } from "@polity/lineage/store.ts";
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
    await store.append(heartbeat(0));
    await store.checkpoint();
    const modes = readdirSync(dir).map((name) => [
      name,
      (statSync(join(dir, name)).mode & 0o777).toString(8),
    ]);
    expect(modes).toEqual([
      ["checkpoint", "644"],
      ["entries", "644"],
      ["lock", "600"],
      ["openings", "600"],
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
    expect(await verify(dir)).toMatchObject({ ok: false, error: { code: "log.missing", file: "entries" } });
  });

  test("refuses a log of another origin, or one that another key signed", async () => {
    const dir = freshFolder();
    await writeDozen(dir);
    const origin = await refusedOpen(dir, { origin: "example.com/other" });
    expect([origin.code, origin.file]).toEqual(["log.other_origin", "entries"]);
    const key = await refusedOpen(dir, { signer: OTHER_SIGNER });
    expect([key.code, key.file]).toEqual(["log.other_key", "checkpoint"]);
    const other = await verifyLog(dir, OTHER_SIGNER.publicKey, nodeCrypto);
    expect(other).toMatchObject({ ok: false, error: { code: "log.other_key" } });
    expect((await openLog(dir, { origin: null })).origin).toBe(ORIGIN);
  });

  test("finds an interrupted beginning and begins again", async () => {
    const dir = freshFolder();
    writeFileSync(join(dir, "openings"), "half");
    writeFileSync(join(dir, "entries.new"), "half");
    const store = await openLog(dir);
    await store.append(decision(0).entry, decision(0).opening);
    await store.checkpoint();
    expect(await verify(dir)).toMatchObject({ ok: true, size: 1, openings: 1, warnings: [] });
  });

  test("does not begin anew where a checkpoint says that there were entries", async () => {
    const dir = freshFolder();
    await writeDozen(dir);
    const entries = readFileSync(join(dir, "entries"));
    await rejectionOfMissing(dir, "entries", () => refusedOpen(dir));
    writeFileSync(join(dir, "entries"), entries);
    await rejectionOfMissing(dir, "openings", () => refusedOpen(dir));
  });

  async function rejectionOfMissing(dir: string, file: string, refused: () => Promise<LogError>) {
    unlinkSync(join(dir, file));
    const error = await refused();
    expect([error.code, error.file]).toEqual(["log.missing", file]);
  }

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
    for (const name of ["entries", "checkpoint"])
      writeFileSync(join(copy, name), readFileSync(join(dir, name)));
    mkdirSync(join(copy, "lost+found"));
    expect(await verify(copy)).toMatchObject({
      ok: true,
      size: 12,
      commitments: 4,
      openings: 0,
      warnings: [
        "lost+found is no part of the log and was not read",
        "there are no openings: no request was checked against its commitment",
      ],
    });
    const reader = await openLog(copy, { signer: null, create: false });
    expect(await reader.opening(1)).toBe(null);
    expect(await reader.entry(11)).not.toBe(null);
  });
});
