/** Frames with references that no host wrote: refused, or what encode would write for what they say. */
import { encodeFrame, openFrame } from "@polity/runtime/frame.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Instance } from "@polity/runtime/instance.ts";
import { makeTarget } from "@polity/runtime/writers.ts";
import { beforeAll, expect, test } from "vitest";
import { frameOf, type Opened, openSource } from "../support/frame-vectors.ts";
import { instanceOf, judgeBytes } from "../support/raw-instance.ts";
import { readFrame } from "../support/read-frame.ts";
import { SOURCES } from "../support/vector-sources.ts";

const SOURCE = SOURCES.get("references")!;
const CASES = SOURCE.cases.slice(0, 5);

let opened: Opened;
let instance: Instance;

beforeAll(async () => {
  opened = await openSource(SOURCE);
  instance = instanceOf(opened, SOURCE.facts);
});

function codeOf(bytes: Uint8Array): string {
  return judgeBytes(instance, bytes).code;
}

test("each bit of the body turned over", () => {
  const { program, manifest } = opened;
  const plan = program.actions.get("invite")!;
  const room = makeTarget(new ArrayBuffer(instance.frameBytes), 0, instance.frameBytes, false);
  const { layoutTag, factsTag } = instance.frame;
  const writer = openFrame(room, { layoutTag, factsTag, entityNumbers: program.entityNumbers, sha256 });
  const counts = { refused: 0, taken: 0 };
  for (const one of CASES) {
    const frame = frameOf(opened, one) as Uint8Array;
    for (let at = 144; at < frame.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = frame.slice();
        changed[at]! ^= 1 << bit;
        if (codeOf(changed).startsWith("input.")) {
          counts.refused += 1;
          continue;
        }
        counts.taken += 1;
        const said = readFrame(changed, manifest.actions[plan.index]!, manifest.types);
        expect(encodeFrame(writer, plan, said, one.header)).toBeNull();
        expect(room.bytes.subarray(144, room.next)).toEqual(changed.subarray(144));
      }
    }
    expect(codeOf(frame)).not.toMatch(/^input\./);
  }
  expect(counts.refused).toBeGreaterThan(1_000);
  expect(counts.taken).toBeGreaterThan(100);
});
