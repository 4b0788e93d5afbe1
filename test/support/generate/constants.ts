/** Constants of rules of one shape: the same in each rule, or others, of few or of many. */
import type { Type } from "@polity/runtime/layout.ts";
import { generateLiteral } from "./literals.ts";
import { printDuration, printTimestamp } from "./print-type.ts";
import { type Constants, createRandom, type Random } from "./random.ts";

export type Spread = "same" | "few" | "many";

/** Of the rule number `row`: at each place of the shape a spread of its own, or everywhere `only`. */
export function constantsOf(seed: number, row: number, only: Spread | undefined): Constants {
  let place = 0;
  return (what, schema) => {
    const isNamed = typeof what === "object" && (what.kind === "entity" || what.kind === "ref");
    if (isNamed && schema?.types.entities.get(what.name)?.fromRequest === true) return undefined;
    place += 1;
    const spread = only ?? createRandom(seed, place).pick<Spread>(["same", "few", "few", "many", "many"]);
    const random = createRandom(seed, place, spread === "same" ? 0 : row + 1);
    if (what === "text" || schema === undefined) return `why ${random.below(spread === "few" ? 2 : 100)}: `;
    const wide = spread === "many" ? oneOfMany(random, what) : undefined;
    return wide ?? generateLiteral(random, what, schema);
  };
}

/** Undefined for what has few values anyway. */
function oneOfMany(random: Random, type: Type): string | undefined {
  const n = random.below(random.pick([20, 400]));
  if (type.kind === "entity" || type.kind === "ref") return `${type.name}::"e${1 + (n % 9)}"`;
  return MANY[type.kind === "shaped" ? type.shape : type.kind]?.(n);
}

const MANY: Readonly<Record<string, (n: number) => string>> = {
  int: String,
  decimal: (n) => `${n}.${["0", "25", "5"][n % 3]}`,
  timestamp: (n) => printTimestamp(1_795_000_000_000n + BigInt(n) * 500n),
  duration: (n) => printDuration(BigInt(n) * 500n),
  string: (n) => `"t${n}"`,
  path: (n) => `"/d${n % 7}/f${n}"`,
  host: (n) => `"h${n % 50}.x${n % 3}.a.b"`,
  host_pattern: (n) => `"*.x${n}.a.b"`,
  ip: (n) => `"10.0.${n % 2}.${n % 200}"`,
  cidr: (n) => `"10.0.0.0/${8 + (n % 24)}"`,
  url: (n) => `"https://h${n}.a.b/p"`,
  email: (n) => `"u${n}@a.b"`,
};
