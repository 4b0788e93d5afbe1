/** Test blocks: facts, a request, approvals, and a table or one expectation. */
import type { ParserMethod } from "chevrotain";
import type { ExprRule } from "./expressions.ts";
import { defineGrid } from "./grids.ts";
import type { Grammar } from "./machine.ts";
import { endOf, nameOf, rawOf } from "./nodes.ts";
import { lastEnd } from "./recovery.ts";
import type { Verdict } from "./rules.ts";
import { countCells, refuseRow } from "./table-rows.ts";
import * as t from "./tokens.ts";
import type {
  ApprovalTree,
  EntityRefTree,
  ExpectationTree,
  FactTree,
  GridTree,
  NameTree,
  RawTree,
  RowTree,
  TestEntityTree,
  TestFieldTree,
  TestTree,
  ValueTree,
} from "./tree.ts";

export type TestBody = Omit<TestTree, "docs"> | Omit<GridTree, "docs">;

export function defineTests(
  grammar: Grammar,
  constant: ExprRule,
  verdict: ParserMethod<[], Verdict>,
): ParserMethod<[], TestBody> {
  const { tools: $ } = grammar;
  const { value, fields } = defineValues(grammar, constant);
  const entityRef = defineEntityRef(grammar);
  const entity = defineTestEntity(grammar, entityRef, fields);
  const facts = defineFacts(grammar, entity, fields, value);
  const carried = defineCarried(grammar, entity);
  const approval = defineApproval(grammar, entityRef);
  const expectation = defineExpectation(grammar, verdict);
  const table = defineTable(grammar, value, expectation);
  const single: ParserMethod<[], Outcomes> = $.RULE("singleExpectation", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.expect);
    const expect = $.SUBRULE(expectation);
    return { columns: [], rows: [{ kind: "row", cells: [], expect, start, end: expect.end }] };
  });
  const alternatives = {
    DEF: [{ ALT: () => $.SUBRULE(table) }, { ALT: () => $.SUBRULE(single) }],
    ERR_MSG: "`expect`\n`|`",
  };
  const setting = defineSetting(grammar, { facts, carried, fields, approval });
  const grid = defineGrid(grammar, value, verdict, setting);
  const one: ParserMethod<[], WithoutTitle<TestTree>> = $.RULE("testOfOne", () => {
    $.CONSUME(t.Keyword.on);
    const action = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.LCurly);
    const shared = $.SUBRULE(setting);
    const { columns, rows } = $.OR(alternatives);
    const end = endOf($.CONSUME(t.RCurly));
    return { kind: "test", action, ...shared, columns, rows, end };
  });
  return $.RULE("test", (): TestBody => {
    const { startOffset: start } = $.CONSUME(t.Keyword.test);
    const title = rawOf($.CONSUME(t.Text));
    return $.OR1<TestBody>({
      DEF: [
        { ALT: () => ({ title, start, ...$.SUBRULE(grid) }) },
        { ALT: () => ({ title, start, ...$.SUBRULE(one) }) },
      ],
      ERR_MSG: "`on`\n`grid`",
    });
  });
}

/** What a rule of its own reads behind the title. */
export type WithoutTitle<T> = Omit<T, "docs" | "title" | "start">;

/** What all requests of a test share. */
export type Setting = Pick<TestTree, "facts" | "carried" | "given" | "approvals">;

interface SettingParts {
  readonly facts: ParserMethod<[], FactTree[]>;
  readonly carried: ParserMethod<[], TestEntityTree[]>;
  readonly fields: FieldsRule;
  readonly approval: ParserMethod<[], ApprovalTree>;
}

function defineSetting(
  grammar: Grammar,
  { facts, carried, fields, approval }: SettingParts,
): ParserMethod<[], Setting> {
  const { tools: $ } = grammar;
  return $.RULE("setting", () => {
    const known = $.OPTION(() => $.SUBRULE(facts)) ?? [];
    const coming = $.OPTION2(() => $.SUBRULE(carried)) ?? [];
    const given = $.OPTION1(() => {
      $.CONSUME(t.Keyword.given);
      return $.SUBRULE(fields);
    });
    const approvals: ApprovalTree[] = [];
    $.MANY(() => {
      approvals.push($.SUBRULE(approval));
    });
    return { facts: known, carried: coming, given: given ?? [], approvals };
  });
}

interface Outcomes {
  readonly columns: readonly NameTree[];
  readonly rows: readonly RowTree[];
}

type FieldsRule = ParserMethod<[], TestFieldTree[]>;
export type ValueRule = ParserMethod<[], ValueTree>;

function defineValues(grammar: Grammar, constant: ExprRule): { value: ValueRule; fields: FieldsRule } {
  const { tools: $ } = grammar;
  const rules: { value?: ValueRule } = {};
  const value = () => rules.value as ValueRule;
  /** In quotes a key of a map, which need not be a name. */
  const fieldName: ParserMethod<[], NameTree | RawTree> = $.RULE("testFieldName", () =>
    $.OR<NameTree | RawTree>({
      DEF: [{ ALT: () => nameOf($.CONSUME(t.Name)) }, { ALT: () => rawOf($.CONSUME(t.Text)) }],
      ERR_MSG: "a name",
    }),
  );
  const fields: FieldsRule = $.RULE("testFields", () => {
    const read: TestFieldTree[] = [];
    $.CONSUME(t.LCurly);
    $.MANY(() => {
      const name = $.SUBRULE(fieldName);
      $.CONSUME(t.Colon);
      const of = $.SUBRULE(value());
      $.OPTION(() => $.CONSUME(t.Comma));
      read.push({ kind: "test_field", name, value: of, start: name.start, end: of.end });
    });
    $.CONSUME(t.RCurly);
    return read;
  });
  const setValue = defineCollectionValue(grammar, "set", value);
  const listValue = defineCollectionValue(grammar, "list", value);
  const isRecord = () =>
    $.LA(1).tokenType === t.LCurly &&
    ($.LA(2).tokenType === t.Name || $.LA(2).tokenType === t.Text) &&
    $.LA(3).tokenType === t.Colon;
  rules.value = $.RULE("value", (): ValueTree => {
    const { startOffset: start } = $.LA(1);
    return $.OR<ValueTree>({
      DEF: [
        {
          ALT: () => {
            $.CONSUME(t.Keyword.absent);
            return { kind: "absent", start, end: lastEnd(grammar) };
          },
        },
        {
          GATE: isRecord,
          ALT: () => ({ kind: "record", fields: $.SUBRULE(fields), start, end: lastEnd(grammar) }),
        },
        { ALT: () => $.SUBRULE(setValue) },
        { ALT: () => $.SUBRULE(listValue) },
        {
          ALT: () => {
            const expr = $.SUBRULE(constant);
            return { kind: "constant", expr, start, end: expr.end };
          },
        },
      ],
      ERR_MSG: "a value",
      IGNORE_AMBIGUITIES: true,
    });
  });
  return { value: rules.value, fields };
}

function defineCollectionValue(grammar: Grammar, shape: "set" | "list", value: () => ValueRule): ValueRule {
  const { tools: $ } = grammar;
  const [open, close] = shape === "set" ? [t.LCurly, t.RCurly] : [t.LSquare, t.RSquare];
  return $.RULE(`${shape}Value`, () => {
    const elements: ValueTree[] = [];
    const { startOffset: start } = $.CONSUME(open);
    $.OPTION(() => {
      elements.push($.SUBRULE(value()));
      $.MANY({
        GATE: () => $.LA(2).tokenType !== close,
        DEF: () => {
          $.CONSUME(t.Comma);
          elements.push($.SUBRULE1(value()));
        },
      });
      $.OPTION1(() => $.CONSUME1(t.Comma));
    });
    return { kind: "collection", shape, elements, start, end: endOf($.CONSUME(close)) };
  });
}

function defineEntityRef(grammar: Grammar): ParserMethod<[], EntityRefTree> {
  const { tools: $ } = grammar;
  return $.RULE("entityId", () => {
    const type = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.ColonColon);
    const id = rawOf($.CONSUME(t.Text));
    return { kind: "entity_ref", type, id, start: type.start, end: id.end };
  });
}

function defineTestEntity(
  grammar: Grammar,
  entityRef: ParserMethod<[], EntityRefTree>,
  fields: FieldsRule,
): ParserMethod<[], TestEntityTree> {
  const { tools: $ } = grammar;
  return $.RULE("testEntity", () => {
    const ref = $.SUBRULE(entityRef);
    const parents: EntityRefTree[] = [];
    $.OPTION(() => {
      $.CONSUME(t.Keyword.in);
      $.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => void parents.push($.SUBRULE1(entityRef)) });
    });
    const attributes = $.OPTION1(() => $.SUBRULE(fields)) ?? [];
    return { kind: "test_entity", entity: ref, parents, attributes, start: ref.start, end: lastEnd(grammar) };
  });
}

function defineCarried(
  grammar: Grammar,
  entity: ParserMethod<[], TestEntityTree>,
): ParserMethod<[], TestEntityTree[]> {
  const { tools: $ } = grammar;
  return $.RULE("carried", () => {
    const read: TestEntityTree[] = [];
    $.CONSUME(t.Keyword.carried);
    $.CONSUME(t.LCurly);
    $.MANY(() => {
      read.push($.SUBRULE(entity));
    });
    $.CONSUME(t.RCurly);
    return read;
  });
}

function defineFacts(
  grammar: Grammar,
  entity: ParserMethod<[], TestEntityTree>,
  fields: FieldsRule,
  value: ValueRule,
): ParserMethod<[], FactTree[]> {
  const { tools: $ } = grammar;
  const setting: ParserMethod<[], FactTree> = $.RULE("testSetting", () => {
    const name = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Equal);
    const of = $.SUBRULE(value);
    return { kind: "test_setting", name, value: of, start: name.start, end: of.end };
  });
  const row: ParserMethod<[], FactTree> = $.RULE("testRow", () => {
    const table = nameOf($.CONSUME(t.Name));
    const read = $.SUBRULE(fields);
    return { kind: "test_row", table, fields: read, start: table.start, end: lastEnd(grammar) };
  });
  const alternatives = {
    DEF: [
      { GATE: () => $.LA(2).tokenType === t.Equal, ALT: () => $.SUBRULE(setting) },
      { GATE: () => $.LA(2).tokenType === t.LCurly, ALT: () => $.SUBRULE2(row) },
      { ALT: (): FactTree => $.SUBRULE1(entity) },
    ],
    ERR_MSG: "an entity\na row of a table\nthe value of a setting",
    IGNORE_AMBIGUITIES: true,
  };
  return $.RULE("facts", () => {
    const read: FactTree[] = [];
    $.CONSUME(t.Keyword.facts);
    $.CONSUME(t.LCurly);
    $.MANY(() => {
      read.push($.OR(alternatives));
    });
    $.CONSUME(t.RCurly);
    return read;
  });
}

function defineApproval(
  grammar: Grammar,
  entityRef: ParserMethod<[], EntityRefTree>,
): ParserMethod<[], ApprovalTree> {
  const { tools: $ } = grammar;
  return $.RULE("approval", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.approved);
    $.CONSUME(t.Keyword.by);
    const approver = $.SUBRULE(entityRef);
    $.CONSUME(t.Keyword.asked);
    const asked = rawOf($.CONSUME(t.Timestamp));
    $.CONSUME(t.Keyword.given);
    const given = rawOf($.CONSUME1(t.Timestamp));
    return { kind: "approval", approver, asked, given, start, end: given.end };
  });
}

function defineExpectation(
  grammar: Grammar,
  verdict: ParserMethod<[], Verdict>,
): ParserMethod<[], ExpectationTree> {
  const { tools: $ } = grammar;
  return $.RULE("expectation", () => {
    const { verdict: word, start } = $.SUBRULE(verdict);
    const rules: NameTree[] = [];
    const code: NameTree[] = [];
    $.OPTION(() => {
      $.CONSUME(t.Keyword.by);
      $.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => void rules.push(nameOf($.CONSUME(t.Name))) });
    });
    $.OPTION1(() => {
      $.CONSUME(t.Keyword.with);
      $.AT_LEAST_ONE_SEP1({ SEP: t.Dot, DEF: () => void code.push(nameOf($.CONSUME1(t.Name))) });
    });
    return {
      kind: "expectation",
      verdict: word,
      rules: rules.length === 0 ? null : rules,
      code: code.length === 0 ? null : code,
      start,
      end: lastEnd(grammar),
    };
  });
}

function defineTable(
  grammar: Grammar,
  value: ValueRule,
  expectation: ParserMethod<[], ExpectationTree>,
): ParserMethod<[], Outcomes> {
  const { tools: $ } = grammar;
  const head: ParserMethod<[], NameTree[]> = $.RULE("tableHead", () => {
    const columns: NameTree[] = [];
    $.CONSUME(t.Pipe);
    $.MANY({
      GATE: () => $.LA(1).tokenType !== t.Keyword.expect,
      DEF: () => {
        columns.push(nameOf($.CONSUME(t.Name)));
        $.CONSUME1(t.Pipe);
      },
    });
    $.CONSUME(t.Keyword.expect);
    $.CONSUME2(t.Pipe);
    return columns;
  });
  const row: ParserMethod<[], RowTree> = $.RULE("tableRow", () => {
    const cells: ValueTree[] = [];
    const width = countCells(grammar);
    const { startOffset: start } = $.CONSUME(t.Pipe);
    $.MANY({
      GATE: () => cells.length < width - 1,
      DEF: () => {
        cells.push($.SUBRULE(value));
        $.CONSUME1(t.Pipe);
      },
    });
    const expect = $.SUBRULE(expectation);
    const end = endOf($.CONSUME2(t.Pipe));
    return { kind: "row", cells, expect, start, end };
  });
  return $.RULE("table", () => {
    const columns = $.SUBRULE(head);
    const rows: RowTree[] = [];
    $.AT_LEAST_ONE(() => {
      if (!refuseRow(grammar, columns)) rows.push($.SUBRULE(row));
    });
    return { columns, rows };
  });
}
