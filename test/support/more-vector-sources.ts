/** Sources of test/vectors/frames: maps and documents, guards, actions of others, tables and settings. */
import type { Header } from "@polity/runtime/header.ts";
import type { VectorCase, VectorSource } from "./frame-vectors.ts";

const NOW = Date.UTC(2026, 10, 3, 10);

export const HEADER: Header = {
  now: NOW,
  policyFrom: NOW - 1_000,
  policyUntil: NOW + 60_000,
  factsUntil: NOW + 60_000,
  containment: { state: "free", readAt: NOW - 1_000 },
  trust: 700,
  approvals: [],
};

export function one(
  name: string,
  fields: unknown,
  header: Partial<Header> = {},
  action = "access",
): VectorCase {
  return { name, action, fields, header: { ...HEADER, ...header } };
}

const DOCUMENTS: VectorSource = {
  policy: `polity 1
policy vectors.documents version 1
record Size { width: int, unit: string? }
record Note { text: json max 16, more: json? max 16 }
action put { labels: map<string max 8> max 4, sizes: map<Size>?, body: json max 64, note: Note }
allow small on put when labels["kind"] is present and (body.size("rows") ?? 9) < 3
allow named on put
  when any(label in labels: label.key == "😀" and label.value == "x") and (body.int("a", "b") ?? 0) == 7
deny odd on put when sizes is present and any(size in sizes: size.value.width < 0)
  @absent_ok(sizes, "without sizes none is odd")
deny noted on put when note.text.bool("stop") ?? true
`,
  facts: '{"entities":[]}',
  cases: [
    putting("empty", {}),
    putting("entries in any order", { labels: { kind: "a", "😀": "x", ﬀ: "y" }, body: { rows: [1, null] } }),
    putting("a path into a document", { labels: { "😀": "x" }, body: { a: { b: 7 }, "": "\u0001" } }),
    putting("records in a map", { sizes: { b: { width: -1 }, a: { width: 2, unit: "m" } } }),
    putting("several documents", { note: { text: { stop: true }, more: [1, "é"] } }),
    putting("a document of one number", { body: -0.5 }),
    putting("null alone", { body: null }),
    putting("a long document", { body: "x".repeat(63) }),
    putting("a long value", { labels: { kind: "123456789" } }),
    putting("too many entries", { labels: { a: "", b: "", c: "", d: "", e: "" } }),
    putting("a lone surrogate for a key", { labels: { "\ud800": "" } }),
  ],
};

function putting(name: string, fields: Readonly<Record<string, unknown>>): VectorCase {
  return one(name, { labels: {}, body: {}, note: { text: { stop: false } }, ...fields }, {}, "put");
}

const GUARD: VectorSource = {
  policy: `polity 1
guard vectors.guard version 1
entity Team
action pay { amount: int 0..100, to: string }
deny much on pay when amount > 50 because "{amount} is much"
hold some on pay when amount > 20 until approved by Team::"all" within 1h
`,
  facts: '{"entities":[{"type":"Team","id":"all"}]}',
  cases: [
    paying("lets pass", { amount: 5, to: "a" }),
    paying("waits", { amount: 21, to: "a" }),
    paying("refuses", { amount: 51, to: "a" }),
    paying("out of range", { amount: 101, to: "a" }),
  ],
};

function paying(name: string, fields: Readonly<Record<string, unknown>>): VectorCase {
  return one(name, fields, {}, "pay");
}

/** The request is that of another member; here are the fields that all actions share. */
const OTHERS: VectorSource = {
  policy: `polity 1
policy vectors.others version 1
entity Agent in Agent
subject agent: Agent
every action { file: path, zone: string max 4 }
action read { size: int }
allow reading on read always
deny system on * when file.within("/etc") because "{file}"
hold east on * when zone == "east" until approved by Agent::"a2" within 1h
`,
  facts: '{"entities":[{"type":"Agent","id":"a1"},{"type":"Agent","id":"a2"}]}',
  cases: [
    other("lets pass", { agent: "a1", file: "/home/x", zone: "west" }),
    other("refuses", { agent: "a1", file: "/home/../etc/x", zone: "west" }),
    other("waits", { agent: "a1", file: "/home/x", zone: "east" }),
    other("has its approval", { agent: "a1", file: "/home/x", zone: "east" }, ["a2"]),
    other("by somebody whom it names", { agent: "a2", file: "/home/x", zone: "east" }, ["a2"]),
    other("above the root", { agent: "a1", file: "/..", zone: "west" }),
    one("its own action", { agent: "a1", file: "/etc", zone: "west", size: 1 }, {}, "read"),
  ],
};

function other(name: string, fields: object, approvers: readonly string[] = []): VectorCase {
  const approvals = approvers.map((id) => {
    const times = { askedAt: NOW - 500, givenAt: NOW - 400 };
    return { request: "own", approver: { type: "Agent", id }, ...times };
  });
  return { ...one(name, { ...fields, amount: 5 }, { approvals }, "pay"), others: true };
}

/** With the bytes of the facts block. */
const TABLES: VectorSource = {
  policy: `polity 1
policy vectors.tables version 1
entity Agent in Team { home: path, hosts: set<host_pattern> max 4, tags: map<string> max 2 }
entity Team
table grant { agent: Agent, tool: string, rows: int 0..1000, until: timestamp? } key agent, tool
table rate { zone: string, cost: decimal } key zone max 2 per zone
setting limit: decimal 0..100 = 10.5
setting zones: set<string> max 4 = {"eu"}
subject agent: Agent
action call { tool: string, zone: string, rows: int }
allow granted on call
  when grant[agent, tool] is present and grant[agent, tool].rows >= rows and zone in zones
deny costly on call when rate[zone] is present and rate[zone].cost > limit
  @absent_ok(rate, "what has no rate costs nothing")
`,
  facts: JSON.stringify({
    entities: [
      {
        type: "Agent",
        id: "b",
        attributes: { home: "/x/../b", hosts: ["**.b.example", "*.A.example."], tags: { ﬀ: "1", "😀": "2" } },
        parents: [{ type: "Team", id: "t" }],
      },
      { type: "Team", id: "t" },
      { type: "Agent", id: "a", attributes: { home: "/", hosts: [], tags: {} } },
    ],
    settings: { limit: "20" },
    tables: {
      grant: [
        { agent: "b", tool: "sql", rows: 5, until: "2027-01-01T00:00:00Z" },
        { agent: "a", tool: "web", rows: 1 },
        { agent: "a", tool: "sql", rows: 1000 },
      ],
      rate: [{ zone: "us", cost: "20.0001" }],
    },
  }),
  isBlockShown: true,
  cases: [
    calling("granted", { tool: "sql", rows: 7 }),
    calling("too many rows", { tool: "web", rows: 2 }),
    calling("no such row", { tool: "mail", rows: 0 }),
    calling("costly", { tool: "sql", zone: "us", rows: 1 }),
    calling("somebody unknown", { agent: "c", tool: "sql", rows: 1 }),
  ],
};

function calling(name: string, fields: Readonly<Record<string, unknown>>): VectorCase {
  return one(name, { agent: "a", zone: "eu", ...fields }, {}, "call");
}

export const MORE_SOURCES: readonly (readonly [string, VectorSource])[] = [
  ["documents", DOCUMENTS],
  ["guard", GUARD],
  ["others", OTHERS],
  ["tables", TABLES],
];
