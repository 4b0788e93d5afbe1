/** Whatever is written, reading it never throws, and every diagnostic points into the text. */
import { parse } from "@polity/compiler/1-parse/parse.ts";
import { KEYWORDS, SIGNS } from "@polity/grammar/tokens.ts";
import fc from "fast-check";
import { expect, test } from "vitest";

const VALID = `polity 1
policy agents.payments version 3
valid 2026-11-01T00:00:00Z until 2027-05-01T00:00:00Z
containment within 30s
enum Zone { eu, us }
record Address { city: string max 80, zip: string? id }
/// People.
entity Team
entity Agent in Team { zone: Zone limit: decimal 0..1_000_000 tools: set<string id max 64>? min 1 max 128 }
subject agent: Agent
every action { user: Agent? }
action transfer { amount: decimal 0.01..1_000_000, to: list<Address>, wait: duration, file: path }
allow small on transfer when amount <= agent.limit and not (agent.zone == eu or wait in 5m..1h30m)
  unless amount % 2 == -1
hold large on transfer when any(a in to: a.zip is present and a.zip like "9*")
  until approved by 2 of Team::"t" within 15m
deny far on * unless agent.zone in {eu, us} because "to {agent.id}"
  note "\\{{amount ?? 0}" @absent_ok(to.zip, "why")
quarantine lost on transfer always
test "rows" on transfer {
  facts { Team::"t" Agent::"a" in Team::"t" { zone: eu, limit: 5, tools: {} } }
  given { agent: Agent::"a", to: [{ city: "x" }], wait: 5m, now: 2026-11-03T10:00:00Z, user: absent }
  approved by Agent::"b" asked 2026-11-03T09:50:00Z given 2026-11-03T09:55:00Z
  | amount | expect                |
  | 5      | allow by small        |
  | -5.25  | deny with no_rule     |
}
`;

const words = [
  ...KEYWORDS.keys(),
  ...SIGNS.map((type) => type.PATTERN as string),
  ...[
    "obligation",
    "track",
    "let",
    "for",
    "oblige",
    "if",
    "then",
    "else",
    "matches",
    "contains",
    "sum",
    "ref",
    "map",
  ],
  ...[
    "from",
    "host",
    "url",
    "a",
    "B",
    "1",
    "0.5",
    "5m",
    '"x"',
    '"{',
    "{a}",
    '"',
    "\n",
    "//",
    "///",
    "/",
    "'",
    "`",
    "&&",
  ],
  ...[
    "2026-11-01T00:00:00Z",
    "null",
    "=",
    "!",
    ";",
    "é",
    "\\",
    "\u200b",
    "polity 1\n",
    'Team::"t"',
    "\nallow r on a ",
  ],
];

function isSound(text: string): void {
  const { value, diagnostics } = parse({ file: "any.pol", text });
  expect(diagnostics.length).toBeLessThanOrEqual(100);
  let last = 0;
  for (const { span, code, message } of diagnostics) {
    expect(code).toMatch(/^POL(?:0[0-2]|11)\d\d$/);
    expect(message).not.toBe("");
    expect(span.start).toBeGreaterThanOrEqual(last);
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    expect(span.end).toBeLessThanOrEqual(text.length);
    last = span.start;
  }
  // What is read without a word is a whole program.
  if (diagnostics.length === 0) expect(value.policy).not.toBeNull();
}

test("the program that is mutated is valid", () => {
  expect(parse({ file: "valid.pol", text: VALID }).diagnostics).toEqual([]);
});

test("random text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), isSound), { numRuns: 2000 });
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => isSound(`polity 1\n${text}`)),
    { numRuns: 2000 },
  );
});

test("random words", () => {
  const soup = fc.array(fc.constantFrom(...words), { maxLength: 80 });
  fc.assert(
    fc.property(soup, fc.boolean(), (parts, hasHead) => {
      isSound(`${hasHead ? "polity 1\npolicy a version 1\n" : ""}${parts.join(" ")}`);
    }),
    { numRuns: 4000 },
  );
});

test("words put into, taken from and exchanged in a valid program", () => {
  const parts = VALID.split(/(\s+|\b)/);
  const edit = fc.tuple(fc.nat(parts.length - 1), fc.nat(2), fc.constantFrom(...words));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const edited = [...parts];
      for (const [at, removed, word] of edits) edited.splice(at, removed, word);
      isSound(edited.join(""));
    }),
    { numRuns: 3000 },
  );
});

test("every beginning of a valid program", () => {
  for (let length = 0; length < VALID.length; length += 1) isSound(VALID.slice(0, length));
});

test("every valid program without one of its words", () => {
  const parts = VALID.split(/(\s+)/);
  for (const at of parts.keys()) isSound(parts.filter((_, index) => index !== at).join(""));
});
