/** Facts as JSON Lines: the same block as from one JSON text, and refusals that name line and entity. */
import { buildFacts } from "@polity/runtime/facts.ts";
import { LINE_BYTES_MAX, readFactsLines } from "@polity/runtime/facts-lines.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { makeProgram } from "@polity/runtime/program.ts";
import { describe, expect, test } from "vitest";
import { layoutOf } from "../../compiler/pipeline.ts";
import { compiled } from "../support/compiled.ts";
import { createRandom } from "../support/generate/random.ts";

const POLICY = `polity 1
policy lines.tests version 1
entity Org
entity Team in Team, Org
entity Agent in Team { limit: int 0..100 = 5 mates: set<Agent> max 4 tools: set<string id> max 4 }
table grant { agent: Agent, tool: string id, rows: int 0..10 } key agent, tool
setting most: int 0..100 = 5
action go { agent: Agent, tool: string id }
allow all on go when agent in Team::"t" and agent.limit < most and grant[agent, tool] is present
`.replace(" = 5 mates", " mates");

const { facts: schema } = makeProgram(layoutOf(compiled(POLICY)));
const DIGEST = new Uint8Array(32).fill(7);

const TEAM = '{"type":"Team","id":"t"}';
const agent = (id: string, more: object = {}) =>
  JSON.stringify({ type: "Agent", id, attributes: { limit: 1, mates: [], tools: [], ...more } });

function read(text: string | Uint8Array, piece = 1 << 16) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const reader = readFactsLines(schema);
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  return reader.finish(DIGEST);
}

function refused(...lines: string[]): string {
  const block = read(lines.join("\n"));
  if (!("code" in block)) return "";
  const { code, entity, line } = block;
  return `${line} ${code}${entity === null ? "" : ` ${entity.type}::${entity.id}`}`;
}

describe("what is read", () => {
  const entities = [
    { type: "Agent", id: "é", attributes: { limit: 3, mates: ["a", "é"], tools: ["y", "x"] } },
    { type: "Team", id: "t", parents: [{ type: "Team", id: "tt" }] },
    {
      type: "Agent",
      id: "a",
      attributes: { limit: 3, mates: ["é"], tools: [] },
      parents: [{ type: "Team", id: "t" }],
    },
    { type: "Team", id: "tt", parents: [{ type: "Org", id: "o" }] },
    { type: "Org", id: "o" },
  ];
  const rows = [
    { agent: "é", tool: "y", rows: 1 },
    { agent: "a", tool: "x", rows: 2 },
  ];
  const whole = { entities, tables: { grant: rows }, settings: { most: 9 } };
  const built = buildFacts(schema, JSON.stringify(whole), () => DIGEST);
  const lines = [
    ...entities.map((entity) => JSON.stringify(entity)),
    ...rows.map((row) => JSON.stringify({ table: "grant", row })),
    '{"setting":"most","value":9}',
  ];

  test("is what one JSON text says, in any order of lines and in pieces of any length", () => {
    if (!built.ok) throw new Error(built.refusal.message);
    const random = createRandom(5, 1);
    for (const piece of [1, 2, 3, 7, 64, 100, 1 << 16]) {
      const shuffled = random.shuffle(lines);
      expect(read(shuffled.join("\n"), piece)).toEqual(built.block);
      expect(read(`${shuffled.join("\n  \t\r\n")}\r\n\n`, piece)).toEqual(built.block);
    }
  });

  test("thousands of entities, named before they are given", () => {
    const many = Array.from({ length: 5_000 }, (_, at) =>
      agent(`agent-${at}`, {
        mates: [`agent-${(at * 7) % 5_000}`],
        tools: ["x".repeat(at % 60)].filter(Boolean),
      }),
    );
    const json = `{"entities":[${[TEAM, ...many].join(",")}]}`;
    const other = buildFacts(schema, json, () => DIGEST);
    if (!other.ok) throw new Error(other.refusal.message);
    expect(read([...many].reverse().concat(TEAM).join("\n"), 1_000)).toEqual(other.block);
    expect(sha256(other.block)).toHaveLength(32);
  });
});

describe("the order of ids", () => {
  /** The ids of a block without attributes and parents, in its order: Agent and Org have none. */
  function idsOf(block: Uint8Array): string[] {
    const view = new DataView(block.buffer, block.byteOffset);
    const entry = 32 + 2 * 16;
    const ids: string[] = [];
    let at = view.getUint32(entry + 4, true);
    for (let left = view.getUint32(entry, true); left > 0; left -= 1) {
      const length = view.getUint32(at + 4, true);
      ids.push(Buffer.from(block.subarray(at + 16, at + 16 + length)).toString());
      at += view.getUint32(at, true);
    }
    return ids;
  }

  test("is that of their bytes, however many they are and whatever they share", () => {
    const random = createRandom(20_261_122, 3);
    const letters = ["a", "b", "\0", "\u007f", "é", "\uffff", "😀", "-"];
    for (const [count, longest] of [
      [5, 3],
      [40, 2],
      [300, 4],
      [3_000, 9],
      [2_000, 64],
    ] as const) {
      const ids = new Set(["t", "same-beginning-", "same-beginning-a"]);
      for (let made = 0; made < count; made += 1) {
        const tail = Array.from({ length: 1 + random.below(longest) }, () => random.pick(letters)).join("");
        ids.add(random.below(2) === 0 ? tail : `same-beginning-${tail}`);
      }
      const lines = [...ids].map((id) => JSON.stringify({ type: "Team", id }));
      const block = read(lines.join("\n"));
      if ("code" in block) throw new Error(block.message);
      const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(idsOf(block)).toEqual(sorted);
    }
  });
});

describe("refusals name the line and the entity", () => {
  test("seen at once", () => {
    expect(refused(TEAM, "{")).toBe("2 facts.invalid");
    expect(refused(TEAM, "5")).toBe("2 facts.invalid");
    expect(refused(TEAM, "", '{"type":"Team"}')).toBe("3 facts.invalid");
    expect(refused(TEAM, '{"type":"Team","id":"x","extra":1}')).toBe("2 facts.invalid Team::x");
    expect(refused(TEAM, `{"type":"Team","id":"${"x".repeat(257)}"}`)).toBe(
      `2 facts.invalid Team::${"x".repeat(39)}…`,
    );
    expect(refused(TEAM, '{"type":"Nobody","id":"x"}')).toBe("2 facts.unknown_type Nobody::x");
    expect(refused(TEAM, agent("a"), TEAM)).toBe("3 facts.duplicate_id Team::t");
    expect(refused(TEAM, '{"type":"Agent","id":"a"}')).toBe("2 facts.missing_attribute Agent::a");
    expect(refused(TEAM, agent("a", { limit: 101 }))).toBe("2 facts.out_of_range Agent::a");
    expect(refused(TEAM, agent("a", { limit: "x" }))).toBe("2 facts.invalid Agent::a");
    expect(refused(TEAM, agent("a", { other: 1 }))).toBe("2 facts.unknown_attribute Agent::a");
    expect(refused(TEAM, agent("a", { mates: ["a", "b", "c", "d", "e"] }))).toBe(
      "2 facts.too_large Agent::a",
    );
    expect(refused('{"type":"Org","id":"o","parents":[{"type":"Team","id":"t"}]}')).toBe(
      "1 facts.unknown_parent Org::o",
    );
  });

  test("seen when all was there", () => {
    const below = (id: string, parent: string) =>
      `{"type":"Team","id":"${id}","parents":[{"type":"Team","id":"${parent}"}]}`;
    expect(refused(TEAM, "", below("x", "y"))).toBe("3 facts.unknown_parent Team::x");
    expect(refused(TEAM, agent("b"), agent("a", { mates: ["b", "c"] }))).toBe(
      "3 facts.unknown_entity Agent::a",
    );
    expect(refused(TEAM, below("x", "y"), below("y", "z"), below("z", "x"))).toBe("2 facts.cycle Team::x");
    expect(refused(agent("a"))).toBe("null facts.missing_entity Team::t");
  });

  test("rows and settings", () => {
    const row = (more: object) =>
      JSON.stringify({ table: "grant", row: { agent: "a", tool: "x", rows: 1, ...more } });
    const all = [TEAM, agent("a")];
    expect(refused(...all, row({}))).toBe("");
    expect(refused(...all, row({ rows: 11 }))).toBe("3 facts.out_of_range");
    expect(refused(...all, row({}), row({}))).toBe("null facts.duplicate_key");
    expect(refused(...all, row({ agent: "b" }))).toBe("null facts.unknown_entity");
    expect(refused(...all, '{"table":"other","row":{}}')).toBe("3 facts.unknown_table");
    expect(refused(...all, '{"table":"grant"}')).toBe("3 facts.invalid");
    expect(refused(...all, '{"table":"grant","row":{},"more":1}')).toBe("3 facts.invalid");
    expect(refused(...all, '{"setting":"most","value":101}')).toBe("null facts.out_of_range");
    expect(refused(...all, '{"setting":"other","value":1}')).toBe("null facts.unknown_setting");
    expect(refused(...all, '{"setting":"most"}')).toBe("3 facts.invalid");
    expect(refused(...all, ...Array(2).fill('{"setting":"most","value":1}'))).toBe("4 facts.invalid");
  });

  test("bytes that are no text, and a line without an end", () => {
    const bytes = new TextEncoder().encode(`${TEAM}\n${agent("a")}\n`);
    bytes[30] = 0xff;
    expect(read(bytes)).toMatchObject({ code: "facts.invalid", line: 2 });
    const reader = readFactsLines(schema);
    const piece = new Uint8Array(1 << 20).fill(0x20);
    let pushed = 0;
    while (reader.push(piece) === null) pushed += 1;
    expect(pushed).toBe(LINE_BYTES_MAX >> 20);
    expect(reader.push(piece)).toMatchObject({ code: "facts.too_large", line: 1 });
    expect(reader.finish(DIGEST)).toMatchObject({ code: "facts.too_large", line: 1 });
    const two = new Uint8Array((LINE_BYTES_MAX * 3) / 2).fill(0x20);
    two[LINE_BYTES_MAX] = 0x0a;
    expect(readFactsLines(schema).push(two)).toBeNull();
    two[LINE_BYTES_MAX] = 0x20;
    expect(readFactsLines(schema).push(two)).toMatchObject({ code: "facts.too_large" });
  });

  test("a line that is too long is refused however the bytes are cut", () => {
    const text = `${TEAM}\n{"type":"Team","id":"b","attributes":${" ".repeat(LINE_BYTES_MAX)}{}}\n`;
    const bytes = new TextEncoder().encode(text);
    for (const cut of [1, TEAM.length + 1, TEAM.length + 20, bytes.length - 1, bytes.length]) {
      const reader = readFactsLines(schema);
      const refusal =
        reader.push(bytes.subarray(0, cut)) ?? reader.push(bytes.subarray(cut)) ?? reader.finish(DIGEST);
      expect(refusal).toMatchObject({ code: "facts.too_large", line: 2 });
    }
  });

  test("ids that were made to collide", () => {
    // As names are hashed: those of one type, whose hashes agree in all bits that a table of theirs looks at.
    const hash = (type: number, id: string) => {
      let h = type + 1;
      for (let at = 0; at < id.length; at += 1) h = Math.imul(h ^ id.charCodeAt(at), 0x01000193);
      h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
      return (h ^ (h >>> 12)) >>> 1;
    };
    const TEAM_TYPE = 2;
    const lines = [TEAM];
    for (let at = 0; lines.length < 1_200; at += 1) {
      if ((hash(TEAM_TYPE, `x${at}`) & 4_095) === 0) lines.push(`{"type":"Team","id":"x${at}"}`);
    }
    expect(refused(...lines.slice(0, 900))).toBe("");
    expect(refused(...lines)).toMatch(/^10\d\d facts\.too_large Team::x\d+$/);
  });

  test("too many bytes", () => {
    const small = readFactsLines({ ...schema, bytesMax: 2_000 });
    const lines = Array.from({ length: 100 }, (_, at) => `${agent(`a${at}`)}\n`).join("");
    const refusal = small.push(new TextEncoder().encode(lines)) ?? small.finish(DIGEST);
    expect(refusal).toMatchObject({ code: "facts.too_large" });
  });
});
