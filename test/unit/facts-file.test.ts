/** Built facts: a file that is what was built, or refused; and a host that loads it. */
import { loadSetUnsigned, loadUnsigned } from "@polity/runtime/authoring.ts";
import { buildFacts } from "@polity/runtime/facts.ts";
import { aboutOf, decodeFactsFile, encodeFactsFile } from "@polity/runtime/facts-file.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { makeProgram } from "@polity/runtime/program.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { layoutOf } from "../../compiler/pipeline.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { compiled } from "../support/compiled.ts";

const NOW = 1_795_000_000_000;
const HEADER: Header = {
  now: NOW,
  policyFrom: NOW,
  policyUntil: NOW,
  factsUntil: NOW,
  containment: { state: "free", readAt: NOW },
  trust: 500,
  approvals: [],
};

const policy = (most: number) => `polity 1
policy built.tests version ${most}
entity Team
entity Agent in Team { limit: int 0..${most} }
action go { agent: Agent }
allow all on go when agent in Team::"t" and agent.limit > 1
`;
const FACTS = JSON.stringify({
  entities: [
    { type: "Team", id: "t" },
    { type: "Agent", id: "a", attributes: { limit: 2 }, parents: [{ type: "Team", id: "t" }] },
    { type: "Agent", id: "b", attributes: { limit: 1 }, parents: [{ type: "Team", id: "t" }] },
  ],
});

const manifest = layoutOf(compiled(policy(10)));
const { facts: schema } = makeProgram(manifest);

function fileOf(facts: string): Uint8Array {
  const built = buildFacts(schema, facts, sha256);
  if (!built.ok) throw new Error(built.refusal.message);
  return encodeFactsFile(aboutOf(manifest), built.block, built.digest, sha256);
}

const file = fileOf(FACTS);
let wasm: Uint8Array;
let other: Uint8Array;
beforeAll(async () => {
  wasm = (await buildEvaluator(compiled(policy(10)))).wasm;
  other = (await buildEvaluator(compiled(policy(11)))).wasm;
});

describe("the file", () => {
  test("says what it is made of", () => {
    const read = decodeFactsFile(file, sha256);
    if ("code" in read) throw new Error(read.message);
    expect(JSON.parse(read.about)).toEqual({
      policy: { name: "built.tests", version: "10" },
      tables: [],
      types: ["Agent", "Team"],
    });
    expect(read.digest).toEqual(sha256(new TextEncoder().encode(FACTS)));
    expect(read.block.byteOffset % 8).toBe(0);
  });

  test("with any bit turned over is refused", () => {
    for (let at = 0; at < file.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = file.slice();
        changed[at]! ^= 1 << bit;
        expect(decodeFactsFile(changed, sha256)).toMatchObject({ code: "facts.damaged" });
      }
    }
  });

  test("cut anywhere or with more behind it is refused", () => {
    for (let length = 0; length < file.length; length += 1) {
      expect(decodeFactsFile(file.slice(0, length), sha256)).toMatchObject({ code: "facts.damaged" });
    }
    const longer = new Uint8Array(file.length + 8);
    longer.set(file);
    expect(decodeFactsFile(longer, sha256)).toMatchObject({ code: "facts.damaged" });
  });

  test("of another form is refused though its sum is right", () => {
    const summed = (change: (bytes: Uint8Array) => void) => {
      const bytes = file.slice();
      change(bytes);
      bytes.set(sha256(bytes.subarray(0, -32)), bytes.length - 32);
      return decodeFactsFile(bytes, sha256);
    };
    expect(summed(() => {})).not.toHaveProperty("code");
    // Reserved bytes, what it is about, the digest's beginning, the length of what it is about.
    for (const at of [60, 64, 16, 48]) {
      expect(summed((bytes) => bytes.fill(bytes[at]! + 1, at, at + 1))).toMatchObject({
        code: "facts.damaged",
      });
    }
  });
});

describe("a host", () => {
  test("takes it as bytes and in shared memory, under the name of the facts", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(file.length + 8), 8);
    shared.set(file);
    for (const facts of [file, { block: file }, { block: shared }]) {
      for (const spare of [true, false]) {
        const loaded = await loadUnsigned(wasm, { facts, spare });
        if (!loaded.ok) throw new Error(loaded.message);
        const { host } = loaded;
        expect(host.facts).toBe(digestName(sha256(new TextEncoder().encode(FACTS))));
        expect(host.decide("go", { agent: "a" }, HEADER).verdict).toBe("allow");
        expect(host.decide("go", { agent: "b" }, HEADER).verdict).toBe("deny");
        expect(host.decide("go", { agent: "c" }, HEADER).code).toBe("entity.unknown");
      }
    }
  });

  test("refuses what was built for another policy, what is damaged and what is no bytes", async () => {
    const codeOf = async (evaluator: Uint8Array, facts: unknown) => {
      const loaded = await loadUnsigned(evaluator, { facts: facts as Uint8Array });
      return loaded.ok ? "" : loaded.code;
    };
    expect(await codeOf(other, file)).toBe("facts.layout");
    expect(await codeOf(other, { block: file })).toBe("facts.layout");
    expect(await codeOf(wasm, file.slice(0, -1))).toBe("facts.damaged");
    expect(await codeOf(wasm, { block: new TextEncoder().encode(FACTS) })).toBe("facts.damaged");
    expect(await codeOf(wasm, { block: FACTS })).toBe("facts.invalid");
    expect(await codeOf(wasm, { block: null })).toBe("facts.invalid");
    expect(await codeOf(wasm, null)).toBe("facts.invalid");
    expect(await codeOf(wasm, { entities: [] })).toBe("facts.invalid");
  });

  test("of a set takes no built ones, which are those of one evaluator", async () => {
    const facts = file as Uint8Array | string;
    const loaded = await loadSetUnsigned([{ name: "a", wasm }], { facts });
    expect(loaded).toMatchObject({ ok: false, code: "facts.layout" });
    expect((await loadSetUnsigned([{ name: "a", wasm }], { facts: FACTS })).ok).toBe(true);
  });

  test("replaces them whole, or keeps its own, and needs new ones for another layout", async () => {
    const loaded = await loadUnsigned(wasm, { facts: file });
    if (!loaded.ok) throw new Error(loaded.message);
    const { host } = loaded;
    const before = host.facts;
    const larger = FACTS.replace('"limit":1', '"limit":9');
    expect(await host.replace({ facts: { block: file.slice(0, 99) } })).toMatchObject({
      code: "facts.damaged",
    });
    expect(await host.replace({ wasm: other })).toMatchObject({ code: "facts.layout" });
    expect(host.facts).toBe(before);
    expect(host.decide("go", { agent: "b" }, HEADER).verdict).toBe("deny");
    const replacing = host.replace({ facts: { block: fileOf(larger) } });
    // Until it is done, the old facts are the facts.
    expect(host.decide("go", { agent: "b" }, HEADER).verdict).toBe("deny");
    expect(await replacing).toEqual({ ok: true });
    expect(host.decide("go", { agent: "b" }, HEADER).verdict).toBe("allow");
    expect(host.facts).not.toBe(before);
    expect(await host.replace({ wasm: other, facts: FACTS })).toEqual({ ok: true });
  });
});
