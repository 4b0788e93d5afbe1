/** The whole grammar, and the walk over a source from declaration to declaration. */
import { EOF, type IToken, isRecognitionException, type ParserMethod } from "chevrotain";
import { type Body, type BodyRule, defineDeclarations, defineHead, defineLanguage } from "./declarations.ts";
import { defineDefinitions, defineProof } from "./definitions.ts";
import { defineExpressions } from "./expressions.ts";
import { createMachine, type Grammar, type Reading } from "./machine.ts";
import { endOf } from "./nodes.ts";
import { problemSink } from "./problem.ts";
import { lastEnd, skipToDeclaration } from "./recovery.ts";
import { defineRules } from "./rules.ts";
import { defineSetting, defineTable } from "./settings.ts";
import { defineTests } from "./tests.ts";
import * as t from "./tokens.ts";
import type { ItemTree, ProgramTree, RawTree } from "./tree.ts";
import { defineTypes } from "./types.ts";
import { refuseDeclaration } from "./unavailable.ts";

export interface PolityGrammar {
  /** Chevrotain's own view of the grammar, for what is generated from it. */
  readonly machine: ReturnType<typeof createMachine>;
  /** Reads what was given to `reading`; never throws. */
  readonly parse: (source: Reading) => ProgramTree;
}

/** Takes some milliseconds: make one and keep it. */
export function createGrammar(isValidated: boolean): PolityGrammar {
  const reading: Reading = { sink: problemSink(), text: "", tokens: [], docs: [], ifs: 0, incomplete: false };
  let program: ParserMethod<[], ProgramTree> | undefined;
  const machine = createMachine((tools) => {
    program = defineProgram({ tools, reading });
  }, isValidated);
  const parse = (source: Reading): ProgramTree => {
    Object.assign(reading, source);
    // Chevrotain ends the list of tokens with marks of its own, so it gets a copy.
    machine.input = [...source.tokens];
    const tree = program?.call(machine);
    machine.input = [];
    Object.assign(reading, {
      sink: problemSink(),
      text: "",
      tokens: [],
      docs: [],
      ifs: 0,
      incomplete: false,
    });
    return tree ?? emptyProgram(source.text);
  };
  return { machine, parse };
}

export function emptyProgram(text: string): ProgramTree {
  return { kind: "program", version: null, items: [], incomplete: true, start: 0, end: text.length };
}

function defineProgram(grammar: Grammar): ParserMethod<[], ProgramTree> {
  const { tools: $ } = grammar;
  const types = defineTypes(grammar);
  const expressions = defineExpressions(grammar);
  const { rule, verdict, actions } = defineRules(grammar, expressions);
  const test = defineTests(grammar, expressions.constant, verdict);
  const bodies: readonly BodyRule[] = [
    ...defineHead(grammar),
    ...defineDeclarations(grammar, types),
    ...defineDefinitions(grammar, types, expressions),
    defineSetting(grammar, types, expressions),
    defineTable(grammar, types),
    rule as BodyRule,
    test as BodyRule,
    defineProof(grammar, expressions, actions),
  ];
  const language = defineLanguage(grammar);
  const alternatives = {
    DEF: bodies.map((body) => ({ ALT: (): Body => $.SUBRULE(body) })),
    ERR_MSG: "a declaration",
  };
  const item: BodyRule = $.RULE("item", () => $.OR(alternatives));

  return $.RULE("program", () => {
    const items: ItemTree[] = [];
    const docs = docTaker(grammar);
    const version = readLanguage(grammar, () => $.SUBRULE(language));
    const readItem = () => {
      const from = $.exportLexerState();
      const taken = docs();
      const body = attempt(grammar, from, () => $.SUBRULE(item));
      if (body !== null) items.push(isHead(body) ? body : { ...body, docs: taken });
    };
    do {
      $.MANY({ GATE: () => !grammar.reading.sink.isFull(), DEF: readItem });
      if (!refuseDeclaration(grammar) && $.LA(1).tokenType !== EOF) refuseUnknown(grammar, items);
    } while ($.LA(1).tokenType !== EOF && !grammar.reading.sink.isFull());
    const { incomplete, text } = grammar.reading;
    return { kind: "program", version, items, incomplete, start: 0, end: text.length };
  });
}

function isHead(body: Body): body is Extract<Body, { kind: "naming" | "import" | "valid" | "containment" }> {
  const { kind } = body;
  return kind === "naming" || kind === "import" || kind === "valid" || kind === "containment";
}

/** Reads one declaration; where that fails, reports it once and moves to the next. */
function attempt<T>(grammar: Grammar, from: number, read: () => T): T | null {
  grammar.reading.ifs = 0;
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error) || !isRecognitionException(error)) throw error;
    grammar.reading.incomplete = true;
    report(grammar, from, error as Error & { readonly token: IToken });
    skipToDeclaration(grammar, from + 1);
    return null;
  }
}

/** What went wrong before in the same declaration explains this as well. */
function report({ reading }: Grammar, from: number, error: Error & { readonly token: IToken }): void {
  const begin = reading.tokens[from + 1]?.startOffset ?? 0;
  const { start, end, found } = placeOf(reading, error.token);
  if (isExplained(reading, begin, end)) return;
  const expected = error.message.split("\n").filter((entry) => entry !== "");
  reading.sink.add("unexpected", start, end, found, expected);
}

function isExplained({ sink }: Reading, begin: number, end: number): boolean {
  return sink.problems.some(({ kind, start }) => kind !== "unavailable" && start >= begin && start <= end);
}

function placeOf(reading: Reading, token: IToken): { start: number; end: number; found: string } {
  if (token.tokenType === EOF) return { start: reading.text.length, end: reading.text.length, found: "" };
  return { start: token.startOffset, end: endOf(token), found: token.image };
}

function readLanguage(grammar: Grammar, read: () => RawTree): RawTree | null {
  const { tools: $, reading } = grammar;
  if (!$.RECORDING_PHASE && $.LA(1).tokenType !== t.Keyword.polity) {
    const { start, end, found } = placeOf(reading, $.LA(1));
    reading.sink.add("no-version", start, end, found);
    return null;
  }
  return attempt(grammar, $.exportLexerState(), read);
}

/** Hands out the `///` lines that stand between the last token read and the next one. */
function docTaker(grammar: Grammar): () => readonly RawTree[] {
  const { tools: $, reading } = grammar;
  let at = 0;
  return () => {
    const taken: RawTree[] = [];
    const from = lastEnd(grammar);
    const until = $.LA(1).startOffset;
    for (; at < reading.docs.length; at += 1) {
      const { start, end } = reading.docs[at] as { start: number; end: number };
      if (start >= until) break;
      if (start >= from) taken.push({ kind: "raw", text: reading.text.slice(start, end), start, end });
    }
    return taken;
  };
}

/**
 * Between two declarations stands what begins none. Behind a rule it is taken for a broken clause of that
 * rule.
 */
function refuseUnknown(grammar: Grammar, items: ItemTree[]): void {
  const { tools: $, reading } = grammar;
  const { start, end, found } = placeOf(reading, $.LA(1));
  const isExplainedAlready = isExplained(reading, lastEnd(grammar), end);
  const isClause = items.at(-1)?.kind === "rule";
  // Without that clause nothing can be said about the rule.
  if (isClause) items.pop();
  reading.incomplete = true;
  if (!isExplainedAlready && isClause) {
    reading.sink.add("unexpected", start, end, found, ["a clause", "a declaration"]);
  } else if (!isExplainedAlready) {
    reading.sink.add("unknown-declaration", start, end, found, ["a declaration"]);
  }
  skipToDeclaration(grammar, $.exportLexerState() + 1);
}
