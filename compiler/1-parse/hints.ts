import { HARD_WORDS, VERDICT_WORDS } from "@polity/grammar/tokens.ts";

/** What people mean who write a word of another language, or who mistype one of this. */

const FOREIGN: ReadonlyMap<string, string> = new Map([
  ["permit", "allow"],
  ["grant", "allow"],
  ["forbid", "deny"],
  ["block", "deny"],
  ["reject", "deny"],
  ["refuse", "deny"],
  ["approve", "hold"],
  ["review", "hold"],
  ["if", "when"],
  ["where", "when"],
  ["provided", "when"],
  ["except", "unless"],
  ["reason", "because"],
  ["message", "because"],
  ["type", "record"],
  ["struct", "record"],
  ["class", "record"],
  ["operation", "action"],
  ["principal", "subject"],
  ["language", "polity"],
]);

/** What a description of what is expected stands for. */
const EXPANDED: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["a clause", ["let", "for", "when", "unless", "always", "until", "because", "note"]],
  [
    "a declaration",
    [
      ...VERDICT_WORDS,
      "enum",
      "record",
      "entity",
      "subject",
      "every",
      "action",
      "const",
      "fn",
      "shadow",
      "prove",
      "test",
      "policy",
      "valid",
    ],
  ],
  ["a verdict", VERDICT_WORDS],
]);

/** `expected` holds labels: a word in backticks, or a description. */
export function hintFor(found: string, expected: readonly string[]): string | null {
  const words = expected.flatMap((label) => EXPANDED.get(label) ?? /^`([a-z_]+)`$/.exec(label)?.[1] ?? []);
  const foreign = FOREIGN.get(found);
  if (foreign !== undefined && (words.length === 0 || words.includes(foreign))) return `write \`${foreign}\``;
  const near = words.find((word) => isNear(found.toLowerCase(), word));
  if (near !== undefined) return `did you mean \`${near}\`?`;
  if (found === "=" && expected.includes("`:`")) return "a name and its value are joined with `:`";
  const isHard = (HARD_WORDS as readonly string[]).includes(found);
  if (isHard && expected.includes("a name")) return "in backticks it is a name";
  return null;
}

/** One or two slips apart: a letter missing, added, wrong, or swapped with its neighbour. */
function isNear(found: string, word: string): boolean {
  const slipsMax = word.length < 4 ? 1 : 2;
  if (found.length > word.length + slipsMax || found.length < word.length - slipsMax) return false;
  return found !== word && slips(found, word) <= slipsMax;
}

function slips(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const around = Math.min(last[column] ?? 0, next[column - 1] ?? 0) + 1;
      const through = (last[column - 1] ?? 0) + (same ? 0 : 1);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = swapped ? (before[column - 2] ?? 0) + 1 : through;
      next.push(Math.min(around, through, swap));
    }
    before = last;
    last = next;
  }
  return last[b.length] ?? 0;
}
