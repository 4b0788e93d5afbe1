/** Charts of the benchmark: pure text of the rows. */
import { describe, expect, test } from "vitest";
import { chart } from "../../benchmarks/chart.ts";
import type { Report } from "../../benchmarks/report.ts";
import { BY_HAND, type Measured, POLITY } from "../../benchmarks/section.ts";
import { logScale } from "../../benchmarks/svg.ts";
import { judge } from "../../benchmarks/targets.ts";

function row(
  name: string,
  engine: string,
  median_ns: number | null,
  change: Partial<Measured> = {},
): Measured {
  const same = { mode: "varied", figure: "encode-and-decide", p99_ns: median_ns, ratio_to_hand: 1 } as const;
  return { row: name, engine, median_ns, ...same, ...change };
}

function drawn(...rows: readonly Measured[]): string {
  const nothing = { engines: [], not_run: [], failed: [] };
  const about = {
    section: "decide",
    machine: "a <machine> & more",
    date: "2026-11-22",
    seed: 1,
    quick: false,
  };
  const report: Report = { ...about, rows: judge(rows), ...nothing };
  return chart(report, "What & how") ?? "";
}

describe("charts", () => {
  const bars = [
    row("five-field", BY_HAND, 20),
    row("five-field", POLITY, 200),
    row("five-field", "casl", 2_000),
  ];

  test("a bar for each engine, a factor of ten as wide everywhere", () => {
    const svg = drawn(...bars);
    const widths = [...svg.matchAll(/<rect class="\w+" x="[\d.]+" y="[\d.]+" width="([\d.]+)"/g)].map(
      ([, width]) => Number(width),
    );
    expect(widths).toHaveLength(3);
    expect(widths[2]! - widths[1]!).toBeCloseTo(widths[1]! - widths[0]!, 0);
    for (const said of ["hand-written", "polity", "casl", "2,000 ns"]) expect(svg).toContain(`>${said}`);
  });

  test("what was not timed, and what only repeats, has no bar", () => {
    const wrong = row("five-field", "cel-js", null);
    const repeated = row("five-field", "casbin", 5, { mode: "repeated" });
    expect(drawn(...bars, wrong, repeated)).toBe(drawn(...bars));
    expect(drawn(wrong)).toBe("");
  });

  test("rows from few to many become a line for each engine and a panel for each kind", () => {
    const counts = [10, 100, 1_000];
    const kinds = ["rules-one-shape", "rules-five-shapes"];
    const rows = kinds.flatMap((kind) =>
      counts.flatMap((count) =>
        [BY_HAND, POLITY].map((engine) => row(`${kind}-${count}`, engine, 10 + count)),
      ),
    );
    const svg = drawn(...rows);
    expect(svg.match(/<polyline/g)).toHaveLength(4);
    expect(svg.match(/<circle/g)).toHaveLength(12);
    for (const said of [...kinds, "1,000"]) expect(svg).toContain(`>${said}<`);
  });

  test("bytes have an axis of their own", () => {
    const size = row("module-five-field", POLITY, null, { figure: "size", mode: "once", bytes: 5_000 });
    const svg = drawn(...bars, size);
    expect(svg).toContain("median time");
    expect(svg).toContain("bytes, each factor");
    expect(svg).toContain("5,000 B");
  });

  test("the same rows give the same picture, well formed", () => {
    const svg = drawn(...bars);
    expect(drawn(...bars)).toBe(svg);
    expect(svg).toContain("a &lt;machine&gt; &amp; more");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    const open = svg.match(/<(?!\/|\w+ [^>]*\/>)\w+/g) ?? [];
    const closed = svg.match(/<\/\w+>/g) ?? [];
    expect(open).toHaveLength(closed.length);
  });

  test("a scale stands values that have no logarithm", () => {
    const { place, ticks } = logScale([0, 10, 1_000], 0, 200);
    expect(ticks).toEqual([10, 100, 1_000]);
    expect([0, 10, 100, 1_000].map(place)).toEqual([0, 0, 100, 200]);
    expect(logScale([0], 0, 200).place(0)).toBe(0);
    expect(logScale([1], 0, 200).ticks).toEqual([1, 10]);
  });
});
