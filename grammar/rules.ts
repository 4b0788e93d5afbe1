/** Rules and their clauses. */
import type { IToken, ParserMethod } from "chevrotain";
import type { ExpressionRules } from "./expressions.ts";
import type { Grammar } from "./machine.ts";
import { endOf, nameOf, oneOf, rawOf } from "./nodes.ts";
import { CLAUSE_STARTS, lastEnd, VERDICTS } from "./recovery.ts";
import * as t from "./tokens.ts";
import type {
  ArgumentTree,
  ClauseTree,
  ExprTree,
  NameTree,
  RawTree,
  RuleTree,
  TemplateTree,
  VerdictWord,
} from "./tree.ts";

export type RuleBody = Omit<RuleTree, "docs">;

export interface Verdict {
  readonly verdict: VerdictWord;
  readonly start: number;
}

export interface RuleRules {
  readonly rule: ParserMethod<[], RuleBody>;
  readonly verdict: ParserMethod<[], Verdict>;
  readonly actions: ParserMethod<[], NameTree[] | null>;
}

export function defineRules(grammar: Grammar, expressions: ExpressionRules): RuleRules {
  const { tools: $ } = grammar;
  const verdictWord = oneOf(grammar, "OR", [...VERDICTS], "a verdict");
  const verdict: ParserMethod<[], Verdict> = $.RULE("verdict", () => {
    const { tokenType, startOffset: start } = verdictWord();
    return { verdict: tokenType.PATTERN as VerdictWord, start };
  });
  const actions = defineActions(grammar);
  const readClauses = defineClauses(grammar, expressions);
  const rule: ParserMethod<[], RuleBody> = $.RULE("rule", () => {
    const shadow = $.OPTION6(() => $.CONSUME(t.Keyword.shadow).startOffset);
    const { verdict: word, start } = $.SUBRULE(verdict);
    const name = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Keyword.on);
    const on = $.SUBRULE(actions);
    const clauses: ClauseTree[] = [];
    // Once is the order of the language; what stands out of order is read too and reported as such.
    do {
      readClauses(clauses);
    } while (CLAUSE_STARTS.has($.LA(1).tokenType));
    return {
      kind: "rule",
      shadow: shadow !== undefined,
      verdict: word,
      name,
      actions: on,
      clauses,
      start: shadow ?? start,
      end: lastEnd(grammar),
    };
  });
  return { rule, verdict, actions };
}

function defineActions(grammar: Grammar): ParserMethod<[], NameTree[] | null> {
  const { tools: $ } = grammar;
  const alternatives = {
    DEF: [
      {
        ALT: (): NameTree[] | null => {
          $.CONSUME(t.Star);
          return null;
        },
      },
      {
        ALT: (): NameTree[] | null => {
          const names: NameTree[] = [];
          $.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => void names.push(nameOf($.CONSUME(t.Name))) });
          return names;
        },
      },
    ],
    ERR_MSG: "the name of an action\n`*`",
  };
  return $.RULE("actions", () => $.OR(alternatives));
}

type ReadClauses = (clauses: ClauseTree[]) => void;

function defineClauses(grammar: Grammar, expressions: ExpressionRules): ReadClauses {
  const { tools: $ } = grammar;
  const { expression } = expressions;
  const template = defineTemplate(grammar, expressions);
  const until = defineUntil(grammar, expressions);
  const oblige = defineOblige(grammar, expressions);
  const tag = defineTag(grammar, expressions);
  const witness = defineWitness(grammar, expressions);
  const definition: ParserMethod<[], ClauseTree> = $.RULE("letClause", () => {
    const word = $.CONSUME(t.Keyword.let);
    const name = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Equal);
    const value = $.SUBRULE(expression);
    return { kind: "let", name, value, ...placed(word) };
  });
  const placed = (word: IToken) => {
    const keyword = { start: word.startOffset, end: endOf(word) };
    return { keyword, start: keyword.start, end: lastEnd(grammar) };
  };
  const conditional = (kind: "when" | "unless"): ParserMethod<[], ClauseTree> =>
    $.RULE(`${kind}Clause`, () => {
      const word = $.CONSUME(t.Keyword[kind]);
      const condition = $.SUBRULE(expression);
      return { kind, condition, ...placed(word) };
    });
  const told = (kind: "because" | "note"): ParserMethod<[], ClauseTree> =>
    $.RULE(`${kind}Clause`, () => {
      const word = $.CONSUME(t.Keyword[kind]);
      const text = $.SUBRULE(template);
      return { kind, template: text, ...placed(word) };
    });
  const always: ParserMethod<[], ClauseTree> = $.RULE("alwaysClause", () => ({
    kind: "always",
    ...placed($.CONSUME(t.Keyword.always)),
  }));
  const when = conditional("when");
  const unless = conditional("unless");
  const because = told("because");
  const note = told("note");
  return (clauses) => {
    $.MANY1(() => clauses.push($.SUBRULE(definition)));
    $.OPTION7(() => clauses.push($.SUBRULE(witness)));
    $.OPTION(() => clauses.push($.SUBRULE(always)));
    $.OPTION1(() => clauses.push($.SUBRULE(when)));
    $.OPTION2(() => clauses.push($.SUBRULE(unless)));
    $.OPTION3(() => clauses.push($.SUBRULE(until)));
    $.OPTION4(() => clauses.push($.SUBRULE(because)));
    $.OPTION5(() => clauses.push($.SUBRULE(note)));
    $.MANY2(() => clauses.push($.SUBRULE(oblige)));
    $.MANY(() => clauses.push($.SUBRULE(tag)));
  };
}

function defineUntil(grammar: Grammar, { postfix }: ExpressionRules): ParserMethod<[], ClauseTree> {
  const { tools: $ } = grammar;
  return $.RULE("untilClause", () => {
    const word = $.CONSUME(t.Keyword.until);
    $.CONSUME(t.Keyword.approved);
    $.CONSUME(t.Keyword.by);
    const count = $.OPTION(() => {
      const number = rawOf($.CONSUME(t.Integer));
      $.CONSUME(t.Keyword.of);
      return number;
    });
    const group = $.SUBRULE(postfix);
    $.CONSUME(t.Keyword.within);
    const within = rawOf($.CONSUME(t.Duration));
    const keyword = { start: word.startOffset, end: endOf(word) };
    return {
      kind: "until",
      count: count ?? null,
      group,
      within,
      keyword,
      start: keyword.start,
      end: within.end,
    };
  });
}

/** `oblige redact { fields: {"memo"} }` */
function defineOblige(grammar: Grammar, { expression }: ExpressionRules): ParserMethod<[], ClauseTree> {
  const { tools: $ } = grammar;
  const argument: ParserMethod<[], ArgumentTree> = $.RULE("argument", () => {
    const name = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Colon);
    const value = $.SUBRULE(expression);
    return { kind: "argument", name, value, start: name.start, end: value.end };
  });
  return $.RULE("obligeClause", () => {
    const word = $.CONSUME(t.Keyword.oblige);
    const name = nameOf($.CONSUME1(t.Name));
    const args: ArgumentTree[] = [];
    $.OPTION(() => {
      $.CONSUME(t.LCurly);
      $.MANY(() => {
        args.push($.SUBRULE(argument));
        $.OPTION1(() => $.CONSUME(t.Comma));
      });
      $.CONSUME(t.RCurly);
    });
    const keyword = { start: word.startOffset, end: endOf(word) };
    return { kind: "oblige", name, args, keyword, start: keyword.start, end: lastEnd(grammar) };
  });
}

/** `for any c in xs, ys` */
function defineWitness(grammar: Grammar, { operand }: ExpressionRules): ParserMethod<[], ClauseTree> {
  const { tools: $ } = grammar;
  return $.RULE("forClause", () => {
    const word = $.CONSUME(t.Keyword.for);
    $.CONSUME(t.Keyword.any);
    const variable = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Keyword.in);
    const overs: ExprTree[] = [];
    $.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => void overs.push($.SUBRULE(operand)) });
    const { startOffset: start } = word;
    return {
      kind: "for",
      variable,
      overs,
      keyword: { start, end: endOf(word) },
      start,
      end: lastEnd(grammar),
    };
  });
}

function defineTag(grammar: Grammar, { constant }: ExpressionRules): ParserMethod<[], ClauseTree> {
  const { tools: $ } = grammar;
  const absentOk = (start: number): ClauseTree => {
    const word = $.CONSUME(t.Keyword.absent_ok);
    const path: NameTree[] = [];
    $.CONSUME(t.LParen);
    $.AT_LEAST_ONE_SEP({ SEP: t.Dot, DEF: () => void path.push(nameOf($.CONSUME(t.Name))) });
    $.CONSUME(t.Comma);
    const why = rawOf($.CONSUME(t.Text));
    const end = endOf($.CONSUME(t.RParen));
    return { kind: "absent_ok", path, why, keyword: { start, end: endOf(word) }, start, end };
  };
  const other = (start: number): ClauseTree => {
    const name = nameOf($.CONSUME1(t.Name));
    const args: ExprTree[] = [];
    $.OPTION(() => {
      $.CONSUME1(t.LParen);
      $.MANY_SEP({ SEP: t.Comma, DEF: () => void args.push($.SUBRULE(constant)) });
      $.CONSUME1(t.RParen);
    });
    return { kind: "tag", name, args, keyword: { start, end: name.end }, start, end: lastEnd(grammar) };
  };
  return $.RULE("tag", () => {
    const { startOffset: start } = $.CONSUME(t.At);
    return $.OR({
      DEF: [{ ALT: () => absentOk(start) }, { ALT: () => other(start) }],
      ERR_MSG: "the name of a tag",
      IGNORE_AMBIGUITIES: true,
    });
  });
}

/** A text whose holes are expressions; the lexer has cut it at the braces. */
function defineTemplate(grammar: Grammar, { expression }: ExpressionRules): ParserMethod<[], TemplateTree> {
  const { tools: $ } = grammar;
  type Parts = TemplateTree["parts"][number][];
  const withHoles = (parts: Parts) => {
    parts.push(pieceOf($.CONSUME(t.TemplateHead)));
    parts.push({ kind: "hole", expr: $.SUBRULE(expression) });
    $.MANY(() => {
      parts.push(pieceOf($.CONSUME(t.TemplateMiddle)));
      parts.push({ kind: "hole", expr: $.SUBRULE1(expression) });
    });
    parts.push(pieceOf($.CONSUME(t.TemplateTail)));
  };
  return $.RULE("template", (): TemplateTree => {
    const parts: Parts = [];
    const { startOffset: start } = $.LA(1);
    $.OR({
      DEF: [{ ALT: () => void parts.push(pieceOf($.CONSUME(t.Template))) }, { ALT: () => withHoles(parts) }],
      ERR_MSG: "a text in double quotes",
    });
    return { kind: "template", parts, start, end: lastEnd(grammar) };
  });
}

/**
 * The text between a piece's first character and its last, which are quotes or braces; a broken one lacks
 * the last.
 */
function pieceOf(token: IToken): RawTree {
  const { image, startOffset } = token;
  const last = image[image.length - 1];
  const isClosed = image.length > 1 && (last === '"' || last === "{");
  const text = image.slice(1, isClosed ? -1 : undefined);
  const start = startOffset + Math.min(1, image.length);
  return { kind: "raw", text, start, end: start + text.length };
}
