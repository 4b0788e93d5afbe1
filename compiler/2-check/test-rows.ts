/** What the requests of a test share, and its rows. */
import { CODE_NUMBERS } from "@polity/runtime/decision.ts";
import type { GridDeclaration, TestDeclaration, TestExpectation, TestField, TestRow } from "../ast.ts";
import type { EntityValue, Test, TestEntity, TestFacts } from "../checked.ts";
import type { Span } from "../source.ts";
import { uniqueNames } from "./declarations.ts";
import { shadowExpected } from "./messages-definitions.ts";
import {
  impossibleRule,
  missingEntities,
  unknownCode,
  unknownRule,
  unknownTestField,
} from "./messages-tests.ts";
import { compareNames } from "./order.ts";
import type { RuleResult } from "./rules.ts";
import { nearest } from "./suggest.ts";
import { checkApprovals, checkCarried, checkFacts } from "./test-facts.ts";
import { HEADER_NAMES, headerOf, isHeaderField } from "./test-header.ts";
import { fieldsJson } from "./test-values.ts";
import type { Fields, World } from "./world.ts";

export interface TestContext {
  readonly world: World;
  readonly rules: readonly RuleResult[];
  /** `now` where a test does not say it. */
  readonly nowMs: bigint;
  /** What the policy names, and facts must have. */
  readonly entities: readonly EntityValue[];
}

/** Null parts were wrong, which has been reported. */
export interface Setting {
  readonly facts: TestFacts | null;
  readonly carried: Test["carried"] | null;
  readonly approvals: Test["header"]["approvals"] | null;
}

/** `place` is underlined where there are no facts at all. */
export function checkSetting(
  test: TestDeclaration | GridDeclaration,
  place: Span,
  context: TestContext,
): Setting {
  const facts = checkFacts(test.facts, context.world);
  if (facts !== null) reportMissing(test, facts.entities, place, context);
  const carried = checkCarried(test.carried, context.world);
  return { facts, carried, approvals: checkApprovals(test.approvals, context.world) };
}

export function checkRows(
  test: TestDeclaration,
  declared: Fields,
  { facts, carried, approvals }: Setting,
  context: TestContext,
): readonly Test[] | null {
  const given = checkGiven(test.given, test, declared, context);
  const columns = checkColumns(test, declared, context.world);
  const rows: Test[] = [];
  let isWhole = facts !== null && carried !== null && approvals !== null && given !== null && columns;
  for (const row of test.rows) {
    const cells = columns ? rowFields(test, row) : null;
    const own = cells === null ? null : checkGiven(cells, test, declared, context);
    const expect = checkExpectation(row.expect, test, context);
    const isSet = facts !== null && carried !== null && approvals !== null;
    if (own === null || expect === null || given === null || !isSet) {
      isWhole = false;
      continue;
    }
    // A cell that says `absent` also takes away what the test gives to all rows.
    const header = new Map([...given.header, ...own.header]);
    const fields = new Map([...given.fields, ...own.fields]);
    for (const cell of cells ?? []) if (cell.value.kind === "absent") fields.delete(cell.name.text);
    rows.push({
      title: test.title,
      span: row.span,
      action: test.action.text,
      facts,
      carried,
      fields: Object.fromEntries(fields),
      header: { ...headerOf(header, context.nowMs), approvals },
      expect,
    });
  }
  return isWhole ? rows : null;
}

function reportMissing(
  test: TestDeclaration | GridDeclaration,
  facts: readonly TestEntity[],
  place: Span,
  context: TestContext,
): void {
  const known = new Set(facts.map(({ type, id }) => JSON.stringify([type, id])));
  const missing = context.entities.filter(({ type, id }) => !known.has(JSON.stringify([type, id])));
  if (missing.length === 0) return;
  const [first, last] = [test.facts[0], test.facts.at(-1)];
  const span =
    first === undefined || last === undefined ? place : { start: first.span.start, end: last.span.end };
  const names = missing.map(({ type, id }) => `${type}::${JSON.stringify(id)}`);
  context.world.report(missingEntities(span, names));
}

interface Given {
  readonly fields: ReadonlyMap<string, unknown>;
  readonly header: ReadonlyMap<string, TestField>;
}

/** A declared field hides the header's word of the same name: then the test is about the field. */
function checkGiven(
  given: readonly TestField[],
  test: TestDeclaration,
  declared: Fields,
  { world }: TestContext,
): Given | null {
  const inHeader = given.filter(({ name }) => !declared.has(name.text) && HEADER_NAMES.includes(name.text));
  const others = given.filter((field) => !inHeader.includes(field));
  const header = new Map<string, TestField>();
  let isWhole = true;
  for (const field of uniqueNames(inHeader, "given here", world.source, world.report)) {
    if (isHeaderField(field, world)) header.set(field.name.text, field);
    else isWhole = false;
  }
  const fields = fieldsJson(others, declared, world, ({ name }) => {
    const suggestion = nearest(name.text, [...declared.keys(), ...HEADER_NAMES]);
    world.report(unknownTestField(name, test.action.text, suggestion));
  });
  return fields === null || !isWhole ? null : { fields, header };
}

/** Reported once, at the head of the table, and not in every row. */
function checkColumns(test: TestDeclaration, declared: Fields, world: World): boolean {
  const columns = test.columns.map((name) => ({ name }));
  const unique = uniqueNames(columns, "a column", world.source, world.report);
  let isWhole = unique.length === columns.length;
  for (const { name } of unique) {
    if (declared.has(name.text) || HEADER_NAMES.includes(name.text)) continue;
    const suggestion = nearest(name.text, [...declared.keys(), ...HEADER_NAMES]);
    world.report(unknownTestField(name, test.action.text, suggestion));
    isWhole = false;
  }
  return isWhole;
}

function rowFields(test: TestDeclaration, row: TestRow): readonly TestField[] | null {
  // The parser has reported it.
  if (row.cells.length !== test.columns.length) return null;
  const fields: TestField[] = [];
  for (const [index, value] of row.cells.entries()) {
    const name = test.columns[index];
    if (name !== undefined) fields.push({ name, value });
  }
  return fields;
}

function checkExpectation(
  expect: TestExpectation,
  test: TestDeclaration,
  { world, rules }: TestContext,
): Test["expect"] | null {
  const { verdict, code } = expect;
  let isWhole = true;
  if (code !== null && !Object.hasOwn(CODE_NUMBERS, code)) {
    world.report(unknownCode(expect.span, code, nearest(code, Object.keys(CODE_NUMBERS))));
    isWhole = false;
  }
  const named = (expect.rules ?? []).map((name) => ({ name }));
  const unique = uniqueNames(named, "expected here", world.source, world.report);
  for (const { name } of unique) {
    const rule = rules.find(({ declaration }) => declaration.name.text === name.text);
    const found = rule?.declaration.verdict;
    if (rule === undefined) {
      const names = rules.map(({ declaration }) => declaration.name.text);
      world.report(unknownRule(name, nearest(name.text, names)));
    } else if (rule.declaration.shadow) {
      world.report(shadowExpected(name));
    } else if (found !== verdict) {
      world.report(impossibleRule(name, `\`${name.text}\` is a rule of \`${found}\`, not of \`${verdict}\``));
    } else if (!rule.actions.includes(test.action.text)) {
      world.report(impossibleRule(name, `\`${name.text}\` is not on \`${test.action.text}\``));
    } else continue;
    isWhole = false;
  }
  if (!isWhole) return null;
  const names = unique.map(({ name }) => name.text).sort(compareNames);
  return { verdict, rules: expect.rules === null ? null : names, code };
}
