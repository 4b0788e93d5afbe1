/** What replay says of requests that are gone, of artefacts that are missing, and of what it cannot know. */
import { artefactsOf, heldArtefacts } from "@polity/lineage/artefacts.ts";
import { eraseFields } from "@polity/lineage/commitment.ts";
import type { DecisionEntry, Entry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import type { ReplayEntry } from "@polity/lineage/replay.ts";
import { openComparison } from "@polity/lineage/replay-with.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { openUnsigned } from "@polity/runtime/authoring.ts";
import { buildFacts } from "@polity/runtime/facts.ts";
import { aboutOf, encodeFactsFile } from "@polity/runtime/facts-file.ts";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { compiled } from "../support/compiled.ts";
import { bytesOf, type Recorder, recordAlone, recordSet, replayed } from "../support/replaying.ts";

const NOW = Date.UTC(2026, 10, 22);
const header = {
  now: NOW,
  policyFrom: NOW,
  policyUntil: NOW,
  factsUntil: NOW,
  containment: { state: "free" as const, readAt: NOW },
  trust: 500,
  approvals: [],
};
const POLICY = (doors: string) => `polity 1
policy acme.doors version 1
entity Key { ok: bool }
action open { door: string max 16, key: Key }
allow known on open when (${doors}) and key.ok
`;
const GUARD = `polity 1
guard acme.night version 1
entity Key { ok: bool }
action open { door: string max 16, key: Key }
hold cellar on open when door == "cellar"
`;
const HATCH = `polity 1
policy acme.hatch version 1
action open { door: string max 16 }
allow known on open when door == "north"
`;
const FACTS = '{"entities":[{"type":"Key","id":"k","attributes":{"ok":true}}]}';
const LINES = '{"type":"Key","id":"k","attributes":{"ok":true}}\n';

const build = async (text: string) => (await buildEvaluator(compiled(text))).wasm;
const north = await build(POLICY('door == "north" or door == "cellar"'));
const both = await build(POLICY('door == "north" or door == "south"'));
const guard = await build(GUARD);
const hatch = await build(HATCH);

const asking = (door: string, more = {}) => ({ action: "open", fields: { door, key: "k", ...more }, header });
const entryOf = ({ bytes }: ReplayEntry): DecisionEntry => {
  const decoded = decodeEntry(bytes);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.entry as DecisionEntry;
};
const changed = (row: ReplayEntry, change: Partial<DecisionEntry>): ReplayEntry => {
  return { ...row, bytes: bytesOf({ ...entryOf(row), ...change }) };
};

function redaction(seq: number, rows: readonly ReplayEntry[], pointers: readonly string[]): ReplayEntry {
  const { v, id, at, node, execution, parents, trace } = entryOf(rows[0]!);
  const targets = rows.map(({ bytes }) => ({ leaf: digestName(leafHash(bytes, sha256)), pointers }));
  const entry: Entry = {
    ...{ v, id, at, node, execution, parents, trace },
    kind: "redaction",
    seq,
    targets,
    reason: "asked for",
  };
  return { index: seq, bytes: bytesOf(entry), opening: null };
}

describe("erased requests", () => {
  async function history() {
    const recorder = await recordAlone(north, FACTS);
    const rows = ["north", "south"].map((door) => recorder.record(asking(door), ["/fields/door"]));
    return { rows, artefacts: recorder.artefacts };
  }

  test("are no failures where an entry says that they were erased", async () => {
    const { rows, artefacts } = await history();
    const gone = rows.map((row) => ({ ...row, opening: null }));
    const { findings, summary } = await replayed([...gone, redaction(2, rows, [])], artefacts);
    expect(findings).toEqual([]);
    expect(summary).toMatchObject({ decisions: 2, same: 0, erased: 2, findings: 0 });
  });

  test("are told where none does", async () => {
    const { rows, artefacts } = await history();
    const gone = rows.map((row) => ({ ...row, opening: null }));
    const { findings, summary } = await replayed([...gone, redaction(2, rows.slice(1), [])], artefacts);
    expect(findings.map(({ index, code }) => [index, code])).toEqual([[0, "replay.unopened"]]);
    expect(summary).toMatchObject({ erased: 1, findings: 1 });
  });

  test("may lack single fields", async () => {
    const { rows, artefacts } = await history();
    const gone = rows.map((row) => ({ ...row, opening: eraseFields(row.opening!, ["/fields/door"]) }));
    const said = await replayed([...gone, redaction(2, rows, ["/fields/door"])], artefacts);
    expect([said.findings, said.summary.erased]).toEqual([[], 2]);
    const other = await replayed([...gone, redaction(2, rows, ["/fields/key"])], artefacts);
    expect(other.findings.map(({ code }) => code)).toEqual(["replay.unopened", "replay.unopened"]);
  });
});

test("an opening of another request, and what is no request, are told", async () => {
  const recorder = await recordAlone(north, FACTS);
  const [a, b] = ["north", "south"].map((door) => recorder.record(asking(door)));
  const swapped = await replayed([{ ...a!, opening: b!.opening }], recorder.artefacts);
  expect(swapped.findings.map(({ code }) => code)).toEqual(["opening.mismatch"]);
  const alone = await recordAlone(hatch, '{"entities":[]}');
  const other = alone.record({ ...asking("north"), fields: { door: "north" } });
  // The very request of another evaluator: its canonical form is none of this one's.
  const { request } = entryOf(other);
  const odd = await replayed([{ ...changed(a!, { request }), opening: other.opening }], recorder.artefacts);
  expect(odd.findings[0]).toMatchObject({ code: "replay.request", path: "request" });
});

describe("artefacts", () => {
  test("that are missing are named", async () => {
    const recorder = await recordAlone(north, FACTS);
    const row = recorder.record(asking("north"));
    const [wasm, facts] = [digestName(sha256(north)), digestName(sha256(utf8(FACTS)))];
    const withoutBoth = await replayed([row], artefactsOf([]));
    expect(withoutBoth.findings[0]).toMatchObject({ code: "replay.artefact_missing", artefact: wasm });
    const withoutFacts = await replayed([row], heldArtefacts([north], sha256));
    expect(withoutFacts.findings[0]).toMatchObject({ code: "replay.artefact_missing", artefact: facts });
  });

  test("may be JSON Lines, or built", async () => {
    const recorder = await recordAlone(north, FACTS);
    const row = recorder.record(asking("north"));
    const lines = digestName(sha256(utf8(LINES)));
    const held = heldArtefacts([north, utf8(LINES)], sha256);
    expect((await replayed([changed(row, { facts: lines })], held)).summary.same).toBe(1);
    const opened = await openUnsigned(north);
    if ("code" in opened) throw new Error(opened.message);
    const built = buildFacts(opened.program.facts, FACTS, sha256);
    if (!built.ok) throw new Error(built.refusal.message);
    const file = encodeFactsFile(aboutOf(opened.manifest), built.block, built.digest, sha256);
    const factsBuilt = digestName(sha256(file));
    const kept = heldArtefacts([north, file], sha256);
    expect((await replayed([changed(row, { factsBuilt })], kept)).summary.same).toBe(1);
    const others = await replayed([changed(row, { factsBuilt, facts: lines })], kept);
    expect(others.findings[0]).toMatchObject({ code: "replay.facts", artefact: lines });
    const bad = digestName(sha256(utf8("{")));
    const broken = heldArtefacts([north, utf8("{")], sha256);
    expect((await replayed([changed(row, { facts: bad })], broken)).findings[0]?.code).toBe("facts.invalid");
  });
});

describe("where nobody was asked", () => {
  let recorder: Recorder;
  const unread = async () => {
    recorder = await recordSet(
      [
        { name: "doors", wasm: north },
        { name: "night", wasm: guard },
      ],
      FACTS,
    );
    return recorder.record({ ...asking("north"), fields: { door: 7 } });
  };

  test("it is taken as it is, if it denies", async () => {
    const row = await unread();
    expect(entryOf(row)).toMatchObject({ request: null, verdict: "deny", code: "input.invalid" });
    const { findings, summary } = await replayed([row], recorder.artefacts);
    expect([findings, summary.unread]).toEqual([[], 1]);
  });

  test("it permits nothing, and no rule spoke", async () => {
    const row = await unread();
    const { members } = entryOf(row);
    const lies: Partial<DecisionEntry>[] = [
      { verdict: "allow" },
      { members: members.with(1, { ...members[1]!, granted: true }) },
      { members: members.with(0, { ...members[0]!, rules: ["known"], rulesTotal: 1 }) },
      { obligations: [{ name: "x", phase: "after", arguments: "{}" }] },
      { code: "input.unknown_action" },
    ];
    for (const lie of lies) {
      const { findings } = await replayed([changed(row, lie)], recorder.artefacts);
      expect(findings.map(({ code }) => code)).toEqual(["replay.unfounded"]);
    }
    const none = recorder.record({ ...asking("north"), action: "shut" });
    expect((await replayed([none], recorder.artefacts)).summary.unread).toBe(1);
  });

  test("a host that lost its instance is taken at its word, an allow never", async () => {
    const row = await unread();
    const asked = recorder.record(asking("north"));
    const { members } = entryOf(asked);
    const silent = { rules: [], rulesTotal: 0, granted: false };
    const lost = { ...members[1]!, ...silent, verdict: "deny", code: "host.not_ready" } as const;
    const denied = changed(asked, {
      members: members.with(1, lost),
      verdict: "deny",
      code: "host.not_ready",
    });
    const { summary } = await replayed([row, denied], recorder.artefacts);
    expect([summary.unasked, summary.unread]).toEqual([1, 1]);
    const lie = changed(asked, { members: members.with(1, lost) });
    expect((await replayed([lie], recorder.artefacts)).findings[0]?.code).toBe("replay.differs");
  });
});

describe("another version", () => {
  test("changes what it changes, and everything of it is told", async () => {
    const recorder = await recordAlone(north, FACTS);
    const doors = ["north", "south", "cellar", "west"];
    const rows = Array.from({ length: 400 }, (_, at) => recorder.record(asking(doors[at % 4]!)));
    const comparison = await openComparison({ wasm: both, member: null }, recorder.artefacts, sha256);
    if ("code" in comparison) throw new Error(comparison.message);
    const told = [];
    for (const row of rows) told.push(await comparison.next(row));
    const said = told.filter((one) => one !== null);
    expect(said.map(({ index }) => index)).toEqual(
      rows.map(({ index }) => index).filter((at) => [1, 2].includes(at % 4)),
    );
    expect(said[0]).toMatchObject({
      index: 1,
      requestId: "r-1",
      logged: { verdict: "deny", code: "no_rule" },
      other: { verdict: "allow", code: "rule" },
    });
    expect(comparison.summary).toMatchObject({ compared: 400, changed: 200, otherwise: 0, apart: 0 });
  });

  test("takes the place of a member by its policy's name, or by the member's", async () => {
    const members = [
      { name: "doors", wasm: north },
      { name: "night", wasm: guard },
    ];
    const recorder = await recordSet(members, FACTS);
    const rows = ["north", "south", "cellar"].map((door) => recorder.record(asking(door)));
    expect(rows.map((row) => entryOf(row).verdict)).toEqual(["allow", "deny", "hold"]);
    for (const [member, verdicts] of [
      [
        null,
        [
          [1, "allow"],
          [2, "deny"],
        ],
      ],
      [
        "doors",
        [
          [1, "allow"],
          [2, "deny"],
        ],
      ],
      ["nobody", []],
    ] as const) {
      const comparison = await openComparison({ wasm: both, member }, recorder.artefacts, sha256);
      if ("code" in comparison) throw new Error(comparison.message);
      const told = [];
      for (const row of rows) told.push(await comparison.next(row));
      const said = told.flatMap((one) =>
        one !== null && "other" in one ? [[one.index, one.other.verdict]] : [],
      );
      expect(said).toEqual(verdicts);
      expect(comparison.summary.apart).toBe(member === "nobody" ? 3 : 0);
    }
    const refused = await openComparison({ wasm: utf8("no"), member: null }, recorder.artefacts, sha256);
    expect(refused).toMatchObject({ code: "load.not_wasm" });
  });
});
