/** The file in which authors list the members of a set is read strictly. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readSetFile } from "../../cli/set-file.ts";

function read(json: unknown) {
  return readSetFile(new TextEncoder().encode(typeof json === "string" ? json : JSON.stringify(json)));
}

function refusal(json: unknown): string {
  const result = read(json);
  return result.ok ? "" : `${result.code}: ${result.message}`;
}

const member = (change: object = {}) => ({ name: "guard", file: "guard.pol", ...change });
const set = (...members: unknown[]) => ({ members });

test("members come by name, whatever their order", () => {
  const given = set(member({ shadow: true }), { name: "a", file: "below/a.wasm", shadow: false });
  expect(read(given)).toEqual({
    ok: true,
    members: [
      { name: "a", file: "below/a.wasm", shadow: false },
      { name: "guard", file: "guard.pol", shadow: true },
    ],
  });
});

describe("refused is", () => {
  test.each([
    ["what is no JSON", "{", "set.malformed: "],
    ["a key twice", '{"members": [], "members": []}', "set.malformed: "],
    ["what is no object", [], "set.malformed: it is no object"],
    ["another key", { ...set(member()), epoch: 1 }, "set.unknown_key: a set has no `epoch`"],
    ["no list", { members: {} }, "set.malformed: `members` is no list"],
    ["an empty list", set(), "set.members: 0 members, not 1 to 64"],
    ["a member that is no object", set(1), "set.malformed: members[0] is no object"],
    ["another key of a member", set(member({ shadwo: true })), "set.unknown_key: members[0] has no `shadwo`"],
    ["a member without a file", set({ name: "a" }), "set.malformed: members[0] has no `file`"],
    ["a member without a name", set({ file: "a.pol" }), "set.malformed: members[0] has no `name`"],
    [
      "no name of a member",
      set(member({ name: "A b" })),
      "set.name: members[0]: `A b` is no name of a member",
    ],
    ["a number as a name", set(member({ name: 1 })), "set.name: members[0]: `1` is no name of a member"],
    ["a name twice", set(member(), member()), "set.name: two members are named `guard`"],
    [
      "a shadow that is a text",
      set(member({ shadow: "true" })),
      "set.malformed: members[0]: `shadow` is neither",
    ],
    ["a file above", set(member({ file: "../a.pol" })), "set.file: members[0]: `../a.pol` is not below"],
    ["a file from the root", set(member({ file: "/a.pol" })), "set.file: members[0]: `/a.pol` is not below"],
    ["a detour", set(member({ file: "a/./b.pol" })), "set.file: members[0]: `a/./b.pol` is not the shortest"],
    ["a stroke of Windows", set(member({ file: "a\\b.pol" })), "set.file: members[0]: `a\\b.pol` has a sign"],
    ["a drive", set(member({ file: "c:a.pol" })), "set.file: members[0]: `c:a.pol` has a sign"],
    ["another ending", set(member({ file: "a.json" })), "set.file: members[0]: `a.json` ends neither"],
    ["a list as a file", set(member({ file: ["a.pol"] })), 'set.file: members[0]: `["a.pol"]` is no name'],
    ["a long name of a file", set(member({ file: `${"a".repeat(1_024)}.pol` })), "set.file: members[0]: "],
  ])("%s", (_what, json, says) => {
    expect(refusal(json).slice(0, says.length)).toBe(says);
  });

  test("too much of it", () => {
    const many = Array.from({ length: 65 }, (_, n) => member({ name: `m${n}` }));
    expect(refusal(set(...many))).toBe("set.members: 65 members, not 1 to 64");
    expect(refusal(set(...many.slice(1)))).toBe("");
    expect(refusal(`${" ".repeat(65_536)}{}`)).toBe("set.too_large: it has more than 65536 bytes");
    expect(readSetFile(Uint8Array.of(0xff))).toMatchObject({ ok: false, code: "set.malformed" });
  });
});

test("what is nearly a key is suggested", () => {
  expect(read(set({ name: "a", fiel: "a.pol" }))).toMatchObject({ hint: "did you mean `file`?" });
  expect(read({ epoch: 1 })).toMatchObject({ hint: "known are `members`" });
});

test("no bytes make it throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(readSetFile(bytes).ok).toBe(false);
    }),
  );
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(read(text).ok).toBe(false);
    }),
  );
});
