/** Texts that are nearly a given JSON text: one member, value or spelling of it is another one. */
import { unreachable } from "@polity/runtime/unreachable.ts";

/** JSON in which a key may come twice and order stays, and in which a value may be no JSON at all. */
type Node =
  | { readonly kind: "raw"; readonly text: string }
  | { readonly kind: "list"; readonly members: readonly Node[] }
  | { readonly kind: "object"; readonly members: readonly (readonly [string, Node])[] };

export interface JsonMutation {
  /** `form` leaves the value as it was and spells it differently, `members` changes which there are. */
  readonly kind: "form" | "members" | "value";
  readonly what: string;
  readonly text: string;
}

/** What may stand in the place of a value; most of it is no value of any type. */
const VALUES: readonly string[] = [
  ...["null", "true", "false", "0", "-1", "1001", "-0", "1.5", "1e2", "1.0", "01", "+1", "NaN", "Infinity"],
  ...["9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "1e400", "0x1", ""],
  ...['""', '"x"', '"\\ud800"', '"\\udc00x"', '"\\u0000"', '"\u0001"', '"0"', '"9007199254740993"', "'x'"],
  ...["[]", "{}", "[null]", '{"x":0}', `${"[".repeat(70)}${"]".repeat(70)}`, '{"__proto__":null}'],
  ...[
    '"2026-02-30T00:00:00Z"',
    '"2026-01-01T00:00:00.000Z"',
    '"2026-01-01t00:00:00Z"',
    '"0000-01-01T00:00:00Z"',
  ],
];

/** In a fixed order; a text of a few hundred bytes has thousands. */
export function* jsonMutations(text: string): Generator<JsonMutation> {
  const root = nodeOf(JSON.parse(text));
  yield* atEdges(text);
  for (const { kind, what, node } of mutate(root)) yield { kind, what, text: write(node) };
}

function* atEdges(text: string): Generator<JsonMutation> {
  for (const more of [" ", "\n", "\ufeff", "\0", "x", "{}"]) {
    yield { kind: "form", what: "something after it", text: text + more };
    yield { kind: "form", what: "something before it", text: more + text };
  }
  yield { kind: "form", what: "cut at the end", text: text.slice(0, -1) };
  yield { kind: "form", what: "in a list", text: `[${text}]` };
  yield { kind: "form", what: "as text", text: JSON.stringify(text) };
}

interface Changed {
  readonly kind: JsonMutation["kind"];
  readonly what: string;
  readonly node: Node;
}

function raw(text: string): Node {
  return { kind: "raw", text };
}

function* mutate(node: Node): Generator<Changed> {
  for (const text of VALUES)
    yield { kind: "value", what: `${text.slice(0, 30)} in its place`, node: raw(text) };
  switch (node.kind) {
    case "raw":
      yield* mutateRaw(node.text);
      return;
    case "list":
      yield* mutateList(node.members);
      return;
    case "object":
      yield* mutateObject(node.members);
      return;
    default:
      unreachable(node);
  }
}

function* mutateRaw(text: string): Generator<Changed> {
  yield { kind: "form", what: "a space before it", node: raw(` ${text}`) };
  yield { kind: "form", what: "a line feed after it", node: raw(`${text}\n`) };
  if (!text.startsWith('"')) {
    yield { kind: text === "null" ? "value" : "form", what: "as text", node: raw(`"${text}"`) };
    if (/^\d/.test(text)) yield { kind: "form", what: "with a fraction", node: raw(`${text}.0`) };
    if (/^\d/.test(text)) yield { kind: "form", what: "with an exponent", node: raw(`${text}e0`) };
    return;
  }
  const value = JSON.parse(text) as string;
  const escaped = value.replace(/^./s, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  if (value !== "" && value.charCodeAt(0) >= 0x20 && value.charCodeAt(0) < 0xd800) {
    yield { kind: "form", what: "with an escape too many", node: raw(`"${escaped}"`) };
  }
  for (const other of [`${value}x`, `${value} `, value.slice(1), value.toUpperCase(), `${value}\n`]) {
    if (other !== value) yield { kind: "value", what: "another text", node: raw(JSON.stringify(other)) };
  }
  yield { kind: "value", what: "a very long text", node: raw(JSON.stringify(value + "x".repeat(5000))) };
}

function* mutateList(members: readonly Node[]): Generator<Changed> {
  const list = (changed: readonly Node[]): Node => ({ kind: "list", members: changed });
  for (const [at, member] of members.entries()) {
    yield { kind: "value", what: `[${at}] left out`, node: list(members.toSpliced(at, 1)) };
    yield { kind: "value", what: `[${at}] twice`, node: list(members.toSpliced(at, 0, member)) };
    const one = write(member);
    const many = list(new Array<Node>(300).fill(raw(one)));
    if (at === 0) yield { kind: "value", what: "too many", node: many };
    for (const each of mutate(member)) {
      yield { ...each, what: `[${at}] ${each.what}`, node: list(members.with(at, each.node)) };
    }
  }
  if (members.length > 1) yield { kind: "value", what: "backwards", node: list(members.toReversed()) };
}

function* mutateObject(members: readonly (readonly [string, Node])[]): Generator<Changed> {
  const object = (changed: readonly (readonly [string, Node])[]): Node => ({
    kind: "object",
    members: changed,
  });
  for (const [at, [key, value]] of members.entries()) {
    const changes: readonly (readonly [string, readonly (readonly [string, Node])[]])[] = [
      ["left out", members.toSpliced(at, 1)],
      ["twice", members.toSpliced(at, 0, [key, value])],
      ["twice with null", members.toSpliced(at, 0, [key, raw("null")])],
      ["in upper case", members.with(at, [key.toUpperCase(), value])],
      ["named __proto__", members.with(at, ["__proto__", value])],
      ["named with a space", members.with(at, [`${key} `, value])],
    ];
    for (const [what, changed] of changes)
      yield { kind: "members", what: `${key} ${what}`, node: object(changed) };
    if (at > 0) {
      const swapped = members.with(at, members[at - 1]!).with(at - 1, [key, value]);
      yield { kind: "form", what: `${key} one place earlier`, node: object(swapped) };
    }
    for (const each of mutate(value)) {
      yield { ...each, what: `${key} ${each.what}`, node: object(members.with(at, [key, each.node])) };
    }
  }
  for (const surplus of ["zzz", "__proto__", "constructor", "a", ""]) {
    const changed = [...members, [surplus, raw("null")] as const];
    yield { kind: "members", what: `${surplus} too many`, node: object(changed) };
  }
}

function nodeOf(value: unknown): Node {
  if (Array.isArray(value)) return { kind: "list", members: value.map(nodeOf) };
  if (typeof value !== "object" || value === null) return raw(JSON.stringify(value));
  return { kind: "object", members: Object.entries(value).map(([key, member]) => [key, nodeOf(member)]) };
}

function write(node: Node): string {
  switch (node.kind) {
    case "raw":
      return node.text;
    case "list":
      return `[${node.members.map(write).join(",")}]`;
    case "object":
      return `{${node.members.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(",")}}`;
    default:
      return unreachable(node);
  }
}
