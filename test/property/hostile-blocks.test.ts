/**
 * Facts blocks of generated policies, damaged: each is refused, or taken for what it then says. Nothing that
 * a block says makes an evaluator trap, neither while it loads nor while it decides.
 */
import { buildFacts } from "@polity/runtime/facts.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { ask, openInstance } from "@polity/runtime/instance.ts";
import { makeProgram } from "@polity/runtime/program.ts";
import { expect, test } from "vitest";
import type { Checked } from "../../compiler/checked.ts";
import { compile } from "../../compiler/pipeline.ts";
import { assembleBatch } from "../../compiler/wasm.ts";
import { generateFacts } from "../support/generate/facts.ts";
import { generateProgram } from "../support/generate/program.ts";
import { createRandom, type Random } from "../support/generate/random.ts";
import { generateRequest } from "../support/generate/requests.ts";

const SEED = 20_261_122;
const PROGRAMS = 20;
const BLOCKS = 80;

test("a damaged block of facts makes nothing trap", async () => {
  const programs: Checked[] = [];
  for (let at = 0; programs.length < PROGRAMS; at += 1) {
    const text = generateProgram(createRandom(SEED, at));
    const { value } = compile({ file: "generated.pol", text });
    if (value !== null && value.types.entities.size > 0) programs.push(value);
  }
  const { wasm, manifests } = await assembleBatch(programs);
  const module = await WebAssembly.compile(wasm.slice());
  const counts = { refused: 0, taken: 0, decided: 0 };
  for (const [index, checked] of programs.entries()) {
    const random = createRandom(SEED, index, 1);
    const program = makeProgram(manifests[index]!);
    const facts = generateFacts(random, checked);
    const built = buildFacts(program.facts, JSON.stringify(facts.json), sha256);
    if (!built.ok) continue;
    for (let round = 0; round < BLOCKS; round += 1) {
      const block = damaged(random, built.block);
      const { exports } = new WebAssembly.Instance(module);
      const tag = block.slice(24, 32);
      const opened = openInstance(exports, program, { block, tag }, sha256, `_${index}`);
      if ("failed" in opened) {
        expect(opened.failed, `program ${index}, block ${round}: ${opened.message}`).toBe("facts");
        counts.refused += 1;
        continue;
      }
      counts.taken += 1;
      for (let times = 0; times < 3; times += 1) {
        const { action, fields, header, entities } = generateRequest(facts.source);
        const decision = ask(opened, action, fields, header, entities);
        expect(decision, `program ${index}, block ${round}`).not.toBeNull();
        counts.decided += 1;
      }
    }
  }
  expect(counts.refused).toBeGreaterThan(500);
  expect(counts.taken).toBeGreaterThan(50);
  expect(counts.decided).toBeGreaterThan(150);
}, 300_000);

/** One bit, one byte or one word is another; words are small, near what was there, or anything. */
function damaged(random: Random, block: Uint8Array): Uint8Array {
  const bytes = block.slice();
  const words = new Uint32Array(bytes.buffer);
  for (let times = 1 + random.below(2); times > 0; times -= 1) {
    const at = random.below(bytes.length);
    const word = at >> 2;
    switch (random.below(5)) {
      case 0:
        bytes[at]! ^= 1 << random.below(8);
        break;
      case 1:
        bytes[at] = random.below(256);
        break;
      case 2:
        words[word] = random.below(20);
        break;
      case 3:
        words[word]! += random.pick([-8, -1, 1, 8]);
        break;
      default:
        words[word] = random.pick([0, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, bytes.length]);
    }
  }
  return bytes;
}
