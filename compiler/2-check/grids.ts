/** Grids: one test for each action and each pair of values (spec 11.5, 11.6). */
import type { GridCell, GridDeclaration, Name, TestDeclaration, TestExpectation, TestRow } from "../ast.ts";
import type { Test } from "../checked.ts";
import { uniqueNames } from "./declarations.ts";
import { unknownAction } from "./messages-names.ts";
import { notInGrid } from "./messages-patterns.ts";
import { unknownTestField } from "./messages-tests.ts";
import { nearest } from "./suggest.ts";
import { HEADER_NAMES } from "./test-header.ts";
import { checkRows, checkSetting, type TestContext } from "./test-rows.ts";
import type { Report, World } from "./world.ts";

export function checkGrid(grid: GridDeclaration, outer: TestContext): readonly Test[] | null {
  const context = { ...outer, world: { ...outer.world, report: once(outer.world.report) } };
  const { world } = context;
  const actions = knownActions(grid, world);
  const isNamed = checkEntries(grid, world);
  const setting = checkSetting(grid, grid.left.span, context);
  if (actions === null || !isNamed || !isDeclaredSomewhere(grid, actions, world)) return null;
  const byAction: (readonly Test[])[] = [];
  for (const action of actions) {
    const test = testOfAction(grid, action, world);
    const rows = checkRows(test, world.actions.get(action.text) ?? new Map(), setting, context);
    if (rows !== null) byAction.push(rows);
  }
  if (byAction.length < actions.length) return null;
  return pairsOf(grid).flatMap(({ row, column }, index) => {
    const shown = [row.of.span, column.span].map(({ start, end }) => world.source.text.slice(start, end));
    const title = `${grid.title}: ${shown.join(" / ")}`;
    return byAction.flatMap((tests) => tests.slice(index, index + 1).map((test) => ({ ...test, title })));
  });
}

/** What is wrong with a value is wrong for every action, and is said once. */
function once(report: Report): Report {
  const said = new Set<string>();
  return (diagnostic) => {
    const key = `${diagnostic.code} ${diagnostic.span.start} ${diagnostic.span.end}`;
    if (!said.has(key)) report(diagnostic);
    said.add(key);
  };
}

/** Null, after reports, where one is not declared or comes twice. */
function knownActions(grid: GridDeclaration, world: World): readonly Name[] | null {
  const named = grid.actions.map((name) => ({ name }));
  const unique = uniqueNames(named, "in this grid", world.source, world.report);
  const known = unique.filter(({ name }) => {
    if (world.actions.has(name.text)) return true;
    world.report(unknownAction(name, nearest(name.text, world.actions.keys())));
    return false;
  });
  return known.length < grid.actions.length ? null : grid.actions;
}

function checkEntries(grid: GridDeclaration, world: World): boolean {
  const names = grid.actions.map(({ text }) => text);
  let isWhole = true;
  for (const { cells } of grid.rows) {
    for (const { entries } of cells) {
      const named = entries.map(({ action }) => ({ name: action }));
      const unique = uniqueNames(named, "in this cell", world.source, world.report);
      isWhole &&= unique.length === entries.length;
      for (const { name } of unique) {
        if (names.includes(name.text)) continue;
        world.report(notInGrid(name, nearest(name.text, names)));
        isWhole = false;
      }
    }
  }
  return isWhole;
}

/** What all requests are given goes to the actions that have such a field; one of them must. */
function isDeclaredSomewhere(grid: GridDeclaration, actions: readonly Name[], world: World): boolean {
  let isWhole = true;
  for (const { name } of grid.given) {
    const fields = actions.map((action) => world.actions.get(action.text) ?? new Map());
    if (HEADER_NAMES.includes(name.text) || fields.some((each) => each.has(name.text))) continue;
    const suggestion = nearest(name.text, [...fields.flatMap((each) => [...each.keys()]), ...HEADER_NAMES]);
    world.report(unknownTestField(name, actions[0]?.text ?? "", suggestion));
    isWhole = false;
  }
  return isWhole;
}

type Row = GridDeclaration["rows"][number];
type Column = GridDeclaration["columns"][number];

function pairsOf(grid: GridDeclaration) {
  return grid.rows.flatMap((row) =>
    grid.columns.map((column, index) => ({ row, column, cell: row.cells[index] })),
  );
}

function testOfAction(grid: GridDeclaration, action: Name, world: World): TestDeclaration {
  const { title, facts, carried, given, approvals, left, top, doc, span } = grid;
  const declared = world.actions.get(action.text);
  return {
    kind: "test",
    title,
    action,
    facts,
    carried,
    given: given.filter(({ name }) => declared?.has(name.text) || HEADER_NAMES.includes(name.text)),
    approvals,
    columns: [left, top],
    rows: pairsOf(grid).map(({ row, column, cell }) => rowOf(row, column, cell, action)),
    doc,
    span,
  };
}

function rowOf(row: Row, column: Column, cell: GridCell | undefined, action: Name): TestRow {
  const entry = cell?.entries.find((each) => each.action.text === action.text);
  const span = entry?.action.span ?? cell?.span ?? row.of.span;
  const expect: TestExpectation = { verdict: entry?.verdict ?? "refused", rules: null, code: null, span };
  return { cells: [row.of.value, column.value], expect, span };
}
