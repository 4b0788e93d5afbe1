/** Rows of tables, whose ends are found by counting borders. */
import type { IToken } from "chevrotain";
import type { Grammar } from "./machine.ts";
import { lastEnd } from "./recovery.ts";
import * as t from "./tokens.ts";

/** A row that is too short or too long is passed over: which of its cells is which cannot be known. */
export function refuseRow(grammar: Grammar, columns: readonly unknown[]): boolean {
  const { tools: $, reading } = grammar;
  if ($.RECORDING_PHASE) return false;
  const width = countCells(grammar);
  const expected = columns.length + 1;
  if (width === expected || width === 0) return false;
  const { startOffset: start } = $.LA(1);
  for (let borders = 0; borders <= width; borders += 1) {
    do $.SKIP_TOKEN();
    while (borders < width && $.LA(1).tokenType !== t.Pipe);
  }
  reading.sink.add("cell-count", start, lastEnd(grammar), String(width), [String(expected)]);
  return true;
}

/**
 * How many cells the row that begins here has: a row ends where a border is followed by another one, or by
 * no cell.
 */
export function countCells({ tools: $, reading }: Grammar): number {
  let cells = 0;
  for (let index = $.exportLexerState() + 2; index < reading.tokens.length; index += 1) {
    const { tokenType } = reading.tokens[index] as IToken;
    if (tokenType !== t.Pipe) continue;
    cells += 1;
    const next = reading.tokens[index + 1]?.tokenType;
    if (next === t.Pipe || next === t.RCurly || next === undefined) break;
  }
  return cells;
}
