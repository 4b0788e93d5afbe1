/** Checkpoints: their text, their names, and who may sign them. */
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  isOrigin,
  openCheckpoint,
} from "@polity/lineage/checkpoint.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type NoteSigner, signNote } from "@polity/lineage/note.ts";
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { sha256, utf8 } from "@polity/runtime/hash.ts";
import { publicKeyOf } from "@polity/runtime/keys.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { named, noteSigner, ORIGIN, treeOf } from "../support/lineage-log.ts";
import { checkpoints } from "../support/lineage-vectors.ts";
import { seededRandom } from "../support/random.ts";

const { texts, signed } = checkpoints;
const ROOT = encodeBase64(sha256(utf8("a root")));
const EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

const refused = { ok: false, code: "checkpoint.malformed" };

describe("published checkpoints", () => {
  test.each(texts)("$name", ({ text, expect: expected }) => {
    const decoded = decodeCheckpoint(text);
    if (typeof expected === "string") expect(decoded).toMatchObject({ ok: false, code: expected });
    else {
      expect(decoded).toMatchObject({ ok: true, checkpoint: expected });
      expect(decoded.ok && encodeCheckpoint(decoded.checkpoint)).toBe(text);
    }
  });

  test.each(signed.notes)("a public log's, of size $size", ({ note, size, root }) => {
    const { origin, spki, logId } = signed;
    const bare = publicKeyOf(decodeBase64(spki)!.slice(-32));
    if (!bare.ok) throw new Error(bare.message);
    const key = named(origin, bare.key);
    expect(key.hint).toBe(Buffer.from(logId, "base64").toString("hex").slice(0, 8));
    const expected = {
      ok: true,
      checkpoint: { origin, size, root: decodeBase64(root) },
      signedBy: [key],
      unknown: 0,
    };
    expect(openCheckpoint(note, [key], nodeCrypto)).toEqual(expected);
    expect(openCheckpoint(utf8(note), [key], portableCrypto)).toEqual(expected);
    const other = note.replace(`\n${size}\n`, `\n${size + 1}\n`);
    expect(openCheckpoint(other, [key], nodeCrypto)).toMatchObject({ code: "note.bad_signature" });
  });
});

describe("the text", () => {
  test("any other way to write it is refused", () => {
    const sizes = [
      "",
      "00",
      "01",
      "+1",
      "-1",
      "-0",
      " 1",
      "1 ",
      "1.0",
      "1e3",
      "0x1",
      "١",
      "1_000",
      "NaN",
      "١٢",
    ];
    for (const size of [
      ...sizes,
      "9007199254740992",
      "9007199254740993",
      "18446744073709551616",
      "9".repeat(400),
    ])
      expect(decodeCheckpoint(`${ORIGIN}\n${size}\n${ROOT}\n`)).toMatchObject(refused);
    const roots = ["", ROOT.slice(0, -1), `${ROOT}=`, ` ${ROOT}`, `${ROOT} `, ROOT.slice(4), `AAAA${ROOT}`];
    const loose = `${ROOT.slice(0, -2)}${String.fromCharCode(ROOT.charCodeAt(42) + 1)}=`;
    for (const root of [...roots, loose, ROOT.replace(/[+/]/, "-")])
      if (root !== ROOT) expect(decodeCheckpoint(`${ORIGIN}\n1\n${root}\n`)).toMatchObject(refused);
    const good = `${ORIGIN}\n1\n${ROOT}\n`;
    for (const text of [
      "",
      "\n",
      "\n\n\n",
      good.slice(0, -1),
      `${good}\n`,
      `\n${good}`,
      `${good}x\n`,
      `${good}x`,
      ` ${good}`,
    ])
      expect(decodeCheckpoint(text)).toMatchObject(refused);
    expect(decodeCheckpoint(good.replaceAll("\n", "\r\n"))).toMatchObject(refused);
    expect(decodeCheckpoint(`\ufeff${good}`)).toMatchObject(refused);
    expect(decodeCheckpoint(undefined as unknown as string)).toMatchObject(refused);
    expect(decodeCheckpoint(good)).toMatchObject({ ok: true });
    expect(decodeCheckpoint(`${ORIGIN}\n9007199254740991\n${ROOT}\n`)).toMatchObject({ ok: true });
  });

  test("an empty tree has its own root and no other; other trees may have any", () => {
    const root = treeOf([]).root();
    expect(encodeCheckpoint({ origin: ORIGIN, size: 0, root })).toBe(`${ORIGIN}\n0\n${EMPTY}\n`);
    expect(decodeCheckpoint(`${ORIGIN}\n0\n${ROOT}\n`)).toMatchObject(refused);
    expect(decodeCheckpoint(`${ORIGIN}\n0\n${EMPTY}\n`)).toMatchObject({ ok: true });
  });

  test("what is encoded is decoded, and what would not be is not encoded", () => {
    const root = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const origin = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}(:[1-9][0-9]{0,3})?(\/[a-z0-9._~-]{1,20}){0,3}$/);
    const law = fc.property(
      origin,
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      root,
      (...parts) => {
        const checkpoint: Checkpoint = { origin: parts[0], size: parts[1], root: Uint8Array.from(parts[2]) };
        expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual({ ok: true, checkpoint });
      },
    );
    fc.assert(law, { numRuns: 500, seed: 42 });
    const good: Checkpoint = { origin: ORIGIN, size: 1, root: new Uint8Array(32) };
    const bad: Partial<Checkpoint>[] = [
      { size: -1 },
      { size: 1.5 },
      { size: 2 ** 53 },
      { size: Number.NaN },
      { size: 1e21 },
    ];
    bad.push(
      { origin: "" },
      { origin: "a b" },
      { origin: "a\n1" },
      { root: new Uint8Array(31) },
      { size: 0 },
    );
    for (const part of bad) expect(() => encodeCheckpoint({ ...good, ...part })).toThrow(RangeError);
  });

  test("any other text is refused, or is the one that its checkpoint has", () => {
    const random = seededRandom(1);
    const good = `${ORIGIN}\n13\n${ROOT}\n`;
    let read = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const at = random.below(good.length);
      const change = String.fromCharCode(random.below(4) === 0 ? random.below(0x3000) : random.below(0x80));
      const text = good.slice(0, at) + change + good.slice(at + random.below(3));
      const decoded = decodeCheckpoint(text);
      if (!decoded.ok) continue;
      read += 1;
      expect(encodeCheckpoint(decoded.checkpoint)).toBe(text);
    }
    expect(read).toBeGreaterThan(1000);
  });
});

describe("origins", () => {
  test("look like a URL without scheme", () => {
    const good = [
      "a",
      "A",
      "Log",
      "example.com",
      "example.com/log",
      "localhost:8080/log",
      "10.0.0.1/x",
      "e-x.de",
    ];
    const more = [
      "example.com/eu/agents/2026a",
      "example.com/a%20b",
      "example.com/~x/_y/;z=1",
      "a".repeat(255),
    ];
    for (const origin of [...good, ...more]) expect(isOrigin(origin)).toBe(true);
  });

  test("have no scheme, space, plus, control character, empty step, and up to 255 bytes", () => {
    const bad = [
      "",
      " ",
      "a b",
      "a+b",
      "a\n",
      "\na",
      "a\u0000",
      "a\u007f",
      "a\tb",
      "https://example.com",
      "//example.com",
    ];
    const more = [
      "/log",
      "log/",
      "a//b",
      ".com",
      "-a",
      ":80",
      "a:",
      "a:123456",
      "a:b",
      "a?b",
      "a#b",
      "a\\b",
      "é",
      "a\u00a0",
    ];
    for (const origin of [...bad, ...more, "a".repeat(256), "\u200b", "[::1]/x"])
      expect(isOrigin(origin)).toBe(false);
    for (const strange of [null, undefined, 5, ["a"]] as unknown as string[])
      expect(isOrigin(strange)).toBe(false);
  });
});

describe("signed checkpoints", () => {
  const [log, other] = [noteSigner(), noteSigner(2, "example.com/other")];
  const text = encodeCheckpoint({ origin: ORIGIN, size: 3, root: sha256(utf8("x")) });
  const open = async (
    by: readonly NoteSigner[],
    trusted: readonly NoteSigner[],
    signedText = text,
  ): Promise<unknown> => {
    const note = await signNote(signedText, by);
    const result = openCheckpoint(
      note,
      trusted.map(({ key }) => key),
      nodeCrypto,
    );
    return result.ok ? result.signedBy.map(({ name }) => name) : result.code;
  };

  test("count when the key of that very log has signed", async () => {
    expect(await open([log], [log])).toEqual([ORIGIN]);
    expect(await open([log, other], [log, other])).toEqual([ORIGIN, "example.com/other"]);
    expect(await open([other, log], [log])).toEqual([ORIGIN]);
  });

  test("of another log are refused, whoever else is trusted", async () => {
    expect(await open([other], [other])).toBe("checkpoint.wrong_origin");
    expect(await open([other], [log, other])).toBe("checkpoint.wrong_origin");
    expect(await open([log, other], [other])).toBe("checkpoint.wrong_origin");
    const note = await signNote(text, [other]);
    expect(openCheckpoint(note, [other.key], nodeCrypto)).toMatchObject({
      message: "a checkpoint of example.com/log, signed only by example.com/other: use the key of that log",
    });
  });

  test("whose text is none are refused although the signature is good", async () => {
    for (const bad of ["hello\n", `${text}extension\n`, `${text}\n`, text.replace("\n3\n", "\n03\n")])
      expect(await open([log], [log], bad)).toBe("checkpoint.malformed");
  });

  test("are refused as notes first", async () => {
    expect(await open([log], [])).toBe("note.unknown_keys");
    expect(await open([log], [other], "hello\n")).toBe("note.unknown_keys");
    expect(openCheckpoint(text, [log.key], nodeCrypto)).toMatchObject({ code: "note.malformed" });
    expect(openCheckpoint(`${text}\n`, [log.key], nodeCrypto)).toMatchObject({ code: "note.unsigned" });
  });
});
