import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { type Manifest, PAGE_BYTES } from "@polity/runtime/manifest.ts";
import { encodeManifest } from "@polity/runtime/manifest-codec.ts";
import { hasGoodSum, readModule } from "@polity/runtime/module-bytes.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { finishModule } from "../../compiler/4-emit/module.ts";
import { limitsOf } from "../support/arbitrary-manifest.ts";
import { STUB_MANIFEST, stubEvaluator, withManifest, withSource } from "../support/stub-evaluator.ts";
import { handMade, type Parts, text } from "../support/wasm-bytes.ts";

let wasm: Uint8Array;
beforeAll(async () => {
  wasm = await stubEvaluator();
});

async function refusal(bytes: Uint8Array, options: Parameters<typeof loadUnsigned>[1] = {}): Promise<string> {
  const loaded = await loadUnsigned(bytes, options);
  return loaded.ok ? "" : `${loaded.check} ${loaded.code}`;
}

function made(parts: Parts, manifest: Manifest = STUB_MANIFEST): Promise<string> {
  return refusal(finishModule(handMade(parts), encodeManifest(manifest)));
}

function changed(over: Partial<Manifest>): Promise<Uint8Array> {
  return withManifest(encodeManifest({ ...STUB_MANIFEST, ...over }));
}

describe("each check, by its number", () => {
  test("1 and 2: size and name", async () => {
    expect(await refusal(wasm, { sizeBytesMax: wasm.length })).toBe("");
    expect(await refusal(wasm, { sizeBytesMax: wasm.length - 1 })).toBe("1 load.too_large");
    expect(await refusal(wasm, { expect: `sha256:${"0".repeat(64)}` })).toBe("2 load.digest");
    const name = `sha256:${Buffer.from(sha256(wasm)).toString("hex")}`;
    expect(await refusal(wasm, { expect: name })).toBe("");
  });

  test("3: WebAssembly", async () => {
    expect(await refusal(new Uint8Array(0))).toBe("17 load.not_wasm");
    expect(await refusal(wasm.subarray(1))).toBe("17 load.not_wasm");
    expect(await refusal(new TextEncoder().encode("polity 1"))).toBe("17 load.not_wasm");
  });

  test("4: the sum", async () => {
    expect(await refusal(wasm.subarray(0, wasm.length - 45))).toBe("19 load.sum");
    const twice = new Uint8Array([...wasm, ...wasm.subarray(wasm.length - 45)]);
    expect(await refusal(twice)).toBe("19 load.sum");
    expect(await refusal(handMade({}))).toBe("19 load.sum");
  });

  test("5: the manifest", async () => {
    expect(await refusal(await withManifest("{}"))).toBe("20 load.manifest");
    expect(await refusal(await withManifest(`${encodeManifest(STUB_MANIFEST)} `))).toBe("20 load.manifest");
    const good = encodeManifest(STUB_MANIFEST);
    expect(await refusal(await withManifest(good.replace('"reads_trust":false', '"reads_trust":0')))).toBe(
      "20 load.manifest",
    );
    const two = finishModule(wasm.subarray(0, wasm.length - 45), good);
    expect(await refusal(two)).toBe("20 load.manifest");
  });

  test("6 and 7: ABI and language", async () => {
    expect(await refusal(await changed({ abi: { major: 2, minor: 0 } }))).toBe("22 load.abi");
    expect(await refusal(await changed({ abi: { major: 1, minor: 1 } }))).toBe("22 load.abi");
    expect(await made({ abi: [0x41, 0] })).toBe("22 load.abi");
    expect(await refusal(await changed({ language: 2 }))).toBe("23 load.language");
  });

  test("8 and 9: imports and exports", async () => {
    expect(await made({ imports: [1, ...text("env"), ...text("f"), 0, 3] })).toBe("24 load.imports");
    expect(await made({ imports: [1, ...text("env"), ...text("now"), 3, 0x7e, 0] })).toBe("24 load.imports");
    expect(await made({ without: "pol_record" })).toBe("25 load.exports");
    expect(await made({ renamed: "pol_decide" })).toBe("25 load.exports");
  });

  test("10: memory", async () => {
    expect(await made({ memory: [1, 0, 1] })).toBe("26 load.memory");
    expect(await made({ memory: [1, 3, 1, 2] })).toBe("26 load.memory");
    // All its regions are at 0, with no room.
    expect(await made({})).toBe("26 load.memory");
  });

  test("10: more memory than the manifest states", async () => {
    const message = async (bytes: Uint8Array, options = {}) => {
      const loaded = await loadUnsigned(bytes, options);
      return loaded.ok ? "" : `${loaded.code}: ${loaded.message}`;
    };
    const { staticBytes } = STUB_MANIFEST.limits;
    const tight = (bytes: number) => limitsOf(4096, 64, bytes);
    expect(await message(await changed({ limits: tight(staticBytes - PAGE_BYTES) }))).toBe(
      "load.memory: it begins with 131072 bytes, the manifest states 65536",
    );
    expect(await message(await changed({ limits: tight(staticBytes) }))).toBe(
      "load.memory: it may grow to 1703936 bytes, the manifest states 196608",
    );
    const grows = (pages: number) => (source: string) =>
      source
        .replace("memory.grow(1)", "")
        .replace("return bytes <=", `memory.grow(${pages}); return bytes <=`);
    const facts = '{"entities":[{"type":"Team","id":"t"}]}';
    expect(await message(await withSource(grows(1)), { facts })).toBe("");
    expect(await message(await withSource(grows(2)), { facts })).toBe(
      "load.memory: with its facts it takes 262144 bytes, the manifest states 196608",
    );
  });

  test("11 to 13: layout, start, traps", async () => {
    expect(await refusal(await changed({ layoutTag: "0123456789abcdef" }))).toBe("27 load.layout");
    expect(await made({ start: true })).toBe("28 load.start");
    expect(await made({ abi: [0x00] })).toBe("30 load.trap");
    const limits = limitsOf(4096, 64, 2 ** 32 - 96);
    const huge = [1, 1, 0x80, 0x80, 4, 0x80, 0x80, 4];
    expect(await made({ memory: huge, abi: [0x00] }, { ...STUB_MANIFEST, limits })).toBe("30 load.trap");
  });

  test("30: facts", async () => {
    expect(await refusal(wasm, { facts: '{"entities":[{"type":"User","id":"u"}]}' })).toBe(
      "31 facts.unknown_type",
    );
    expect(await refusal(wasm, { facts: Uint8Array.of(255) })).toBe("31 facts.invalid");
    const small = limitsOf(4096, 64, STUB_MANIFEST.limits.memoryBytesMax - PAGE_BYTES);
    const facts = '{"entities":[{"type":"Team","id":"long enough to be too much for that"}]}';
    expect(await refusal(await changed({ limits: small }), { facts })).toBe("31 facts.too_large");
  });
});

describe("damaged files", () => {
  test("cut off anywhere", async () => {
    for (let length = 0; length < wasm.length; length += 97) {
      expect([length, await refusal(wasm.subarray(0, length))]).not.toEqual([length, ""]);
    }
    expect(await refusal(wasm.subarray(0, wasm.length - 1))).not.toBe("");
  });

  test("a bit turned over at any byte", async () => {
    const bytes = wasm.slice();
    for (let at = 0; at < bytes.length; at += 1) {
      bytes[at]! ^= 1 << (at % 8);
      expect([at, await refusal(bytes)]).not.toEqual([at, ""]);
      bytes[at]! ^= 1 << (at % 8);
    }
    expect(await refusal(bytes)).toBe("");
  });

  test("sections that lie about themselves are read without a throw", () => {
    const bytes = wasm.slice();
    for (let at = 8; at < bytes.length; at += 1) {
      for (const value of [0, 0x7f, 0x80, 0xff]) {
        const before = bytes[at]!;
        bytes[at] = value;
        expect(typeof readModule(bytes).ok).toBe("boolean");
        bytes[at] = before;
      }
    }
    for (let length = 0; length < 60; length += 1) {
      expect(hasGoodSum(bytes.subarray(0, length), sha256)).toBe(false);
    }
    expect(
      readModule(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0xff)).ok,
    ).toBe(false);
  });
});

describe("what a JavaScript caller may hand over", () => {
  const anything = (value: unknown) => value as Uint8Array;

  test("nothing, text and the like are no WebAssembly", async () => {
    for (const value of [undefined, null, "abc", 5, {}, new ArrayBuffer(8)]) {
      expect(await refusal(anything(value))).toBe("17 load.not_wasm");
    }
    expect(await refusal(anything(wasm.slice().buffer), null as unknown as object)).toBe("");
  });

  test("a hash function that throws refuses, it does not reject", async () => {
    const sha256Broken = () => {
      throw new Error("no hash today");
    };
    expect(await refusal(wasm, { sha256: sha256Broken })).toBe("30 load.trap");
  });

  test("a replacement of nothing changes nothing, and never throws", async () => {
    const loaded = await loadUnsigned(wasm, { facts: '{"entities":[{"type":"Team","id":"t"}]}' });
    if (!loaded.ok) throw new Error(loaded.code);
    expect(await loaded.host.replace(undefined as unknown as object)).toEqual({ ok: true });
    expect(await loaded.host.replace({ wasm: anything("x") })).toMatchObject({ ok: false });
  });

  test("facts and evaluators are copied at once, also from a Node Buffer that shares its bytes", async () => {
    const facts = Buffer.from('{"entities":[{"type":"Team","id":"t"}]}');
    const loading = loadUnsigned(wasm, { facts });
    facts.fill(0);
    const loaded = await loading;
    if (!loaded.ok) throw new Error(loaded.code);
    const { host } = loaded;
    const before = host.facts;
    const bytes = Buffer.from(wasm);
    const replacing = host.replace({ wasm: bytes });
    bytes.fill(0);
    expect(await replacing).toEqual({ ok: true });
    expect(host.facts).toBe(before);
  });
});
