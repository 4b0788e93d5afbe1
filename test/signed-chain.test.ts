/**
 * The whole chain, through the commands: a key, a signed evaluator, logged decisions, a proof that a stranger
 * checks with a public key and nothing else. Then every byte of every artefact is changed, and each change is
 * refused by name.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type PublicKey, readPublicKey } from "@polity/runtime/keys.ts";
import { afterAll, describe, expect, test } from "vitest";
import { checkEnvelope } from "../cli/check-envelope.ts";
import { checkEvidence } from "../cli/check-proof.ts";
import { notRun } from "./support/not-run.ts";

const launcher = fileURLToPath(new URL("../cli/bin/pol.js", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "signed-chain-"));
const elsewhere = join(home, "elsewhere");

const POLICY = `polity 1
policy doors version 1
action open { door: string max 16 }
allow known on open when door == "north"
`;
const request = (door: string) =>
  `{"action":"open","now":"2026-11-03T10:00:00Z","fields":{"door":"${door}"}}\n`;
const NOW = Date.UTC(2026, 10, 4);

afterAll(() => rmSync(home, { recursive: true, force: true }));

function pol(folder: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

function done(...args: readonly string[]): string {
  const { status, stdout, stderr } = pol(home, ...args);
  if (status !== 0) throw new Error(`pol ${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}

const bytesOf = (...path: readonly string[]) => new Uint8Array(readFileSync(join(home, ...path)));

const OPENINGS = "requests/0000000000000000";
/** Those of a log of two entries that somebody relies on. */
const LOG_FILES = ["public/checkpoint", "public/tile/0/000.p/2", "public/tile/entries/000.p/2", OPENINGS];

/** Made once, by the commands that a user types. */
function makeChain(): void {
  writeFileSync(join(home, "doors.pol"), POLICY);
  writeFileSync(join(home, "requests.jsonl"), request("north") + request("south"));
  mkdirSync(elsewhere);
  done("build", "doors.pol");
  done("keygen", "-o", "release");
  done("keygen", "-o", "log");
  done("sign", "doors.wasm", "--key", "release.pem", "--from", "2026-11-03T00:00:00Z");
  done("decide", "doors.wasm", "--requests", "requests.jsonl", "--log", "decisions", "--key", "log.pem");
  done("log", "prove", "decisions", "--index", "1", "-o", "elsewhere/south.tlog-proof", "--opening");
  cpSync(join(home, "log.pub.pem"), join(elsewhere, "log.pub.pem"));
}

makeChain();

function keyIn(file: string): PublicKey {
  const read = readPublicKey(readFileSync(join(home, file), "utf8"));
  if (!read.ok) throw new Error(read.message);
  return read.key;
}

/** Each byte, or each so-many-th, with one bit turned around, a different one from byte to byte. */
function* flips(
  bytes: Uint8Array,
  each = 1,
): Generator<readonly [at: number, changed: Uint8Array<ArrayBuffer>]> {
  for (let at = 0; at < bytes.length; at += each) {
    const changed = Uint8Array.from(bytes);
    changed[at] = changed[at]! ^ (1 << (at % 8));
    yield [at, changed];
  }
}

/** Codes of all refusals; a change that passes is listed with its place. */
async function refusals(
  bytes: Uint8Array,
  judge: (changed: Uint8Array) => Promise<Judged> | Judged,
  each = 1,
): Promise<{ readonly codes: readonly string[]; readonly passed: readonly number[] }> {
  const codes = new Set<string>();
  const passed: number[] = [];
  for (const [at, changed] of flips(bytes, each)) {
    const judged = await judge(changed);
    if (judged.ok) passed.push(at);
    else codes.add(judged.code);
  }
  return { codes: [...codes].sort(), passed };
}

type Judged = { readonly ok: true } | { readonly ok: false; readonly code: string };

const expected = { name: "doors", audience: null, nowMs: NOW };

describe("the chain as it was made", () => {
  test("a host would load the evaluator", () => {
    const { status, stdout } = pol(home, "verify", "doors.wasm", "--key", "release.pub.pem");
    expect([status, stdout]).toEqual([0, expect.stringContaining("doors.wasm: good")]);
  });

  test("a stranger checks a decision with the public key and three files", () => {
    expect(readdirSync(elsewhere).sort()).toEqual([
      "log.pub.pem",
      "south.json",
      "south.opening.json",
      "south.tlog-proof",
    ]);
    const args = ["log", "verify", "south.tlog-proof", "--record", "south.json", "--key", "log.pub.pem"];
    const { status, stdout } = pol(elsewhere, ...args, "--opening", "south.opening.json");
    expect(status).toBe(0);
    expect(stdout).toMatch(/decision +deny \(no_rule\)/);
    expect(stdout).toMatch(/request +\{"action":"open","fields":\{"door":"south"\}\}/);
  });

  test("the log is good from its first byte to its last", () => {
    const { status, stdout } = pol(home, "log", "verify", "decisions", "--key", "log.pub.pem");
    expect([status, stdout]).toEqual([0, expect.stringMatching(/entries +2: 2 decision/)]);
  });
});

describe("any byte that is not as it was", () => {
  const wasm = bytesOf("doors.wasm");
  const envelope = bytesOf("doors.dsse.json");
  const evidence = {
    proof: bytesOf("elsewhere", "south.tlog-proof"),
    record: bytesOf("elsewhere", "south.json"),
    opening: bytesOf("elsewhere", "south.opening.json"),
  };

  test("of the evaluator", async () => {
    const key = keyIn("release.pub.pem");
    const found = await refusals(wasm, (changed) => checkEnvelope(changed, envelope, key, expected));
    expect(found).toEqual({ codes: ["envelope.altered"], passed: [] });
  }, 300_000);

  test("of the envelope", async () => {
    const key = keyIn("release.pub.pem");
    const { codes, passed } = await refusals(envelope, (changed) =>
      checkEnvelope(wasm, changed, key, expected),
    );
    expect(passed).toEqual([]);
    expect(codes).toEqual([
      "envelope.bad_signature",
      "envelope.malformed",
      "envelope.payload_type",
      "envelope.wrong_key",
    ]);
  }, 300_000);

  test("of a public key", async () => {
    for (const [file, judge] of [
      ["release.pub.pem", (key: PublicKey) => checkEnvelope(wasm, envelope, key, expected)],
      ["log.pub.pem", (key: PublicKey) => checkEvidence(evidence, key)],
    ] as const) {
      const { codes, passed } = await refusals(bytesOf(file), (changed) => {
        const read = readPublicKey(new TextDecoder().decode(changed));
        return read.ok ? judge(read.key) : read;
      });
      expect([file, passed]).toEqual([file, []]);
      expect(codes).toEqual(expect.arrayContaining(["key.malformed", "key.weak"]));
    }
  });

  test("of the proof, the record and the opening", async () => {
    const key = keyIn("log.pub.pem");
    const codes = new Map<string, readonly string[]>();
    for (const part of ["proof", "record", "opening"] as const) {
      const found = await refusals(evidence[part], (changed) =>
        checkEvidence({ ...evidence, [part]: changed }, key),
      );
      expect([part, found.passed]).toEqual([part, []]);
      codes.set(part, found.codes);
    }
    expect(codes.get("proof")).toEqual([
      "note.bad_signature",
      "note.malformed",
      "note.unknown_keys",
      "proof.malformed",
      "proof.not_included",
    ]);
    expect(codes.get("record")).toEqual(["proof.not_included"]);
    expect(codes.get("opening")).toEqual(["opening.malformed", "opening.mismatch"]);
  });

  test("of the proof, the record and the opening, where it is cut off", () => {
    const key = keyIn("log.pub.pem");
    for (const part of ["proof", "record", "opening"] as const) {
      for (let length = 0; length < evidence[part].length; length += 1) {
        const cut = evidence[part].subarray(0, length);
        expect(checkEvidence({ ...evidence, [part]: cut }, key).ok, `${part}, ${length} bytes`).toBe(false);
      }
    }
  });

  test("of the files of the log", async () => {
    const key = keyIn("log.pub.pem");
    const copy = join(home, "copy");
    cpSync(join(home, "decisions"), copy, { recursive: true });
    for (const file of LOG_FILES) {
      const whole = bytesOf("copy", file);
      // Which byte of an entry was changed is searched for, which takes a while each time.
      const each = file.includes("entries") ? 29 : 1;
      const judge = async (changed: Uint8Array) => {
        writeFileSync(join(copy, file), changed);
        const verified = await verifyLog(copy, key, nodeCrypto);
        return verified.ok ? verified : { ok: false as const, code: verified.error.code };
      };
      const found = await refusals(whole, judge, each);
      writeFileSync(join(copy, file), whole);
      expect([file, found.passed]).toEqual([file, []]);
      for (const code of found.codes) expect(code).toMatch(/^log\./);
    }
    expect((await verifyLog(copy, key, nodeCrypto)).ok).toBe(true);
  }, 300_000);
});

describe("the commands themselves", () => {
  const cases = [
    ["doors.wasm", /^envelope\.altered$/, ["verify", "doors.wasm", "--key", "release.pub.pem"]],
    ["doors.dsse.json", /^envelope\./, ["verify", "doors.wasm", "--key", "release.pub.pem"]],
    ...LOG_FILES.map((file) => {
      return [`decisions/${file}`, /^log\./, ["log", "verify", "decisions", "--key", "log.pub.pem"]] as const;
    }),
    ["south.tlog-proof", /^(?:proof|note)\./, ["log", "verify", "south.tlog-proof", "--key", "log.pub.pem"]],
    ["south.json", /^proof\.not_included$/, ["log", "verify", "south.tlog-proof", "--key", "log.pub.pem"]],
  ] as const;

  test.each(cases)("refuse a changed %s", (file, code, args) => {
    const folder = mkdtempSync(join(home, "changed-"));
    for (const name of ["doors.wasm", "doors.dsse.json", "release.pub.pem", "log.pub.pem", "decisions"]) {
      cpSync(join(home, name), join(folder, name), { recursive: true });
    }
    cpSync(elsewhere, folder, { recursive: true });
    expect(pol(folder, ...args).status).toBe(0);
    const bytes = readFileSync(join(folder, file));
    const middle = bytes.length >> 1;
    bytes[middle] = bytes[middle]! ^ 1;
    writeFileSync(join(folder, file), bytes);
    const { status, stdout, stderr } = pol(folder, ...args);
    expect([status, stdout]).toEqual([1, ""]);
    expect(/is refused: ([a-z_.]+): /.exec(stderr)?.[1]).toMatch(code);
    const json = pol(folder, ...args, "--json");
    expect([json.status, json.stderr]).toEqual([1, ""]);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, code: expect.stringMatching(code) });
  });

  test("keep no key and no request where others can read it", () => {
    if (process.platform === "win32") return notRun("modes of secret files", "Windows has none");
    const ours = ["release.pem", "log.pem", `decisions/${OPENINGS}`, "elsewhere/south.opening.json"];
    for (const name of ours) expect([name, statSync(join(home, name)).mode & 0o777]).toEqual([name, 0o600]);
  });
});
