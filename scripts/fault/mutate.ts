/** Documents that were changed: each is refused, or says the same as before, and nothing throws. */
import type { Random } from "../../test/support/random.ts";
import { type Case, NOTHING, type Outcome, type Section, type Settings } from "./case.ts";
import { SAMPLES } from "./parsers.ts";
import type { Sample } from "./sample.ts";

/** Over all kinds of documents. */
const ROUNDS = 100_000;
const QUICK_ROUNDS = 3_000;
const PER_CASE = 250;

export const MUTATE: Section = {
  name: "mutate",
  atOnce: 1,
  quickCases: null,
  cases: async (settings) => {
    const rounds = settings.rounds ?? (settings.quick ? QUICK_ROUNDS : ROUNDS);
    const each = Math.ceil(rounds / SAMPLES.size);
    const cases: Case[] = [];
    for (const [kind, make] of SAMPLES) {
      const name = `mutate/${kind}/`;
      if (!name.startsWith(settings.only) && !settings.only.startsWith(name)) continue;
      cases.push(...casesOf(kind, await make(), each, settings));
    }
    return cases;
  },
};

function casesOf(
  kind: string,
  samples: readonly Sample[],
  rounds: number,
  { only }: Settings,
): readonly Case[] {
  const cases: Case[] = [];
  // One mutation by itself has a number of its own: `mutate/note/4/17`.
  const single = new RegExp(`^mutate/${kind}/(\\d+)/(\\d+)$`).exec(only);
  for (let first = 0; first < rounds; first += PER_CASE) {
    const name = `mutate/${kind}/${first / PER_CASE}`;
    const count = Math.min(PER_CASE, rounds - first);
    cases.push({ name, row: `mutated ${kind}`, run: (random) => mutateMany(name, samples, count, random) });
  }
  if (single === null) return cases;
  const [, batch, at] = single.map(Number) as [number, number, number];
  const name = `mutate/${kind}/${batch}`;
  return [
    { name: only, row: `mutated ${kind}`, run: (random) => mutateMany(name, samples, at + 1, random, at) },
  ];
}

async function mutateMany(
  name: string,
  samples: readonly Sample[],
  count: number,
  random: Random,
  from = 0,
): Promise<Outcome> {
  const refused = new Map<string, number>();
  const problems: string[] = [];
  let fired = 0;
  let same = 0;
  for (let round = 0; round < count; round += 1) {
    const sample = samples[random.below(samples.length)]!;
    const other = samples[random.below(samples.length)]!.bytes;
    let bytes = mutation(sample.bytes, other, random);
    // What was changed back is no mutation.
    while (Buffer.compare(bytes, sample.bytes) === 0) bytes = mutation(sample.bytes, other, random);
    if (round < from) continue;
    fired += 1;
    const verdict = await judge(sample, bytes);
    if (verdict.kind === "refused") refused.set(verdict.code, (refused.get(verdict.code) ?? 0) + 1);
    else if (verdict.kind === "same") same += 1;
    else
      problems.push(
        `${name}/${round}: ${verdict.problem}: ${JSON.stringify(Buffer.from(bytes).toString("latin1"))}`,
      );
  }
  return { ...NOTHING, injected: count - from, fired, recovered: same, refused, problems };
}

type Verdict =
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "same" }
  | { readonly kind: "wrong"; readonly problem: string };

const CODE = /^[a-z]+\.[a-z_]+$/;

async function judge(sample: Sample, bytes: Uint8Array): Promise<Verdict> {
  try {
    const read = await sample.read(bytes);
    if (!read.ok) {
      if (CODE.test(read.code)) return { kind: "refused", code: read.code };
      return { kind: "wrong", problem: `refused without a code (${read.code})` };
    }
    if (read.meaning === sample.meaning(bytes)) return { kind: "same" };
    return { kind: "wrong", problem: `was taken for ${read.meaning.slice(0, 200)}` };
  } catch (error) {
    return { kind: "wrong", problem: `was met with ${error instanceof Error ? error.stack : error}` };
  }
}

/** One to three changes. */
function mutation(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let changed = Buffer.from(bytes);
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const change = CHANGES[random.below(CHANGES.length)]!;
    changed = Buffer.from(change(changed, random, other));
  }
  return new Uint8Array(changed);
}

type Change = (bytes: Buffer, random: Random, other: Uint8Array) => Uint8Array;

function spliced(bytes: Buffer, at: number, removed: number, ...added: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), ...added, bytes.subarray(at + removed)]);
}

/** What readers of numbers, texts and lengths trip over. */
const TRAPS = [
  ...["0", "00", "-1", "+1", "1e3", "0x10", "9007199254740992", "9007199254740993", "18446744073709551616"],
  ...[
    "\n",
    "\r\n",
    "\n\n",
    "\u0000",
    "\u2028",
    "\ufeff",
    "\ud83d\ude00",
    " ",
    "\t",
    '"',
    "\\",
    "\\u0000",
    "\\ud800",
  ],
  ...[
    "=",
    "==",
    "+",
    "/",
    "-",
    "_",
    "\u2014 ",
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    '"__proto__":{},',
    ",",
    ":",
  ],
  ...["sha256:", ".", "..", "eyJhbGciOiJub25lIn0"],
].map((text) => Buffer.from(text));

const CHANGES: readonly Change[] = [
  // A bit.
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random.below(Math.max(1, copy.length));
    if (copy.length > 0) copy[at]! ^= 1 << random.below(8);
    return copy;
  },
  // A byte.
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 1, random.bytes(1)),
  // A digit, or a letter of base64.
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const places = [...copy.keys()].filter((at) => /[0-9A-Za-z+/]/.test(String.fromCharCode(copy[at]!)));
    if (places.length === 0) return copy;
    copy[places[random.below(places.length)]!] = "0123456789abcdefABCDEFxyzXYZ+/"[
      random.below(30)
    ]!.charCodeAt(0);
    return copy;
  },
  // Taken out.
  (bytes, random) =>
    spliced(bytes, random.below(bytes.length + 1), 1 + random.below(random.below(2) === 0 ? 3 : 64)),
  // Cut off.
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  // Put in.
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(8))),
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 0, TRAPS[random.below(TRAPS.length)]!),
  (bytes, random) =>
    spliced(bytes, random.below(bytes.length + 1), 1 + random.below(4), TRAPS[random.below(TRAPS.length)]!),
  // Twice.
  (bytes, random) => {
    const [from, to] = range(bytes.length, random);
    return spliced(bytes, to, 0, bytes.subarray(from, to));
  },
  // From another document of the kind, to the same place.
  (bytes, random, other) => {
    const [from, to] = range(Math.min(bytes.length, other.length), random);
    return spliced(bytes, from, to - from, other.subarray(from, to));
  },
  // Lines: one out, one twice, two exchanged.
  (bytes, random) => {
    const lines = bytes.toString("latin1").split("\n");
    const [one, two] = [random.below(lines.length), random.below(lines.length)];
    const how = random.below(3);
    if (how === 0) lines.splice(one, 1);
    else if (how === 1) lines.splice(two, 0, lines[one]!);
    else [lines[one], lines[two]] = [lines[two]!, lines[one]!];
    return Buffer.from(lines.join("\n"), "latin1");
  },
  // More behind the end.
  (bytes, random) => Buffer.concat([bytes, random.bytes(1 + random.below(40))]),
];

function range(length: number, random: Random): readonly [number, number] {
  const from = random.below(length + 1);
  return [from, from + random.below(Math.min(200, length - from) + 1)];
}
