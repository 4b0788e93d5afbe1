/** Random patterns as source text, of few characters, so that they meet the texts that are made for them. */
import type { Random } from "./random.ts";

const ATOMS = [
  "a",
  "b",
  "a",
  ".",
  "\\.",
  "é",
  "ﬀ",
  "😀",
  "\\*",
  "\\\\",
  "\\/",
  "\\d",
  "\\W",
  "\\s",
  "\\u{e9}",
];
const CLASSES = [
  "[ab]",
  "[^a]",
  "[a-z]",
  "[^\\x00-\\x7f]",
  "[é-ﬀ]",
  "[\\d_:]",
  "[😀é]",
  "[^\\S\\w]",
  "[A-Z]",
];
const REPEATS = ["*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,2}"];

export function generatePattern(random: Random, depth: number): string {
  return `/${sequence(random, depth)}/${random.chance(0.2) ? "i" : ""}`;
}

function sequence(random: Random, depth: number): string {
  let text = "";
  for (let count = random.between(1, 3); count > 0; count -= 1) text += repeated(random, depth);
  return text;
}

function repeated(random: Random, depth: number): string {
  const part = atom(random, depth);
  return random.chance(0.35) ? `${part}${random.pick(REPEATS)}` : part;
}

function atom(random: Random, depth: number): string {
  if (depth > 0 && random.chance(0.35)) {
    const options = [sequence(random, depth - 1), ...random.some([sequence(random, depth - 1), ""], 0.4)];
    return `(${random.pick(["", "?:"])}${options.join("|")})`;
  }
  return random.pick(random.chance(0.3) ? CLASSES : ATOMS);
}
