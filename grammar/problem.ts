/** What was wrong with a source, as plain data; the compiler words it. */
export interface SyntaxProblem {
  readonly kind: ProblemKind;
  readonly start: number;
  readonly end: number;
  /** The text that was found, or what the kind says; empty at the end of the source. */
  readonly found: string;
  /** What could have stood there, in the language's words: `` `when` ``, `a name`. */
  readonly expected: readonly string[];
}

export type ProblemKind =
  // the file and its characters
  | "file-too-large"
  | "invisible-character"
  | "unknown-character"
  | "unterminated-text"
  | "bad-escape"
  | "bad-number"
  | "too-many-digits"
  | "bad-timestamp"
  | "block-comment"
  | "nested-too-deep"
  | "chain-too-long"
  // sentences
  | "unexpected"
  | "unknown-declaration"
  | "no-version"
  /** `found` is the slip, `expected[0]` what the language writes. */
  | "slip"
  | "comparison-chain"
  | "cell-count"
  // what the language has and this version lacks; `found` names it
  | "unavailable";

/** More are not kept: nobody reads them, and a hostile source must not cost memory. */
export const PROBLEMS_MAX = 100;

/** Collects problems up to the limit. */
export interface ProblemSink {
  readonly problems: SyntaxProblem[];
  readonly isFull: () => boolean;
  readonly add: (
    kind: ProblemKind,
    start: number,
    end: number,
    found: string,
    expected?: readonly string[],
  ) => void;
}

export function problemSink(): ProblemSink {
  const problems: SyntaxProblem[] = [];
  const isFull = () => problems.length >= PROBLEMS_MAX;
  return {
    problems,
    isFull,
    add(kind, start, end, found, expected = []) {
      if (!isFull()) problems.push({ kind, start, end, found, expected });
    },
  };
}
