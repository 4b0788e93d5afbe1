import { encodeFrame, openFrame } from "@polity/runtime/frame.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Instance } from "@polity/runtime/instance.ts";
import type { Decision } from "@polity/runtime/result.ts";
import { makeTarget } from "@polity/runtime/writers.ts";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { frameOf, type Opened, openSource } from "../support/frame-vectors.ts";
import { factsFor, instanceOf, judgeBytes, tryInstance } from "../support/raw-instance.ts";
import { readFrame } from "../support/read-frame.ts";
import { approvalCases, SOURCES } from "../support/vector-sources.ts";

const SOURCE = SOURCES.get("types")!;
/** Cases whose frames are valid and differ in shape. */
const FRAMES = SOURCE.cases.slice(0, 4);

let opened: Opened;
let instance: Instance;
let frames: Uint8Array[];

beforeAll(async () => {
  opened = await openSource(SOURCE);
  instance = instanceOf(opened, SOURCE.facts);
  frames = FRAMES.map((one) => frameOf(opened, one) as Uint8Array);
});

function judge(bytes: Uint8Array, claimed = bytes.length, asked = instance): Decision {
  return judgeBytes(asked, bytes, claimed);
}

function stillGood(): void {
  expect(judge(frames[0]!)).toMatchObject({ verdict: "allow", rules: ["good"] });
}

describe("frames that no host wrote", () => {
  test("random bytes are denied", () => {
    const room = instance.frameBytes;
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: room }),
        fc.integer({ min: -8, max: room + 4096 }),
        (bytes, claimed) => {
          expect(judge(bytes, claimed)).toMatchObject({ verdict: "deny", code: "input.invalid" });
          expect(judge(bytes)).toMatchObject({ verdict: "deny", code: "input.invalid" });
        },
      ),
      { numRuns: 2000, seed: 41 },
    );
    stillGood();
  });

  test("a right header before random bytes is denied", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 296, maxLength: 296 }), (bytes) => {
        const frame = frames[0]!.slice();
        frame.set(bytes, 160);
        expect(judge(frame).verdict).toBe("deny");
      }),
      { numRuns: 2000, seed: 42 },
    );
    stillGood();
  });

  test("claimed lengths and totals", () => {
    const frame = frames[0]!;
    for (const claimed of [
      0,
      -1,
      7,
      8,
      152,
      160,
      frame.length - 8,
      frame.length + 8,
      2 ** 31 - 1,
      -(2 ** 31),
    ]) {
      expect(judge(frame, claimed)).toMatchObject({ verdict: "deny", code: "input.invalid" });
    }
    stillGood();
  });

  test("a changed valid frame is refused, or is what encode would write for what it says", () => {
    const { program, manifest } = opened;
    const plan = program.actions.get("all")!;
    const room = makeTarget(new ArrayBuffer(instance.frameBytes), 0, instance.frameBytes, false);
    const { layoutTag, factsTag } = instance.frame;
    const writer = openFrame(room, { layoutTag, factsTag, entityNumbers: program.entityNumbers, sha256 });
    const counts = { refused: 0, accepted: 0 };
    const change = fc.tuple(
      fc.nat(),
      fc.constantFrom(0, 1, 2, 7, 8, 16, 0x2e, 0x2f, 0x7f, 0x80, 0xc0, 0xff),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.nat(3), fc.array(change, { minLength: 1, maxLength: 3 }), (which, changes) => {
        const frame = frames[which]!.slice();
        for (const [place, value, isXor] of changes) {
          // The header's own fields are for the next test: here the body is what may lie.
          const at = 144 + (place % (frame.length - 144));
          frame[at] = isXor ? frame[at]! ^ value : value;
        }
        const { code } = judge(frame);
        if (code.startsWith("input.")) {
          counts.refused += 1;
          return;
        }
        counts.accepted += 1;
        const said = readFrame(frame, manifest.actions[plan.index]!, manifest.types);
        const written = encodeFrame(writer, plan, { ...said, unread: "" }, FRAMES[0]!.header);
        expect(written).toBeNull();
        expect(room.bytes.subarray(144, room.next)).toEqual(frame.subarray(144));
      }),
      { numRuns: 6000, seed: 43 },
    );
    expect(counts.refused).toBeGreaterThan(1000);
    expect(counts.accepted).toBeGreaterThan(20);
    stillGood();
  });

  test("any bit of the header turned over changes no deny to allow, and no tag passes", () => {
    for (let at = 0; at < 160; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const frame = frames[0]!.slice();
        frame[at]! ^= 1 << bit;
        const { verdict, code } = judge(frame);
        // Only times and trust may differ without being wrong.
        if (verdict === "allow") expect([at, at >= 40 && at < 88]).toEqual([at, true]);
        else expect(code).toMatch(/^(?:input|host|policy|facts|containment|subject)\./);
        if (at >= 16 && at < 24) expect(code).toBe("input.invalid");
        if (at >= 24 && at < 32) expect(code).toBe("host.mismatch");
      }
    }
    stillGood();
  });
});

test("an id has characters of its alphabet and no others, wherever they stand", async () => {
  const policy = `polity 1
policy ids version 1
action go { i: string id max 24 }
allow all on go when i != "none"
`;
  const source = { ...SOURCE, policy, facts: '{"entities":[]}' };
  const asked = instanceOf(await openSource(source), source.facts);
  const plan = asked.program.actions.get("go")!;
  for (const length of [1, 7, 8, 9, 16, 17, 24]) {
    expect(encodeFrame(asked.frame, plan, { i: "i".repeat(length) }, FRAMES[0]!.header)).toBeNull();
    const { base, bytes, next } = asked.frame.target;
    const frame = bytes.slice(base, next);
    for (let at = 168; at < frame.length; at += 1) {
      for (let character = 0; character < 256; character += 1) {
        const changed = frame.slice();
        changed[at] = character;
        const isIn = at < 168 + length;
        const isGood = isIn ? /^[A-Za-z0-9._:@/-]$/.test(String.fromCharCode(character)) : character === 0;
        const { verdict } = judge(changed, changed.length, asked);
        if ((verdict === "allow") !== isGood) expect([length, at, character]).toBe(isGood);
      }
    }
  }
});

test("a facts block with any byte changed is refused, or differs only in what it says", async () => {
  const facts = factsFor(opened, SOURCE.facts);
  let refused = 0;
  for (let at = 0; at < facts.block.length; at += 1) {
    const block = facts.block.slice();
    block[at]! ^= 0x81;
    const ready = tryInstance(opened, { ...facts, block });
    if ("failed" in ready) {
      expect(ready.failed).toBe("facts");
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(facts.block.length / 2);
});

test("an approval whose digest, approver or place is not exactly right releases nothing", async () => {
  const source = SOURCES.get("approvals")!;
  const approvals = await openSource(source);
  const request = approvals.host.request("pay", { amount: 250, by: "u1" });
  const digests = new Map([[250, request.ok ? request.digest : ""]]);
  const both = approvalCases(digests).find(({ name }) => name === "two of two, in any order")!;
  const frame = frameOf(approvals, both) as Uint8Array;
  const asked = instanceOf(approvals, source.facts);
  expect(judge(frame, frame.length, asked).verdict).toBe("allow");
  const first = 160 + approvals.manifest.actions[0]!.fixedBytes;
  for (let at = 88; at < frame.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const changed = frame.slice();
      changed[at]! ^= 1 << bit;
      const { verdict } = judge(changed, changed.length, asked);
      // When it was asked and given may differ, and so may the amount.
      const within = at < first ? -1 : (at - first) % 64;
      const isTime = at >= first && at < first + 128 && within >= 16 && within < 32;
      const isAmount = at >= 160 && at < 168;
      if (!isTime && !isAmount) expect([at, verdict]).not.toEqual([at, "allow"]);
    }
  }
});
