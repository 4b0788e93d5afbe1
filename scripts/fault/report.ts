/** What was injected, fired, recovered and refused, as a table. */
import type { Campaign, Row } from "./run.ts";

const HEAD = ["fault", "cases", "injected", "fired", "recovered", "refused", "wrong"];

export function renderTable({ rows }: Campaign): string {
  const lines = [HEAD, ...[...rows.values()].map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column]!, column))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cells({ name, cases, outcome }: Row): string[] {
  const { injected, fired, recovered, refused, problems } = outcome;
  const codes = [...refused].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, times]) => `${times} ${code}`);
  return [
    name,
    `${cases}`,
    `${injected}`,
    `${fired}`,
    `${recovered}`,
    codes.length === 0 ? "0" : codes.join(", "),
    `${problems.length}`,
  ];
}

/** Names stand on the left, numbers on the right. */
function pad(cell: string, width: number, column: number): string {
  return column === 0 || column === 5 ? cell.padEnd(width) : cell.padStart(width);
}

/** Each failing case with what is wrong and how to see it again. */
export function renderFailures({ failures }: Campaign, seed: number, most = 20): string {
  const shown = failures
    .slice(0, most)
    .map(({ name, problems }) =>
      [
        `FAILED ${name}`,
        ...problems.slice(0, 5).map((problem) => `  ${problem}`),
        ...(problems.length > 5 ? [`  and ${problems.length - 5} more`] : []),
        `  again: npm run fault -- --seed ${seed} --only ${name}`,
      ].join("\n"),
    );
  if (failures.length > most) shown.push(`and ${failures.length - most} more cases`);
  return shown.join("\n\n");
}
