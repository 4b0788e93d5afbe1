import type { Header } from "@polity/runtime/header.ts";
import { expect, test } from "vitest";
import { explain } from "../../compiler/interpret/explain.ts";
import { loadFacts } from "../../compiler/interpret/facts.ts";
import { HEADER } from "../support/asking.ts";
import { compiled } from "../support/compiled.ts";

const TEXT = `polity 1
policy test.explain version 1
enum Zone { eu, us }
entity User { limit: int 0..100 }
action act { user: User, amount: int, zone: Zone?, free: bool }
allow a_always on act always
allow b_fired on act when amount < user.limit unless free
deny c_first on act when amount > 5 and free and trust > 1
deny d_unless on act when amount > 5 unless free or amount == 7 or trust == 500
deny e_error on act when amount > 5 and 9 / (amount - 7) == 1 and free
deny f_absent on act when zone is absent or zone == eu
`;

function lines(header: Header = HEADER) {
  const checked = compiled(TEXT);
  const loaded = loadFacts(checked, { entities: [{ type: "User", id: "u", attributes: { limit: 10 } }] });
  if (!loaded.ok) throw new Error(loaded.refusal.message);
  const fields = { user: "u", amount: 7, free: false };
  const explained = explain(checked, loaded.facts, { action: "act", fields, header, digest: null });
  return explained.map(({ rule, result, span, values }) => ({
    rule,
    result,
    text: span === null ? null : TEXT.slice(span.start, span.end),
    values: Object.fromEntries(values.map(({ path, value }) => [path, value])),
  }));
}

test("each rule has a line with what made it so", () => {
  expect(lines()).toEqual([
    { rule: "a_always", result: "fired", text: null, values: {} },
    {
      rule: "b_fired",
      result: "fired",
      text: "amount < user.limit unless free",
      values: { amount: 7n, "user.limit": 10n, free: false },
    },
    { rule: "c_first", result: "not fired", text: "free", values: { free: false } },
    { rule: "d_unless", result: "not fired", text: "amount == 7", values: { amount: 7n } },
    { rule: "e_error", result: "divide", text: "9 / (amount - 7) == 1", values: { amount: 7n } },
    { rule: "f_absent", result: "fired", text: "zone is absent or zone == eu", values: { zone: undefined } },
  ]);
});

test("a request that is denied before any rule has no lines", () => {
  expect(lines({ ...HEADER, trust: -1 })).toEqual([]);
});
