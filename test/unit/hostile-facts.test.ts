/** Facts blocks that no host wrote: the evaluator refuses them, and never traps. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Opened, openSource } from "../support/frame-vectors.ts";
import { type Facts, factsFor, tryInstance } from "../support/raw-instance.ts";

const POLICY = `polity 1
policy hostile.facts version 1
entity Org
entity Team in Team, Org
entity Agent in Team { boss: Agent? mates: set<Agent> max 4 name: string max 20 }
action go { agent: Agent }
allow all on go
  when agent in Team::"t" and agent.name != "" and agent.mates.has(agent) and agent.boss is present
`;

const FACTS = JSON.stringify({
  entities: [
    { type: "Org", id: "o" },
    { type: "Team", id: "t", parents: [{ type: "Org", id: "o" }] },
    { type: "Team", id: "ta", parents: [{ type: "Team", id: "t" }] },
    {
      type: "Agent",
      id: "agent-1",
      attributes: { mates: ["agent-1", "agent-22"], boss: "agent-22", name: "Ann" },
      parents: [{ type: "Team", id: "ta" }],
    },
    { type: "Agent", id: "agent-22", attributes: { mates: [], name: "" } },
  ],
});

let opened: Opened;
let facts: Facts;
// In the order of the block: Agent, Org, Team.
let ann: number;
let words: Uint32Array;

beforeAll(async () => {
  opened = await openSource({ policy: POLICY, facts: FACTS });
  facts = factsFor(opened, FACTS);
  words = new Uint32Array(facts.block.buffer);
  ann = words[(32 >> 2) + 1]! >> 2;
});

function isTaken(block: Uint8Array): boolean {
  const ready = tryInstance(opened, { block, tag: facts.tag });
  if ("failed" in ready) expect(ready.failed).toBe("facts");
  return !("failed" in ready);
}

/** Whether the block is taken with another word at `at`. */
function isTakenWith(at: number, word: number): boolean {
  const block = facts.block.slice();
  new Uint32Array(block.buffer)[at] = word;
  return isTaken(block);
}

test("the block itself is taken", () => {
  expect(isTaken(facts.block)).toBe(true);
});

test("each bit turned over is refused, or changes what the facts say and nothing else", () => {
  let taken = 0;
  for (let at = 0; at < facts.block.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const block = facts.block.slice();
      block[at]! ^= 1 << bit;
      if (!isTaken(block)) continue;
      // The facts tag, the texts, and who is meant where somebody else may be meant as well.
      taken += 1;
      expect(at, `bit ${bit} of byte ${at}`).toBeGreaterThanOrEqual(24);
      expect(at < 32 || at >= ann << 2, `bit ${bit} of byte ${at}`).toBe(true);
    }
  }
  expect(taken).toBeGreaterThan(64);
  expect(taken).toBeLessThan(facts.block.length * 2);
});

test("a block cut anywhere is refused", () => {
  for (let length = 0; length < facts.block.length; length += 1) {
    expect(isTaken(facts.block.slice(0, length))).toBe(false);
    const block = facts.block.slice(0, length);
    if (length >= 12) new DataView(block.buffer).setUint32(8, length, true);
    expect(isTaken(block)).toBe(false);
  }
});

/** Words of 8 ASCII characters that the index of an evaluator has at one place. */
function collidingIds(count: number): string[] {
  const mask = 2n ** 64n - 1n;
  // The inverse of the factor in `spread` modulo 2^64, by Newton's method.
  const factor = 0x9e3779b97f4a7c15n;
  let inverse = 1n;
  for (let step = 0; step < 6; step += 1) inverse = (inverse * (2n - factor * inverse)) & mask;
  const ids: string[] = [];
  for (let hashed = 1n; ids.length < count; hashed += 1n) {
    const word = ((hashed * inverse) & mask) ^ 8n;
    if ((word & 0x8080808080808080n) !== 0n) continue;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(word);
    ids.push(bytes.toString("latin1"));
  }
  return ids;
}

test("ids that were made to collide are refused before they cost much", () => {
  const ids = collidingIds(1_400);
  const taken = (count: number) => {
    const more = ids.slice(0, count).map((id) => ({ type: "Org", id }));
    const { entities } = JSON.parse(FACTS) as { entities: object[] };
    return isTaken(factsFor(opened, JSON.stringify({ entities: [...entities, ...more] })).block);
  };
  expect(taken(1_000)).toBe(true);
  expect(taken(1_400)).toBe(false);
});

describe("a record", () => {
  // Words of a record: bytes of it and of what follows, bytes of the id, 0, number of ancestors.
  const BYTES = 0;
  const ID = 1;
  const ZERO = 2;
  const ANCESTORS = 3;

  test("is as long as it says", () => {
    for (const by of [-8, 8, -1, 4, 0x7ffffff8, 0xfffffff8]) {
      expect(isTakenWith(ann + BYTES, words[ann + BYTES]! + by)).toBe(false);
    }
    expect(isTakenWith(ann + BYTES, 0)).toBe(false);
  });

  test("has an id of 1 to 256 bytes, padded with zeros", () => {
    for (const length of [0, 9, 257, 0xffffffff]) {
      expect(isTakenWith(ann + ID, length)).toBe(false);
    }
    expect(isTakenWith(ann + ZERO, 8)).toBe(false);
  });

  test("has ancestors that ascend, are there, and are not itself", () => {
    expect(words[ann + ANCESTORS]).toBe(3);
    const stride = words[(32 >> 2) + 2]!;
    const above = ann + (stride >> 2) + 2;
    // Agents 0 and 1, o 2, t 3, ta 4.
    expect([...words.slice(above, above + 4)]).toEqual([2, 3, 4, 0]);
    for (const [at, number] of [
      [0, 3],
      [1, 2],
      [2, 5],
      [2, 0xffffffff],
      [0, 0],
      [3, 1],
    ] as const) {
      expect(isTakenWith(above + at, number)).toBe(false);
    }
    for (const count of [2, 4, 5, 0xffffffff, 0x40000000]) {
      expect(isTakenWith(ann + ANCESTORS, count)).toBe(false);
    }
  });

  test("names entities of the right type by their numbers", () => {
    const boss = ann + 4;
    expect([...words.slice(boss, boss + 4)]).toEqual([1, 0, 1, 0]);
    for (const number of [2, 5, 0xffffffff]) {
      expect(isTakenWith(boss + 2, number)).toBe(false);
    }
    expect(isTakenWith(boss + 3, 1)).toBe(false);
    // Well formed, and another fact.
    expect(isTakenWith(boss + 2, 0)).toBe(true);
  });
});
