import fc from "fast-check";
import { expect, test } from "vitest";
import { splitLines } from "../../cli/split-lines.ts";

const LF = 0x0a;
const bytes = fc
  .uint8Array({ maxLength: 60 })
  .map((array) => array.map((byte) => (byte % 3 === 0 ? LF : byte)));

async function linesOf(chunks: readonly Uint8Array[], bytesMax: number): Promise<(number[] | null)[]> {
  async function* stream() {
    yield* chunks;
  }
  const lines: (number[] | null)[] = [];
  for await (const some of splitLines(stream(), bytesMax)) {
    for (const line of some) lines.push(line === null ? null : [...line]);
  }
  return lines;
}

test("lines do not depend on how the stream is cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 8 }), fc.nat(10), async (chunks, bytesMax) => {
      const whole = new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
      const single = await linesOf(
        [...whole].map((byte) => new Uint8Array([byte])),
        bytesMax,
      );
      expect(await linesOf(chunks, bytesMax)).toEqual(single);
      expect(await linesOf([whole], bytesMax)).toEqual(single);
    }),
  );
});

test("a line is what ends with a line end, or what is left", async () => {
  const text = new TextEncoder().encode("a\n\nlong\nb");
  const lines = await linesOf([text], 3);
  expect(lines.map((line) => line && String.fromCharCode(...line))).toEqual(["a", "", null, "b"]);
});
