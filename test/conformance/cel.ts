/** Reads expressions of the Common Expression Language, as far as its conformance cases write them. */

export type Cel =
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "bool"; readonly value: boolean }
  /** What Polity has no values for: `unsigned numbers`, `floating point`, `bytes`, `null`, `messages`. */
  | { readonly kind: "other"; readonly what: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "select"; readonly of: Cel; readonly name: string }
  | { readonly kind: "index"; readonly of: Cel; readonly at: Cel }
  /** A function, a method (`of`), or an operator by its sign. */
  | { readonly kind: "call"; readonly name: string; readonly of: Cel | null; readonly args: readonly Cel[] }
  | { readonly kind: "list"; readonly items: readonly Cel[] };

interface Reader {
  readonly tokens: readonly string[];
  at: number;
}

const TEXTS = [/"""[\s\S]*?"""/, /'''[\s\S]*?'''/, /"(?:[^"\\\n]|\\.)*"/, /'(?:[^'\\\n]|\\.)*'/].map(
  ({ source }) => source,
);
const NUMBERS = [/0[xX][0-9a-fA-F]+[uU]?/, /\d+\.\d*(?:[eE][-+]?\d+)?/, /\.?\d+(?:[eE][-+]?\d+)?[uU]?/].map(
  ({ source }) => source,
);
const NAME = /[A-Za-z_]\w*|`[^`]*`/.source;
const SIGN = /&&|\|\||[<>=!]=|[-+*/%<>!?:.,()[\]{}]/.source;
const SPACE = /\s+|\/\/[^\n]*/.source;
const TOKEN = new RegExp(
  `${SPACE}|([rRbB]{0,2}(?:${TEXTS.join("|")}))|(${NUMBERS.join("|")})|(${NAME})|(${SIGN})`,
  "gy",
);

/** Null where this reader does not know the form. */
export function readCel(text: string): Cel | null {
  const tokens: string[] = [];
  let end = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    end = TOKEN.lastIndex;
    const [whole, ...groups] = match;
    if (groups.some((group) => group !== undefined)) tokens.push(whole);
    if (end === text.length) break;
  }
  if (end !== text.length) return null;
  const reader: Reader = { tokens, at: 0 };
  try {
    const read = readChoice(reader);
    return reader.at === tokens.length ? read : null;
  } catch {
    return null;
  }
}

function next(reader: Reader): string {
  return reader.tokens[reader.at] ?? "";
}

function takes(reader: Reader, ...signs: readonly string[]): string | null {
  const sign = next(reader);
  if (!signs.includes(sign)) return null;
  reader.at += 1;
  return sign;
}

function expect(reader: Reader, sign: string): void {
  if (takes(reader, sign) === null) throw new Error(`no ${sign}`);
}

function call(name: string, ...args: readonly Cel[]): Cel {
  return { kind: "call", name, of: null, args };
}

function readChoice(reader: Reader): Cel {
  const condition = readLevel(reader, 0);
  if (takes(reader, "?") === null) return condition;
  const yes = readLevel(reader, 0);
  expect(reader, ":");
  return call("?:", condition, yes, readChoice(reader));
}

const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["<", "<=", ">=", ">", "==", "!=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];

function readLevel(reader: Reader, level: number): Cel {
  const signs = LEVELS[level];
  if (signs === undefined) return readPrefixed(reader);
  let left = readLevel(reader, level + 1);
  for (let sign = takes(reader, ...signs); sign !== null; sign = takes(reader, ...signs)) {
    left = call(sign, left, readLevel(reader, level + 1));
  }
  return left;
}

function readPrefixed(reader: Reader): Cel {
  if (takes(reader, "!") !== null) return call("!", readPrefixed(reader));
  if (takes(reader, "-") === null) return readMember(reader);
  const of = readPrefixed(reader);
  return of.kind === "int" ? { kind: "int", value: -of.value } : call("-", of);
}

function readMember(reader: Reader): Cel {
  let of = readPrimary(reader);
  for (;;) {
    if (takes(reader, ".") !== null) {
      const name = next(reader);
      reader.at += 1;
      of =
        takes(reader, "(") === null
          ? { kind: "select", of, name }
          : { kind: "call", name, of, args: readItems(reader, ")") };
    } else if (takes(reader, "[") !== null) {
      of = { kind: "index", of, at: readChoice(reader) };
      expect(reader, "]");
    } else if (next(reader) === "{" && (of.kind === "name" || of.kind === "select")) {
      skipBraces(reader);
      of = { kind: "other", what: "messages" };
    } else return of;
  }
}

function readItems(reader: Reader, end: string): readonly Cel[] {
  const items: Cel[] = [];
  while (takes(reader, end) === null) {
    items.push(readChoice(reader));
    if (takes(reader, ",") === null) {
      expect(reader, end);
      return items;
    }
  }
  return items;
}

function skipBraces(reader: Reader): void {
  let depth = 0;
  do {
    if (next(reader) === "") throw new Error("no end");
    depth += { "{": 1, "}": -1 }[next(reader)] ?? 0;
    reader.at += 1;
  } while (depth > 0);
}

function readPrimary(reader: Reader): Cel {
  const token = next(reader);
  if (token === "{") {
    skipBraces(reader);
    return { kind: "other", what: "maps of any keys" };
  }
  reader.at += 1;
  if (token === "(") {
    const inner = readChoice(reader);
    expect(reader, ")");
    return inner;
  }
  if (token === "[") return { kind: "list", items: readItems(reader, "]") };
  if (token === ".") return readPrimary(reader);
  if (/^[rRbB]{0,2}["']/.test(token)) return readText(token);
  if (/^[.\d]/.test(token)) return readNumber(token);
  if (token === "true" || token === "false") return { kind: "bool", value: token === "true" };
  if (token === "null") return { kind: "other", what: "null" };
  if (!/^\w+$/.test(token)) throw new Error(token);
  if (takes(reader, "(") === null) return { kind: "name", name: token };
  return { kind: "call", name: token, of: null, args: readItems(reader, ")") };
}

function readNumber(token: string): Cel {
  if (/[uU]$/.test(token)) return { kind: "other", what: "unsigned numbers" };
  if (/^0[xX]|^\d+$/.test(token)) return { kind: "int", value: BigInt(token) };
  return { kind: "other", what: "floating point" };
}

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);

function readText(token: string): Cel {
  const [prefix = ""] = /^[rRbB]*/.exec(token) ?? [];
  if (/b/i.test(prefix)) return { kind: "other", what: "bytes" };
  const quoted = token.slice(prefix.length);
  const width = quoted.startsWith('"""') || quoted.startsWith("'''") ? 3 : 1;
  const inner = quoted.slice(width, -width);
  if (/r/i.test(prefix)) return { kind: "text", value: inner };
  const value = inner.replace(
    /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S]))/g,
    (_, x?: string, u?: string, long?: string, octal?: string, char = "") => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      return SIMPLE.get(char) ?? char;
    },
  );
  return { kind: "text", value };
}
