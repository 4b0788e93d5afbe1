/** From few to many: a line for each engine, named where it ends. */
import { BY_HAND, POLITY, type Row } from "./section.ts";
import { curve, dot, line, logScale, type Panel, type Tone, text, tickTime } from "./svg.ts";
import { digits, mostOf, time } from "./targets.ts";

const HEIGHT = 260;
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 152, 26, 40];
const LABEL = 14;
const OTHERS: readonly Tone[] = ["other", "second", "third", "fourth"];

interface Series {
  readonly name: string;
  readonly tone: Tone;
  readonly isDashed: boolean;
  readonly points: readonly (readonly [count: number, ns: number])[];
}

/** Of rows whose names end in a number. */
export function linePanel(kind: string, rows: readonly Row[]): Panel {
  const all = seriesOf(rows);
  const limits = rows.flatMap((row) => mostOf(row, rows) ?? []);
  return {
    height: HEIGHT,
    draw(x, y, width) {
      const counts = [...new Set(all.flatMap(({ points }) => points.map(([count]) => count)))].sort(
        (a, b) => a - b,
      );
      const [left, right, top, bottom] = [x + LEFT, x + width - RIGHT, y + TOP, y + HEIGHT - BOTTOM];
      const across = acrossScale(counts, left, right);
      const values = [...all.flatMap(({ points }) => points.map(([, ns]) => ns)), ...limits];
      const up = logScale(values, bottom, top);
      const parts = [text(x, y + 12, kind)];
      for (const tick of up.ticks) {
        const at = up.place(tick);
        parts.push(line(left, at, right, at, "grid"), text(left - 6, at + 4, tickTime(tick), "quiet end"));
      }
      for (const count of shownOf(counts, across)) {
        parts.push(text(across(count), bottom + 16, digits(count), "quiet middle"));
      }
      parts.push(
        text((left + right) / 2, bottom + 32, "how many; median time of a decision", "quiet middle"),
      );
      const [limit] = limits;
      if (limit !== undefined && limits.every((each) => each === limit)) {
        parts.push(line(left, up.place(limit), right, up.place(limit), "target dashed"));
        parts.push(text(left + 4, up.place(limit) + 13, `target ${time(limit)}`, "aim"));
      }
      const ends = spread(all.map(({ points }) => up.place(points.at(-1)![1])));
      for (const [index, { name, tone, isDashed, points }] of all.entries()) {
        const placed = points.map(([count, ns]) => [across(count), up.place(ns)] as const);
        parts.push(curve(placed, isDashed ? `${tone} dashed` : tone));
        parts.push(...placed.map(([px, py]) => dot(px, py, tone)));
        parts.push(text(right + 8, ends[index]! + 4, name, tone));
      }
      return parts;
    },
  };
}

function seriesOf(rows: readonly Row[]): readonly Series[] {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const isDecideOnly = row.figure === "decide" && rows.some(isWhole(row.engine));
    const name = isDecideOnly ? `${row.engine} (decide only)` : row.engine;
    found.set(name, [...(found.get(name) ?? []), row]);
  }
  const others = [...new Set(rows.map(({ engine }) => engine))].filter(
    (each) => each !== POLITY && each !== BY_HAND,
  );
  return [...found].map(([name, of]) => {
    const { engine } = of[0]!;
    const tone =
      engine === POLITY ? "polity" : engine === BY_HAND ? "hand" : OTHERS[others.indexOf(engine) % 4]!;
    const points = of.map(
      (row) => [Number(row.row.slice(row.row.lastIndexOf("-") + 1)), row.median_ns!] as const,
    );
    const isDashed = name !== engine || engine.endsWith("-published");
    return { name, tone, isDashed, points: [...points].sort(([a], [b]) => a - b) };
  });
}

function isWhole(engine: string) {
  return (row: Row) => row.engine === engine && row.figure === "encode-and-decide";
}

/** Where the largest count is a hundred times the smallest, each factor of ten takes the same room. */
function acrossScale(counts: readonly number[], left: number, right: number): (count: number) => number {
  const [least, most] = [counts[0] ?? 0, counts.at(-1) ?? 1];
  const of = most / Math.max(1, least) > 50 ? Math.log10 : (count: number) => count;
  const span = of(most) - of(least) || 1;
  return (count) => left + ((of(count) - of(least)) / span) * (right - left);
}

/** Those that have room beside each other. */
function shownOf(counts: readonly number[], across: (count: number) => number): readonly number[] {
  const shown: number[] = [];
  for (const count of counts) {
    const before = shown.at(-1);
    const room = (digits(count).length + 1) * 6.5;
    if (before === undefined || across(count) - across(before) >= room) shown.push(count);
  }
  return shown;
}

/** The same places, moved apart until each has the room of a line. */
function spread(places: readonly number[]): readonly number[] {
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  const moved = [...places];
  for (let at = 1; at < order.length; at += 1) {
    const [before, here] = [order[at - 1]!.index, order[at]!.index];
    moved[here] = Math.max(moved[here]!, moved[before]! + LABEL);
  }
  return moved;
}
