/**
 * Grids: a table of what is allowed, one field's values at the left, another's on top, and in each cell the
 * actions. What no cell names is expected to be refused.
 */
import type { ParserMethod } from "chevrotain";
import type { Grammar } from "./machine.ts";
import { endOf, nameOf } from "./nodes.ts";
import { isName, lastEnd } from "./recovery.ts";
import type { Verdict } from "./rules.ts";
import { countCells, refuseRow } from "./table-rows.ts";
import type { Setting, ValueRule, WithoutTitle } from "./tests.ts";
import * as t from "./tokens.ts";
import type { GridCellTree, GridEntryTree, GridRowTree, GridTree, NameTree, ValueTree } from "./tree.ts";

export function defineGrid(
  grammar: Grammar,
  value: ValueRule,
  verdict: ParserMethod<[], Verdict>,
  setting: ParserMethod<[], Setting>,
): ParserMethod<[], WithoutTitle<GridTree>> {
  const { tools: $ } = grammar;
  const head = defineHead(grammar, value);
  const row = defineRow(grammar, value, defineCell(grammar, verdict));
  return $.RULE("grid", () => {
    const actions: NameTree[] = [];
    $.CONSUME(t.Keyword.grid);
    $.CONSUME(t.Keyword.on);
    $.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => void actions.push(nameOf($.CONSUME(t.Name))) });
    $.CONSUME(t.LCurly);
    const shared = $.SUBRULE(setting);
    const { left, top, columns } = $.SUBRULE(head);
    const rows: GridRowTree[] = [];
    $.AT_LEAST_ONE(() => {
      if (!refuseRow(grammar, columns)) rows.push($.SUBRULE(row));
    });
    const end = endOf($.CONSUME(t.RCurly));
    return { kind: "grid", actions, ...shared, left, top, columns, rows, end };
  });
}

/** `| agent / document | Document::"plan" | Document::"salaries" |` */
function defineHead(
  grammar: Grammar,
  value: ValueRule,
): ParserMethod<[], Pick<GridTree, "left" | "top" | "columns">> {
  const { tools: $ } = grammar;
  return $.RULE("gridHead", () => {
    const columns: ValueTree[] = [];
    const width = countCells(grammar);
    $.CONSUME(t.Pipe);
    const left = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Slash);
    const top = nameOf($.CONSUME1(t.Name));
    $.CONSUME1(t.Pipe);
    $.AT_LEAST_ONE({
      GATE: () => columns.length === 0 || columns.length < width - 1,
      DEF: () => {
        columns.push($.SUBRULE(value));
        $.CONSUME2(t.Pipe);
      },
    });
    return { left, top, columns };
  });
}

function defineRow(
  grammar: Grammar,
  value: ValueRule,
  cell: ParserMethod<[], GridCellTree>,
): ParserMethod<[], GridRowTree> {
  const { tools: $ } = grammar;
  return $.RULE("gridRow", () => {
    const cells: GridCellTree[] = [];
    const width = countCells(grammar);
    const { startOffset: start } = $.CONSUME(t.Pipe);
    const of = $.SUBRULE(value);
    $.CONSUME1(t.Pipe);
    $.AT_LEAST_ONE({
      GATE: () => cells.length === 0 || cells.length < width - 1,
      DEF: () => {
        cells.push($.SUBRULE(cell));
        $.CONSUME2(t.Pipe);
      },
    });
    return { kind: "grid_row", of, cells, start, end: lastEnd(grammar) };
  });
}

/** `read, hold write`, or `none`. */
function defineCell(grammar: Grammar, verdict: ParserMethod<[], Verdict>): ParserMethod<[], GridCellTree> {
  const { tools: $ } = grammar;
  const entry: ParserMethod<[], GridEntryTree> = $.RULE("gridEntry", () => {
    const word = $.OPTION({ GATE: () => isName($.LA(2)), DEF: () => $.SUBRULE(verdict) });
    const action = nameOf($.CONSUME(t.Name));
    const start = word?.start ?? action.start;
    return { kind: "grid_entry", verdict: word?.verdict ?? "allow", action, start, end: action.end };
  });
  return $.RULE("gridCell", () => {
    const { startOffset: start } = $.LA(1);
    const entries: GridEntryTree[] = [];
    $.OR({
      DEF: [
        { GATE: () => $.LA(2).tokenType === t.Pipe, ALT: () => void $.CONSUME(t.Keyword.none) },
        { ALT: () => $.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => void entries.push($.SUBRULE(entry)) }) },
      ],
      ERR_MSG: "an action\n`none`",
      IGNORE_AMBIGUITIES: true,
    });
    return { kind: "grid_cell", entries, start, end: lastEnd(grammar) };
  });
}
