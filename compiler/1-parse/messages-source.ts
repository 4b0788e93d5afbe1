/** POL00xx: the file, its characters and its literals. */
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { error, quoted } from "./message.ts";

/** `size` says how large it is: `more than 16 MiB`. */
export function fileTooLarge(span: Span, size: string): Diagnostic {
  return error("POL0001", span, `the file has ${size}`, "split the policy");
}

/** `hex` is the code point. */
export function invisibleCharacter(span: Span, hex: string): Diagnostic {
  const padded = hex.toUpperCase().padStart(4, "0");
  const hint = `in a text write \`\\u{${hex}}\`; elsewhere remove it`;
  return error("POL0002", span, `the invisible character U+${padded} may not stand in a file`, hint);
}

export function unknownCharacter(span: Span, char: string): Diagnostic {
  const hint = char === "#" ? "comments begin with `//`" : null;
  return error("POL0003", span, `${quoted(char)} means nothing here`, hint);
}

export function unterminatedText(span: Span): Diagnostic {
  return error(
    "POL0004",
    span,
    "the text does not end on its line",
    'end it with `"`; a line break is `\\n`',
  );
}

export function badEscape(span: Span, found: string): Diagnostic {
  const hint =
    'escapes are `\\"`, `\\\\`, `\\n`, `\\t`, `\\r`, `\\u{…}`, `\\*` for `like`, ' +
    "and `\\{` after `because` and `note`";
  return error("POL0005", span, `${quoted(found)} is no escape`, hint);
}

export function badNumber(span: Span, number: string): Diagnostic {
  const hint = "numbers are written like `1_000` and `0.25`, durations like `1h30m`";
  return error("POL0006", span, `${quoted(number)} is no number`, hint);
}

export function tooManyDigits(span: Span, number: string): Diagnostic {
  return error("POL0007", span, `${quoted(number)} has more than 4 fractional digits`, "decimals have 4");
}

export function numberOutOfRange(span: Span, type: "int" | "decimal"): Diagnostic {
  const largest = type === "int" ? "9223372036854775807" : "922337203685477.5807";
  return error("POL0008", span, `the number is too large for \`${type}\``, `the largest is \`${largest}\``);
}

export function badTimestamp(span: Span, text: string): Diagnostic {
  const hint = "write it like `2026-11-01T00:00:00Z`, in UTC, with at most 3 fractional digits";
  return error("POL0009", span, `${quoted(text)} is no timestamp`, hint);
}

export function badDuration(span: Span, text: string): Diagnostic {
  const hint = "units are `d`, `h`, `m`, `s`, `ms`: each once, the largest first, together at most 10^15 ms";
  return error("POL0010", span, `${quoted(text)} is no duration`, hint);
}

export function nestedTooDeep(span: Span): Diagnostic {
  return error("POL0011", span, "this is nested deeper than 64 levels", "take it apart into several rules");
}

export function chainTooLong(span: Span): Diagnostic {
  const hint =
    "at most 1,000 operands may be joined, and 64 with `??`; a set with `in` says the same in less";
  return error("POL0012", span, "the expression is too long", hint);
}

export function blockComment(span: Span): Diagnostic {
  return error("POL0013", span, "`/*` begins no comment", "comments begin with `//`");
}

export const sourceCodes: readonly string[] = [
  "POL0001",
  "POL0002",
  "POL0003",
  "POL0004",
  "POL0005",
  "POL0006",
  "POL0007",
  "POL0008",
  "POL0009",
  "POL0010",
  "POL0011",
  "POL0012",
  "POL0013",
];
