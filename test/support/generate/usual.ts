/** Policies all of whose fields are of the commonest types: such requests have generated writers. */
import type { Random } from "./random.ts";

interface UsualType {
  readonly type: string;
  /** Reads the field, so that it is in the frame. */
  readonly test: string;
}

const NAMES = ["a", "amount", "b", "dir", "file", "id", "kind", "owner", "to", "zz"];
const WORDS = ["ab", "x1", "team-7", "a.b"];

export function generateUsualProgram(random: Random): string {
  const members = Array.from({ length: random.between(1, 20) }, (_, at) => `m${at}`);
  const actions = Array.from({ length: random.between(1, 3) }, (_, at) => {
    const names = random.shuffle(NAMES).slice(0, random.between(1, 8));
    return { name: `act${at}`, fields: names.map((name) => ({ name, ...usualType(random, name, members) })) };
  });
  const lines = [
    "polity 1",
    "policy test.usual version 1",
    `enum Kind { ${members.join(", ")} }`,
    "entity Team in Team",
    "entity Agent in Team { level: int 0..9 }",
    ...actions.map(({ name, fields }) => {
      return `action ${name} { ${fields.map((field) => `${field.name}: ${field.type}`).join(", ")} }`;
    }),
    ...actions.flatMap(({ name, fields }) => {
      // Some are left to requests, permissions and evidence.
      const read = fields.filter((_, at) => at === 0 || random.chance(0.8));
      const tests = read.map(({ test }) => test).join(random.chance(0.5) ? " and " : " or ");
      const [first] = fields;
      return [
        `allow all_${name} on ${name} when ${tests}`,
        `deny some_${name} on ${name} when not (${first?.test}) and trust < 300`,
      ];
    }),
  ];
  return `${lines.join("\n")}\n`;
}

function usualType(random: Random, name: string, members: readonly string[]): UsualType {
  const word = random.pick(WORDS);
  const long = random.pick(["", " max 3", " max 8", " max 9", " max 64", " max 300"]);
  const least = random.between(-3, 3);
  return random.pick<UsualType>([
    { type: `string id${long}`, test: `${name} == "${word.slice(0, 3)}"` },
    { type: `string${long}`, test: `${name} != "${word.slice(0, 3)}"` },
    { type: "path max 40", test: `${name}.within("/a")` },
    { type: `int ${least}..${random.pick([4, 90_000, 4_000_000_000])}`, test: `${name} >= ${least + 1}` },
    { type: "int", test: `${name} > 0` },
    { type: "bool", test: name },
    { type: "Kind", test: `${name} == Kind.${random.pick(members)}` },
    { type: "Agent", test: `${name}.level > 2` },
    { type: "host", test: `${name} in "*.example"` },
    { type: "email", test: `${name}.domain in "*.example"` },
  ]);
}
