/** Policies of many rules, calls that meet them, and the same rules as tables in JavaScript. */
import { random } from "../random.ts";

export interface Call {
  readonly tool: string;
  readonly role: string;
  readonly team: string;
  readonly region: string;
  readonly amount: number;
}

interface Rule {
  readonly kind: Kind;
  readonly name: string;
  readonly tool: string;
  /** What the kind asks for besides the tool. */
  readonly other: string;
  readonly amount: number;
}

interface Kind {
  readonly verdict: "allow" | "deny";
  readonly field: "role" | "team" | "region";
  readonly fires: (amount: number, bound: number) => boolean;
  readonly condition: (rule: Rule) => string;
}

const exactly = ({ kind, tool, other }: Rule) => `tool == "${tool}" and ${kind.field} == "${other}"`;

const BELOW: Kind = {
  verdict: "allow",
  field: "role",
  fires: (amount, bound) => amount < bound,
  condition: (rule) => `${exactly(rule)} and amount < ${rule.amount}`,
};

export const KINDS = {
  "one-shape": [BELOW],
  "five-shapes": [
    BELOW,
    {
      verdict: "allow",
      field: "team",
      fires: (amount, bound) => amount <= bound,
      condition: (rule) => `${exactly(rule)} and amount <= ${rule.amount}`,
    },
    {
      verdict: "deny",
      field: "region",
      fires: (amount, bound) => amount > bound,
      condition: (rule) => `${exactly(rule)} and amount > ${rule.amount}`,
    },
    {
      verdict: "allow",
      field: "region",
      fires: (amount, bound) => amount !== bound,
      condition: ({ tool, other, amount }) =>
        `region == "${other}" and tool == "${tool}" and amount != ${amount}`,
    },
    {
      verdict: "deny",
      field: "role",
      fires: (amount, bound) => amount >= bound,
      condition: (rule) => `${exactly(rule)} and ${rule.amount} <= amount`,
    },
  ],
} as const satisfies Record<string, readonly Kind[]>;

const SOME: Record<Kind["field"], readonly string[]> = {
  role: ["reader", "writer", "owner", "admin", "auditor", "guest", "operator", "support"],
  team: ["payments", "search", "platform", "growth", "legal", "data"],
  region: ["eu-west", "eu-north", "us-east", "us-west", "asia"],
};
const AMOUNT_MAX = 10_000;

/** As many tools as rules of a kind, a quarter of them: some rules have their tool in common. */
export function rulesOf(kinds: readonly Kind[], count: number, seed: number): readonly Rule[] {
  const next = random(seed);
  const tools = Math.max(1, Math.floor(count / kinds.length / 4));
  return Array.from({ length: count }, (_, at) => {
    const kind = kinds[at % kinds.length]!;
    const tool = `tool-${Math.floor(next() * tools)}`;
    const other = pick(SOME[kind.field], next);
    return { kind, name: `rule_${at}`, tool, other, amount: Math.floor(next() * AMOUNT_MAX) };
  });
}

export function policyOf(rules: readonly Rule[]): string {
  const head = `polity 1
policy benchmark.rules version 1
action call {
  tool: string id max 64, role: string id max 32, team: string id max 32, region: string id max 32
  amount: int 0..${AMOUNT_MAX}
}
`;
  const lines = rules.map(
    (rule) => `${rule.kind.verdict} ${rule.name} on call when ${rule.kind.condition(rule)}`,
  );
  return `${head}${lines.join("\n")}\n`;
}

/** Nine of ten about a tool that some rule names. */
export function callsOf(rules: readonly Rule[], count: number, seed: number): readonly Call[] {
  const next = random(seed + 1_000);
  return Array.from({ length: count }, () => {
    const rule = pick(rules, next);
    const call = {
      tool: next() < 0.1 ? `unknown-${Math.floor(next() * 1_000)}` : rule.tool,
      role: pick(SOME.role, next),
      team: pick(SOME.team, next),
      region: pick(SOME.region, next),
      amount: Math.floor(next() * AMOUNT_MAX),
    };
    return next() < 0.5 ? { ...call, [rule.kind.field]: rule.other } : call;
  });
}

/** A map from tool to map from the other text to bounds, for each kind; a deny that fires wins. */
export function byHandOf(rules: readonly Rule[]): (call: Call) => boolean {
  const tables = new Map<Kind, Map<string, Map<string, number[]>>>();
  for (const { kind, tool, other, amount } of rules) {
    const byTool = tables.get(kind) ?? new Map<string, Map<string, number[]>>();
    tables.set(kind, byTool);
    const byOther = byTool.get(tool) ?? new Map<string, number[]>();
    byTool.set(tool, byOther);
    const bounds = byOther.get(other) ?? [];
    byOther.set(other, bounds);
    bounds.push(amount);
  }
  const all = [...tables];
  return (call) => {
    let granted = false;
    for (const [kind, byTool] of all) {
      const bounds = byTool.get(call.tool)?.get(call[kind.field]);
      if (bounds === undefined) continue;
      for (const bound of bounds) {
        if (!kind.fires(call.amount, bound)) continue;
        if (kind.verdict === "deny") return false;
        granted = true;
      }
    }
    return granted;
  };
}

function pick<T>(values: readonly T[], next: () => number): T {
  return values[Math.floor(next() * values.length)]!;
}
