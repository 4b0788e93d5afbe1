/** What the benchmark says about its figures: pure functions, tried on figures that are made up. */
import { describe, expect, test } from "vitest";
import { type Report, render, summary } from "../../benchmarks/report.ts";
import { BY_HAND, type Measured, POLITY } from "../../benchmarks/section.ts";
import { digits, judge, time } from "../../benchmarks/targets.ts";

const BASE: Measured = {
  row: "five-field",
  engine: POLITY,
  mode: "varied",
  figure: "encode-and-decide",
  median_ns: 80,
  p99_ns: 120,
  ratio_to_hand: 7,
};

function row(change: Partial<Measured>): Measured {
  return { ...BASE, ...change };
}

function metOf(...rows: readonly Measured[]): boolean | null | undefined {
  return judge(rows)[0]?.met;
}

describe("targets", () => {
  test("the rule over five fields: by its ratio, and ahead of every other engine", () => {
    const [behind, ahead] = [
      row({ engine: "cel-js", ratio_to_hand: 6 }),
      row({ engine: "casl", ratio_to_hand: 9 }),
    ];
    expect(metOf(BASE, ahead)).toBe(true);
    expect(metOf(BASE, ahead, behind)).toBe(false);
    expect(metOf(row({ ratio_to_hand: 8.1 }), ahead)).toBe(false);
    // Nobody to be compared with.
    expect(metOf(BASE)).toBe(null);
    expect(metOf(BASE, row({ engine: BY_HAND, ratio_to_hand: 1 }))).toBe(null);
    // Other questions count for nothing.
    expect(metOf(BASE, ahead, row({ engine: "cel-js", mode: "repeated", ratio_to_hand: 1 }))).toBe(true);
  });

  test("none for other engines, nor for repeated requests", () => {
    expect(metOf(row({ engine: "casl" }), BASE)).toBe(null);
    expect(metOf(row({ mode: "repeated" }), row({ engine: "casl", mode: "repeated" }))).toBe(null);
    expect(judge([row({ engine: "casl" })])[0]?.target).toBe(null);
  });

  test("graphs: a time, and many times faster than another engine in the same run", () => {
    const ours = row({ row: "oopsla-github-50", median_ns: 200 });
    const cedar = row({ row: "oopsla-github-50", engine: "cedar-wasm", median_ns: 200_000 });
    expect(metOf(ours, cedar)).toBe(true);
    expect(metOf(ours, { ...cedar, median_ns: 199_999 })).toBe(false);
    expect(metOf({ ...ours, median_ns: 201 }, cedar)).toBe(false);
    expect(metOf(ours)).toBe(null);
    expect(judge([ours])[0]?.target).toBe("≤ 200 ns, ≥ 1,000 × cedar-wasm");
  });

  test("growth, from the first row of the kind", () => {
    const first = row({ row: "rules-one-shape-10", median_ns: 70 });
    const grown = row({ row: "rules-one-shape-10000", median_ns: 139 });
    expect(metOf(grown, first)).toBe(true);
    expect(metOf({ ...grown, median_ns: 140 }, first)).toBe(false);
    expect(metOf({ ...grown, row: "rules-one-shape-100000", median_ns: 500 }, first)).toBe(true);
  });

  test("bytes and nanoseconds of each unit", () => {
    const nothing = { median_ns: null, p99_ns: null, ratio_to_hand: null, mode: "once" } as const;
    const memory = row({ ...nothing, row: "facts-100000", figure: "memory", units: 100_000, bytes: 1e7 });
    expect(metOf(memory)).toBe(true);
    expect(metOf({ ...memory, bytes: 1e7 + 1 })).toBe(false);
    const text = row({ row: "text-regex-64k", median_ns: 131_072, units: 65_536 });
    expect(metOf(text)).toBe(true);
    expect(metOf({ ...text, median_ns: 131_073 })).toBe(false);
    expect(metOf({ ...text, row: "text-regex-simd-64k" })).toBe(false);
    expect(metOf(row({ ...nothing, row: "memory-growth-module", figure: "memory", bytes: 0 }))).toBe(true);
    expect(metOf(row({ ...nothing, row: "memory-growth-module", figure: "memory", bytes: 1 }))).toBe(false);
  });

  test("what was not timed meets no target", () => {
    const wrong = row({ median_ns: null, p99_ns: null, ratio_to_hand: null, isWrong: true });
    expect(metOf({ ...wrong, row: "facts-100000" })).toBe(false);
  });
});

describe("the table", () => {
  const wrong = row({
    engine: "casl",
    median_ns: null,
    p99_ns: null,
    ratio_to_hand: null,
    isWrong: true,
    note: "so",
  });
  const report: Report = {
    section: "decide",
    machine: "a machine",
    date: "2026-11-22",
    seed: 1,
    quick: false,
    rows: judge([BASE, wrong, row({ engine: "cel-js", ratio_to_hand: 12.345, median_ns: 12_345 })]),
    engines: [{ engine: "cel-js", package: "a-package", version: "8.0.0", form: "parsed once" }],
    not_run: [{ engine: "opa-wasm", why: "no program" }],
    failed: [{ row: "five-field", engine: "casbin" }],
  };

  test("has a line for each row, and says what was not measured", () => {
    const text = render(report, "Title");
    expect(text).toContain("five-field   polity");
    expect(text).toMatch(/80 ns +120 ns +7 × +≤ 8 × by hand, ahead of all others +✓/);
    expect(text).toMatch(/casl +varied +encode-and-decide +differs/);
    expect(text).toMatch(/12\.3 µs +120 ns +12\.3 ×/);
    expect(text).toContain("five-field, casl: so");
    expect(text).toContain("cel-js: a-package 8.0.0, parsed once");
    expect(text).toContain("opa-wasm: not run: no program");
    expect(text).toContain("five-field, casbin: FAILED");
  });

  test("the summary names what is missed", () => {
    expect(summary([report])).toBe("1 of 1 targets met");
    const missed = { ...report, rows: judge([row({ ratio_to_hand: 9 }), row({ engine: "casl" })]) };
    expect(summary([missed])).toContain("0 of 1 targets met\n  five-field, encode-and-decide: 80 ns");
  });

  test("numbers are short", () => {
    const shown = [0.5, 3.256, 12.345, 123.4, 9_999, 12_345, 1.5e6, 2e9].map(time);
    const wanted = ["0.5 ns", "3.26 ns", "12.3 ns", "123 ns", "9,999 ns", "12.3 µs", "1.5 ms", "2 s"];
    expect(shown).toEqual(wanted);
    expect(digits(10)).toBe("10");
    expect(digits(100)).toBe("100");
  });
});
