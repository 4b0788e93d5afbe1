/** What `pol test` says of a grid: a refusal that no rule gave is none. */
import { describe, expect, test } from "vitest";
import { openBuilder } from "../../cli/builder.ts";
import { runTests } from "../../cli/run-tests.ts";
import { compiled } from "../support/compiled.ts";

const POLICY = `polity 1
policy demo.grids version 1
enum Zone { eu, us }
action read { zone: Zone, size: int 0..10 }
action write { zone: Zone, size: int 0..10, why: string }
allow small on read, write when size < 5 and zone == eu
hold large on read when size >= 5 and zone == eu
allow large_too on read when size >= 5 and zone == eu
test "grid" grid on read, write {
  GIVEN
  | zone / size | 1           | 9         |
  | eu          | read, write | hold read |
  | us          | none        | none      |
}
`;

async function failuresOf(text: string): Promise<readonly string[]> {
  const results = await runTests(compiled(text), ["reference", "wasm"], openBuilder({ cache: false }));
  return results.flatMap(({ test: { title, action }, failures }) =>
    failures.map((failure) => `${title}, ${action}: ${failure}`),
  );
}

describe("a grid", () => {
  test("passes where every cell is as it says", async () => {
    expect(await failuresOf(POLICY.replace("GIVEN", 'given { why: "x" }'))).toEqual([]);
  });

  test("fails where a request was refused for what is missing in it", async () => {
    expect(await failuresOf(POLICY.replace("GIVEN", ""))).toEqual([
      "grid: eu / 1, write: expected allow, got deny (input.missing)",
      "grid: eu / 9, write: expected refused by the rules, got deny (input.missing)",
      "grid: us / 1, write: expected refused by the rules, got deny (input.missing)",
      "grid: us / 9, write: expected refused by the rules, got deny (input.missing)",
    ]);
  });

  test("fails where more is permitted or held than a cell says", async () => {
    const text = POLICY.replace("GIVEN", 'given { why: "x" }');
    expect(await failuresOf(text.replace("| read, write | hold read |", "| read | none |"))).toEqual([
      "grid: eu / 1, write: expected refused by the rules, got allow (rule)",
      "grid: eu / 9, read: expected refused by the rules, got hold (rule)",
    ]);
  });
});
