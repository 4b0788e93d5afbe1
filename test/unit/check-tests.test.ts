import { describe, expect, test } from "vitest";
import { durationText, timestampText } from "../../compiler/2-check/time-text.ts";
import { checkedOf, underlines } from "../support/diagnose.ts";

const HEAD = `enum Zone { eu, us }
record Part { n: int, note: string? }
entity Team entity Agent in Team { limit: decimal, zone: Zone, tags: set<string>, boss: Agent? }
subject agent: Agent
action go {
  b: bool, i: int 0..9, d: decimal, s: string, p: path, t: timestamp, u: duration, z: Zone
  r: Part, l: list<Part>, e: set<Zone>, o: int?
}
action og {}
allow small on go when i < 5 and b and d > 0 and agent.limit > 1
deny large on go when i > 7
`;

const TIME = "2026-01-01T00:00:00Z";

function errors(text: string): readonly string[] {
  return underlines(`${HEAD}${text}\n`).filter((u) => !u.startsWith("POL9"));
}

describe("a test block becomes", () => {
  test("one row for each line, with the forms that a request has", () => {
    const { tests } = checkedOf(`${HEAD}
test "rows" on go {
  facts { Team::"t" Agent::"a" in Team::"t" { limit: -1.50, zone: eu, tags: {"y", "x"}, boss: Agent::"a" } }
  given {
    agent: Agent::"a", b: true, d: 2, s: "x", p: "/a/../b", t: 2026-02-03T04:05:06.007Z, u: -90m, z: Zone.us
    r: { n: -3 }, l: [{ n: 1, note: "x" }, { n: 2 }], e: {us, eu}, trust: 7, now: 2026-02-01T00:00:00Z
  }
  | i                     | o                         | containment | expect                |
  | 3                     | 9_007_199_254_740_992     | free        | allow by small        |
  | 10                    | absent                    | quarantined | deny with no_rule     |
}`);
    expect(tests).toHaveLength(2);
    const [first, second] = tests;
    expect(first?.fields).toEqual({
      agent: "a",
      b: true,
      d: "2",
      s: "x",
      p: "/a/../b",
      t: "2026-02-03T04:05:06.007Z",
      u: "-1h30m",
      z: "us",
      r: { n: -3 },
      l: [{ n: 1, note: "x" }, { n: 2 }],
      e: ["us", "eu"],
      i: 3,
      o: "9007199254740992",
    });
    expect(first?.facts.entities).toEqual([
      { type: "Team", id: "t", attributes: {}, parents: [] },
      {
        type: "Agent",
        id: "a",
        attributes: { limit: "-1.5", zone: "eu", tags: ["y", "x"], boss: "a" },
        parents: [{ type: "Team", id: "t" }],
      },
    ]);
    const nowMs = 1_769_904_000_000n;
    expect(first?.header).toEqual({ nowMs, trust: 7, containment: "free", approvals: [] });
    expect(first?.expect).toEqual({ verdict: "allow", rules: ["small"], code: null });
    expect(second?.header.containment).toBe("quarantined");
    expect(second?.fields).not.toHaveProperty("o");
    expect(second?.expect).toEqual({ verdict: "deny", rules: null, code: "no_rule" });
  });

  test("a row whose time is the policy's first, where nothing says another", () => {
    const body = `action go {}\nallow a on go always\ntest "t" on go { expect allow }`;
    expect(checkedOf(body).tests[0]?.header).toEqual({
      nowMs: 1_767_225_600_000n,
      trust: null,
      containment: "free",
      approvals: [],
    });
    const valid = `valid 2026-03-01T00:00:00Z until 2027-01-01T00:00:00Z\n${body}`;
    expect(checkedOf(valid).tests[0]?.header.nowMs).toBe(1_772_323_200_000n);
  });

  test("approvals and deliberately wrong requests", () => {
    const { tests } =
      checkedOf(`entity User action go { i: int 0..9, w: string id max 2, p: path, l: set<int> min 1 max 1 }
allow a on go when i > 1 or w == "x"
test "t" on go {
  given { i: 77, w: "not an id", p: "nowhere", l: {1, 2, 3} }
  approved by User::"u" asked 2026-01-01T00:00:00Z given 2026-01-01T00:00:01Z
  expect deny with input.out_of_range
}`);
    expect(tests[0]?.fields).toEqual({ i: 77, w: "not an id", p: "nowhere", l: [1, 2, 3] });
    expect(tests[0]?.header.approvals).toEqual([
      { approver: { type: "User", id: "u" }, askedMs: 1_767_225_600_000n, givenMs: 1_767_225_601_000n },
    ]);
  });

  test("own properties, whatever the fields are called", () => {
    const { tests } = checkedOf(`action go { __proto__: int, constructor: int }
allow a on go when __proto__ > 1 and constructor > 1
test "t" on go { given { __proto__: 1, constructor: 2 } expect deny }`);
    expect(Object.entries(tests[0]?.fields ?? {})).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
    expect(Object.getPrototypeOf(tests[0]?.fields)).toBe(Object.prototype);
  });
});

describe("wrong in a test", () => {
  test.each([
    ['test "t" on gone { expect allow }', "POL1004 gone"],
    ['test "t" on go { given { ii: 1 } expect allow }', "POL4001 ii"],
    ['test "t" on go { given { i: 1, i: 2 } expect allow }', "POL1001 i"],
    ['test "t" on go { given { i: "1" } expect allow }', 'POL4002 "1"'],
    ['test "t" on go { given { i: 1.5 } expect allow }', "POL4002 1.5"],
    ['test "t" on go { given { d: 5m } expect allow }', "POL4002 5m"],
    ['test "t" on go { given { s: eu } expect allow }', "POL4002 eu"],
    ['test "t" on go { given { t: "2026-01-01T00:00:00Z" } expect allow }', 'POL4002 "2026-01-01T00:00:00Z"'],
    ['test "t" on go { given { z: ue } expect allow }', "POL1007 ue"],
    ['test "t" on go { given { z: Zone.ue } expect allow }', "POL1007 ue"],
    ['test "t" on go { given { agent: Team::"a" } expect allow }', 'POL4002 Team::"a"'],
    ['test "t" on go { given { agent: "a" } expect allow }', 'POL4002 "a"'],
    ['test "t" on go { given { r: 1 } expect allow }', "POL4002 1"],
    ['test "t" on go { given { r: { m: 1 } } expect allow }', "POL1006 m"],
    ['test "t" on go { given { r: { n: true } } expect allow }', "POL4002 true"],
    ['test "t" on go { given { l: {1} } expect allow }', "POL4002 {1}"],
    ['test "t" on go { given { l: [{ n: "x" }] } expect allow }', 'POL4002 "x"'],
    ['test "t" on go { given { e: [eu] } expect allow }', "POL4002 [eu]"],
    ['test "t" on go { given { i: { n: 1 } } expect allow }', "POL4002 { n: 1 }"],
    ['test "t" on go { given { now: 5 } expect allow }', "POL4002 5"],
    ['test "t" on go { given { trust: 1_001 } expect allow }', "POL4002 1_001"],
    ['test "t" on go { given { containment: shut } expect allow }', "POL4002 shut"],
    ['test "t" on go { expect allow by smal }', "POL4003 smal"],
    ['test "t" on go { expect deny by small }', "POL4004 small"],
    ['test "t" on og { expect allow by small }', "POL4004 small"],
    ['test "t" on go { expect allow by small, small }', "POL1001 small"],
    ['test "t" on go { expect deny with no_rul }', "POL4005 deny with no_rul"],
    ['test "t" on go { facts { Agnet::"a" } expect allow }', "POL2024 Agnet"],
    [
      'test "t" on go { facts { Agent::"a" { zone: eu, tags: {} } } expect allow }',
      'POL4006 Agent::"a" { zone: eu, tags: {} }',
    ],
    ['test "t" on go { facts { Team::"a" { zone: eu } } expect allow }', "POL1006 zone"],
    ['test "t" on go { facts { Team::"a" Team::"a" } expect allow }', 'POL1001 Team::"a"'],
    ['test "t" on go { facts { Team::"a" Team::"b" in Team::"a" } expect allow }', 'POL4007 Team::"a"'],
    [`test "t" on go { approved by Usr::"u" asked ${TIME} given ${TIME} expect allow }`, "POL2024 Usr"],
    ['test "t" on go {\n| i | i | expect |\n| 1 | 2 | allow |\n}', "POL1001 i"],
    [
      'deny l on go when agent == Agent::"x"\ntest "t" on go { facts { Team::"a" Team::"b" } expect allow }',
      'POL4008 Team::"a" Team::"b"',
    ],
    ['deny lit on go when agent == Agent::"x"\ntest "t" on go { expect allow }', "POL4008 go"],
  ])("%s", (text, underlined) => {
    expect(errors(text)).toEqual([underlined]);
  });
});

test("times as text", () => {
  expect(timestampText(-62_135_596_800_000n)).toBe("0001-01-01T00:00:00Z");
  expect(timestampText(253_402_300_799_999n)).toBe("9999-12-31T23:59:59.999Z");
  for (const ms of [0, -1, 951_782_400_000, 1_709_164_800_000, -2_203_891_200_000, 1_795_000_000_001]) {
    expect(timestampText(BigInt(ms))).toBe(new Date(ms).toISOString().replace(".000Z", "Z"));
  }
  expect(durationText(0n)).toBe("0s");
  expect(durationText(-93_784_005n)).toBe("-1d2h3m4s5ms");
});
