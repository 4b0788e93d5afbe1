import { buildFacts } from "@polity/runtime/facts.ts";
import { emptyBlock, NO_FACTS } from "@polity/runtime/facts-none.ts";
import { sha256, utf8 } from "@polity/runtime/hash.ts";
import { makeProgram } from "@polity/runtime/program.ts";
import { describe, expect, test } from "vitest";
import { lower } from "../../compiler/3-lower/lower.ts";
import { loadFacts } from "../../compiler/interpret/facts.ts";
import { compiled } from "../support/compiled.ts";

const POLICY = `polity 1
policy facts.tests version 1
enum Zone { eu, us }
record Home { city: string max 20, zone: Zone, root: path? }
entity Org
entity Team in Team, Org
entity Agent in Team {
  home:  Home
  limit: decimal 0..100
  roots: set<path> max 3
  tools: set<string id max 8> max 4
  mates: set<Agent> max 4
  boss:  Agent?
}
action go { agent: Agent }
allow all on go when agent in Team::"t"
`;

const checked = compiled(POLICY);
const { manifest } = lower(checked, { compiler: "0", assembler: "0" });
const program = makeProgram(manifest);

const agent = (id: string, over: object = {}, parents?: unknown) => ({
  type: "Agent",
  id,
  attributes: {
    home: { city: "Rom", zone: "eu" },
    limit: 1,
    roots: ["/b", "/a"],
    tools: [],
    mates: [],
    ...over,
  },
  ...(parents === undefined ? {} : { parents }),
});
const team = (id: string, ...parents: unknown[]) => ({ type: "Team", id, parents });
const T = team("t");

function build(entities: unknown, more: object = {}) {
  const text = JSON.stringify({ entities, ...more });
  const built = buildFacts(program.facts, text, sha256);
  const reference = loadFacts(checked, JSON.parse(text));
  // The reference interpreter refuses for the same reason.
  expect(built.ok ? "" : built.refusal.code).toBe(reference.ok ? "" : reference.refusal.code);
  return built;
}

function refused(entities: unknown, more: object = {}): string {
  const built = build(entities, more);
  if (built.ok) return "";
  const { code, entity } = built.refusal;
  return entity === null ? code : `${code} ${entity.type}::${entity.id}`;
}

describe("a block", () => {
  test("byte for byte", () => {
    const built = build([
      team("zz", { type: "Org", id: "o" }),
      { type: "Org", id: "o" },
      team("t", { type: "Team", id: "zz" }),
    ]);
    if (!built.ok) throw new Error(built.refusal.message);
    const { block, digest } = built;
    const view = new DataView(block.buffer, block.byteOffset);
    const words = (at: number, count: number) =>
      Array.from({ length: count }, (_, i) => view.getUint32(at + i * 4, true));
    expect(words(0, 4)).toEqual([0x444c4f50, 1, block.length, 3]);
    expect(Buffer.from(block.subarray(16, 24)).toString("hex")).toBe(manifest.layoutTag);
    expect(block.subarray(24, 32)).toEqual(digest.subarray(0, 8));
    // Agent, Org, Team: nobody; one record of 16 bytes; two of 16 bytes.
    const { bytes } = program.facts.types[0]!.attributes;
    expect(words(32, 12)).toEqual([0, 0, 16 + bytes, 0, 1, 80, 16, 0, 2, 104, 16, 0]);
    // Numbers: 0 is o, 1 is t, in zz and o; 2 is zz, in o. Each takes its record, its id and its ancestors.
    expect(words(80, 4)).toEqual([24, 1, 0, 0]);
    expect(Buffer.from(block.subarray(96, 104)).toString()).toBe("o\0\0\0\0\0\0\0");
    expect(words(104, 4)).toEqual([32, 1, 0, 2]);
    expect(Buffer.from(block.subarray(120, 128)).toString()).toBe("t\0\0\0\0\0\0\0");
    expect(words(128, 2)).toEqual([0, 2]);
    expect(words(136, 4)).toEqual([32, 2, 0, 1]);
    expect(words(160, 2)).toEqual([0, 0]);
    expect(block.length).toBe(168);
  });

  test("attributes stand where the record is, however late it was given", () => {
    const named = { mates: ["b", "é", "a"], boss: "é", tools: ["y", "x"] };
    const entities = [agent("é", named), T, agent("b"), agent("a", { home: { city: "", zone: "us" } })];
    const one = build(entities);
    const other = build([...entities].reverse());
    if (!one.ok || !other.ok) throw new Error("refused");
    expect(one.block.subarray(32)).toEqual(other.block.subarray(32));
  });

  test("is the same for every order of entities, keys and set members", () => {
    const a = agent("a", { tools: ["x", "y"], mates: ["b", "a"], boss: "b" }, [{ type: "Team", id: "t" }]);
    const b = agent("b", { roots: [] });
    const one = build([T, a, b]);
    const other = build([
      b,
      { ...a, attributes: { ...a.attributes, tools: ["y", "x"], mates: ["a", "b"] } },
      T,
    ]);
    if (!one.ok || !other.ok) throw new Error("refused");
    expect(one.block.subarray(32)).toEqual(other.block.subarray(32));
    expect(one.digest).not.toEqual(other.digest);
  });

  test("is named by the bytes that were given, whatever they are", () => {
    const text = '{ "entities": [{"type":"Team","id":"t"}] }';
    const bytes = new TextEncoder().encode(text);
    const ofText = buildFacts(program.facts, text, sha256);
    const ofBytes = buildFacts(program.facts, bytes, sha256);
    const ofValue = buildFacts(program.facts, JSON.parse(text), sha256);
    if (!ofText.ok || !ofBytes.ok || !ofValue.ok) throw new Error("refused");
    expect(ofText.digest).toEqual(sha256(bytes));
    expect(ofBytes).toEqual(ofText);
    expect(ofValue.digest).toEqual(
      sha256(new TextEncoder().encode('{"entities":[{"id":"t","type":"Team"}]}')),
    );
  });

  test("grows with its content", () => {
    const many = Array.from({ length: 3000 }, (_, at) =>
      agent(`agent-${at}`, { home: { city: "x".repeat(20), zone: "us" } }),
    );
    const built = build([T, ...many]);
    expect(built.ok && built.block.length > 3000 * 160).toBe(true);
    const small = { ...program.facts, bytesMax: 1000 };
    const refusal = buildFacts(small, { entities: [T, ...many] }, sha256);
    expect(refusal).toMatchObject({ ok: false, refusal: { code: "facts.too_large", entity: null } });
  });

  test("ancestors of a long chain are counted before they are stored", () => {
    const chain = Array.from({ length: 20_000 }, (_, at) =>
      team(`t${at}`, ...(at === 0 ? [] : [{ type: "Team", id: `t${at - 1}` }])),
    );
    const small = { ...program.facts, bytesMax: 1 << 20 };
    const refusal = buildFacts(small, { entities: [T, ...chain] }, sha256);
    expect(refusal).toMatchObject({ ok: false, refusal: { code: "facts.too_large" } });
  });
});

describe("refusals", () => {
  test("the form", () => {
    expect(refused(5)).toBe("facts.invalid");
    expect(refused([T], { tables: { t: [] } })).toBe("facts.unknown_table");
    expect(refused([T], { tables: {}, settings: [] })).toBe("");
    expect(refused([T, null])).toBe("facts.invalid");
    expect(refused([T, { type: "Team" }])).toBe("facts.invalid");
    expect(refused([T, { type: "Team", id: "" }])).toBe("facts.invalid");
    expect(refused([T, { type: "Team", id: "é".repeat(128) }])).toBe("");
    expect(refused([T, { type: "Team", id: "é".repeat(129) }])).toBe(
      `facts.invalid Team::${"é".repeat(39)}…`,
    );
    expect(refused([T, { type: "Team", id: "x", extra: 1 }])).toBe("facts.invalid Team::x");
    expect(refused([T, { type: "Team", id: "x", parents: {} }])).toBe("facts.invalid Team::x");
    expect(refused([T, team("x", { type: "Team", id: "t", more: 1 })])).toBe("facts.invalid Team::x");
    for (const text of [
      "",
      "{",
      '{"entities":[],"entities":[]}',
      '{"entities":[{"type":"Team","id":"\\ud800"}]}',
    ]) {
      expect(buildFacts(program.facts, text, sha256)).toMatchObject({
        ok: false,
        refusal: { code: "facts.invalid" },
      });
    }
    const notUtf8 = Uint8Array.of(0x7b, 0xff, 0x7d);
    expect(buildFacts(program.facts, notUtf8, sha256)).toMatchObject({
      ok: false,
      refusal: { code: "facts.invalid" },
    });
    for (const value of [null, undefined, { entities: [1n] }, new Map()]) {
      expect(buildFacts(program.facts, value, sha256).ok).toBe(false);
    }
  });

  test("types, ids, parents", () => {
    expect(refused([T, { type: "User", id: "x" }])).toBe("facts.unknown_type User::x");
    expect(refused([T, { type: "__proto__", id: "x" }])).toBe("facts.unknown_type __proto__::x");
    expect(refused([T, T])).toBe("facts.duplicate_id Team::t");
    expect(refused([T, agent("a", {}, [{ type: "Org", id: "o" }])])).toBe("facts.unknown_parent Agent::a");
    expect(refused([T, agent("a", {}, [{ type: "Team", id: "u" }])])).toBe("facts.unknown_parent Agent::a");
    expect(refused([T, team("a", { type: "Team", id: "a" })])).toBe("facts.cycle Team::a");
    expect(refused([])).toBe("facts.missing_entity Team::t");
    const circle = [team("a", { type: "Team", id: "b" }), team("b", { type: "Team", id: "a" })];
    expect(refused([T, ...circle])).toBe("facts.cycle Team::a");
    expect(
      refused([
        T,
        agent("a", {}, [
          { type: "Team", id: "t" },
          { type: "Team", id: "t" },
        ]),
      ]),
    ).toBe("");
  });

  test("attributes", () => {
    const refusedWith = (over: object) => refused([T, agent("a", over)]);
    expect(refusedWith({})).toBe("");
    expect(refusedWith({ more: 1 })).toBe("facts.unknown_attribute Agent::a");
    expect(refusedWith({ limit: undefined })).toBe("facts.missing_attribute Agent::a");
    expect(refusedWith({ limit: 101 })).toBe("facts.out_of_range Agent::a");
    expect(refusedWith({ limit: "1.00001" })).toBe("facts.invalid Agent::a");
    expect(refusedWith({ limit: null })).toBe("facts.invalid Agent::a");
    expect(refusedWith({ tools: ["abcdefghi"] })).toBe("facts.too_large Agent::a");
    expect(refusedWith({ tools: ["a", "a"] })).toBe("facts.invalid Agent::a");
    expect(refusedWith({ home: { city: "Rom" } })).toBe("facts.missing_attribute Agent::a");
    expect(refusedWith({ home: { city: "Rom", zone: "eu", root: "x" } })).toBe("facts.invalid Agent::a");
    expect(refusedWith({ roots: ["/a", "/a/"] })).toBe("facts.invalid Agent::a");
    expect(refusedWith({ mates: ["a", "b"] })).toBe("facts.unknown_entity Agent::a");
    expect(refusedWith({ boss: "b" })).toBe("facts.unknown_entity Agent::a");
    expect(refused([T, { type: "Agent", id: "a", attributes: [] }])).toBe("facts.invalid Agent::a");
    expect(refused([T, { type: "Agent", id: "a" }])).toBe("facts.missing_attribute Agent::a");
  });

  test("the first in the documented order is the answer", () => {
    expect(
      refused([
        agent("a", { limit: 101, boss: "zz" }),
        { type: "User", id: "x" },
        team("b", { type: "Team", id: "b" }),
      ]),
    ).toBe("facts.out_of_range Agent::a");
    expect(refused([agent("a", { boss: "zz" }), { type: "User", id: "x" }])).toBe(
      "facts.unknown_type User::x",
    );
    expect(refused([team("b", { type: "Team", id: "b" }), agent("a", { boss: "zz" })])).toBe(
      "facts.unknown_entity Agent::a",
    );
    expect(refused([team("b", { type: "Team", id: "b" })])).toBe("facts.cycle Team::b");
  });
});

test("a refusal says in words what is wrong, and with what", () => {
  const words = compiled(`polity 1
policy words version 1
entity Team { size: int 0..9, note: string max 3? }
setting ceiling: int 0..100 = 7
table cap { team: Team, of: int } key team, of
action go {}
allow a on go when ceiling > 1
`);
  const { facts } = makeProgram(lower(words, { compiler: "0", assembler: "0" }).manifest);
  const said = (snapshot: object) => {
    const built = buildFacts(facts, { entities: [], ...snapshot }, sha256);
    return built.ok ? "" : built.refusal.message;
  };
  const team = (attributes: unknown) => ({ entities: [{ type: "Team", id: "t", attributes }] });
  expect(said({ settings: { cieling: 1 } })).toBe('there is no setting "cieling"');
  expect(said({ settings: { ceiling: 101 } })).toBe('setting "ceiling" is out of range');
  expect(said({ settings: { ceiling: "x" } })).toBe('setting "ceiling" is not of its type');
  expect(said(team({}))).toBe('attribute "size" is missing');
  expect(said(team({ size: 1, sise: 1 }))).toBe('there is no attribute "sise"');
  expect(said(team({ size: 1, note: "four" }))).toBe('attribute "note" is too large');
  expect(said(team(5))).toBe("the attributes are no object");
  expect(said({ tables: { cap: [{ team: "t" }] } })).toBe('row 1 of cap: column "of" is missing');
});

describe("no facts", () => {
  const empty = (source: string) => {
    const { facts } = makeProgram(lower(compiled(source), { compiler: "0", assembler: "0" }).manifest);
    const built = buildFacts(facts, NO_FACTS, sha256);
    return [emptyBlock(facts, sha256(utf8(NO_FACTS))), built.ok ? built.block : built.refusal.code];
  };
  const head = "polity 1\npolicy none version 1\nentity Org\nentity Team in Org { size: int 0..9 }\n";
  const action = "action go { team: Team }\n";

  test.each([
    ["", "allow all on go when team.size > 1\n"],
    ["table cap { of: int, team: Team } key of\n", "allow all on go when team.size > 1\n"],
  ])("are the block that building makes of them: %j", (more, rules) => {
    const [short, built] = empty(head + more + action + rules);
    expect(short).not.toBeNull();
    expect(short).toEqual(built);
  });

  test("are left to building where a setting has a value or an entity is named", () => {
    const [withSetting, built] = empty(
      `${head}setting top: int 0..9 = 7\n${action}allow a on go when top > 1\n`,
    );
    expect([withSetting, typeof built]).toEqual([null, "object"]);
    expect(empty(`${head}${action}allow a on go when team == Team::"t"\n`)).toEqual([
      null,
      "facts.missing_entity",
    ]);
  });

  test("take no more room than there may be", () => {
    const schema = { ...program.facts, literals: [], bytesMax: 79 };
    expect(emptyBlock(schema, new Uint8Array(32))).toBeNull();
    expect(emptyBlock({ ...schema, bytesMax: 80 }, new Uint8Array(32))).toHaveLength(80);
  });
});
