/** The lines of the head and the declarations of types, actions and the subject. */
import type { ParserMethod } from "chevrotain";
import type { Grammar } from "./machine.ts";
import { endOf, nameOf, oneOf, rawOf } from "./nodes.ts";
import { lastEnd } from "./recovery.ts";
import * as t from "./tokens.ts";
import type { DeclarationTree, FieldTree, NameTree, PhaseWord, RawTree } from "./tree.ts";
import type { HeaderTree } from "./tree-head.ts";
import type { TypeRules } from "./types.ts";

type WithoutDocs<T> = T extends unknown ? Omit<T, "docs"> : never;
/** A declaration before its comments are known. */
export type Body = HeaderTree | WithoutDocs<DeclarationTree>;
export type BodyRule = ParserMethod<[], Body>;

/** `polity 1` */
export function defineLanguage(grammar: Grammar): ParserMethod<[], RawTree> {
  const { tools: $ } = grammar;
  return $.RULE("language", () => {
    $.CONSUME(t.Keyword.polity);
    return rawOf($.CONSUME(t.Integer));
  });
}

export function defineHead(grammar: Grammar): readonly BodyRule[] {
  const { tools: $ } = grammar;
  const dotted = $.RULE("dottedName", () => {
    const name: NameTree[] = [];
    $.AT_LEAST_ONE_SEP({ SEP: t.Dot, DEF: () => void name.push(nameOf($.CONSUME(t.Name))) });
    return name;
  });
  const versioned = (word: "policy" | "guard"): BodyRule =>
    $.RULE(word, () => {
      const { startOffset: start } = $.CONSUME(t.Keyword[word]);
      const name = $.SUBRULE(dotted);
      $.CONSUME(t.Keyword.version);
      const version = rawOf($.CONSUME(t.Integer));
      return { kind: "naming", word, name, version, start, end: version.end };
    });
  const module: BodyRule = $.RULE("module", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.module);
    const name = $.SUBRULE(dotted);
    return { kind: "naming", word: "module", name, version: null, start, end: lastEnd(grammar) };
  });
  const imported: BodyRule = $.RULE("import", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.import);
    const from = rawOf($.CONSUME(t.Text));
    return { kind: "import", from, start, end: from.end };
  });
  const valid: BodyRule = $.RULE("valid", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.valid);
    const from = rawOf($.CONSUME(t.Timestamp));
    $.CONSUME(t.Keyword.until);
    const until = rawOf($.CONSUME1(t.Timestamp));
    return { kind: "valid", from, until, start, end: until.end };
  });
  const containment: BodyRule = $.RULE("containment", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.containment);
    $.CONSUME(t.Keyword.within);
    const within = rawOf($.CONSUME(t.Duration));
    return { kind: "containment", within, start, end: within.end };
  });
  return [versioned("policy"), versioned("guard"), module, imported, valid, containment];
}

export function defineDeclarations(grammar: Grammar, types: TypeRules): readonly BodyRule[] {
  const { tools: $ } = grammar;
  const { field, fields } = types;
  const block = (kind: "record" | "action"): BodyRule =>
    $.RULE(kind, () => {
      const { startOffset: start } = $.CONSUME(t.Keyword[kind]);
      const name = nameOf($.CONSUME(t.Name));
      return { kind, name, fields: $.SUBRULE(fields), start, end: lastEnd(grammar) };
    });
  const subject: BodyRule = $.RULE("subject", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.subject);
    const of = $.SUBRULE(field);
    return { kind: "subject", field: of, start, end: of.end };
  });
  const shared: BodyRule = $.RULE("everyAction", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.every);
    $.CONSUME(t.Keyword.action);
    return { kind: "shared", fields: $.SUBRULE(fields), start, end: lastEnd(grammar) };
  });
  return [
    defineEnum(grammar),
    defineOrderedEnum(grammar),
    block("record"),
    defineEntity(grammar, fields),
    subject,
    shared,
    block("action"),
    defineObligation(grammar, fields),
  ];
}

function defineEnum(grammar: Grammar): BodyRule {
  const { tools: $ } = grammar;
  return $.RULE("enum", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.enum);
    const name = nameOf($.CONSUME(t.Name));
    const members: NameTree[] = [];
    $.CONSUME(t.LCurly);
    members.push(nameOf($.CONSUME1(t.Name)));
    $.MANY({
      GATE: () => $.LA(2).tokenType !== t.RCurly,
      DEF: () => {
        $.CONSUME(t.Comma);
        members.push(nameOf($.CONSUME2(t.Name)));
      },
    });
    $.OPTION(() => $.CONSUME1(t.Comma));
    const end = endOf($.CONSUME(t.RCurly));
    return { kind: "enum", ordered: false, name, members, start, end };
  });
}

/** `ordered enum Severity { low < medium < high }` */
function defineOrderedEnum(grammar: Grammar): BodyRule {
  const { tools: $ } = grammar;
  return $.RULE("orderedEnum", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.ordered);
    $.CONSUME(t.Keyword.enum);
    const name = nameOf($.CONSUME(t.Name));
    const members: NameTree[] = [];
    $.CONSUME(t.LCurly);
    $.AT_LEAST_ONE_SEP({ SEP: t.Less, DEF: () => void members.push(nameOf($.CONSUME1(t.Name))) });
    const end = endOf($.CONSUME(t.RCurly));
    return { kind: "enum", ordered: true, name, members, start, end };
  });
}

function defineEntity(grammar: Grammar, fields: ParserMethod<[], FieldTree[]>): BodyRule {
  const { tools: $ } = grammar;
  return $.RULE("entity", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.entity);
    const name = nameOf($.CONSUME(t.Name));
    const groups: NameTree[] = [];
    $.OPTION(() => {
      $.CONSUME(t.Keyword.in);
      $.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => void groups.push(nameOf($.CONSUME1(t.Name))) });
    });
    const fromRequest = $.OPTION2(() => {
      $.CONSUME(t.Keyword.from);
      $.CONSUME(t.Keyword.request);
      return true;
    });
    const attributes = $.OPTION1(() => $.SUBRULE(fields)) ?? [];
    const source = fromRequest ?? false;
    return { kind: "entity", name, groups, fromRequest: source, attributes, start, end: lastEnd(grammar) };
  });
}

const PHASES = [t.Keyword.before, t.Keyword.after, t.Keyword.advice];

function defineObligation(grammar: Grammar, fields: ParserMethod<[], FieldTree[]>): BodyRule {
  const { tools: $ } = grammar;
  const phaseWord = oneOf(grammar, "OR", PHASES, "when it is due");
  return $.RULE("obligation", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.obligation);
    const name = nameOf($.CONSUME(t.Name));
    const phase = $.OPTION(() => phaseWord().tokenType.PATTERN as PhaseWord) ?? null;
    const read = $.OPTION1(() => $.SUBRULE(fields)) ?? [];
    return { kind: "obligation", name, phase, fields: read, start, end: lastEnd(grammar) };
  });
}
