/** T6 to T8: tiles beside a tree that is written out, level by level, by the definition. */
import {
  decodeEntryBundle,
  encodeEntryBundle,
  hashesAt,
  newTiles,
  nodePlace,
  parseTilePath,
  partialTiles,
  TILE_LEVELS,
  TILE_WIDTH,
  type Tile,
  tilePath,
  tileWidth,
} from "@polity/lineage/tiles.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** Sizes of every order of magnitude, and those beside the powers of 256. */
const sizes = fc.oneof(
  fc.bigInt(0n, MAX),
  fc.bigInt(0n, 200_000n),
  fc
    .tuple(fc.integer({ min: 0, max: 53 }), fc.bigInt(-2n, 2n))
    .map(([power, by]) => 2n ** BigInt(power) + by)
    .filter((size) => size >= 0n && size <= MAX),
);

/** In integers without a limit: hashes at a level of a tree. */
function countAt(level: number, size: bigint): bigint {
  return size / 256n ** BigInt(level);
}

describe("T6: paths", () => {
  const tiles = fc
    .tuple(fc.constantFrom<Tile["level"]>("entries", 0, 1, 2, 3, 4, 5, 6), sizes, fc.bigInt(0n, MAX))
    .map(([level, size, seed]): Tile | null => {
      const count = countAt(level === "entries" ? 0 : level, size);
      if (count === 0n) return null;
      const index = (seed % count) / 256n;
      const left = count - index * 256n;
      return { level, index: Number(index), width: left > 256n ? 256 : Number(left) };
    })
    .filter((tile) => tile !== null);

  test("read back", () => {
    fc.assert(
      fc.property(tiles, (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual(tile);
      }),
    );
  });

  test("a text that is read as a path is the one that its tile writes", () => {
    const part = fc.constantFrom("tile", "/", "x", "0", "00", "000", "1", "12", "345", ".p/", "entries", "6");
    const near = fc.tuple(tiles, fc.nat(40), part).map(([tile, at, text]) => {
      const path = tilePath(tile);
      return path.slice(0, at) + text + path.slice(at + (at % 3));
    });
    const texts = fc.oneof(
      near,
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const tile = parseTilePath(text);
        if (tile !== null) expect(tilePath(tile)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("T7: what a tree has", () => {
  test("a level has as many hashes as complete subtrees, whatever the size", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: TILE_LEVELS - 1 }), (size, level) => {
        const count = countAt(level, size);
        expect(BigInt(hashesAt(level, Number(size)))).toBe(count);
        const last = count / 256n;
        expect(BigInt(tileWidth(level, Number(last), Number(size)))).toBe(count % 256n);
        if (last > 0n) expect(tileWidth(level, Number(last) - 1, Number(size))).toBe(256);
        const partial = partialTiles(Number(size)).find((tile) => tile.level === level);
        expect(BigInt(partial?.width ?? 0)).toBe(count % 256n);
      }),
    );
  });

  test("what is written for one size after another is all that any of them needs, each file once", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(70_000), { maxLength: 6 }), (some) => {
        const growing = [0, ...some.sort((a, b) => a - b)];
        const written = new Set<string>();
        for (const [at, size] of growing.slice(1).entries()) {
          for (const tile of newTiles(growing[at]!, size)) {
            expect(written.has(tilePath(tile))).toBe(false);
            written.add(tilePath(tile));
          }
          for (const level of ["entries", 0, 1, 2] as const)
            for (let index = 0, width = 1; width > 0; index += 1) {
              width = tileWidth(level, index, size);
              if (width > 0) expect(written.has(tilePath({ level, index, width }))).toBe(true);
            }
        }
      }),
      { numRuns: 20 },
    );
  });

  test("a node is made of hashes that cover its leaves and no others", () => {
    const nodes = fc
      .tuple(fc.integer({ min: 0, max: 52 }), fc.bigInt(0n, MAX))
      .map(([height, seed]) => ({ height, index: seed % (MAX / 2n ** BigInt(height)) }));
    fc.assert(
      fc.property(nodes, ({ height, index }) => {
        const place = nodePlace({ height, index: Number(index) });
        const leaves = 256n ** BigInt(place.level);
        const begin = (BigInt(place.index) * 256n + BigInt(place.first)) * leaves;
        expect(begin).toBe(index * 2n ** BigInt(height));
        expect(BigInt(place.count) * leaves).toBe(2n ** BigInt(height));
        expect(place.first + place.count).toBeLessThanOrEqual(TILE_WIDTH);
      }),
    );
  });
});

describe("T8: bundles", () => {
  const bundles = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 40 });

  test("read back", () => {
    fc.assert(
      fc.property(bundles, (entries) => {
        const decoded = decodeEntryBundle(encodeEntryBundle(entries), entries.length);
        expect(decoded).toEqual({ ok: true, entries });
      }),
    );
  });

  test("bytes that are read as a bundle are those that its entries write", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.constantFrom(0, 0, 0, 1, 2, 5), { maxLength: 40 }).map((some) => Uint8Array.from(some)),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 8 }), (some, count) => {
        const decoded = decodeEntryBundle(some, count);
        if (decoded.ok) expect(encodeEntryBundle(decoded.entries)).toEqual(some);
      }),
      { numRuns: 2000 },
    );
  });
});
