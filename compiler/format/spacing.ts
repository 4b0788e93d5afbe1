/** The space between two pieces on one line. */
import { isWord, type Place } from "./places.ts";

const TIGHT_BEFORE: ReadonlySet<string> = new Set(["Comma", "RParen", "RSquare", "Colon", "Question"]);
const TIGHT_AFTER: ReadonlySet<string> = new Set(["LParen", "LSquare", "At"]);
const TIGHT_BOTH: ReadonlySet<string> = new Set(["Dot", "DotDot", "ColonColon"]);
const TEXT_ENDS: ReadonlySet<string> = new Set(["TemplateMiddle", "TemplateTail"]);
const TEXT_BEGINS: ReadonlySet<string> = new Set(["TemplateHead", "TemplateMiddle"]);

/** Words that are never called: a parenthesis behind them groups. */
const BEFORE_GROUPS: ReadonlySet<string> = new Set(
  (
    "and or not in like is if then else when unless by of within always implies let const on " +
    "subset_of overlaps disjoint_from matches contains"
  ).split(" "),
);

/** What stands before the piece at `index` where it does not begin a line. */
export function gap(places: readonly Place[], index: number): string {
  const [left, right] = [places[index - 1], places[index]];
  if (left === undefined || right === undefined) return "";
  if (right.kind === "Comment") return "  ";
  if (TEXT_BEGINS.has(left.kind) || TEXT_ENDS.has(right.kind)) return "";
  if (TIGHT_BOTH.has(left.kind) || TIGHT_BOTH.has(right.kind)) return "";
  if (left.bracket?.shape === "angle" && left.bracket.side === "open") return "";
  if (right.bracket?.shape === "angle") return "";
  if (TIGHT_BEFORE.has(right.kind) || TIGHT_AFTER.has(left.kind)) return "";
  if (right.kind === "RCurly") return isTightBrace(right) || left.kind === "LCurly" ? "" : " ";
  if (left.kind === "LCurly") return isTightBrace(left) ? "" : " ";
  if (right.kind === "LParen" || right.kind === "LSquare")
    return isCalled(left, places[index - 2]) ? "" : " ";
  if (left.kind === "Minus" && isSign(places[index - 2], right)) return "";
  return right.mark === "entry" ? "  " : " ";
}

function isTightBrace({ bracket }: Place): boolean {
  return bracket?.shape !== "block";
}

function isCalled(left: Place, before: Place | undefined): boolean {
  if (left.kind === "RParen" || left.kind === "RSquare" || before?.kind === "Dot") return true;
  return isWord(left) && !BEFORE_GROUPS.has(left.text);
}

const OPERAND_ENDS: ReadonlySet<string> = new Set([
  "Integer",
  "Decimal",
  "Duration",
  "Timestamp",
  "Text",
  "RParen",
  "RSquare",
  "RCurly",
]);

/** A minus behind an operand takes away; behind the name of a type it is the sign of a bound. */
function isSign(before: Place | undefined, right: Place): boolean {
  if (before === undefined || OPERAND_ENDS.has(before.kind)) return false;
  if (!isWord(before) || BEFORE_GROUPS.has(before.text)) return true;
  return (before.text === "int" || before.text === "decimal") && !right.isSpaced;
}
