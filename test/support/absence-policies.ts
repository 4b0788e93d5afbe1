/**
 * Random policies about things that may be absent, and their requests: what the mutation oracle of
 * `test/property/check.test.ts` needs. Conditions are dense in optionals, defaults, quantifiers and
 * arithmetic that may err; no rule has an `@absent_ok`.
 */
import type { Random } from "./generate/random.ts";

export const HEAD = `polity 1
policy p version 1
enum Color { red, green }
record Part { n: int? -3..3, m: int -3..3, on: bool? }
record Whole { k: int -3..3 }
entity Team
entity Bot in Team { cap: int? -3..3, lim: int -3..3, lucky: set<int -3..3>? max 2, boss: Bot? }
action go {
  a: int -3..3, b: int -3..3, t: bool, big: int, bot: Bot
  x: int? -3..3, y: int? -3..3, f: bool?, c: Color?, w: string? max 3, q: Bot?, huge: int?
  s: set<int -3..3>? max 3, p: Part?, items: list<Part> max 2, wholes: list<Whole> min 1 max 2
}
`;

interface Scope {
  readonly random: Random;
  /** Names of `int` and `bool` paths that are always there. */
  readonly ints: readonly string[];
  readonly bools: readonly string[];
  readonly depth: number;
}

const OPTIONAL_INTS = ["x", "y", "bot.cap"];

/** One rule, most of them refused by the checker. */
export function generateRule(random: Random, name: string): string {
  const verdict = random.pick(["allow", "allow", "hold", "deny", "quarantine"]);
  const scope = { random, ints: ["a", "b", "bot.lim"], bools: ["t"], depth: 3 };
  const clauses: string[] = [];
  if (random.chance(0.8)) clauses.push(`when ${bool(scope)}`);
  if (clauses.length === 0 || random.chance(0.3)) clauses.push(`unless ${bool(scope)}`);
  return `${verdict === "quarantine" ? "deny" : verdict} ${name} on go ${clauses.join(" ")}\n`;
}

function bool(scope: Scope): string {
  const { random, depth } = scope;
  if (depth === 0) return leaf(scope);
  const inner = { ...scope, depth: depth - 1 };
  switch (
    random.pick(["and", "or", "not", "guard", "guard", "quantifier", "equal", "leaf", "leaf", "leaf"])
  ) {
    case "and":
      return `(${bool(inner)} and ${bool(inner)})`;
    case "or":
      return `(${bool(inner)} or ${bool(inner)})`;
    case "not":
      return `not (${bool(inner)})`;
    case "guard":
      return guard(inner);
    case "quantifier":
      return quantifier(inner);
    case "equal":
      return `((${bool(inner)}) ${random.pick(["==", "!="])} (${random.pick(["t", "f ?? false", "true"])}))`;
    default:
      return leaf(scope);
  }
}

function guard(scope: Scope): string {
  const { random } = scope;
  const path = random.pick([...OPTIONAL_INTS, "p", "f", "c", "q", "huge"]);
  const [ints, bools] = [[...scope.ints], [...scope.bools]];
  if (OPTIONAL_INTS.includes(path) || path === "huge") ints.push(path, path);
  if (path === "p") ints.push("p.m");
  if (path === "q") ints.push("q.lim");
  if (path === "f") bools.push("f");
  const body = bool({ ...scope, ints, bools });
  return random.chance(0.5) ? `(${path} is present and ${body})` : `(${path} is absent or ${body})`;
}

function quantifier(scope: Scope): string {
  const { random, depth } = scope;
  const v = `v${depth}`;
  const op = random.pick(["any", "all", "count"]);
  const over = random.pick(["items", "wholes", "(s ?? {})", "(s ?? {1, 2})", "(bot.lucky ?? {})"]);
  const member = over === "items" ? `${v}.m` : over === "wholes" ? `${v}.k` : v;
  const optional = over === "items" && random.chance(0.5);
  const inner = { ...scope, ints: [...scope.ints, member] };
  const body = optional
    ? random.pick([
        `(${v}.n ?? ${constant(random)}) ${order(random)} ${int(inner)}`,
        `(${v}.n is present and ${bool({ ...inner, ints: [...inner.ints, `${v}.n`] })})`,
        `(${v}.on ?? ${random.pick(["true", "false"])})`,
      ])
    : bool(inner);
  const text = `${op}(${v} in ${over}: ${body})`;
  return op === "count" ? `${text} ${order(random)} ${random.pick(["0", "1", "2", "a"])}` : text;
}

function leaf(scope: Scope): string {
  const { random } = scope;
  switch (
    random.pick(["order", "order", "order", "present", "bool", "flag", "in", "enum", "text", "entity"])
  ) {
    case "present":
      return `${random.pick([...OPTIONAL_INTS, "p", "f", "s", "q"])} is ${presence(random)}`;
    case "bool":
      return random.pick(scope.bools);
    case "flag":
      return `(f ?? ${random.pick(["true", "false", "t"])})`;
    case "in":
      return random.pick([
        `${int(scope)} in (s ?? {})`,
        `${int(scope)} not in (s ?? {})`,
        `${int(scope)} in -1..${int(scope)}`,
        `${int(scope)} not in ${int(scope)}..${int(scope)}`,
        `${int(scope)} in {1, 2}`,
      ]);
    case "enum":
      return `(c ?? ${random.pick(["red", "green"])}) ${random.pick(["==", "!="])} red`;
    case "text":
      return random.pick([
        `(w ?? "") ${random.pick(["==", "!="])} "a"`,
        `(w ?? "a").starts_with("a")`,
        `(w ?? "") like "a*"`,
      ]);
    case "entity":
      return random.pick([
        "(q ?? bot) == bot",
        '(q ?? bot) in Team::"t"',
        "(q ?? bot).lim > 0",
        "(bot.boss ?? bot) != bot",
        'bot in Team::"t"',
      ]);
    default:
      return `${int(scope)} ${order(random)} ${int(scope)}`;
  }
}

function int(scope: Scope): string {
  const { random, depth } = scope;
  const inner = { ...scope, depth: Math.max(0, depth - 1) };
  switch (random.pick(["name", "name", "constant", "default", "default", "sum", "risky", "negate"])) {
    case "constant":
      return constant(random);
    case "default":
      return `(${random.pick(OPTIONAL_INTS)} ?? ${random.pick([constant(random), "a", "(y ?? 0)"])})`;
    case "sum":
      if (depth === 0) return random.pick(scope.ints);
      return `(${int(inner)} ${random.pick(["+", "-", "*"])} ${int(inner)})`;
    case "risky":
      if (random.chance(0.6)) return random.pick(scope.ints);
      return random.pick([
        `(3 / ${random.pick(scope.ints)})`,
        "(big + 1)",
        `(3 % (x ?? 1))`,
        "(3 / (y ?? 3))",
      ]);
    case "negate":
      return `(-${random.pick(scope.ints)})`;
    default:
      return random.pick(scope.ints);
  }
}

function presence(random: Random): string {
  return random.pick(["present", "absent"]);
}

function constant(random: Random): string {
  return random.pick(["-4", "-3", "0", "1", "3", "4"]);
}

function order(random: Random): string {
  return random.pick(["<", "<=", ">", ">=", "==", "!="]);
}

// ---- requests and facts

export type Json = Record<string, unknown>;

export function generateFields(random: Random): Json {
  const small = () => random.pick([-3, -1, 0, 1, 3]);
  const part = (): Json => ({
    m: small(),
    ...maybe(random, { n: small(), on: random.chance(0.5) }),
  });
  return {
    a: small(),
    b: small(),
    t: random.chance(0.5),
    big: random.pick([0, 5, "9223372036854775807"]),
    bot: random.pick(["b0", "b1", "b2"]),
    items: [part(), part()].slice(0, random.pick([0, 1, 2])),
    wholes: [{ k: small() }, { k: small() }].slice(0, random.pick([1, 2])),
    ...maybe(random, {
      x: small(),
      y: small(),
      f: random.chance(0.5),
      c: random.pick(["red", "green"]),
      w: random.pick(["", "a", "b"]),
      q: random.pick(["b0", "b1"]),
      huge: random.pick([0, 1, "9223372036854775807"]),
      s: random.pick([[], [1], [0, 3]]),
      p: part(),
    }),
  };
}

export function generateFacts(random: Random): { readonly entities: readonly Json[] } {
  const small = () => random.pick([-3, -1, 0, 1, 3]);
  const bots = ["b0", "b1", "b2"].map((id) => ({
    type: "Bot",
    id,
    attributes: {
      lim: small(),
      ...maybe(random, {
        cap: small(),
        lucky: random.pick([[], [1], [1, 3]]),
        boss: random.pick(["b0", "b1"]),
      }),
    },
    parents: random.chance(0.5) ? [{ type: "Team", id: "t" }] : [],
  }));
  return { entities: [{ type: "Team", id: "t" }, ...bots] };
}

function maybe(random: Random, fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(() => random.chance(0.6)));
}

const OPTIONAL = ["x", "y", "f", "c", "w", "q", "huge", "s", "p"];

/** The same fields without one optional part, for every such part that is there. */
export function dropEach(fields: Json): readonly Json[] {
  const dropped = OPTIONAL.filter((name) => name in fields).map((name) => without(fields, name));
  const part = fields.p as Json | undefined;
  for (const name of ["n", "on"]) {
    if (part !== undefined && name in part) dropped.push({ ...fields, p: without(part, name) });
    const items = fields.items as readonly Json[];
    for (const [index, item] of items.entries()) {
      if (name in item) dropped.push({ ...fields, items: items.with(index, without(item, name)) });
    }
  }
  return dropped;
}

/** Facts without one optional attribute of one entity. */
export function dropEachFact(facts: { readonly entities: readonly Json[] }): readonly (typeof facts)[] {
  return facts.entities.flatMap((entity, index) => {
    const attributes = (entity.attributes ?? {}) as Json;
    const names = ["cap", "lucky", "boss"].filter((name) => name in attributes);
    return names.map((name) => ({
      entities: facts.entities.with(index, { ...entity, attributes: without(attributes, name) }),
    }));
  });
}

function without(fields: Json, name: string): Json {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
}
