/** Frames with shaped text that no host wrote: bytes that are no text, and room that is not as it must be. */

import type { Instance } from "@polity/runtime/instance.ts";
import type { Decision } from "@polity/runtime/result.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { readUrl, urlText } from "../../compiler/interpret/urls.ts";
import { HEADER } from "../support/asking.ts";
import { frameOf, type Opened, openSource } from "../support/frame-vectors.ts";
import { instanceOf, judgeBytes } from "../support/raw-instance.ts";

const POLICY = `polity 1
policy test.frames version 1
action url { text: url max 64 }
action host { text: host }
action path { text: path }
action email { text: email }
action ip { text: ip }
allow whatever on url, host, path, email, ip always
`;
const FACTS = '{"entities":[]}';

let opened: Opened;
let instance: Instance;

beforeAll(async () => {
  opened = await openSource({ policy: POLICY, facts: FACTS });
  instance = instanceOf(opened, FACTS);
});

function judge(bytes: Uint8Array): Decision {
  return judgeBytes(instance, bytes);
}

function frame(action: string, text: string): Uint8Array {
  const bytes = frameOf(opened, { name: "", action, fields: { text }, header: HEADER });
  if (typeof bytes === "string") throw new Error(bytes);
  return bytes;
}

/** Behind the header and the one slot. */
const TEXT_AT = 168;

function withBytes(bytes: Uint8Array, at: number, ...values: readonly number[]): Uint8Array {
  const changed = bytes.slice();
  changed.set(values, at);
  return changed;
}

/** Says other lengths: of the frame and of its variable part. */
function resized(bytes: Uint8Array, by: number): Uint8Array {
  const changed = new Uint8Array(bytes.length + by);
  changed.set(bytes.subarray(0, changed.length));
  const view = new DataView(changed.buffer);
  view.setUint32(8, changed.length, true);
  view.setUint32(148, changed.length - TEXT_AT, true);
  return changed;
}

const TEXTS = [
  ["url", "https://a.example/bcd/efg"],
  ["host", "abc.example"],
  ["path", "/abc/def"],
  ["email", "ada@a.example"],
  ["ip", "2001:db8::1"],
] as const;

describe.each(TEXTS)("%s", (action, text) => {
  test("as the host writes it", () => {
    expect(judge(frame(action, text))).toMatchObject({ verdict: "allow", paths: [text] });
  });

  test.each([
    ["an overlong slash", [0xc0, 0xaf]],
    ["an overlong dot", [0xc0, 0xae]],
    ["an overlong slash of three bytes", [0xe0, 0x80, 0xaf]],
    ["an overlong slash of four bytes", [0xf0, 0x80, 0x80, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
    ["a continuation alone", [0x80]],
    ["an unfinished character", [0xe2, 0x82]],
    ["a byte that is never there", [0xff]],
    ["NUL", [0x00]],
    ["a backslash", [0x5c]],
  ])("%s is refused at every place", (_, values) => {
    const bytes = frame(action, text);
    for (let at = 0; at + values.length <= text.length; at += 1) {
      expect(judge(withBytes(bytes, TEXT_AT + at, ...values))).toMatchObject({ code: "input.invalid" });
    }
  });

  test("the bytes behind the text are zero", () => {
    const bytes = frame(action, text);
    for (let at = TEXT_AT + text.length; at < bytes.length; at += 1) {
      expect(judge(withBytes(bytes, at, 1))).toMatchObject({ code: "input.invalid" });
    }
    expect(judge(resized(bytes, 8))).toMatchObject({ code: "input.invalid" });
    expect(judge(resized(bytes, -8))).toMatchObject({ code: "input.invalid" });
  });

  test("no byte makes it trap", () => {
    const bytes = frame(action, text);
    for (let at = TEXT_AT; at < bytes.length; at += 1) {
      for (let value = 0; value < 256; value += 1) {
        const { verdict, paths } = judge(withBytes(bytes, at, value));
        if (action !== "url" || verdict !== "allow") continue;
        const url = readUrl(paths[0] ?? "");
        expect(url === undefined ? "" : urlText(url)).toBe(paths[0]);
      }
    }
  });
});

describe("a URL that fills its words", () => {
  const text = "https://ab.examp";

  test("is followed by a word of zeros, in which its path may begin", () => {
    const bytes = frame("url", text);
    expect(bytes.length).toBe(TEXT_AT + text.length + 8);
    expect(judge(bytes).paths).toEqual([`${text}/`]);
    expect(judge(frame("url", "https://a.exam?b")).paths).toEqual(["https://a.exam/?b"]);
    expect(judge(resized(bytes, -8))).toMatchObject({ code: "input.invalid" });
    for (let at = bytes.length - 8; at < bytes.length; at += 1) {
      expect(judge(withBytes(bytes, at, 0x2f))).toMatchObject({ code: "input.invalid" });
    }
  });

  test("has no such word where there is room", () => {
    const bytes = frame("url", `${text}l`);
    expect(bytes.length).toBe(TEXT_AT + 24);
    expect(judge(resized(bytes, 8))).toMatchObject({ code: "input.invalid" });
  });
});
