/** Signed notes and the keys that sign them. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import {
  decodeVkey,
  encodeVkey,
  type NoteKey,
  type NoteSigner,
  noteKey,
  openNote,
  signNote,
} from "@polity/lineage/note.ts";
import { decodeNote, encodeNote } from "@polity/lineage/note-form.ts";
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import { type CryptoPort, portableCrypto } from "@polity/runtime/crypto-port.ts";
import { sha256, utf8 } from "@polity/runtime/hash.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noteSigner, noteSignerOf } from "../support/lineage-log.ts";
import { signedNotes, vkeys } from "../support/lineage-vectors.ts";

const { signing, cases } = signedNotes;
const peter = vkeys.accepted[0]!.vkey;

function keyOf(vkey: string): NoteKey {
  const decoded = decodeVkey(vkey, sha256);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.key;
}

function opened(
  note: Uint8Array | string,
  keys: readonly NoteKey[],
  crypto: CryptoPort = nodeCrypto,
): unknown {
  const result = openNote(note, keys, crypto);
  if (!result.ok) return { code: result.code };
  return { signedBy: result.signedBy.map((key) => key.name), unknown: result.unknown };
}

function messageOf(note: Uint8Array | string, keys: readonly NoteKey[] = []): string {
  const result = openNote(note, keys, nodeCrypto);
  return result.ok ? "opened" : `${result.code}: ${result.message}`;
}

describe("published notes", () => {
  test.each(cases)("$name", ({ note, keys, expect: expected }) => {
    const known = keys.map(keyOf);
    expect(opened(note, known)).toEqual(expected);
    expect(opened(utf8(note), known, portableCrypto)).toEqual(expected);
  });

  test("signing gives the published bytes", async () => {
    const signer = noteSignerOf(signing.name, decodeBase64(signing.seed)!);
    expect(encodeVkey(signer.key)).toBe(peter);
    expect(await signNote(signing.text, [signer])).toBe(signing.expect);
  });
});

describe("vkeys", () => {
  test.each(vkeys.accepted)("$name is read, and written back", ({ vkey, name, hint }) => {
    const key = keyOf(vkey);
    expect([key.name, key.hint, encodeVkey(key)]).toEqual([name, hint, vkey]);
  });

  test("published keys that nobody should read", () => {
    for (const { vkey, expect: code } of vkeys.refused)
      expect(decodeVkey(vkey, sha256)).toMatchObject({ ok: false, code });
  });

  test("no part of a vkey is one, nor is any with a byte added to", () => {
    for (let from = 0; from <= peter.length; from += 1)
      for (let to = from; to <= peter.length; to += 1)
        expect(decodeVkey(peter.slice(from, to), sha256).ok).toBe(from === 0 && to === peter.length);
    for (let at = 0; at < peter.length; at += 1) {
      const next = String.fromCharCode(peter.charCodeAt(at) + 1);
      expect(decodeVkey(peter.slice(0, at) + next + peter.slice(at + 1), sha256).ok).toBe(false);
    }
  });

  test("says what is wrong", () => {
    const [name, hint, key] = peter.split("+");
    const code = (text: string): string => {
      const result = decodeVkey(text, sha256);
      return result.ok ? "ok" : `${result.code}: ${result.message}`;
    };
    expect(code(`Peter+${hint}+${key}`)).toMatch(/^key\.hint: .* is [0-9a-f]{8}, not c74f20a3$/);
    expect(code(`${name}+C74F20A3+${key}`)).toMatch(/^key\.malformed/);
    expect(code(`${name}+${hint}+${key}=`)).toMatch(/^key\.malformed/);
    expect(code(`${name}+${hint}+`)).toMatch(/^key\.malformed/);
    expect(code(`Peter Neumann+${hint}+${key}`)).toMatch(/^key\.name/);
    expect(code(`${name}+${hint}+${encodeBase64(Uint8Array.of(4, ...new Uint8Array(32)))}`)).toMatch(
      /^key\.unsupported: a key of algorithm 4/,
    );
    expect(code(`${name}+${hint}+${encodeBase64(Uint8Array.of(1, 1, ...new Uint8Array(31)))}`)).toMatch(
      /^key\.weak/,
    );
    expect(code("x".repeat(5000))).toMatch(/^key\.malformed/);
    expect(decodeVkey(null as unknown as string, sha256)).toMatchObject({ code: "key.malformed" });
  });
});

describe("names of keys", () => {
  const { publicKey } = noteSigner().key;
  const accepts = (name: string): boolean => noteKey(name, publicKey, sha256).ok;

  test("any text without spaces, control characters and +, up to 255 bytes", () => {
    for (const name of ["a", "example.com/log", "Peter", "né", "a".repeat(255), "é".repeat(127), "—", "a=b"])
      expect(accepts(name)).toBe(true);
    const spaces = [
      " ",
      "\t",
      "\u0085",
      "\u00a0",
      "\u1680",
      "\u2000",
      "\u2028",
      "\u2029",
      "\u202f",
      "\u3000",
    ];
    for (const name of [
      "",
      "+",
      "a+b",
      "a\nb",
      "\u0000",
      "a\u001f",
      "a".repeat(256),
      "é".repeat(128),
      "\ud800",
    ])
      expect(accepts(name)).toBe(false);
    for (const space of spaces)
      for (const name of [space, `a${space}`, `a${space}b`]) expect(accepts(name)).toBe(false);
    expect(noteKey(7 as unknown as string, publicKey, sha256)).toMatchObject({ ok: false, code: "key.name" });
  });

  test("the hint depends on name and key", () => {
    const hints = ["a", "b"].flatMap((name) => [1, 2].map((seed) => noteSigner(seed, name).key.hint));
    expect(new Set(hints).size).toBe(4);
    for (const hint of hints) expect(hint).toMatch(/^[0-9a-f]{8}$/);
  });
});

describe("what a note is", () => {
  const signer = noteSigner();
  const text = "one\n\ntwo\n";
  const line = async (by: NoteSigner = signer): Promise<string> =>
    (await signNote(text, [by])).slice(text.length + 1);

  test("the last blank line ends the text", async () => {
    for (const other of [
      text,
      "\n",
      "\n\n\n",
      "\n— not a signature\n",
      `${text}\n${await line()}`,
      "\ufefftext\n",
    ]) {
      const note = await signNote(other, [signer]);
      expect(openNote(note, [signer.key], nodeCrypto)).toEqual({
        ok: true,
        text: other,
        signedBy: [signer.key],
        unknown: 0,
      });
      expect(opened(utf8(note), [signer.key])).toEqual(opened(note, [signer.key]));
    }
  });

  test("what is malformed is refused before any signature is looked at", async () => {
    const good = await line();
    const [dash, name, base64] = good.trimEnd().split(" ") as [string, string, string];
    const malformed: (string | Uint8Array)[] = [
      "",
      "\n",
      "text",
      text,
      good,
      `\n${good}`,
      `${text}${good}`,
      `${text}\n${good.slice(0, -1)}`,
      `${text}\n${good.slice(0, -1)}x`,
      `${text}\n${good}\n${good}`.slice(0, -1),
      `${text}\r\n\r\n${good}`,
      `${text}\n${good}`.replaceAll("\n", "\r\n"),
      `${text}\n${good.replace("\n", "\r\n")}`,
      `a\tb\n\n${good}`,
      `a\u0000\n\n${good}`,
      `a\ud800\n\n${good}`,
      Uint8Array.of(0xff, ...utf8(`${text}\n${good}`)),
      Uint8Array.of(0xc0, 0x80, ...utf8(`${text}\n${good}`)),
      Uint8Array.of(0xed, 0xa0, 0x80, ...utf8(`${text}\n${good}`)),
      utf8(`${text}\n${good}`).subarray(0, -3),
      `${text}\n${good} `,
      `${text}\n ${good}`,
      `${text}\n- ${name} ${base64}\n`,
      `${text}\n— ${base64}\n`,
      `${text}\n—  ${base64}\n`,
      `${text}\n${dash} ${name}\n`,
      `${text}\n${dash} ${name} \n`,
      `${text}\n${dash}  ${name} ${base64}\n`,
      `${text}\n${dash} ${name} ${base64} \n`,
      `${text}\n${dash} ${name} ${base64} more\n`,
      `${text}\n${dash} a+b ${base64}\n`,
      `${text}\n${dash} a\u00a0b ${base64}\n`,
      `${text}\n${dash} ${"a".repeat(256)} ${base64}\n`,
      `${text}\n${dash} ${name} ${base64.replace("=", "")}\n`,
      `${text}\n${dash} ${name} ${base64}====\n`,
      `${text}\n${dash} ${name} ${base64.replaceAll("+", "-").replaceAll("/", "_")}x\n`,
      `${text}\n${dash} ${name} AAAA\n`,
      `${text}\n${dash} ${name} AAAAAA==\n`,
      `${text}\n${dash} ${name} AAAAAAB=\n`,
      `${text}\n${dash} ${name} ${base64.slice(0, 8)}\n${base64.slice(8)}\n`,
    ];
    let looked = 0;
    const watching: CryptoPort = { sha256, verify: () => ++looked > 0 };
    for (const note of malformed)
      expect(openNote(note, [signer.key], watching)).toMatchObject({ code: "note.malformed" });
    expect(looked).toBe(0);
    for (const strange of [null, undefined, 5, {}, []] as unknown as string[])
      expect(openNote(strange, [signer.key], watching)).toMatchObject({ ok: false, code: "note.malformed" });
  });

  test("no signature, only unknown ones, and a bad one are told apart", async () => {
    const good = await line();
    const [bad, other] = [await line(noteSigner(2)), await line(noteSigner(3, "example.com/other"))];
    const { hint } = signer.key;
    expect(opened(`${text}\n`, [signer.key])).toEqual({ code: "note.unsigned" });
    expect(opened(`${text}\n${other}`, [signer.key])).toEqual({ code: "note.unknown_keys" });
    expect(opened(`${text}\n${good}`, [])).toEqual({ code: "note.unknown_keys" });
    expect(opened(`more\n${text}\n${good}`, [signer.key])).toEqual({ code: "note.bad_signature" });
    // The same name with another key's hint is another key; with the same hint it is a forgery.
    expect(opened(`${text}\n${bad}`, [signer.key])).toEqual({ code: "note.unknown_keys" });
    const zeros = encodeBase64(Uint8Array.of(...Buffer.from(hint, "hex"), ...new Uint8Array(64)));
    const forged = `— example.com/log ${zeros}\n`;
    expect(opened(`${text}\n${forged}`, [signer.key])).toEqual({ code: "note.bad_signature" });
    // A known key's bad signature spoils the note, wherever it stands.
    expect(opened(`${text}\n${good}${forged}`, [signer.key])).toEqual({ code: "note.bad_signature" });
    expect(opened(`${text}\n${forged}${good}`, [signer.key])).toEqual({ code: "note.bad_signature" });
    expect(opened(`${text}\n${good}${other}`, [signer.key])).toEqual({
      signedBy: [signer.key.name],
      unknown: 1,
    });
  });

  test("a signature of another length by a known key is a bad one", () => {
    const hint = Buffer.from(signer.key.hint, "hex");
    for (const length of [1, 63, 65, 72, 2420]) {
      const base64 = encodeBase64(Uint8Array.of(...hint, ...new Uint8Array(length)));
      const strange = `— example.com/log ${base64}\n`;
      expect(opened(`${text}\n${strange}`, [signer.key])).toEqual({ code: "note.bad_signature" });
      expect(opened(`${text}\n${strange}`, [])).toEqual({ code: "note.unknown_keys" });
      const careless: CryptoPort = { sha256, verify: () => true };
      expect(opened(`${text}\n${strange}`, [signer.key], careless)).toEqual({ code: "note.bad_signature" });
    }
  });

  test("a line that stands there twice counts once", async () => {
    const good = await line();
    const expected = { signedBy: ["example.com/log"], unknown: 0 };
    expect(opened(`${text}\n${good}${good}`, [signer.key])).toEqual(expected);
    expect(opened(`${text}\n${good}`, [signer.key, signer.key])).toEqual(expected);
  });

  test("two keys that share name and hint: the signature tells which it was", async () => {
    const twin = { ...noteSigner(2).key, hint: signer.key.hint };
    const note = `${text}\n${await line()}`;
    for (const keys of [
      [twin, signer.key],
      [signer.key, twin],
    ]) {
      const result = openNote(note, keys, nodeCrypto);
      expect(result.ok && result.signedBy).toEqual([signer.key]);
    }
    expect(opened(note, [twin])).toEqual({ code: "note.bad_signature" });
  });

  test("64 signatures are read, 65 are not; nor are more than 256 KiB", async () => {
    const signers = Array.from({ length: 65 }, (_, at) => noteSigner(at, `key-${at}`));
    const note = await signNote(text, signers.slice(0, 64));
    const keys = signers.map(({ key }) => key);
    expect(opened(note, keys)).toEqual({ signedBy: keys.slice(0, 64).map(({ name }) => name), unknown: 0 });
    expect(opened(note, keys.slice(63))).toEqual({ signedBy: ["key-63"], unknown: 63 });
    const more = note + (await line());
    expect(messageOf(more, keys)).toBe("note.too_large: more than 64 signatures");
    await expect(signNote(text, signers)).rejects.toThrow(RangeError);
    const largest = `${"x".repeat(256 * 1024 - 2 - utf8(await line()).length)}\n\n${await line()}`;
    expect(messageOf(largest, [signer.key])).toMatch(/^note\.bad_signature/);
    expect(messageOf(`x${largest}`, [signer.key])).toBe("note.too_large: more than 262144 bytes");
    expect(messageOf(utf8(`x${largest}`))).toBe("note.too_large: more than 262144 bytes");
    expect(messageOf(`é${largest.slice(1)}`)).toBe("note.too_large: more than 262144 bytes");
  });

  test("nothing of a note reaches a terminal from a message", () => {
    const base64 = encodeBase64(new Uint8Array(9));
    expect(messageOf(`a\n\n— \u009b[31mx\u202e ${base64}\n`)).toMatch(
      /^note\.unknown_keys: .* but by \\u\{9b\}\[31mx\\u\{202e\} \(00000000\)$/,
    );
  });
});

describe("signing", () => {
  const signer = noteSigner();

  test("what would not be read is not signed", async () => {
    for (const text of ["", "no line feed", "a\u0000\n", "a\r\n", "\ud800\n", "a\n\nb"])
      await expect(signNote(text, [signer])).rejects.toThrow(RangeError);
    await expect(signNote("a\n", [])).rejects.toThrow("no signature");
    await expect(signNote(`${"a".repeat(300_000)}\n`, [signer])).rejects.toThrow("262144");
    const bad = { ...signer, key: { ...signer.key, name: "a b" } };
    await expect(signNote("a\n", [bad])).rejects.toThrow(RangeError);
    const sly = { ...signer, key: { ...signer.key, name: "x AAAAAAAAAA==\n\n— y" } };
    await expect(signNote("a\n", [sly])).rejects.toThrow(RangeError);
    const short = { ...signer, sign: async () => new Uint8Array(63) };
    await expect(signNote("a\n", [short])).rejects.toThrow("gave 63 bytes, not 64");
    const broken = { ...signer, sign: () => Promise.reject(new Error("no hand")) };
    await expect(signNote("a\n", [broken])).rejects.toThrow("no hand");
  });

  test("a note that is signed opens, whatever its text and whoever signs", async () => {
    const texts = fc.string({ unit: "binary", maxLength: 60 }).map((text) => {
      const plain = [...text].filter((character) => character >= " " || character === "\n").join("");
      return `${plain.replace(/\p{Cs}/gu, "")}\n`;
    });
    const names = fc.stringMatching(/^[!-*,-~]{1,40}$/);
    const law = fc.asyncProperty(
      texts,
      fc.uniqueArray(names, { minLength: 1, maxLength: 5 }),
      async (text, all) => {
        const signers = all.map((name, at) => noteSigner(at, name));
        const note = await signNote(text, signers);
        const keys = signers.map(({ key }) => key);
        expect(openNote(note, keys, nodeCrypto)).toEqual({ ok: true, text, signedBy: keys, unknown: 0 });
        const form = decodeNote(note);
        expect(form.ok && encodeNote(form.form)).toBe(note);
        const [key] = keys;
        expect(keyOf(encodeVkey(key!))).toEqual(key);
      },
    );
    await fc.assert(law, { numRuns: 200, seed: 41 });
  });
});
