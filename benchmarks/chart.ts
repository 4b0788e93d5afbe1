/** A chart of a section's results, as SVG: the same rows give the same picture. */
import { barPanel } from "./chart-bars.ts";
import { linePanel } from "./chart-lines.ts";
import { amount, type Report } from "./report.ts";
import type { Row } from "./section.ts";
import { type Panel, picture, text } from "./svg.ts";

const WIDTH = 860;
const MARGIN = 16;
const HEAD = 56;
const GAP = 24;

/** Null where nothing in the section was measured. */
export function chart(report: Report, title: string): string | null {
  const rows = report.rows.filter(
    (row) => amount(row) !== null && !(isDecision(row) && row.mode === "repeated"),
  );
  if (rows.length === 0) return null;
  const groups = groupsOf(rows);
  const panels = groups ?? bothKinds(rows).map((of) => barPanel(of));
  const columns = groups === null ? 1 : Math.min(2, panels.length);
  const width = (WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns;
  const about = `${report.machine}; ${report.date}`;
  const heading = report.quick ? `${title} (A SHORT RUN: figures mean little)` : title;
  const parts = [text(MARGIN, 28, heading, "title"), text(MARGIN, 45, about, "quiet")];
  let y = HEAD;
  for (let at = 0; at < panels.length; at += columns) {
    const beside = panels.slice(at, at + columns);
    for (const [column, panel] of beside.entries()) {
      parts.push(...panel.draw(MARGIN + column * (width + GAP), y, width));
    }
    y += Math.max(...beside.map(({ height }) => height)) + GAP;
  }
  return picture(WIDTH, y, title, parts);
}

/** Rows that go from few to many, a panel for each kind; null where most are not of that sort. */
function groupsOf(rows: readonly Row[]): readonly Panel[] | null {
  const kinds = new Map<string, Row[]>();
  for (const row of rows) {
    const [, kind] = /^(.+)-\d+$/.exec(row.row) ?? [];
    if (kind !== undefined && isDecision(row)) kinds.set(kind, [...(kinds.get(kind) ?? []), row]);
  }
  const wide = [...kinds].filter(([, of]) => new Set(of.map(({ row }) => row)).size > 1);
  return wide.length === 0 ? null : wide.map(([kind, of]) => linePanel(kind, of));
}

/** Times and bytes have no axis in common. */
function bothKinds(rows: readonly Row[]): readonly (readonly Row[])[] {
  const times = rows.filter(({ median_ns }) => median_ns !== null);
  const bytes = rows.filter(({ median_ns }) => median_ns === null);
  return [times, bytes].filter((of) => of.length > 0);
}

function isDecision({ figure }: Row): boolean {
  return figure === "decide" || figure === "encode-and-decide";
}
