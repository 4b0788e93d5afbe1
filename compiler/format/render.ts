/** Lines as text: columns of fields, tables and comments are aligned. */
import { isFieldBlock, lastTokens, nextToken } from "./breaks.ts";
import { codeEnd, type Line, lineText } from "./lines.ts";
import type { Place } from "./places.ts";

interface Row {
  readonly line: Line;
  readonly isBlankAbove: boolean;
  code: string;
  readonly comment: string;
  /** Of a field in a block: where its type begins in `code`; -1 for other lines. */
  readonly typeAt: number;
  /** Of a line of a table: its cells. */
  readonly cells: readonly string[] | null;
  /** Cells that are one number each. */
  readonly isNumber: readonly boolean[];
}

export function render(places: readonly Place[], lines: readonly Line[]): string {
  const blank = blanksAround(places, lines);
  const rows = lines.map((line, index) => rowOf(places, line, blank.has(index)));
  alignFields(rows);
  alignTables(places, rows);
  const text: string[] = [];
  const columns = commentColumns(rows);
  for (const [index, { line, code, comment, isBlankAbove }] of rows.entries()) {
    if (isBlankAbove) text.push("");
    const shown = (" ".repeat(line.indent) + code).trimEnd();
    text.push(comment === "" ? shown : shown.padEnd(columns[index] ?? 0) + comment);
  }
  return `${text.join("\n")}\n`;
}

/** Declarations of several lines stand apart, with the comments that are about them. */
function blanksAround(places: readonly Place[], lines: readonly Line[]): ReadonlySet<number> {
  const blank = new Set<number>();
  const ends = lastTokens(places);
  let lastOfLong = -1;
  for (const [index, line] of lines.entries()) {
    if (line.isBlankAbove) blank.add(index);
    const place = places[line.from];
    if (place === undefined) continue;
    if (lastOfLong === index - 1 && index > 0 && isOutside(places, line)) blank.add(index);
    if (place.mark !== "declaration") continue;
    const end = ends.get(line.from) ?? line.from;
    let last = index;
    while (lines[last + 1] !== undefined && (lines[last + 1]?.from ?? 0) <= end) last += 1;
    if (last === index) continue;
    lastOfLong = last;
    const first = firstComment(places, lines, index);
    if (first > 0) blank.add(first);
  }
  return blank;
}

function isOutside(places: readonly Place[], { from }: Line): boolean {
  const next = nextToken(places, from);
  return next === undefined || next.mark === "declaration";
}

/** The first of the comments right above a line. */
function firstComment(places: readonly Place[], lines: readonly Line[], index: number): number {
  let first = index;
  while (first > 0 && lines[first]?.isBlankAbove === false) {
    if (places[lines[first - 1]?.from ?? 0]?.kind !== "Comment") break;
    first -= 1;
  }
  return first;
}

function rowOf(places: readonly Place[], line: Line, isBlankAbove: boolean): Row {
  const { from, to } = line;
  const end = codeEnd(places, from, to);
  const place = places[from];
  const cells = place?.kind === "Pipe" ? cellsOf(places, from, end) : null;
  const isField = place?.mark === "field" && place.opener >= 0 && isFieldBlock(places, place.opener);
  let colon = from;
  while (isField && colon < end && places[colon]?.kind !== "Colon") colon += 1;
  return {
    line,
    isBlankAbove,
    code: lineText(places, from, end),
    comment: end < to ? (places[end]?.text ?? "") : "",
    typeAt: isField ? lineText(places, from, colon + 1).length + 1 : -1,
    cells: cells?.map(([start, stop]) => lineText(places, start, stop)) ?? null,
    isNumber: cells?.map((cell) => isNumber(places, cell)) ?? [],
  };
}

type Cell = readonly [from: number, to: number];

function cellsOf(places: readonly Place[], from: number, to: number): readonly Cell[] | null {
  const cells: Cell[] = [];
  let start = from + 1;
  for (let index = from + 1; index < to; index += 1) {
    const isBorder = places[index]?.kind === "Pipe" && places[index]?.opener === places[from]?.opener;
    if (!isBorder) continue;
    cells.push([start, index]);
    start = index + 1;
  }
  return start === to && cells.length > 0 ? cells : null;
}

function isNumber(places: readonly Place[], [from, to]: Cell): boolean {
  const first = places[from]?.kind === "Minus" ? from + 1 : from;
  const kind = places[first]?.kind;
  return first + 1 === to && (kind === "Integer" || kind === "Decimal");
}

/** Types of fields on lines that follow each other begin in one column. */
function alignFields(rows: readonly Row[]): void {
  for (const run of runs(rows, ({ typeAt }) => typeAt >= 0)) {
    const column = Math.max(...run.map(({ typeAt }) => typeAt));
    for (const row of run) {
      row.code = row.code.slice(0, row.typeAt).padEnd(column) + row.code.slice(row.typeAt);
    }
  }
}

/** Runs of lines without a blank one between them. */
function runs(rows: readonly Row[], belongs: (row: Row) => boolean): readonly (readonly Row[])[] {
  const found: Row[][] = [];
  let run: Row[] = [];
  for (const row of rows) {
    if (row.isBlankAbove || !belongs(row)) run = [];
    if (!belongs(row)) continue;
    if (run.length === 0) found.push(run);
    run.push(row);
  }
  return found;
}

/** Numbers end in one column, everything else begins in one. */
function alignTables(places: readonly Place[], rows: readonly Row[]): void {
  const tables = new Map<number, Row[]>();
  for (const row of rows) {
    const opener = places[row.line.from]?.opener ?? -1;
    if (row.cells === null) continue;
    const table = tables.get(opener);
    if (table === undefined) tables.set(opener, [row]);
    else table.push(row);
  }
  for (const table of tables.values()) alignTable(table);
}

function alignTable(table: readonly Row[]): void {
  const widths: number[] = [];
  const numeric: boolean[] = [];
  for (const [at, { cells, isNumber: numbers }] of table.entries()) {
    for (const [column, cell] of (cells ?? []).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
      // The first line names the columns.
      if (at > 0) numeric[column] = (numeric[column] ?? true) && numbers[column] === true;
    }
  }
  for (const [at, row] of table.entries()) {
    const cells = (row.cells ?? []).map((cell, column) => {
      const width = widths[column] ?? 0;
      return at > 0 && numeric[column] === true ? cell.padStart(width) : cell.padEnd(width);
    });
    row.code = `| ${cells.join(" | ")} |`;
  }
}

/** Where the comment of each line begins: in one column for lines that follow each other. */
function commentColumns(rows: readonly Row[]): readonly number[] {
  const columns: number[] = [];
  const at = new Map(rows.map((row, index) => [row, index]));
  for (const run of runs(rows, ({ comment }) => comment !== "")) {
    const widest = Math.max(...run.map(({ line, code }) => line.indent + code.trimEnd().length));
    for (const row of run) columns[at.get(row) ?? 0] = widest + 2;
  }
  return columns;
}
