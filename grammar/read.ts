/** The one door of the grammar: text in, tree and problems out. */
import { exceedsBytes } from "./characters.ts";
import { lex } from "./lexer.ts";
import { createGrammar, emptyProgram, type PolityGrammar } from "./parser.ts";
import { problemSink, type SyntaxProblem } from "./problem.ts";
import type { ProgramTree } from "./tree.ts";

/** In UTF-8. */
const SOURCE_BYTES_MAX = 16 * 1024 * 1024;

let grammar: PolityGrammar | undefined;

/**
 * Reads a whole source. Never throws: what cannot be read is left out of the tree and listed as a problem,
 * at most 100 of them, in source order. A source above 16 MiB or 4,000,000 tokens, or nested deeper than
 * 64, is not read at all.
 */
export function readTree(text: string): {
  readonly tree: ProgramTree;
  readonly problems: readonly SyntaxProblem[];
} {
  const sink = problemSink();
  if (exceedsBytes(text, SOURCE_BYTES_MAX)) {
    sink.add("file-too-large", 0, 0, "more than 16 MiB");
    return { tree: emptyProgram(text), problems: sink.problems };
  }
  const { tokens, docs, stopped } = lex(text, sink);
  if (stopped) return { tree: emptyProgram(text), problems: inOrder(sink.problems) };
  grammar ??= createGrammar(false);
  const tree = grammar.parse({ sink, text, tokens, docs, ifs: 0, incomplete: false });
  return { tree, problems: inOrder(sink.problems) };
}

function inOrder(problems: readonly SyntaxProblem[]): readonly SyntaxProblem[] {
  return [...problems].sort((a, b) => a.start - b.start || a.end - b.end);
}
