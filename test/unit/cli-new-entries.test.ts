/** Entries that others wrote, as `pol log append` reads and completes them. */
import type { Entry } from "@polity/lineage/entry.ts";
import { encodeEntry } from "@polity/lineage/entry-codec.ts";
import { describe, expect, test } from "vitest";
import { completeEntry, readDrafts, type Usual } from "../../cli/new-entries.ts";

const ID = "11111111-2222-4333-8444-555555555555";
const AT = Date.UTC(2026, 10, 3, 10);
const usual: Usual = { id: () => ID, at: AT, node: "local", due: new Map([["local", 4]]) };
const HEARTBEAT = { kind: "heartbeat", checkpoint: null, execution: null, parents: [], trace: null };

const places = (text: string) => {
  const { drafts, refusals } = readDrafts("a.jsonl", text);
  return {
    drafts: drafts.map(({ line }) => line),
    refusals: refusals.map(({ line, message }) => `${line}: ${message}`),
  };
};

const complete = (members: Readonly<Record<string, unknown>>) =>
  completeEntry({ file: "a.json", line: 7, members }, usual);

describe("a file", () => {
  test("is one entry, with line ends inside", () => {
    expect(places('\n{\n  "kind": "heartbeat"\n}\n')).toEqual({ drafts: [2], refusals: [] });
  });

  test("is one entry a line, and empty lines say nothing", () => {
    expect(places('{"a":1}\n\n  \n{"b":2}\n')).toEqual({ drafts: [1, 4], refusals: [] });
  });

  test("is nothing where it is empty", () => {
    expect(places("")).toEqual({ drafts: [], refusals: [] });
    expect(places("\n \n")).toEqual({ drafts: [], refusals: [] });
  });

  test("names the line of each mistake among lines", () => {
    expect(places('{"a":1}\nnot json\n[]\n{"a":1,"a":2}')).toEqual({
      drafts: [1],
      refusals: [
        "2: a JSON value is expected (character 1)",
        "3: an entry is an object",
        '4: duplicate key "a" (character 8)',
      ],
    });
  });

  test("names line and character of the mistake in one long entry", () => {
    expect(places('{\n  "a": 1,\n  "b": }\n}\n')).toEqual({
      drafts: [],
      refusals: ["3: a JSON value is expected (character 8)"],
    });
  });

  test("is refused where a line after a long entry is left over", () => {
    expect(places('{\n"a":1}\n{"b":2}').drafts).toEqual([]);
  });
});

describe("an entry", () => {
  test("gets version, id, time, node and number where it says none", () => {
    const entry = complete(HEARTBEAT) as Entry;
    expect(entry).toEqual({ ...HEARTBEAT, v: 1, id: ID, at: AT, node: "local", seq: 4 });
    expect(encodeEntry(entry).ok).toBe(true);
  });

  test("keeps what it says", () => {
    const said = { v: 1, id: ID.replace("1", "a"), at: "2026-11-03T10:00:00.001Z", node: "eu", seq: 9 };
    expect(complete({ ...HEARTBEAT, ...said })).toEqual({ ...HEARTBEAT, ...said, at: AT + 1 });
  });

  test("begins with number 0 for a node that the log does not know", () => {
    expect(complete({ ...HEARTBEAT, node: "eu" })).toMatchObject({ node: "eu", seq: 0 });
  });

  test("that is a gap has the number after all that is missing", () => {
    const gap = { ...HEARTBEAT, kind: "gap", from_seq: 4, count: 3, why: "lost" } as Record<string, unknown>;
    delete gap.checkpoint;
    expect(complete(gap)).toMatchObject({ kind: "gap", fromSeq: 4, count: 3, seq: 7 });
  });

  test.each([
    [{ ...HEARTBEAT, v: 2 }, "entry.version", "v"],
    [{ ...HEARTBEAT, v: null }, "entry.version", "v"],
    [{ ...HEARTBEAT, kind: "nothing" }, "entry.kind", "kind"],
    [{}, "entry.kind", "kind"],
    [{ ...HEARTBEAT, id: "x" }, "entry.field", "id"],
    [{ ...HEARTBEAT, at: 5 }, "entry.field", "at"],
    [{ ...HEARTBEAT, node: 5 }, "entry.field", "node"],
    [{ ...HEARTBEAT, node: "__proto__", seq: -1 }, "entry.field", "seq"],
    [{ ...HEARTBEAT, parents: [{}] }, "entry.field", "parents[0].leaf"],
    [{ ...HEARTBEAT, more: true }, "entry.field", ""],
    [{ ...HEARTBEAT, checkpoint: 1.5 }, "entry.malformed", ""],
    [JSON.parse('{"kind":"heartbeat","__proto__":1}'), "entry.field", ""],
  ])("%j is refused with %s at `%s`", (members, code, path) => {
    expect(complete(members)).toMatchObject({ file: "a.json", line: 7, code, path });
  });
});
