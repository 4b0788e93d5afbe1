/** Coverage: which rules and conditions the tests of a policy have shown both ways (spec 11.6). */
import { expect, test } from "vitest";
import { openBuilder } from "../../cli/builder.ts";
import { coverageLine, coverageOf } from "../../cli/coverage.ts";
import { runTests } from "../../cli/run-tests.ts";
import { compiled } from "../support/compiled.ts";

const POLICY = `polity 1
policy demo.coverage version 1
entity Agent { limit: int 0..1_000 }
subject agent: Agent
action pay { amount: int 0..1_000, memo: string?, rush: bool, sizes: list<int 0..10> }
allow small on pay
  when amount <= agent.limit and memo is present and memo == "x" unless rush or amount == 7
deny erring on pay when 100 / amount == 25
hold all on pay always
allow any_large on pay when any(size in sizes: size > 5 and memo is present and memo == "y")
test "t" on pay {
  facts { Agent::"a" { limit: 100 } }
  given { agent: Agent::"a", rush: false, sizes: [] }
ROWS
}
`;

/** Each condition as written with the number of tests in which it decided alone, and the summary. */
async function covered(...rows: string[]): Promise<Record<string, unknown>> {
  const text = POLICY.replace("ROWS", ["  | amount | memo | rush | expect |", ...rows].join("\n"));
  const checked = compiled(text);
  const results = await runTests(checked, ["reference"], openBuilder({ cache: false }));
  const coverage = coverageOf(
    checked,
    results.flatMap(({ observations }) => observations),
  );
  const alone: Record<string, unknown> = {};
  for (const { rule, fired, notFired, isCovered, parts } of coverage) {
    alone[rule.name] = `${fired} ${notFired} ${isCovered}`;
    for (const { span, alone: times } of parts) alone[text.slice(span.start, span.end)] = times;
  }
  return { ...alone, line: coverageLine(coverage) };
}

test("a condition decides alone where all others are as wanted", async () => {
  expect(
    await covered(
      '  | 10  | "x" | false | hold |',
      '  | 101 | "x" | false | deny |',
      '  | 102 | "z" | false | deny |',
      '  | 8   | "x" | true  | deny |',
    ),
  ).toMatchObject({
    small: "1 3 true",
    "amount <= agent.limit": 1,
    "memo is present": 0,
    'memo == "x"': 0,
    rush: 1,
    "amount == 7": 0,
    all: "4 0 true",
    line: "covered: 2 of 4 rules, 4 of 7 conditions",
  });
});

test("what is only there where a condition holds does not count against it", async () => {
  expect(await covered("  | 10 | absent | false | deny |")).toMatchObject({
    "memo is present": 1,
    'memo == "x"': 0,
    "amount <= agent.limit": 0,
  });
  expect(await covered("  | 101 | absent | false | deny |")).toMatchObject({ "memo is present": 0 });
});

test("an error shows neither", async () => {
  expect(await covered('  | 0 | "x" | false | deny |')).toMatchObject({ erring: "0 0 false" });
  expect(await covered('  | 4 | "x" | false | deny |', '  | 5 | "x" | false | hold |')).toMatchObject({
    erring: "1 1 true",
    "100 / amount == 25": 1,
  });
});

test("a request that is denied before any rule shows nothing", async () => {
  expect(await covered('  | 2000 | "x" | false | deny |')).toMatchObject({
    all: "0 0 false",
    line: "covered: 0 of 4 rules, 0 of 7 conditions",
  });
});
