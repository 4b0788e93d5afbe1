import { describe, expect, test } from "vitest";
import { diagnose } from "../support/parsing.ts";

const REST = "allow ok on go always\n";

/** What the underlined words of a body's diagnostics are; every one must be of POL02xx. */
function refused(body: string): string[] {
  return diagnose(body).map((line) => {
    expect(line).toMatch(/^POL02/);
    return JSON.parse(line.slice("POL0000 ".length)) as string;
  });
}

describe("one diagnostic for each construct that this version lacks", () => {
  test.each([
    ["track spent by agent = sum(amount) of transfer when currency == EUR within 24h", "track"],
    ["event signed_in { method: string }", "event"],
  ])("%s", (body, word) => {
    expect(refused(`${body}\n${REST}`)).toEqual([word]);
    expect(refused(`${REST}${body}\n${REST}${body}\n`)).toEqual([word, word]);
  });
});

test("their words are names elsewhere", () => {
  const body = `enum table { track, event, guard }
record fn { let: int, url: int, from: int, matches: bool, sum: int ref: int map: int }
action const { a: fn setting: table, if: bool, then: bool, for: bool,
  oblige: bool, obligation: bool, before: int, advice: int, age: int }
allow import on const when a.url > a.sum and matches or if and then or age == sum and for.let
${REST}`;
  expect(diagnose(body)).toEqual([]);
});
