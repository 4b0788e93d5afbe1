/** Files of keys: secret from their first moment, both or none, and never shown. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { isFailure } from "../../cli/failure.ts";
import { readSigner, readTrusted, writeKeyPair } from "../../cli/key-files.ts";
import { notRun } from "../support/not-run.ts";

const launcher = fileURLToPath(new URL("../../cli/bin/pol.js", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "cli-keys-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const fresh = () => join(mkdtempSync(join(home, "keys-")), "key");

/** What the user would read. */
async function messageOf(task: () => unknown): Promise<string> {
  try {
    await task();
  } catch (error) {
    if (!isFailure(error)) throw error;
    return `${error.message}; ${error.hint}`;
  }
  return "nothing failed";
}

describe("writing a pair", () => {
  test("gives a private and a public file that belong together", async () => {
    const name = fresh();
    const { id, privateKey, publicKey } = writeKeyPair(name);
    expect([privateKey, publicKey]).toEqual([`${name}.pem`, `${name}.pub.pem`]);
    expect((await readSigner(privateKey)).publicKey.id).toBe(id);
    expect((await readTrusted(publicKey)).id).toBe(id);
  });

  test("gives another key each time", () => {
    expect(writeKeyPair(fresh()).id).not.toBe(writeKeyPair(fresh()).id);
  });

  test.each(["key.pem", "key.pub.pem"])("leaves %s as it is, and nothing beside it", async (there) => {
    const name = fresh();
    writeFileSync(join(name, "..", there), "mine");
    expect(await messageOf(() => writeKeyPair(name))).toContain("it is there already");
    expect(readdirSync(join(name, ".."))).toEqual([there]);
    expect(readFileSync(join(name, "..", there), "utf8")).toBe("mine");
  });

  test.each(["key.pem", "key.pub.pem"])("follows no link in the place of %s", async (there) => {
    const name = fresh();
    symlinkSync(join(name, "..", "target"), join(name, "..", there));
    expect(await messageOf(() => writeKeyPair(name))).toContain("it is there already");
    expect(readdirSync(join(name, ".."))).toEqual([there]);
  });

  test("lets nobody else read the private file, not for a moment", () => {
    if (spawnSync("sh", ["-c", "command -v strace"]).status !== 0)
      return notRun("the mode of a private key from its first moment", "no strace");
    const folder = mkdtempSync(join(home, "traced-"));
    const calls = join(folder, "calls");
    const trace = ["-f", "-qq", "-o", calls, "-e", "trace=open,openat,creat,chmod,fchmod,fchmodat,rename"];
    const made = spawnSync(
      "bash",
      [
        "-c",
        'umask 0; exec "$@"',
        "bash",
        "strace",
        ...trace,
        process.execPath,
        launcher,
        "keygen",
        "-o",
        "key",
      ],
      { cwd: folder, encoding: "utf8" },
    );
    if (made.status !== 0) return notRun("the mode of a private key from its first moment", made.stderr);
    const about = readFileSync(calls, "utf8")
      .split("\n")
      .filter((line) => line.includes('"key.pem"'));
    expect(about).toHaveLength(1);
    expect(about[0]).toMatch(/O_CREAT\|O_EXCL.*, 0600\)/);
  });
});

describe("reading a private key", () => {
  test.each(["644", "640", "604", "660", "610", "601"])("refuses mode %s", async (mode) => {
    if (process.platform === "win32") return notRun("modes of private keys", "Windows has none");
    const { privateKey } = writeKeyPair(fresh());
    chmodSync(privateKey, mode);
    const message = await messageOf(() => readSigner(privateKey));
    expect(message).toContain(`is open to other users (mode 0${mode}); chmod 600 ${privateKey}`);
  });

  test.each(["600", "400", "700"])("takes mode %s", async (mode) => {
    const { privateKey, id } = writeKeyPair(fresh());
    chmodSync(privateKey, mode);
    expect((await readSigner(privateKey)).publicKey.id).toBe(id);
  });

  test("takes one from a pipe, which has no mode of its own", () => {
    const folder = mkdtempSync(join(home, "pipe-"));
    writeKeyPair(join(folder, "key"));
    const entry = '{"kind":"heartbeat","checkpoint":null,"execution":null,"parents":[],"trace":null}';
    const command = `"$0" "$1" log append log - --key <(cat key.pem) <<< '${entry}'`;
    const { status, stderr } = spawnSync("bash", ["-c", command, process.execPath, launcher], {
      cwd: folder,
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("says nothing of what is in a file, whatever is wrong with it", async () => {
    const { privateKey } = writeKeyPair(fresh());
    const pem = readFileSync(privateKey, "utf8");
    const secret = pem.split("\n")[1] ?? "";
    const spoiled = [pem.replace("\n", " \n"), pem.replaceAll("\n", "\r\n"), `${pem}\n`, pem.slice(0, -1)];
    for (const [at, text] of [...spoiled, pem.replace("PRIVATE", "ENCRYPTED PRIVATE"), secret].entries()) {
      const path = `${fresh()}.pem`;
      writeFileSync(path, text, { mode: 0o600 });
      for (const read of [readSigner, readTrusted]) {
        const message = await messageOf(() => read(path));
        expect(message, `${at}`).toContain("to use here");
        expect(message).not.toContain(secret.slice(20, 40));
      }
    }
  });
});

test("reading a public key refuses a private one", async () => {
  const { privateKey } = writeKeyPair(fresh());
  expect(await messageOf(() => readTrusted(privateKey))).toContain("this is a private key");
  expect(statSync(privateKey).mode & 0o777).toBe(0o600);
  expect(existsSync(privateKey)).toBe(true);
});
