/** The order in which things are written, found or given leaves no trace in what is built of them. */
import { buildFacts } from "@polity/runtime/facts.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { encodeManifest } from "@polity/runtime/manifest-codec.ts";
import { makeProgram } from "@polity/runtime/program.ts";
import { expect, test } from "vitest";
import { filesIn } from "../../compiler/files.ts";
import { compile } from "../../compiler/pipeline.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { createRandom, type Random } from "../support/generate/random.ts";

const IMPORTS = ['import "std/net"', 'import "./people.pol"', 'import "./limits.pol"'];
const DECLARATIONS = [
  "enum Zone { eu, us }",
  "obligation log after { stream: string id max 64 }",
  "obligation mask before { fields: set<string> min 1 }",
  "table grant { agent: Agent, tool: string id, rows: int 0..100 } key agent, tool",
  "setting quiet: bool = false",
  "setting most: int 1..50 = 10",
  "const small = 3",
  "fn is_small(n: int 0..1_000) -> bool = n <= small",
  "subject agent: Agent",
  "action read { tool: string id, path: path, tags: set<string> max 8, zone: Zone }",
  "action send { tool: string id, to: host, address: ip, rows: int 0..1_000 }",
];
const RULES = [
  `allow a_reader on read when tool in {MEMBERS} and path.within("/work") and zone == eu`,
  `allow granted on send when grant[agent, tool] is present and rows <= grant[agent, tool].rows
     oblige mask { fields: {MEMBERS} }`,
  `allow by_name on send when tool matches /send_[a-z]+/ and is_small(rows) oblige log { stream: "s" }`,
  `deny tagged on read when tags overlaps {MEMBERS} because "tagged {path}"`,
  'deny many on send when rows > most or is_too_much(rows) note "{rows} rows"',
  "deny inside on send when is_private(address)",
  `hold strangers on send when not is_ours(to) until approved by Team::"desk" within 1h`,
  "quarantine silent on * when quiet",
];
const MEMBERS = ['"a"', '"b"', '"c"', '"send_x"', '"read_file"'];
const PEOPLE = ["entity Team", "entity User in Team", "entity Agent in Team { owner: User }"];
const LIMITS = [
  "fn is_too_much(n: int) -> bool = n > 500",
  'fn is_ours(to: host) -> bool = to in ["*.example", "other.example"]',
];

interface Built {
  readonly code: string;
  readonly manifest: string;
  readonly whole: string;
  readonly program: ReturnType<typeof makeProgram>;
}

async function build(random: Random | null): Promise<Built> {
  const order = <T>(members: readonly T[]) => (random === null ? members : random.shuffle(members));
  const set = () => `{${order(MEMBERS).join(", ")}}`;
  const rules = order(RULES).map((rule) => rule.replace("{MEMBERS}", set));
  const policy = [
    "polity 1",
    "policy orders version 1",
    ...order(IMPORTS),
    ...order([...DECLARATIONS, ...rules]),
  ];
  const files = order([
    ["people.pol", ["polity 1", "module people", ...order(PEOPLE)].join("\n")],
    ["limits.pol", ["polity 1", "module limits", ...order(LIMITS)].join("\n")],
  ] as const);
  const source = { file: "policy.pol", text: `${policy.join("\n")}\n` };
  const { value, diagnostics } = compile(source, filesIn(new Map(files)));
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (value === null) throw new Error(errors.map(({ code, message }) => `${code}: ${message}`).join("\n"));
  const { wasm, manifest } = await buildEvaluator(value);
  return {
    code: hex(codeOf(wasm)),
    manifest: encodeManifest(withoutPlaces(manifest)),
    whole: hex(wasm),
    program: makeProgram(manifest),
  };
}

/** What comes before the first section that is no code: the manifest and the sum stand at the end. */
function codeOf(wasm: Uint8Array): Uint8Array {
  let at = 8;
  while (at < wasm.length && wasm[at] !== 0) {
    let bytes = 0;
    let from = at + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[from++]!;
      bytes |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at = from + bytes;
  }
  return wasm.subarray(0, at);
}

/** Where a rule stands, and the digests of the sources, are about the text and not what it means. */
function withoutPlaces(manifest: Manifest): Manifest {
  const rules = manifest.rules.map((rule) => ({ ...rule, line: 1, column: 1 }));
  const sources = manifest.sources.map(({ file }) => ({ file, sha256: `sha256:${"0".repeat(64)}` }));
  return { ...manifest, rules, sources };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

test("rules, declarations, imports, members of sets and files may come in any order", async () => {
  const first = await build(null);
  expect(first.code.length).toBeGreaterThan(8_000);
  for (const seed of [1, 2, 3]) {
    const other = await build(createRandom(seed));
    expect(other.whole, "the text is another").not.toBe(first.whole);
    expect(other.code === first.code, `the code of seed ${seed}`).toBe(true);
    expect(other.manifest).toBe(first.manifest);
  }
});

test("built twice in one process, and two at a time, it is the same to the last byte", async () => {
  const [one, other] = await Promise.all([build(null), build(null)]);
  const later = await build(null);
  expect(other.whole).toBe(one.whole);
  expect(later.whole).toBe(one.whole);
});

test("entities, rows, members and keys of facts may come in any order", async () => {
  const { program } = await build(null);
  const entities = ["u1", "u2", "u3"].map((id) => ({ type: "User", id }));
  const agents = ["a1", "a2", "ä"].map((id, at) => {
    return {
      type: "Agent",
      id,
      attributes: { owner: entities[at]!.id },
      parents: [{ type: "Team", id: "desk" }],
    };
  });
  const rows = agents.flatMap(({ id }) => ["x", "y", "z"].map((tool, at) => ({ agent: id, tool, rows: at })));
  const blockOf = (random: Random | null) => {
    const order = <T>(members: readonly T[]) => (random === null ? members : random.shuffle(members));
    const keys = (value: object) => Object.fromEntries(order(Object.entries(value)));
    const all = [{ type: "Team", id: "desk" }, ...entities, ...agents];
    const facts = keys({
      entities: order(all.map(keys)),
      tables: keys({ grant: order(rows.map(keys)) }),
      settings: keys({ most: 7, quiet: true }),
    });
    const built = buildFacts(program.facts, JSON.stringify(facts), sha256);
    if (!built.ok) throw new Error(built.refusal.message);
    // The tag names the text of the facts, which is another.
    const block = built.block.slice();
    block.fill(0, 24, 32);
    return hex(block);
  };
  const first = blockOf(null);
  for (const seed of [1, 2, 3, 4, 5])
    expect(blockOf(createRandom(seed)) === first, `seed ${seed}`).toBe(true);
});
