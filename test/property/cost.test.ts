/** The bound on steps is near enough to what simple policies take (laws.md, C2 and C3). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadFacts } from "../../compiler/interpret/facts.ts";
import { interpretCounting } from "../../compiler/interpret/interpret.ts";
import { weigh } from "../../compiler/weigh/weigh.ts";
import { WEIGHTS } from "../../compiler/weights.ts";
import { HEADER } from "../support/asking.ts";
import { compiled } from "../support/compiled.ts";
import { ROOT } from "../support/repository.ts";

const FIELDS = `a: int, b: int 1..9, s: string max 64, o: int?, xs: set<int> min 1 max 50,
  names: list<string max 16> min 1 max 8, dir: path max 64`;

function policy(condition: string): string {
  return `polity 1\npolicy test.cost version 1\naction go { ${FIELDS} }\nallow r on go when ${condition}\n`;
}

/** Every field as large as it may be, and no test true before its end. */
const LARGEST = {
  a: 1,
  b: 1,
  s: "x".repeat(64),
  xs: Array.from({ length: 50 }, (_, index) => index + 100),
  names: Array.from({ length: 8 }, () => "y".repeat(16)),
  dir: `/${"z".repeat(63)}`,
  o: 1,
};

function stepsTaken(condition: string): { readonly counted: bigint; readonly bound: bigint } {
  const checked = compiled(policy(condition));
  const loaded = loadFacts(checked, { entities: [] });
  if (!loaded.ok) throw new Error(loaded.refusal.message);
  const request = { action: "go", fields: LARGEST, header: HEADER, digest: null };
  const { steps } = interpretCounting(checked, loaded.facts, request);
  const [weight] = weigh(checked);
  if (weight === undefined) throw new Error("one action has one weight");
  // Reading the frame is the same on both sides but for the approvals that it might hold.
  const approvals = 16n * WEIGHTS.approval.steps;
  return { counted: steps, bound: weight.decodeSteps - approvals + weight.ruleSteps };
}

describe("C2: a bound that is reached", () => {
  test.each([
    "a == 1",
    "a + b * 2 > 0",
    "a / b > 0 or a % b == 1",
    's == "abc"',
    'not s.starts_with("abc")',
    's like "*x*"',
    "not (a in xs)",
    "s in names",
    "all(x in xs: x > 0)",
    "count(n in names: n == s) == 0",
    "any(x in xs: any(y in xs: x + y < 0)) or a == 1",
    'not dir.within("/tmp")',
    "a in 1..10",
    "o is present and o == 1",
  ])("%s", (condition) => {
    const { counted, bound } = stepsTaken(condition);
    expect(counted).toBeLessThanOrEqual(bound);
    expect(counted * 2n).toBeGreaterThanOrEqual(bound);
  });
});

test("C3: more to do never costs less", () => {
  const costs = ["a == 1", "a == 1 and b == 1", "a == 1 and b == 1 and any(x in xs: x == a)"].map(
    (condition) => stepsTaken(condition).bound,
  );
  expect(costs).toEqual([...costs].sort((a, b) => (a < b ? -1 : 1)));
  expect(new Set(costs).size).toBe(3);
});

test("the table of the specification is the one that counts", () => {
  const text = readFileSync(join(ROOT, "docs", "spec.md"), "utf8");
  const written = [...text.matchAll(/^\| `(\w+)` \| (\d+) \| (.+) \|$/gm)].map(([, name, steps, of]) => [
    name,
    { steps: BigInt(steps ?? "0"), of },
  ]);
  expect(written).toEqual(Object.entries(WEIGHTS));
});

test("a set of paths costs the square of its members to read, a list does not", () => {
  const steps = (type: string) => {
    const head = "polity 1\npolicy test.cost version 1";
    const [weight] = weigh(compiled(`${head}\naction go { ps: ${type} }\nallow r on go always\n`));
    return weight?.decodeSteps ?? 0n;
  };
  const pairs = 100n * 100n * (1n + 8n);
  expect(steps("set<path max 64> max 100") - steps("list<path max 64> max 100")).toBe(pairs);
  expect(steps("set<string max 64> max 100")).toBeLessThan(pairs);
});
