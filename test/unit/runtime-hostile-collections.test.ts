/** Frames with maps and documents that no host wrote: the evaluator takes only what the encoder writes. */

import { documentJson } from "@polity/runtime/document.ts";
import type { Instance } from "@polity/runtime/instance.ts";
import { parseJson } from "@polity/runtime/json.ts";
import type { Decision } from "@polity/runtime/result.ts";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { frameOf, type Opened, openSource, type VectorCase } from "../support/frame-vectors.ts";
import { instanceOf, judgeBytes } from "../support/raw-instance.ts";

const NOW = Date.UTC(2026, 10, 3, 10);
const SOURCE = {
  policy: `polity 1
policy vectors.collections version 1
action keep { m: map<int 0..100> max 4 }
action read { d: json max 200 }
allow kept on keep when m.size >= 0
allow seen on read when d.string("a") is present or d.int("a") is present or true
`,
  facts: '{"entities":[]}',
};
const HEADER: VectorCase["header"] = {
  now: NOW,
  policyFrom: NOW,
  policyUntil: NOW,
  factsUntil: NOW,
  containment: { state: "free", readAt: NOW },
  trust: 700,
  approvals: [],
};
/** Of the fixed part of an action with one field. */
const FIXED = 160;

let opened: Opened;
let instance: Instance;

beforeAll(async () => {
  opened = await openSource(SOURCE);
  instance = instanceOf(opened, SOURCE.facts);
});

function judge(bytes: Uint8Array): Decision {
  return judgeBytes(instance, bytes);
}

function frame(action: string, fields: unknown): Uint8Array {
  const bytes = frameOf(opened, { name: "", action, fields, header: HEADER });
  if (typeof bytes === "string") throw new Error(bytes);
  return bytes;
}

/** A frame whose document is this text, whatever it says. */
function documentFrame(text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const padded = (bytes.length + 7) & -8;
  const whole = new Uint8Array(FIXED + 8 + padded);
  whole.set(frame("read", { d: {} }).subarray(0, FIXED));
  whole.set(bytes, FIXED + 8);
  const view = new DataView(whole.buffer);
  view.setUint32(8, whole.length, true);
  view.setUint32(148, padded, true);
  view.setUint32(FIXED, bytes.length === 0 ? 0 : 8 + FIXED, true);
  view.setUint32(FIXED + 4, bytes.length, true);
  return whole;
}

const INVALID = { verdict: "deny", code: "input.invalid" };

describe("maps", () => {
  /** Two entries, `a` and `b`, of 16 bytes each, and behind them the keys. */
  const two = () => frame("keep", { m: { b: 2, a: 1 } });

  test("what the host writes is taken", () => {
    expect(judge(two())).toMatchObject({ verdict: "allow", rules: ["kept"] });
    expect(judge(frame("keep", { m: {} }))).toMatchObject({ verdict: "allow" });
  });

  test.each<[string, (bytes: Uint8Array, view: DataView) => void]>([
    ["keys in another order", (bytes) => bytes.set([0x62], bytes.length - 16)],
    ["a key twice", (bytes) => bytes.set([0x61], bytes.length - 8)],
    ["a key that is no text", (bytes) => bytes.set([0xff], bytes.length - 8)],
    ["padding that is not zero", (bytes) => bytes.set([1], bytes.length - 1)],
    ["an empty key", (_, view) => view.setUint32(FIXED + 8 + 4, 0, true)],
    ["more entries than there are", (_, view) => view.setUint32(FIXED + 4, 3, true)],
    ["fewer entries than there are", (_, view) => view.setUint32(FIXED + 4, 1, true)],
  ])("%s", (_, spoil) => {
    const bytes = two();
    spoil(bytes, new DataView(bytes.buffer, bytes.byteOffset));
    expect(judge(bytes)).toMatchObject(INVALID);
    expect(judge(two())).toMatchObject({ verdict: "allow" });
  });

  test("a value out of its range, and too many entries", () => {
    const bytes = two();
    new DataView(bytes.buffer, bytes.byteOffset).setBigInt64(FIXED + 16, 101n, true);
    expect(judge(bytes)).toMatchObject({ code: "input.out_of_range" });
    const many = two();
    new DataView(many.buffer, many.byteOffset).setUint32(FIXED + 4, 5, true);
    expect(judge(many)).toMatchObject({ code: "input.too_large" });
  });
});

describe("documents", () => {
  test.each([
    "{}",
    "[]",
    "0",
    "-1",
    "9007199254740991",
    "true",
    '"a"',
    '""',
    '{"":0,"a":[null,false,{}],"b":{"a":{}}}',
    '{"\\n":1,"\\u0010":2,"\\"":3,"\\\\":4}',
    // By UTF-16 code units the astral character, which begins with D83D, comes before U+FB00.
    '{"a":1,"é":2,"😀":3,"ﬀ":4}',
    `${"[".repeat(32)}${"]".repeat(32)}`,
  ])("taken: %s", (text) => {
    expect(judge(documentFrame(text))).toMatchObject({ verdict: "allow", rules: ["seen"] });
  });

  test.each([
    "",
    "null",
    " {}",
    "{} ",
    "{",
    "[",
    "[1,]",
    "[,1]",
    "[1 ,2]",
    "{}{}",
    "]",
    '{"a":1,}',
    '{"a"}',
    '{"a" :1}',
    "{a:1}",
    "{1:1}",
    '{"b":1,"a":2}',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"ﬀ":1,"😀":2}',
    "-0",
    "00",
    "01",
    "+1",
    "1.0",
    "1.5",
    "1e3",
    "9007199254740992",
    "-9007199254740992",
    "99999999999999999999",
    "tru",
    "nul",
    "True",
    "NaN",
    '"',
    '"a',
    "'a'",
    '"\\u0061"',
    '"\\/"',
    '"\\u000a"',
    '"\\u001F"',
    '"\\u0020"',
    '"\\x41"',
    '"\\ud83d\\ude00"',
    '"\n"',
    '"\\',
    '"\\u00',
    '{"a":{"b":1}',
    "[}",
    "{]",
    `${"[".repeat(33)}${"]".repeat(33)}`,
  ])("refused: %s", (text) => {
    expect(judge(documentFrame(text))).toMatchObject(INVALID);
  });

  test("text that is too long, or no text", () => {
    expect(judge(documentFrame(`"${"a".repeat(199)}"`))).toMatchObject({ code: "input.too_large" });
    expect(judge(documentFrame(new Uint8Array([0x22, 0xff, 0x22])))).toMatchObject(INVALID);
    expect(judge(documentFrame(new Uint8Array([0x22, 0, 0x22])))).toMatchObject(INVALID);
  });

  test("exactly the canonical texts are taken", () => {
    const part = fc.constantFrom(
      ...'{}[],:"\\0123459-truefalsn abu é😀ﬀ.e'.split(""),
      '"a":',
      '"\\u0001"',
      "[1,2]",
      "null",
    );
    const near = fc.json({ maxDepth: 2 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(part, { maxLength: 12 }).map((parts) => parts.join("")),
          near,
        ),
        (text) => {
          const parsed = parseJson(text);
          const written = parsed.ok ? documentJson(parsed.value, 200) : null;
          const isCanonical = written?.ok === true && written.json === text;
          const { verdict, code } = judge(documentFrame(text));
          if (isCanonical) expect(verdict, text).toBe("allow");
          else expect(code, text).toMatch(/^input\./);
        },
      ),
      { numRuns: 20_000, seed: 23 },
    );
  });
});
