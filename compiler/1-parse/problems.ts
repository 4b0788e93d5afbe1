/** Words for what the grammar found wrong. */
import type { SyntaxProblem } from "@polity/grammar/problem.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { unreachable } from "../diagnostic.ts";
import { hintFor } from "./hints.ts";
import { unavailableDeclaration } from "./messages.ts";
import {
  badEscape,
  badNumber,
  badTimestamp,
  blockComment,
  chainTooLong,
  fileTooLarge,
  invisibleCharacter,
  nestedTooDeep,
  tooManyDigits,
  unknownCharacter,
  unterminatedText,
} from "./messages-source.ts";
import {
  comparisonChain,
  noVersion,
  slip,
  unexpected,
  unknownDeclaration,
  wrongCellCount,
} from "./messages-syntax.ts";

export function diagnosticOf({ kind, start, end, found, expected }: SyntaxProblem): Diagnostic {
  const span = { start, end };
  switch (kind) {
    case "file-too-large":
      return fileTooLarge(span, found);
    case "invisible-character":
      return invisibleCharacter(span, found);
    case "unknown-character":
      return unknownCharacter(span, found);
    case "unterminated-text":
      return unterminatedText(span);
    case "bad-escape":
      return badEscape(span, found);
    case "bad-number":
      return badNumber(span, found);
    case "too-many-digits":
      return tooManyDigits(span, found);
    case "bad-timestamp":
      return badTimestamp(span, found);
    case "block-comment":
      return blockComment(span);
    case "nested-too-deep":
      return nestedTooDeep(span);
    case "chain-too-long":
      return chainTooLong(span);
    case "unexpected":
      return unexpected(span, found, expected, hintFor(found, expected));
    case "unknown-declaration":
      return unknownDeclaration(span, found, hintFor(found, expected));
    case "no-version":
      return noVersion(span);
    case "slip":
      return slip(span, found, expected[0] ?? "");
    case "comparison-chain":
      return comparisonChain(span);
    case "cell-count":
      return wrongCellCount(span, found, expected[0] ?? "");
    case "unavailable":
      return unavailableDeclaration(span, found);
    default:
      return unreachable(kind);
  }
}
