/** Test blocks. */
import type {
  ApprovalTree,
  EntityRefTree,
  ExpectationTree,
  FactTree,
  GridCellTree,
  GridTree,
  TestEntityTree,
  TestFieldTree,
  TestTree,
  ValueTree,
} from "@polity/grammar/tree.ts";
import type {
  GridCell,
  GridDeclaration,
  Name,
  TestApproval,
  TestDeclaration,
  TestEntity,
  TestExpectation,
  TestFact,
  TestField,
  TestValue,
} from "../ast.ts";
import { unreachable } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { exprOf } from "./expressions.ts";
import { textOf, timestampOf } from "./literals.ts";
import { nameOf, type Report, spanOf } from "./report.ts";

export function testOf(tree: TestTree, doc: string, report: Report): TestDeclaration {
  return {
    kind: "test",
    title: textOf(tree.title),
    action: nameOf(tree.action),
    facts: tree.facts.map((fact) => factOf(fact, report)),
    carried: tree.carried.map((entity) => entityOf(entity, report)),
    given: tree.given.map((field) => fieldOf(field, report)),
    approvals: tree.approvals.map((approval) => approvalOf(approval, report)),
    columns: tree.columns.map(nameOf),
    rows: tree.rows.map((row) => ({
      cells: row.cells.map((cell) => testValueOf(cell, report)),
      expect: expectationOf(row.expect),
      span: spanOf(row),
    })),
    doc,
    span: spanOf(tree),
  };
}

export function gridOf(tree: GridTree, doc: string, report: Report): GridDeclaration {
  const gridValueOf = (value: ValueTree) => ({ value: testValueOf(value, report), span: spanOf(value) });
  return {
    kind: "grid",
    title: textOf(tree.title),
    actions: tree.actions.map(nameOf),
    facts: tree.facts.map((fact) => factOf(fact, report)),
    carried: tree.carried.map((entity) => entityOf(entity, report)),
    given: tree.given.map((field) => fieldOf(field, report)),
    approvals: tree.approvals.map((approval) => approvalOf(approval, report)),
    left: nameOf(tree.left),
    top: nameOf(tree.top),
    columns: tree.columns.map(gridValueOf),
    rows: tree.rows.map((row) => ({ of: gridValueOf(row.of), cells: row.cells.map(cellOf) })),
    doc,
    span: spanOf(tree),
  };
}

function cellOf(tree: GridCellTree): GridCell {
  const entries = tree.entries.map(({ verdict, action }) => ({ verdict, action: nameOf(action) }));
  return { entries, span: spanOf(tree) };
}

function referenceOf(tree: EntityRefTree): { type: Name; id: string; span: Span } {
  return { type: nameOf(tree.type), id: textOf(tree.id), span: spanOf(tree) };
}

function entityOf(tree: TestEntityTree, report: Report): TestEntity {
  const { type, id } = referenceOf(tree.entity);
  const attributes = tree.attributes.map((field) => fieldOf(field, report));
  return { kind: "entity", type, id, parents: tree.parents.map(referenceOf), attributes, span: spanOf(tree) };
}

function factOf(tree: FactTree, report: Report): TestFact {
  switch (tree.kind) {
    case "test_entity":
      return entityOf(tree, report);
    case "test_row": {
      const columns = tree.fields.map((field) => fieldOf(field, report));
      return { kind: "row", table: nameOf(tree.table), columns, span: spanOf(tree) };
    }
    case "test_setting": {
      const value = testValueOf(tree.value, report);
      return { kind: "setting", name: nameOf(tree.name), value, span: spanOf(tree) };
    }
    default:
      return unreachable(tree);
  }
}

function fieldOf(tree: TestFieldTree, report: Report): TestField {
  const { name } = tree;
  const quoted = { span: spanOf(name), text: name.kind === "raw" ? textOf(name) : name.text };
  return { name: name.kind === "raw" ? quoted : nameOf(name), value: testValueOf(tree.value, report) };
}

function testValueOf(tree: ValueTree, report: Report): TestValue {
  const span = spanOf(tree);
  switch (tree.kind) {
    case "constant":
      return { kind: "expr", expr: exprOf(tree.expr, report) };
    case "record":
      return { kind: "record", fields: tree.fields.map((field) => fieldOf(field, report)), span };
    case "collection": {
      const { shape } = tree;
      const elements = tree.elements.map((element) => testValueOf(element, report));
      // A collection of plain values is the expression that it also is elsewhere.
      const plain = elements.flatMap((element) => (element.kind === "expr" ? [element.expr] : []));
      if (plain.length < elements.length) return { kind: "records", shape, elements, span };
      return { kind: "expr", expr: { kind: "collection", shape, elements: plain, span } };
    }
    case "absent":
      return { kind: "absent", span };
    default:
      return unreachable(tree);
  }
}

function approvalOf(tree: ApprovalTree, report: Report): TestApproval {
  const { type, id } = referenceOf(tree.approver);
  const askedMs = timestampOf(tree.asked, report) ?? 0n;
  const givenMs = timestampOf(tree.given, report) ?? 0n;
  return { type, id, askedMs, givenMs, span: spanOf(tree) };
}

function expectationOf(tree: ExpectationTree): TestExpectation {
  const code = tree.code?.map(({ text }) => text).join(".") ?? null;
  return { verdict: tree.verdict, rules: tree.rules?.map(nameOf) ?? null, code, span: spanOf(tree) };
}
