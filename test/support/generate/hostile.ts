/** Requests that somebody bent: one or two faults in a well-formed one. */
import type { Header } from "@polity/runtime/header.ts";
import type { Random } from "./random.ts";
import type { GeneratedRequest } from "./requests.ts";

export function bend(random: Random, request: GeneratedRequest): GeneratedRequest {
  let { action, fields, header, entities } = request;
  for (let faults = random.pick([1, 1, 1, 2]); faults > 0; faults -= 1) {
    const place = random.below(10);
    if (place === 0) header = bendInside(random, header, false) as Header;
    else if (place === 1 && random.chance(0.3))
      action = random.pick(["", "Act0", "act9", "__proto__", "toString"]);
    else if (place < 4 && entities !== undefined) entities = bendInside(random, entities, true);
    else fields = bendInside(random, fields, true);
  }
  return { action, fields, header, ...(entities !== undefined && { entities }) };
}

/**
 * One fault at a random place within a value of objects and arrays. Exotic objects, with getters, traps or
 * prototypes, are for fields only: a header is made by the host itself.
 */
function bendInside(random: Random, value: unknown, isExotic: boolean): unknown {
  if (random.chance(0.25) || !isBendable(value)) return bendHere(random, value);
  if (Array.isArray(value)) {
    if (value.length === 0 || random.chance(0.3)) return bendArray(random, value);
    const at = random.below(value.length);
    return value.map((member, index) => (index === at ? bendInside(random, member, isExotic) : member));
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || random.chance(0.3)) return bendObject(random, entries, isExotic);
  const [name, old] = random.pick(entries);
  return Object.fromEntries(
    entries.map(([key, each]) => [key, key === name ? bendInside(random, old, isExotic) : each]),
  );
}

/** Not what was made to throw, nor an array of billions of holes. */
function isBendable(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) ? value.length < 10_000 : isPlain(value);
}

function isPlain(value: object): boolean {
  try {
    return Object.getPrototypeOf(value) === Object.prototype;
  } catch {
    return false;
  }
}

function bendArray(random: Random, members: readonly unknown[]): unknown {
  const first = members[0] ?? "a";
  return random.pick<() => unknown>([
    () => [...members, first],
    () => [...members, ...members],
    () => members.slice(1),
    () => [],
    () => Array.from({ length: 5_000 }, () => first),
    () => Object.assign([...members], { length: members.length + 1 }),
    () => ({ ...members, length: members.length }),
    () => new Array(2 ** 32 - 1),
    () => [null, ...members],
    () => [members],
    () => Object.assign([...members], { extra: 1 }),
    () => members.toReversed(),
  ])();
}

function bendObject(random: Random, entries: Entries, isExotic: boolean): unknown {
  const [name, value] = entries.length > 0 ? random.pick(entries) : ["a", 1];
  const others = entries.filter(([key]) => key !== name);
  const without = Object.fromEntries(others);
  const whole = Object.fromEntries(entries);
  return random.pick<() => unknown>([
    () => without,
    () => ({ ...without, [name.toUpperCase()]: value }),
    () => ({ ...whole, extra: 1 }),
    () => ({ ...whole, [`${name} `]: value }),
    () => Object.fromEntries([...entries, ["__proto__", {}]]),
    () => JSON.parse('{"__proto__": {"a": 1}}'),
    () => ({ ...whole, [name]: undefined }),
    ...(isExotic ? exoticObjects(entries) : []),
  ])();
}

/** Without getters: the host calls each at most once, where the reference refuses what has one. */
function exoticObjects(entries: Entries): readonly (() => unknown)[] {
  const [name, value] = entries[0] ?? ["a", 1];
  const whole = Object.fromEntries(entries);
  const without = Object.fromEntries(entries.slice(1));
  return [
    () => Object.assign(Object.create({ [name]: value }), without),
    () => Object.assign(Object.create(null), whole),
    () => Object.defineProperty({ ...without }, name, { value, enumerable: false }),
    () => ({ ...whole, [Symbol("s")]: 1 }),
    () => new Map(entries),
    () => new Proxy(whole, { getPrototypeOf: thrower }),
    () => new Proxy(Object.assign(Object.create(null), whole), { ownKeys: thrower }),
  ];
}

type Entries = readonly (readonly [string, unknown])[];

function thrower(): never {
  throw new Error("a trap of a proxy");
}

function bendHere(random: Random, value: unknown): unknown {
  const text = typeof value === "string" ? value : "a";
  return random.pick<() => unknown>([
    ...(typeof value === "string" ? textFaults(text) : []),
    ...(typeof value === "number" ? numberFaults(value) : []),
    () =>
      random.pick([null, undefined, Number.NaN, -0, 0, 2 ** 53, 2 ** 53 + 2, 1e21, 1e-7, 0.5, -1, 1.23456]),
    () => random.pick([2n ** 53n + 1n, 2n ** 63n, -(2n ** 63n), 0n, 2n ** 200n]),
    () =>
      random.pick([Number.POSITIVE_INFINITY, true, false, "true", "", "null", "-0", "00", "1.", ".5", "+1"]),
    () => random.pick(["1e3", " 1", "1 ", "0x1", "1_000", "9223372036854775808", "9".repeat(5_000), "-0.0"]),
    () =>
      random.pick([
        "2026-02-30T00:00:00Z",
        "2026-01-01T00:00:00z",
        "2026-01-01T24:00:00Z",
        "0000-01-01T00:00:00Z",
      ]),
    () => random.pick(["2026-01-01T00:00:60Z", "2026-01-01T00:00:00.0001Z", "2026-01-01T00:00:00+00:00"]),
    () => random.pick(["1m1h", "1h1h", "15", "1.5h", "m", "-0s", "007m", "99999999999d", "1 h", "1H", "-"]),
    () =>
      random.pick(["a", "/", "/a\0b", "/a\\b", "a/b", "/..", "/a/../../b", "\ud800", "a\udc00", "/\ud83d"]),
    () =>
      random.pick<unknown>([
        [],
        {},
        [1],
        { a: 1 },
        new Date(0),
        Object("a"),
        Object(1),
        Symbol("s"),
        () => 1,
      ]),
    () => "x".repeat(random.pick([13, 257, 1_025, 70_000])),
    () => "é".repeat(random.pick([7, 129, 513])),
  ])();
}

function textFaults(text: string): readonly (() => unknown)[] {
  return [
    () => text.toUpperCase(),
    () => `${text} `,
    () => `${text}\0`,
    () => `${text}\ud83d`,
    () => [text],
    () => Number(text),
    () => text.normalize("NFD"),
  ];
}

function numberFaults(value: number): readonly (() => unknown)[] {
  return [
    () => String(value),
    () => -value,
    () => value + 0.5,
    () => value + 1_000_000,
    () => BigInt(Math.trunc(Number.isFinite(value) ? value : 0)),
    () => [value],
  ];
}

/** One fault at a random place of a snapshot. */
export function bendFacts(random: Random, json: unknown): unknown {
  return bendInside(random, json, false);
}
