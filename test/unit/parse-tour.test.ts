/** The policy of the tour, which says more than this version carries out. */
import { parse } from "@polity/compiler/1-parse/parse.ts";
import { expect, test } from "vitest";
import { underlined } from "../support/parsing.ts";

const TOUR = `polity 1
policy agents.payments version 3
valid 2026-11-01T00:00:00Z until 2027-05-01T00:00:00Z

enum Zone { eu, us, edge }
enum Currency { EUR, USD }

/// A group of people or agents.
entity Team
entity User in Team

/// An autonomous agent, known to the facts snapshot.
entity Agent in Team {
  zone:  Zone
  limit: decimal 0..1_000_000
  tools: set<string id max 64> max 128
  hosts: set<host_pattern> max 64
  owner: User
}

obligation redact after { fields: set<string> min 1 }

subject agent: Agent            // who acts; \`trust\`, containment, quarantine and terminate are about it
every action { user: User? }    // on whose behalf

/// Money leaves the company.
action transfer {
  amount:   decimal 0.01..1_000_000
  currency: Currency
  to:       string max 256
  memo:     string? max 140
}

/// One action per MCP tool: a path is never optional for a tool that has one.
action read_file { tool: string id, path: path }
action web_get   { tool: string id, url: url }

allow transfer_in_limit on transfer
  when amount <= agent.limit and currency == EUR and trust >= 500
  oblige redact { fields: {"memo"} }

hold large_transfer on transfer
  when amount > 100
  until approved by Team::"treasury" within 15m
  because "transfers above 100 need an approver"

deny over_limit on transfer
  when amount > agent.limit
  because "above this agent's limit"
  note "{agent.id} may move at most {agent.limit}"

allow read_workspace on read_file when tool in agent.tools and path.within("/workspace")
allow get_known on web_get when tool in agent.tools and url.scheme == "https" and url.host in agent.hosts

deny zone_lock on * unless agent.zone == eu
quarantine distrusted on * when trust < 100 because "below the trust floor"

test "limits" on transfer {
  facts { Team::"treasury"  User::"u1"  Agent::"a1" {
   zone: eu, limit: 500, tools: {}, hosts: {}, owner: User::"u1" } }
  given { agent: Agent::"a1", currency: EUR, to: "ACME", trust: 800, now: 2026-11-03T10:00:00Z }
  | amount | expect                     |
  |     25 | allow by transfer_in_limit |
  |    250 | hold by large_transfer     |
  |    501 | deny by over_limit         |
}
`;

test("what is not available is named, once each, and nothing else is said", () => {
  expect(underlined(TOUR)).toEqual([]);
});

test("without that it is read whole", () => {
  const text = TOUR.replace(/^ {2}hosts: .*\n/m, "")
    .replace(/^action web_get .*\n/m, "")
    .replace(/^allow get_known .*\n/m, "")
    .replace("hosts: {}, ", "");
  const { value, diagnostics } = parse({ file: "tour.pol", text });
  expect(diagnostics).toEqual([]);
  expect(value.policy).toMatchObject({ name: { text: "agents.payments" }, version: 3n });
  expect(value.valid).toMatchObject({ fromMs: 1793491200000n, untilMs: 1809129600000n });
  expect(value.declarations.map((declaration) => declaration.kind)).toEqual([
    ...["enum", "enum", "entity", "entity", "entity", "obligation", "subject", "shared", "action", "action"],
    ...["rule", "rule", "rule", "rule", "rule", "rule", "test"],
  ]);
  expect(value.declarations.map(({ doc }) => doc).filter((doc) => doc !== "")).toEqual([
    "A group of people or agents.",
    "An autonomous agent, known to the facts snapshot.",
    "Money leaves the company.",
    "One action per MCP tool: a path is never optional for a tool that has one.",
  ]);
});
