import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { DecisionEntry, Entry, RedactionEntry } from "@polity/lineage/entry.ts";
import { decodeEntry, type EntryRefusal, encodeEntry } from "@polity/lineage/entry-codec.ts";
import { ENTRY_SHAPES, LIMITS } from "@polity/lineage/entry-schema.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { ENTRY_KINDS } from "../support/arbitrary-entry.ts";
import { entrySchema, entryTable } from "../support/entry-table.ts";
import { EXAMPLE_ENTRIES } from "../support/example-entries.ts";

const vectors = new URL("../vectors/lineage/", import.meta.url);
const isUpdate = process.env.UPDATE_EXPECT === "1";

function textOf(entry: Entry): string {
  const encoded = encodeEntry(entry);
  if (!encoded.ok) throw new Error(`${encoded.path}: ${encoded.message}`);
  return Buffer.from(encoded.bytes).toString("utf8");
}

/** `code path: message` of a refusal; empty where nothing is refused. */
function refusalOf(result: { readonly ok: true } | EntryRefusal): string {
  return result.ok ? "" : `${result.code} ${result.path}: ${result.message}`;
}

const [decision] = EXAMPLE_ENTRIES as readonly [DecisionEntry];

describe("version 1 never changes", () => {
  test("every kind has an example", () => {
    expect(EXAMPLE_ENTRIES.map(({ kind }) => kind)).toEqual(Object.keys(ENTRY_SHAPES));
    expect(ENTRY_KINDS).toEqual(Object.keys(ENTRY_SHAPES));
    expect(readdirSync(new URL("entries/", vectors)).toSorted()).toEqual(
      Object.keys(ENTRY_SHAPES)
        .map((kind) => `${kind}.json`)
        .toSorted(),
    );
  });

  test.each(EXAMPLE_ENTRIES.map((entry) => [entry.kind, entry] as const))(
    "the bytes of a %s",
    (kind, entry) => {
      const file = new URL(`entries/${kind}.json`, vectors);
      if (isUpdate) writeFileSync(file, textOf(entry));
      const golden = readFileSync(file);
      expect(textOf(entry)).toBe(golden.toString("utf8"));
      expect(decodeEntry(golden)).toEqual({ ok: true, entry });
    },
  );

  test("the table of members is the one that was published; other members are another version", () => {
    const file = new URL("entry-schema.txt", vectors);
    if (isUpdate) writeFileSync(file, entrySchema());
    expect(entrySchema()).toBe(readFileSync(file, "utf8"));
  });

  test("the documentation has that table, and an example", () => {
    const page = readFileSync(new URL("../../docs/lineage.md", import.meta.url), "utf8");
    expect(page).toContain(`\n${entryTable().join("\n")}\n`);
    expect(page).toContain(`\n${readFileSync(new URL("entries/gap.json", vectors), "utf8")}\n`);
  });
});

describe("size", () => {
  /** An entry of exactly so many bytes. */
  function ofBytes(bytes: number): RedactionEntry {
    const [empty] = EXAMPLE_ENTRIES.filter(({ kind }) => kind === "redaction") as [RedactionEntry];
    const targets: { leaf: string; pointers: string[] }[] = [];
    const size = () =>
      utf8(textOf({ ...empty, targets: targets.length === 0 ? empty.targets : targets })).length;
    const leaf = `sha256:${"0".repeat(64)}`;
    for (let at = 0; size() < bytes - 900; at += 1) {
      const last = targets.at(-1);
      const pointer = `/${String(at).padStart(4, "0")}${"x".repeat(251)}`;
      if (last === undefined || last.pointers.length > 60) targets.push({ leaf, pointers: [pointer] });
      else last.pointers.push(pointer);
    }
    const reason = "r".repeat(bytes - size() + empty.reason.length);
    return { ...empty, targets, reason };
  }

  test("65,535 bytes are an entry, 65,536 are none", () => {
    const largest = encodeEntry(ofBytes(65_535));
    if (!largest.ok) throw new Error(largest.message);
    expect(largest.bytes.length).toBe(65_535);
    expect(decodeEntry(largest.bytes).ok).toBe(true);
    const refused = "entry.too_large : 65536 bytes, and an entry has at most 65535";
    expect(refusalOf(encodeEntry(ofBytes(65_536)))).toBe(refused);
    const text = Buffer.from(largest.bytes).toString("utf8").replace('"reason":"', '"reason":"r');
    expect(refusalOf(decodeEntry(utf8(text)))).toBe(refused);
    expect(refusalOf(decodeEntry(new Uint8Array(10_000_000)))).toContain("entry.too_large");
  });

  test("every list and text of a decision has a bound", () => {
    const [member] = decision.members as [DecisionEntry["members"][number]];
    const many = <T>(count: number, make: (at: number) => T) =>
      Array.from({ length: count }, (_, at) => make(at));
    const rules = many(257, (at) => `r${String(at).padStart(3, "0")}`);
    const { header } = decision;
    const [approval] = header!.approvals;
    const tooMuch: readonly (readonly [string, Partial<DecisionEntry>])[] = [
      ["parents", { parents: many(65, () => decision.parents[0]!) }],
      ["members", { members: many(65, () => member) }],
      ["members[0].rules", { members: [{ ...member, rules, rulesTotal: 257 }] }],
      [
        "members[0].errors",
        {
          members: [{ ...member, errors: rules.map((rule) => ({ rule, kind: "range" })), errorsTotal: 257 }],
        },
      ],
      ["header.approvals", { header: { ...header!, approvals: many(17, () => approval!) } }],
      [
        "request.sensitive",
        {
          request: {
            commitment: decision.facts!,
            sensitive: many(65, (at) => ({ pointer: `/${at + 100}`, commitment: decision.facts! })),
          },
        },
      ],
      ["obligations", { obligations: many(65, () => decision.obligations[0]!) }],
      ["node", { node: "x".repeat(257) }],
      ["request_id", { requestId: "ü".repeat(129) }],
      [
        "obligations[0].arguments",
        {
          obligations: [{ name: "o", phase: "after", arguments: `{"a":"${"x".repeat(4096)}"}` }],
        },
      ],
    ];
    for (const [path, change] of tooMuch) {
      expect(refusalOf(encodeEntry({ ...decision, ...change }))).toContain(`entry.field ${path}: more than `);
    }
    expect(LIMITS.rules).toBe(256);
    const most = { ...decision, members: [{ ...member, rules: rules.slice(1), rulesTotal: 256 }] };
    expect(refusalOf(encodeEntry(most))).toBe("");
  });
});

describe("a refusal says where", () => {
  const text = textOf(decision);

  test.each<[string, string | Uint8Array, string]>([
    ["no UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), "entry.malformed : an entry is JSON in UTF-8"],
    ["a byte order mark", `\ufeff${text}`, "entry.malformed "],
    ["no JSON", "{", "entry.malformed : a key is expected at 1"],
    ["a list", "[]", "entry.malformed : an entry is an object"],
    ["null", "null", "entry.malformed : an entry is an object"],
    [
      "nine lists inside each other",
      `${"[".repeat(9)}${"]".repeat(9)}`,
      "entry.malformed : nested too deep at 8",
    ],
    ["an empty object", "{}", "entry.version v: "],
    ["another version", text.replace('"v":1', '"v":2'), "entry.version v: only version 1"],
    ["a version as text", text.replace('"v":1', '"v":"1"'), "entry.version v: "],
    [
      "another kind",
      text.replace('"kind":"decision"', '"kind":"deposit"'),
      "entry.kind kind: no kind of entry",
    ],
    ["a kind that objects inherit", text.replace('"decision"', '"toString"'), "entry.kind kind: "],
    ["no kind", text.replace('"kind":"decision",', ""), "entry.kind kind: "],
    [
      "a kind with other members",
      text.replace('"decision"', '"gap"'),
      'entry.field : no member "action" is known',
    ],
    [
      "a member too few",
      text.replace('"trust":720', '"trust_":720'),
      'entry.field header: no member "trust_"',
    ],
    ["a member missing", text.replace(',"trust":720', ""), "entry.field header.trust: missing"],
    [
      "a member too many",
      text.replace('"trust":720', '"trust":720,"x":0'),
      'entry.field header: no member "x"',
    ],
    [
      "another order",
      text.replace('{"action":"pay",', "{").replace(/}$/, ',"action":"pay"}'),
      "entry.malformed : this is",
    ],
    ["trust beyond 1000", text.replace("720", "1001"), "entry.field header.trust: not in 0..1000"],
    ["trust as text", text.replace("720", '"720"'), "entry.field header.trust: not an integer"],
    ["a time with a needless fraction", text.replace(".250Z", ".2500Z"), "entry.field at: not a time"],
    [
      "a time with seconds of no day",
      text.replace("T09:30:12.250Z", "T24:30:12Z"),
      "entry.field at: not a time",
    ],
    ["milliseconds that are zero", text.replace("T10:00:00Z", "T10:00:00.000Z"), "entry.malformed : this is"],
    [
      "the year 0",
      text.replace("2026-11-22T10:00:00Z", "0000-11-22T10:00:00Z"),
      "entry.field header.facts_until: ",
    ],
    [
      "rules out of order",
      text.replace('"large_payment",', '"zzz",'),
      "entry.field members[0].rules[1]: not in order",
    ],
    [
      "a rule twice",
      text.replace('"pay_known_payee"', '"large_payment"'),
      "entry.field members[0].rules[1]: ",
    ],
    [
      "a digest in upper case",
      text.replace("sha256:5e", "sha256:5E"),
      "entry.field set.digest: not `sha256:`",
    ],
    [
      "a trace of zeros",
      text.replace(/4bf92f\w+/, "0".repeat(32)),
      "entry.field trace.trace: not 32 hex digits",
    ],
    ["a UUID in upper case", text.replace("0123456789ab", "0123456789AB"), "entry.field id: not a UUID"],
    [
      "a control character in a name",
      text.replace("eu-1/node-7", "eu\\u007fx"),
      "entry.field node: has a control",
    ],
    ["2^53", text.replace('"seq":12', '"seq":9007199254740992'), "entry.malformed : integer beyond 2^53-1"],
  ])("%s", (_, given, expected) => {
    const bytes = typeof given === "string" ? utf8(given) : given;
    expect(refusalOf(decodeEntry(bytes))).toContain(expected);
  });

  test("of members that contradict each other", () => {
    const [member] = decision.members as [DecisionEntry["members"][number]];
    const contradictions: readonly (readonly [string, Entry])[] = [
      ["members[0].rules_total", { ...decision, members: [{ ...member, rulesTotal: 1 }] }],
      ["members[0].errors_total", { ...decision, members: [{ ...decision.members[1]!, errorsTotal: 0 }] }],
      ["members", { ...decision, set: null }],
      ["members", { ...decision, members: [] }],
      ["approvals_consumed", { ...decision, approvalsConsumed: [1] }],
      ["approvals_consumed", { ...decision, header: null }],
      ["approvals_consumed[1]", { ...decision, approvalsConsumed: [0, 0] }],
      ["request.sensitive", sensitive("/a", "/a/b")],
      ["request.sensitive", sensitive("/b", "/a")],
      ["request.sensitive", sensitive("/a", "/a")],
      ["request.sensitive", sensitive("no pointer")],
      ["request.sensitive", sensitive("/a~2")],
      ["execution", { ...exampleOf("execution"), execution: null }],
      ["status", { ...exampleOf("execution"), status: "failed" }],
      ["status", { ...exampleOf("execution"), phase: "end" }],
      ["previous", { ...exampleOf("epoch"), previous: 17 }],
      ["replaces", { ...exampleOf("key"), action: "added" }],
      ["replaces", { ...exampleOf("key"), replaces: null }],
      ["targets", { ...exampleOf("redaction"), targets: [] }],
      ["count", { ...exampleOf("gap"), count: 0 }],
      ["count", { ...exampleOf("gap"), fromSeq: 2 ** 53 - 1, count: 1 }],
      ["parents[0].log", { ...decision, parents: [{ ...decision.parents[0]!, log: "https://example.com" }] }],
    ];
    for (const [path, entry] of contradictions) {
      expect(refusalOf(encodeEntry(entry))).toMatch(`entry.field ${path}: `);
    }
  });

  test("of arguments that are not canonical JSON of an object", () => {
    for (const given of [
      "",
      "[]",
      "null",
      '{"a": 1}',
      '{"b":1,"a":1}',
      '{"a":0.5}',
      '{"a":-0}',
      "\ud800",
      "{",
      `{"a":"${"ü".repeat(2045)}"}`,
    ]) {
      const obligations = [{ name: "o", phase: "before", arguments: given } as const];
      expect(refusalOf(encodeEntry({ ...decision, obligations }))).toMatch(
        "entry.field obligations[0].arguments: ",
      );
    }
  });

  test("of what an object in memory has too much, too little, or inherits", () => {
    const { note: _, ...rest } = exampleOf("outcome");
    expect(refusalOf(encodeEntry(rest as Entry))).toBe("entry.field note: missing");
    expect(refusalOf(encodeEntry({ ...decision, extra: 1 } as Entry))).toBe(
      'entry.field : no member "extra" is known',
    );
    const inherited: unknown = Object.assign(Object.create({ note: null }), rest);
    expect(refusalOf(encodeEntry(inherited as Entry))).toBe("entry.field note: missing");
    expect(refusalOf(encodeEntry({ ...decision, at: Number.NaN }))).toBe(
      "entry.field at: not a time in milliseconds",
    );
    expect(refusalOf(encodeEntry({ ...decision, at: -62_135_596_800_001 }))).toContain("the years 1 to 9999");
    expect(refusalOf(encodeEntry({ ...decision, at: 253_402_300_800_000 }))).toContain("the years 1 to 9999");
    expect(refusalOf(encodeEntry({ ...decision, node: "\ud800" }))).toBe(
      "entry.field node: has a lone surrogate",
    );
    expect(refusalOf(encodeEntry({ ...decision, code: "c".repeat(65) }))).toBe(
      "entry.field code: not a code",
    );
    expect(refusalOf(encodeEntry({ ...decision, code: "c".repeat(64) }))).toBe("");
    const zeros = { trace: "1".repeat(32), span: "0".repeat(16) };
    expect(refusalOf(encodeEntry({ ...decision, trace: zeros }))).toContain(
      "entry.field trace.span: not 16 hex",
    );
    const throwing = Object.defineProperty({ ...decision }, "node", {
      enumerable: true,
      get() {
        throw new Error("touched");
      },
    });
    expect(refusalOf(encodeEntry(throwing))).toBe("entry.field : cannot be read");
    expect(refusalOf(encodeEntry(null as unknown as Entry))).toBe("entry.malformed : an entry is an object");
    expect(refusalOf(encodeEntry({ ...decision, v: 2 } as unknown as Entry))).toContain("entry.version v: ");
    expect(refusalOf(encodeEntry({ ...decision, kind: "x" } as unknown as Entry))).toContain(
      "entry.kind kind: ",
    );
  });
});

function sensitive(...pointers: readonly string[]): Entry {
  const commitment = decision.facts!;
  return {
    ...decision,
    request: { commitment, sensitive: pointers.map((pointer) => ({ pointer, commitment })) },
  };
}

function exampleOf<Kind extends Entry["kind"]>(kind: Kind): Extract<Entry, { kind: Kind }> {
  return EXAMPLE_ENTRIES.find((entry) => entry.kind === kind) as Extract<Entry, { kind: Kind }>;
}
