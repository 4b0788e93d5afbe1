/** A policy of many lines as many teams might write it: every few lines a rule, each a little different. */

const HEAD = `polity 1
policy benchmark.long version 1

enum Zone { eu, us, apac }
entity Team
entity Agent in Team { zone: Zone, limit: decimal 0..1_000_000, tools: set<string id max 64> max 128 }
subject agent: Agent
every action { tool: string id max 64 }

action pay { amount: decimal 0.01..1_000_000, to: string max 256, memo: string? max 140 }
action read { file: path }
action fetch { address: url, retries: int 0..10 }
`;

const RULES: readonly ((at: number) => readonly string[])[] = [
  (at) => [
    `/// Payments of kind ${at}.`,
    `allow pay_${at} on pay`,
    `  when amount <= agent.limit and agent.zone == eu and trust >= ${at % 1_000}`,
    `    and to.starts_with("supplier-${at}-")`,
    "",
  ],
  (at) => [
    `deny large_${at} on pay`,
    `  when amount > ${1_000 + at} and tool == "tool-${at % 97}"`,
    `  because "more than {amount} is too much for ${at}"`,
    "",
  ],
  (at) => [
    `allow read_${at} on read`,
    `  when file.within("/work/project-${at}") and tool in agent.tools`,
    `  unless file.within("/work/project-${at}/secrets")`,
    "",
  ],
  (at) => [
    `hold fetch_${at} on fetch`,
    `  when address.host in "*.team-${at}.example" and retries * 2 > ${at % 20}`,
    `  until approved by Team::"team-${at % 50}" within ${1 + (at % 59)}m`,
    "",
  ],
];

export function longPolicy(lines: number): string {
  const all = HEAD.split("\n");
  for (let at = 0; all.length < lines; at += 1) all.push(...RULES[at % RULES.length]!(at));
  return `${all.join("\n")}\n`;
}
