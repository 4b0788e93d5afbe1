/** The facts and approvals of a test block. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Name, TestEntity as Node, TestApproval, TestFact, TestField, TestTableRow } from "../ast.ts";
import type { TestEntity, TestFacts, TestHeader } from "../checked.ts";
import {
  missingColumns,
  unknownColumn,
  unknownSetting,
  unknownTable,
  wrongSource,
} from "./messages-entities.ts";
import { duplicateName, unknownAttribute } from "./messages-names.ts";
import { missingAttributes, wrongParent } from "./messages-tests.ts";
import { unknownEntityType } from "./messages-types.ts";
import { nearest } from "./suggest.ts";
import { fieldsJson, missingFields } from "./test-values.ts";
import { lineOf, type World } from "./world.ts";

/** The facts of a test as a document; null after a report. */
export function checkFacts(facts: readonly TestFact[], world: World): TestFacts | null {
  const entities = checkEntities(
    facts.filter((fact) => fact.kind === "entity"),
    world,
    false,
  );
  const settings = checkSettings(
    facts.filter((fact) => fact.kind === "setting"),
    world,
  );
  const tables = checkRows(
    facts.filter((fact) => fact.kind === "row"),
    world,
  );
  if (entities === null || settings === null || tables === null) return null;
  return {
    entities,
    ...(settings.size > 0 && { settings: Object.fromEntries(settings) }),
    ...(tables.size > 0 && { tables: Object.fromEntries(tables) }),
  };
}

function checkRows(
  rows: readonly TestTableRow[],
  world: World,
): ReadonlyMap<string, readonly unknown[]> | null {
  const found = new Map<string, unknown[]>();
  let isWhole = true;
  for (const row of rows) {
    const json = checkRow(row, world);
    if (json === null) isWhole = false;
    else found.set(row.table.text, [...(found.get(row.table.text) ?? []), json]);
  }
  return isWhole ? found : null;
}

function checkRow({ table, columns, span }: TestTableRow, world: World): unknown {
  const names = (world.types.tables ?? []).map(({ name }) => name);
  if (!names.includes(table.text)) {
    world.report(unknownTable(table, nearest(table.text, names)));
    return null;
  }
  world.used.add(table.text);
  const declared = world.records.get(table.text) ?? new Map<string, Type | null>();
  const json = fieldsJson(columns, declared, world, ({ name }) =>
    world.report(unknownColumn(name, nearest(name.text, declared.keys()))),
  );
  if (json === null) return null;
  const missing = [...declared].flatMap(([name, type]) =>
    type === null || type.kind === "optional" || json.has(name) ? [] : [name],
  );
  if (missing.length === 0) return Object.fromEntries(json);
  world.report(missingColumns(span, table.text, missing.sort()));
  return null;
}

function checkSettings(given: readonly TestField[], world: World): ReadonlyMap<string, unknown> | null {
  const declared = new Map((world.types.settings ?? []).map(({ name, type }) => [name, type]));
  for (const { name } of given) world.used.add(name.text);
  return fieldsJson(given, declared, world, ({ name }) =>
    world.report(unknownSetting(name, nearest(name.text, declared.keys()))),
  );
}

/** What the requests of a test carry; null after a report. */
export function checkCarried(nodes: readonly Node[], world: World): readonly TestEntity[] | null {
  return checkEntities(nodes, world, true);
}

function checkEntities(
  nodes: readonly Node[],
  world: World,
  isCarried: boolean,
): readonly TestEntity[] | null {
  const first = new Map<string, Name>();
  const entities: TestEntity[] = [];
  for (const node of nodes) {
    const text = `${node.type.text}::${JSON.stringify(node.id)}`;
    const name = { text, span: node.span };
    const other = first.get(text);
    if (other === undefined) first.set(text, name);
    else
      world.report(
        duplicateName(name, isCarried ? "carried here" : "in these facts", lineOf(world.source, other)),
      );
    const entity = checkEntity(node, world, isCarried);
    if (entity !== null && other === undefined) entities.push(entity);
  }
  return entities.length === nodes.length ? entities : null;
}

function checkEntity(node: Node, world: World, isCarried: boolean): TestEntity | null {
  const type = node.type.text;
  const declared = world.entities.get(type);
  if (declared === undefined) {
    world.report(unknownEntityType(node.type, nearest(type, world.entities.keys())));
    return null;
  }
  if ((world.types.entities.get(type)?.fromRequest === true) !== isCarried) {
    world.report(wrongSource(node.type.span, type, isCarried));
    return null;
  }
  let isWhole = true;
  const groups = world.types.entities.get(type)?.groups ?? [];
  for (const parent of node.parents) {
    if (groups.includes(parent.type.text)) continue;
    world.report(wrongParent(parent.span, type, parent.type.text));
    isWhole = false;
  }
  const attributes = fieldsJson(node.attributes, declared, world, ({ name }) =>
    world.report(unknownAttribute(name, type, nearest(name.text, declared.keys()))),
  );
  if (attributes === null) return null;
  const missing = missingFields(attributes, type, world);
  if (missing.length > 0) world.report(missingAttributes(node.span, type, missing));
  if (!isWhole || missing.length > 0) return null;
  const parents = node.parents.map((parent) => ({ type: parent.type.text, id: parent.id }));
  return { type, id: node.id, attributes: Object.fromEntries(attributes), parents };
}

export function checkApprovals(nodes: readonly TestApproval[], world: World): TestHeader["approvals"] | null {
  let isWhole = true;
  for (const { type } of nodes) {
    if (world.entities.has(type.text)) continue;
    world.report(unknownEntityType(type, nearest(type.text, world.entities.keys())));
    isWhole = false;
  }
  if (!isWhole) return null;
  return nodes.map(({ type, id, askedMs, givenMs }) => ({
    approver: { type: type.text, id },
    askedMs,
    givenMs,
  }));
}
