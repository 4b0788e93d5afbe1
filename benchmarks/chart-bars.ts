/** Bars side by side, the shorter the better, on an axis on which each factor of ten takes the same room. */
import { amount, amountOf } from "./report.ts";
import { BY_HAND, POLITY, POLITY_BY_TABLE, type Row } from "./section.ts";
import { bar, line, logScale, type Panel, text, tickSize, tickTime } from "./svg.ts";
import { mostOf } from "./targets.ts";

const STEP = 24;
const THICK = 14;
const AXIS = 36;
/** For what stands behind the longest bar. */
const BEHIND = 150;
const PER_LETTER = 6.4;

/** Of rows that are all times, or all bytes. */
export function barPanel(rows: readonly Row[]): Panel {
  const [first] = rows;
  const isTime = first?.median_ns !== null;
  const labels = rows.map((row) => labelOf(row, rows));
  const room = Math.max(...labels.map(({ length }) => length)) * PER_LETTER + 12;
  const height = rows.length * STEP + AXIS;
  return {
    height,
    draw(x, y, width) {
      const most = rows.map((row) => mostOf(row, rows));
      const values = [...rows.map((row) => amount(row) ?? 0), ...most.map((value) => value ?? 0)];
      const scale = logScale(values, x + room, x + width - BEHIND);
      const bottom = y + rows.length * STEP;
      const parts = scale.ticks.flatMap((tick) => {
        const at = scale.place(tick);
        const said = isTime ? tickTime(tick) : tickSize(tick);
        return [line(at, y, at, bottom, "grid"), text(at, bottom + 15, said, "quiet middle")];
      });
      for (const [index, row] of rows.entries()) {
        const top = y + index * STEP;
        const [from, to] = [x + room, scale.place(amount(row) ?? 0)];
        parts.push(text(from - 8, top + 16, labels[index]!, "end"));
        parts.push(bar(from, top + 5, to - from, THICK, toneOf(row)));
        const limit = most[index];
        const end = limit ? Math.max(to, scale.place(limit)) : to;
        if (limit)
          parts.push(line(scale.place(limit), top + 2, scale.place(limit), top + STEP - 2, "target"));
        const mark = row.met === null ? "" : row.met ? "  ✓" : "  ✗";
        parts.push(text(end + 8, top + 16, amountOf(row) + mark));
      }
      const axis = isTime ? "median time, each factor of ten as wide" : "bytes, each factor of ten as wide";
      const aim = most.some((value) => value) ? "; the red line is the target" : "";
      return [...parts, text((x + room + x + width - BEHIND) / 2, bottom + 31, axis + aim, "quiet middle")];
    },
  };
}

function toneOf({ engine }: Row) {
  return engine === POLITY || engine === POLITY_BY_TABLE ? "polity" : engine === BY_HAND ? "hand" : "other";
}

/** What tells the row from the others. */
function labelOf(row: Row, rows: readonly Row[]): string {
  const differs = (of: (each: Row) => string) => new Set(rows.map(of)).size > 1;
  const parts: string[] = [];
  if (differs((each) => each.row)) parts.push(row.row);
  if (differs((each) => each.engine)) parts.push(row.engine);
  const isDecideOnly = row.figure === "decide" && rows.some((each) => each.figure === "encode-and-decide");
  if (row.mode === "repeated") parts.push("(repeated)");
  if (isDecideOnly) parts.push("(decide only)");
  return parts.length === 0 ? row.row : parts.join(" ");
}
