/** Test blocks: each row, and each action in each cell of a grid, becomes a test that is ready to run. */
import type { GridDeclaration, TestDeclaration } from "../ast.ts";
import type { Test } from "../checked.ts";
import { checkGrid } from "./grids.ts";
import { unknownAction } from "./messages-names.ts";
import { nearest } from "./suggest.ts";
import { checkRows, checkSetting, type TestContext } from "./test-rows.ts";

/** Null, after reports, where a test is wrong. */
export function checkTests(
  tests: readonly (TestDeclaration | GridDeclaration)[],
  context: TestContext,
): readonly Test[] | null {
  const result: Test[] = [];
  let isWhole = true;
  for (const test of tests) {
    const rows = test.kind === "test" ? checkTest(test, context) : checkGrid(test, context);
    if (rows === null) isWhole = false;
    else result.push(...rows);
  }
  return isWhole ? result : null;
}

function checkTest(test: TestDeclaration, context: TestContext): readonly Test[] | null {
  const { world } = context;
  const declared = world.actions.get(test.action.text);
  if (declared === undefined) {
    world.report(unknownAction(test.action, nearest(test.action.text, world.actions.keys())));
    return null;
  }
  const setting = checkSetting(test, test.action.span, context);
  return checkRows(test, declared, setting, context);
}
