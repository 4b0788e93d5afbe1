/**
 * The vocabulary. Keywords are contextual: most of them also count as `Name`, and the lexer turns one into
 * a plain name where only a name can stand (after a dot, before a colon).
 */
import { createToken, type TokenType } from "chevrotain";

/** Every token that can stand for a name: plain and quoted identifiers, and the soft keywords. */
export const Name = createToken({
  name: "Name",
  pattern: /[A-Za-z_][A-Za-z0-9_]*|`[A-Za-z_][A-Za-z0-9_]*`/,
  label: "a name",
});

/**
 * Words that are never names unless quoted, after a dot or before a colon: expressions could not be read
 * otherwise.
 */
export const HARD_WORDS = ["and", "or", "not", "in", "like", "is", "true", "false"] as const;

export const VERDICT_WORDS = ["allow", "hold", "deny", "quarantine", "terminate"] as const;

const SOFT_WORDS = [
  ...VERDICT_WORDS,
  "polity",
  "policy",
  "guard",
  "module",
  "import",
  "version",
  "valid",
  "until",
  "containment",
  "within",
  "enum",
  "ordered",
  "record",
  "entity",
  "subject",
  "every",
  "action",
  "on",
  "when",
  "unless",
  "always",
  "approved",
  "by",
  "of",
  "because",
  "note",
  "obligation",
  "oblige",
  "before",
  "after",
  "advice",
  "present",
  "absent",
  "exists",
  "ref",
  "setting",
  "table",
  "key",
  "per",
  "absent_ok",
  "any",
  "all",
  "count",
  "sum",
  "subset_of",
  "overlaps",
  "disjoint_from",
  "list",
  "set",
  "map",
  "id",
  "min",
  "max",
  "from",
  "test",
  "facts",
  "carried",
  "request",
  "given",
  "asked",
  "expect",
  "with",
  "const",
  "fn",
  "let",
  "grid",
  "none",
  "matches",
  "contains",
  "if",
  "then",
  "else",
  "for",
  "shadow",
  "prove",
  "permitted",
  "implies",
] as const;

type Word = (typeof HARD_WORDS)[number] | (typeof SOFT_WORDS)[number];

function keyword(word: Word): TokenType {
  const soft = (SOFT_WORDS as readonly string[]).includes(word);
  const name = `${word[0]?.toUpperCase()}${word.slice(1)}`;
  const base = { name, pattern: word, label: `\`${word}\`` };
  return createToken(soft ? { ...base, categories: [Name] } : base);
}

/** By the word itself: `Keyword.when`. */
export const Keyword: Readonly<Record<Word, TokenType>> = Object.freeze(
  Object.fromEntries([...HARD_WORDS, ...SOFT_WORDS].map((word) => [word, keyword(word)])) as Record<
    Word,
    TokenType
  >,
);

function literal(name: string, pattern: RegExp, label: string): TokenType {
  return createToken({ name, pattern, label });
}

export const Integer = literal("Integer", /0|[1-9]\d*(?:_\d+)*/, "a whole number");
export const Decimal = literal("Decimal", /(?:0|[1-9]\d*(?:_\d+)*)\.\d{1,4}/, "a number with a fraction");
export const Duration = literal("Duration", /(?:\d+(?:_\d+)*(?:ms|d|h|m|s))+/, "a duration such as `15m`");
export const Timestamp = literal(
  "Timestamp",
  /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z/,
  "a timestamp such as `2026-11-01T00:00:00Z`",
);
export const Text = literal(
  "Text",
  /"(?:[^"\\\n]|\\(?:["\\ntr]|u\{[0-9A-Fa-f]{1,6}\}))*"/,
  "a text in double quotes",
);
/** A text after `because` or `note` without holes; with holes it comes in pieces that include the braces. */
export const Template = literal(
  "Template",
  /"(?:[^"\\\n{]|\\(?:["\\ntr{]|u\{[0-9A-Fa-f]{1,6}\}))*"/,
  "a text in double quotes",
);
export const TemplateHead = literal(
  "TemplateHead",
  /"(?:[^"\\\n{]|\\(?:["\\ntr{]|u\{[0-9A-Fa-f]{1,6}\}))*\{/,
  "a text in double quotes",
);
export const TemplateMiddle = literal(
  "TemplateMiddle",
  /\}(?:[^"\\\n{]|\\(?:["\\ntr{]|u\{[0-9A-Fa-f]{1,6}\}))*\{/,
  "`}` and more text",
);
export const TemplateTail = literal(
  "TemplateTail",
  /\}(?:[^"\\\n{]|\\(?:["\\ntr{]|u\{[0-9A-Fa-f]{1,6}\}))*"/,
  "`}` and the end of the text",
);
/** Behind `matches` or `contains`; what stands between the slashes is read by the compiler. */
export const Pattern = literal("Pattern", /\/(?:[^/\\\n]|\\.)*\/[a-z]*/, "a pattern");

function sign(name: string, text: string): TokenType {
  return createToken({ name, pattern: text, label: `\`${text}\`` });
}

export const LCurly = sign("LCurly", "{");
export const RCurly = sign("RCurly", "}");
export const LParen = sign("LParen", "(");
export const RParen = sign("RParen", ")");
export const LSquare = sign("LSquare", "[");
export const RSquare = sign("RSquare", "]");
export const Comma = sign("Comma", ",");
export const Colon = sign("Colon", ":");
export const ColonColon = sign("ColonColon", "::");
export const Dot = sign("Dot", ".");
export const DotDot = sign("DotDot", "..");
export const Question = sign("Question", "?");
export const Otherwise = sign("Otherwise", "??");
export const Pipe = sign("Pipe", "|");
export const At = sign("At", "@");
export const Star = sign("Star", "*");
export const Slash = sign("Slash", "/");
export const Percent = sign("Percent", "%");
export const Plus = sign("Plus", "+");
export const Minus = sign("Minus", "-");
export const Less = sign("Less", "<");
export const LessEqual = sign("LessEqual", "<=");
export const Greater = sign("Greater", ">");
export const GreaterEqual = sign("GreaterEqual", ">=");
export const EqualEqual = sign("EqualEqual", "==");
export const NotEqual = sign("NotEqual", "!=");
/** Before the body of a definition; in a condition it is a slip. */
export const Equal = sign("Equal", "=");
export const Arrow = sign("Arrow", "->");

export const LITERALS: readonly TokenType[] = [Integer, Decimal, Duration, Timestamp, Text];

export const TEMPLATES: readonly TokenType[] = [Template, TemplateHead, TemplateMiddle, TemplateTail];

/** Longest first, so that the first that fits is the right one. */
export const SIGNS: readonly TokenType[] = [
  ColonColon,
  DotDot,
  Otherwise,
  LessEqual,
  GreaterEqual,
  EqualEqual,
  NotEqual,
  Arrow,
  LCurly,
  RCurly,
  LParen,
  RParen,
  LSquare,
  RSquare,
  Comma,
  Colon,
  Dot,
  Question,
  Pipe,
  At,
  Star,
  Slash,
  Percent,
  Plus,
  Minus,
  Less,
  Greater,
  Equal,
];

export const KEYWORDS: ReadonlyMap<string, TokenType> = new Map(Object.entries(Keyword));

export const VOCABULARY: TokenType[] = [
  Name,
  ...KEYWORDS.values(),
  ...LITERALS,
  ...TEMPLATES,
  Pattern,
  ...SIGNS,
];
