/** Where the files of test/vectors/frames come from. */
import type { Header } from "@polity/runtime/header.ts";
import type { VectorCase, VectorSource } from "./frame-vectors.ts";
import { HEADER, MORE_SOURCES, one } from "./more-vector-sources.ts";

const { now: NOW } = HEADER;

const ALL = { type: "Team", id: "all" };
const LEGAL = { type: "Team", id: "legal" };
const IN_F1 = { type: "Folder", id: "f1" };

const ACCESS: VectorSource = {
  policy: `polity 1
policy vectors.access version 1
enum Verb { read, write, delete }
action access { role: string id, owner: string id, user: string id, verb: Verb, locked: bool }
allow staff on access when role == "admin" or role == "owner"
allow own on access when owner == user and (verb == read or verb == write) and not locked
deny never on access when verb == delete and locked because "locked things stay"
`,
  facts: '{"entities":[]}',
  cases: [
    one("keys in any order", { user: "u1", verb: "read", locked: false, role: "member", owner: "u1" }),
    one("text of eight bytes needs no padding", { ...access(), owner: "12345678", user: "12345678" }),
    one("a reason", { ...access(), verb: "delete", locked: true }),
    one("no rule", { ...access(), owner: "u2" }),
    one("a character that an id has not", { ...access(), role: "ad min" }),
    one("a field too many", { ...access(), more: 1 }),
    one("a field too few, and one wrong", { role: 5, user: "u1", verb: "read", owner: "u1" }),
    one("an unknown member", { ...access(), verb: "READ" }),
    one("stale policy", access(), { now: NOW + 60_001, factsUntil: NOW + 70_000 }),
    one("stale facts", access(), { factsUntil: NOW - 1 }),
    one("stale containment", access(), { containment: { state: "free", readAt: NOW - 60_000 } }),
    one("quarantined", access(), { containment: { state: "quarantined", readAt: NOW } }),
    one("terminated", access(), { containment: { state: "terminated", readAt: NOW } }),
    one("trust beyond 1000", access(), { trust: 1001 }),
  ],
};

function access(): Record<string, unknown> {
  return { role: "member", owner: "u1", user: "u1", verb: "read", locked: false };
}

const TYPES: VectorSource = {
  policy: `polity 1
policy vectors.types version 1
enum Zone { eu, us, edge }
record Move { from: path, to: path?, bytes: int 0..1_000_000 }
entity Team in Team
entity Agent in Team {
  zone: Zone
  limit: decimal 0..1_000_000
  roots: set<path> max 8
  peers: set<Agent> max 8
}
subject agent: Agent
action all {
  at:      timestamp
  big:     int
  cost:    decimal -1_000..1_000_000
  flags:   list<bool> max 4
  friends: set<Agent> max 4
  memo:    string? max 40
  moves:   list<Move> max 3
  nights:  set<timestamp> max 4
  paths:   set<path> max 4
  tags:    set<string max 20> min 1 max 4
  unread:  string max 10
  wait:    duration
  zones:   set<Zone> max 3
}
allow good on all
  when cost <= agent.limit and at <= now and wait > 0s and big != 7
   and all(m in moves: m.from.within("/work") and m.bytes > 0)
   and "x" in tags and agent.zone in zones
   and count(f in flags: f) >= 1 and memo is present
  @absent_ok(moves, "moving nothing is harmless")
deny strange on all when any(p in paths: p.within("/etc"))
  note "{cost} {at} {wait} {memo ?? "none"} {agent} {big}"
deny enemy on all when agent in friends
deny overflow on all when big + 1 > 5 and 2026-01-01T00:00:00Z in nights
`,
  facts: JSON.stringify({
    entities: [
      { type: "Team", id: "t" },
      { type: "Team", id: "ü", parents: [{ type: "Team", id: "t" }] },
      {
        type: "Agent",
        id: "a1",
        attributes: { zone: "us", limit: "500.5", roots: ["/work"], peers: ["a2"] },
        parents: [{ type: "Team", id: "ü" }],
      },
      { type: "Agent", id: "a2", attributes: { zone: "eu", limit: 0, roots: [], peers: [] } },
    ],
  }),
  cases: [
    all("good", {}),
    all("other forms of the same values", {
      cost: "500.5000",
      big: "-9007199254740993",
      tags: ["y", "x"],
      zones: ["edge", "us"],
      wait: "5400000ms",
      at: "2026-11-03T09:00:00.000Z",
    }),
    all("empty collections, no memo", {
      flags: [],
      friends: [],
      memo: undefined,
      moves: [],
      nights: [],
      paths: [],
      zones: [],
    }),
    all("a path that leads elsewhere", { paths: ["/work/../etc/passwd", "/a//b/./"] }),
    all("one path written twice", { paths: ["/a/b", "/a//b"] }),
    all("a path above the root", { paths: ["/.."] }),
    all("text beyond the basic plane sorts last", { tags: ["x", "\u{10000}", "\uffff", "é"] }),
    all("an error", { big: "9223372036854775807", nights: ["2026-01-01T00:00:00Z"] }),
    all("nobody of that name", { friends: ["a3"] }),
    all("a friend", { friends: ["a2", "a1"] }),
    all("too little in a set", { tags: [] }),
    all("too much in a set", { tags: ["a", "b", "c", "d", "e"] }),
    all("twice in a set", { tags: ["a", "a"] }),
    all("beyond the range", { cost: "1000000.0001" }),
    all("no exact decimal", { cost: 0.00001 }),
    all("minus zero as text", { cost: "-0" }),
    all("a record without a field", { moves: [{ from: "/work" }] }),
    all("too long for its bytes", { unread: "ééééééé" }),
    all("null", { memo: null }),
  ],
};

function all(name: string, over: Record<string, unknown>): VectorCase {
  const fields = {
    agent: "a1",
    at: "2026-11-03T09:00:00Z",
    big: "-9007199254740993",
    cost: 500.5,
    flags: [true, false],
    friends: ["a2"],
    memo: "hi",
    moves: [{ from: "/work/a", to: "/work//b/../c", bytes: 12 }],
    nights: [],
    paths: ["/b", "/a"],
    tags: ["x", "y"],
    unread: "unread",
    wait: "1h30m",
    zones: ["us", "edge"],
    ...over,
  };
  return one(name, JSON.parse(JSON.stringify(fields)), {}, "all");
}

const PAY_DIGEST = "sha256:8e4d6dbf1d6e57a3eb5bf1b2a2d2ca7a1d9d9ac4d4ac2a9b8c8db94e1a5d2f64";

const APPROVALS: VectorSource = {
  policy: `polity 1
policy vectors.approvals version 1
valid 2026-11-01T00:00:00Z until 2027-01-01T00:00:00Z
containment within 30s
entity Team
entity User in Team
action pay { amount: decimal 0..1000, by: User }
allow small on pay when amount <= 500
hold large on pay when amount > 100 until approved by Team::"treasury" within 15m because "ask treasury"
hold larger on pay when amount > 200 until approved by 2 of Team::"treasury" within 1h because "ask two"
`,
  facts: JSON.stringify({
    entities: [
      { type: "Team", id: "treasury" },
      ...["u1", "u2", "u3"].map((id) => ({ type: "User", id, parents: [{ type: "Team", id: "treasury" }] })),
      { type: "User", id: "u4" },
    ],
  }),
  cases: [],
};

/** `digests` names requests: an approval is for exactly one of them. */
export function approvalCases(digests: ReadonlyMap<number, string>): readonly VectorCase[] {
  const approval = (amount: number, id: string, minutesAgo = 5) => ({
    request: digests.get(amount) ?? PAY_DIGEST,
    approver: { type: "User", id },
    askedAt: NOW - minutesAgo * 60_000,
    givenAt: NOW - 1_000,
  });
  const pay = (name: string, amount: number, approvals: Header["approvals"], header: Partial<Header> = {}) =>
    one(name, { amount, by: "u1" }, { ...header, approvals }, "pay");
  const ghost = { ...approval(150, "u2"), approver: { type: "Ghost", id: "g" } };
  return [
    pay("none", 150, []),
    pay("one", 150, [approval(150, "u2")]),
    pay("one of two, and the other hold is released", 250, [approval(250, "u2")]),
    pay("two of two, in any order", 250, [approval(250, "u3"), approval(250, "u2")]),
    pay("one twice", 250, [approval(250, "u3"), approval(250, "u3", 6)]),
    pay("the same twice", 250, [approval(250, "u3"), approval(250, "u3")]),
    pay("his own", 150, [approval(150, "u1")]),
    pay("not of the team", 150, [approval(150, "u4")]),
    pay("for another request", 150, [approval(151, "u2")]),
    pay("too long ago", 150, [approval(150, "u2", 15)]),
    pay("nobody of that name", 150, [approval(150, "u9")]),
    pay("nobody of that type", 150, [ghost]),
    pay("nobody of that type, and stale before that", 150, [ghost], { factsUntil: NOW - 1 }),
    pay("before it is valid", 1, [], {
      now: Date.UTC(2026, 9, 31),
      policyFrom: 0,
      containment: HEADER.containment,
    }),
  ];
}

const REFERENCES: VectorSource = {
  policy: `polity 1
policy vectors.references version 1
entity Team
entity User in Team { age: int 0..150 }
setting limit: int 0..100 = 18
table seat { user: User, room: string id max 16, until: timestamp } key user, room
action invite { host: User, guest: ref User, others: set<ref User> max 4, room: string id max 16 }
allow known on invite when exists(guest) and guest.age >= limit and guest in Team::"staff"
allow again on invite when guest in others
allow seated on invite when seat[host, room] is present and now < seat[host, room].until
deny oneself on invite when guest == host because "{guest} is the host"
`,
  facts: JSON.stringify({
    entities: [
      { type: "Team", id: "staff" },
      { type: "User", id: "u1", attributes: { age: 40 }, parents: [{ type: "Team", id: "staff" }] },
      { type: "User", id: "u2", attributes: { age: 20 }, parents: [{ type: "Team", id: "staff" }] },
    ],
    settings: { limit: 21 },
    tables: { seat: [{ user: "u2", room: "red", until: "2026-11-04T00:00:00Z" }] },
  }),
  cases: [
    invite("somebody known", { guest: "u1", host: "u2" }),
    invite("somebody too young", { guest: "u2" }),
    invite("somebody new", { guest: "new" }),
    invite("somebody new, named twice", { guest: "new", others: ["old", "new"] }),
    invite("the host has a seat", { host: "u2", room: "red" }),
    invite("the host himself", { guest: "u1" }),
    invite("a host who is not there", { host: "new" }),
    invite("nobody", { guest: "" }),
    invite("one twice", { others: ["u1", "u1"] }),
  ],
};

function invite(name: string, over: object): VectorCase {
  return one(name, { host: "u1", guest: "guest", others: [], room: "blue", ...over }, {}, "invite");
}

const SHAPES: VectorSource = {
  policy: `polity 1
policy vectors.shapes version 1
entity Agent { hosts: set<host_pattern>, home: url }
action fetch {
  agent:  Agent
  images: list<image> max 2
  nets:   set<cidr> max 4
  peer:   ip?
  report: email
  to:     url max 64
  urls:   set<url> max 4
}
allow known on fetch
  when to.host in agent.hosts and (peer ?? "::1") not in "10.0.0.0/8" and report.domain.within("a.example")
  because "{to} {to.host} {to.port} {to.path}"
  @absent_ok(peer, "a name is enough")
allow home on fetch when to == agent.home
deny pinned on fetch when any(i in images: i.registry != "ghcr.io") or "::/0" in nets
`,
  facts: JSON.stringify({
    entities: [
      {
        type: "Agent",
        id: "a1",
        attributes: { hosts: ["*.A.example", "b.example."], home: "http://ab.examp" },
      },
    ],
  }),
  cases: [
    fetching("good", {}),
    fetching("a URL that fills its words has room for one byte more", { to: "http://ab.examp" }),
    fetching("the same with a query", {
      to: "http://a.exam?bc",
      urls: ["http://a.exam?bc", "http://a.example"],
    }),
    fetching("other spellings", { to: "HTTPS://X.A.Example.:443/a/../b%7e", report: "Ada@A.Example." }),
    fetching("an address of IPv4 in IPv6", { peer: "::ffff:10.1.2.3" }),
    fetching("networks and images", { nets: ["::/0", "10.0.0.0/8"], images: ["docker.io/library/a:1"] }),
    fetching("one URL written twice", { urls: ["http://a.example", "http://a.example/"] }),
    fetching("a hidden dot", { to: "https://x.a.example/%2e%2e/" }),
    fetching("a user", { to: "https://x.a.example@b.example/" }),
    fetching("a short address", { to: "http://127.1/" }),
    fetching("bits behind the prefix", { nets: ["10.0.0.1/8"] }),
    fetching("no registry", { images: ["alpine"] }),
    fetching("too long", { to: `https://x.a.example/${"a".repeat(64)}` }),
  ],
};

function fetching(name: string, fields: Readonly<Record<string, unknown>>): VectorCase {
  const usual = {
    agent: "a1",
    images: [],
    nets: [],
    report: "ada@a.example",
    to: "https://x.a.example/b",
    urls: [],
  };
  return one(name, { ...usual, ...fields }, {}, "fetch");
}

/** Names are chosen so that the order of ids is not the order of writing. */
const CARRIED: VectorSource = {
  policy: `polity 1
policy vectors.carried version 1
entity Team in Team
entity Doc in Folder, Team from request { team: Team, title: string, tags: set<string> max 3 }
entity Folder in Folder, Team from request
action read { doc: Doc, other: Doc? }
allow team on read when doc in Team::"legal" and doc.tags.size < 3
deny secret on read when doc.title == "secret" because "{doc} is secret"
allow both on read when other is present and other in doc.team
hold held on read when doc.title == "held" until approved by Team::"all" within 1h
`,
  facts: JSON.stringify({ entities: [ALL, { ...LEGAL, parents: [ALL] }] }),
  cases: [
    carrying("nothing", []),
    carrying("in a team", [doc("d1", [LEGAL])]),
    carrying("through folders", [
      folder("f1", [{ type: "Folder", id: "f2" }]),
      doc("d1", [IN_F1]),
      folder("f2", [LEGAL]),
    ]),
    carrying("two parents", [doc("d1", [LEGAL, IN_F1]), folder("f1", [])]),
    carrying("a reason", [doc("d1", [LEGAL], { title: "secret", tags: ["b", "a"] })]),
    carrying("a parent who is not there", [doc("d1", [IN_F1])]),
    carrying("an attribute too many", [doc("d1", [], { more: 1 })]),
    carrying("a cycle", [folder("f1", [IN_F1]), doc("d1", [])]),
    carrying("one of the facts", [doc("d1", []), { type: "Team", id: "all" }]),
    carrying("another document", [doc("d1", [LEGAL]), doc("c1", [LEGAL])], { other: "c1" }),
  ],
};

function carrying(name: string, entities: readonly unknown[], fields: object = {}): VectorCase {
  return { ...one(name, { doc: "d1", ...fields }, {}, "read"), entities };
}

function doc(id: string, parents: readonly unknown[], attributes: object = {}): unknown {
  return {
    type: "Doc",
    id,
    attributes: { team: "legal", title: "a title", tags: [], ...attributes },
    parents,
  };
}

function folder(id: string, parents: readonly unknown[]): unknown {
  return { type: "Folder", id, parents };
}

export const SOURCES: ReadonlyMap<string, VectorSource> = new Map([
  ["access", ACCESS],
  ["types", TYPES],
  ["approvals", APPROVALS],
  ["references", REFERENCES],
  ["shapes", SHAPES],
  ["carried", CARRIED],
  ...MORE_SOURCES,
]);
