/** Rows of text in columns; the first line is the head, the first columns are aligned to the left. */
export function table(lines: readonly (readonly string[])[], leftColumns: number): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const aligned = lines.map((line) =>
    line.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column < leftColumns ? cell.padEnd(width) : cell.padStart(width);
    }),
  );
  return aligned.map((cells) => cells.join("   ").trimEnd()).join("\n");
}
