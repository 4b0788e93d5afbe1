/** The one place that knows how Chevrotain's parser is set up; the rules are functions over its tools. */
import {
  EmbeddedActionsParser,
  type IParserErrorMessageProvider,
  type IToken,
  type ParserMethod,
  type TokenType,
} from "chevrotain";
import type { ProblemSink } from "./problem.ts";
import { VOCABULARY } from "./tokens.ts";

type Block<T> = () => T;
interface Optional<T> {
  readonly DEF: Block<T>;
  readonly GATE?: () => boolean;
}
interface Alternative<T> {
  readonly ALT: Block<T>;
  readonly GATE?: () => boolean;
}
interface Alternatives<T> {
  readonly DEF: Alternative<T>[];
  /** What is expected where no alternative fits. */
  readonly ERR_MSG: string;
  /** The first that fits is meant: a keyword before the name that it could also be. */
  readonly IGNORE_AMBIGUITIES?: boolean;
}
interface Separated {
  readonly SEP: TokenType;
  readonly DEF: Block<void>;
}

type Consume = (type: TokenType) => IToken;
type Call = <A extends unknown[], R>(rule: ParserMethod<A, R>) => R;
type Option = <T>(block: Block<T> | Optional<T>) => T | undefined;
type Or = <T>(alternatives: Alternatives<T>) => T;
type Many = (block: Block<void> | Optional<void>) => void;
type ManySeparated = (options: Separated) => void;

/** Chevrotain's tools for rules, which it makes visible to subclasses only. */
export interface Tools {
  /** True while Chevrotain learns the grammar by running each rule once on nothing. */
  readonly RECORDING_PHASE: boolean;
  readonly RULE: <R>(name: string, body: () => R) => ParserMethod<[], R>;
  readonly CONSUME: Consume;
  readonly CONSUME1: Consume;
  readonly CONSUME2: Consume;
  readonly CONSUME3: Consume;
  readonly CONSUME4: Consume;
  readonly SUBRULE: Call;
  readonly SUBRULE1: Call;
  readonly SUBRULE2: Call;
  readonly SUBRULE3: Call;
  readonly SUBRULE4: Call;
  readonly OPTION: Option;
  readonly OPTION1: Option;
  readonly OPTION2: Option;
  readonly OPTION3: Option;
  readonly OPTION4: Option;
  readonly OPTION5: Option;
  readonly OPTION6: Option;
  readonly OPTION7: Option;
  readonly OR: Or;
  readonly OR1: Or;
  readonly OR2: Or;
  readonly MANY: Many;
  readonly MANY1: Many;
  readonly MANY2: Many;
  readonly MANY3: Many;
  readonly MANY_SEP: ManySeparated;
  readonly AT_LEAST_ONE: Many;
  readonly AT_LEAST_ONE_SEP: ManySeparated;
  readonly AT_LEAST_ONE_SEP1: ManySeparated;
  /** The token that many ahead; 1 is the next, 0 the last one read. */
  readonly LA: (ahead: number) => IToken;
  readonly SKIP_TOKEN: () => IToken;
  /** The index of the last token read, and a jump to such a place. */
  readonly exportLexerState: () => number;
  readonly importLexerState: (index: number) => void;
}

/** What the rules need to know of the source at hand; set anew for each. */
export interface Reading {
  sink: ProblemSink;
  text: string;
  tokens: readonly IToken[];
  /** The `///` lines, in order. */
  docs: readonly { readonly start: number; readonly end: number }[];
  /** How many `if` are being read, one in the other. */
  ifs: number;
  /** Something is not in the tree that the rest of it may depend on. */
  incomplete: boolean;
}

/** The tools and the source at hand. */
export interface Grammar {
  readonly tools: Tools;
  readonly reading: Reading;
}

class PolityParser extends EmbeddedActionsParser {
  constructor(define: (tools: Tools) => void, isValidated: boolean) {
    super(VOCABULARY, {
      maxLookahead: 1,
      recoveryEnabled: false,
      skipValidations: !isValidated,
      errorMessageProvider: EXPECTATIONS,
    });
    define(this as unknown as Tools);
    this.performSelfAnalysis();
  }
}

/** `isValidated`: let Chevrotain look for mistakes in the grammar itself, which takes longer. */
export function createMachine(define: (tools: Tools) => void, isValidated: boolean): EmbeddedActionsParser {
  return new PolityParser(define, isValidated);
}

/** A message here is only what was expected, one entry a line; the problem is made of it. */
const EXPECTATIONS: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => labelOf(expected),
  buildNotAllInputParsedMessage: () => "the end of the file",
  buildNoViableAltMessage: ({ customUserDescription, expectedPathsPerAlt }) =>
    customUserDescription ?? labelsOf(expectedPathsPerAlt.flat()),
  buildEarlyExitMessage: ({ customUserDescription, expectedIterationPaths }) =>
    customUserDescription ?? labelsOf(expectedIterationPaths),
};

function labelsOf(paths: readonly (readonly TokenType[])[]): string {
  return [...new Set(paths.map(([first]) => (first === undefined ? "" : labelOf(first))))].join("\n");
}

function labelOf(type: TokenType): string {
  return type.LABEL ?? type.name;
}
