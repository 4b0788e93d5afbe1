/** Paths and widths of tiles as C2SP tlog-tiles v0.1.0 gives them, at the ends of what a size may be too. */
import {
  BUNDLE_BYTES_MAX,
  decodeEntryBundle,
  encodeEntryBundle,
  newTiles,
  nodePlace,
  parseTilePath,
  partialTiles,
  TILE_BYTES_MAX,
  type Tile,
  tileAt,
  tilePath,
  tileWidth,
} from "@polity/lineage/tiles.ts";
import { toHex } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";

const MAX = Number.MAX_SAFE_INTEGER;

describe("paths", () => {
  test.each<[Tile, string]>([
    [{ level: 0, index: 0, width: 256 }, "tile/0/000"],
    [{ level: 0, index: 1_234_067, width: 256 }, "tile/0/x001/x234/067"],
    [{ level: 0, index: 273, width: 112 }, "tile/0/273.p/112"],
    [{ level: 1, index: 999, width: 256 }, "tile/1/999"],
    [{ level: 1, index: 1000, width: 1 }, "tile/1/x001/000.p/1"],
    [{ level: "entries", index: 1_234_067, width: 8 }, "tile/entries/x001/x234/067.p/8"],
    [{ level: "entries", index: 2 ** 45 - 1, width: 255 }, "tile/entries/x035/x184/x372/x088/831.p/255"],
    [{ level: 6, index: 0, width: 31 }, "tile/6/000.p/31"],
  ])("%o", (tile, path) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  test.each([
    "",
    "tile/0/0",
    "tile/0/00",
    "tile/0/0000",
    "tile/0/x000/000",
    "tile/0/001/000",
    "tile/0/x001/x000",
    "tile/00/000",
    "tile/7/000",
    "tile/6/000",
    "tile/6/000.p/32",
    "tile/6/001",
    "tile/5/x008/192.p/1",
    "tile/0/x035/x184/x372/x088/831",
    "tile/0/x035/x184/x372/x088/832.p/1",
    "tile/0/x999/x999/x999/x999/x999/999",
    "tile/0/000.p/0",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/300",
    "tile/0/000.p/",
    "tile/0/000.p",
    "tile/entry/000",
    "/tile/0/000",
    "tile/0/000/",
    "tile/0/000\n",
    "tile/0/x001/../000",
    "tile/data/000",
  ])("%j is none", (path) => {
    expect(parseTilePath(path)).toBeNull();
  });

  test.each<Tile>([
    { level: 7, index: 0, width: 1 },
    { level: -1, index: 0, width: 1 },
    { level: 0.5, index: 0, width: 1 },
    { level: 0, index: -1, width: 1 },
    { level: 0, index: 0, width: 0 },
    { level: 0, index: 0, width: 257 },
    { level: 0, index: Number.NaN, width: 1 },
    { level: 0, index: MAX, width: 1 },
    { level: 6, index: 0, width: 32 },
  ])("%o has none", (tile) => {
    expect(() => tilePath(tile)).toThrow(RangeError);
  });
});

describe("what a tree has", () => {
  test("of 70,000 leaves: 273 full tiles and 112 hashes, one and 17, one hash", () => {
    expect(partialTiles(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    expect(tileWidth(0, 272, 70_000)).toBe(256);
    expect(tileWidth("entries", 273, 70_000)).toBe(112);
    expect(tileWidth(0, 274, 70_000)).toBe(0);
    expect(tileWidth(1, 0, 70_000)).toBe(256);
    expect(tileAt(3, 0, 70_000)).toBeNull();
  });

  test("of 256 leaves: one full tile, and one hash above it", () => {
    expect([...newTiles(0, 256)].map(tilePath)).toEqual(["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
    expect(partialTiles(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
  });

  test("of none: nothing", () => {
    expect(partialTiles(0)).toEqual([]);
    expect([...newTiles(0, 0)]).toEqual([]);
    expect(tileAt(0, 0, 0)).toBeNull();
  });

  test("what grew and nothing else has to be written", () => {
    const paths = (from: number, to: number) => [...newTiles(from, to)].map(tilePath);
    expect(paths(5, 5)).toEqual([]);
    expect(paths(5, 6)).toEqual(["tile/entries/000.p/6", "tile/0/000.p/6"]);
    expect(paths(255, 257)).toEqual([
      "tile/entries/000",
      "tile/entries/001.p/1",
      "tile/0/000",
      "tile/0/001.p/1",
      "tile/1/000.p/1",
    ]);
    expect(paths(70_000, 69_999)).toEqual([]);
  });

  test("of 2^53-1 leaves", () => {
    expect(partialTiles(MAX).map(tilePath)).toEqual([
      "tile/0/x035/x184/x372/x088/831.p/255",
      "tile/1/x137/x438/x953/471.p/255",
      "tile/2/x536/x870/911.p/255",
      "tile/3/x002/x097/151.p/255",
      "tile/4/x008/191.p/255",
      "tile/5/031.p/255",
      "tile/6/000.p/31",
    ]);
    expect(tileWidth("entries", 2 ** 45 - 1, MAX)).toBe(255);
    expect(nodePlace({ height: 52, index: 0 })).toEqual({ level: 6, index: 0, first: 0, count: 16 });
    expect(nodePlace({ height: 0, index: MAX - 1 })).toEqual({
      level: 0,
      index: 2 ** 45 - 1,
      first: 254,
      count: 1,
    });
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])("no tree has %d leaves", (size) => {
    expect(() => tileWidth(0, 0, size)).toThrow(RangeError);
    expect(() => partialTiles(size)).toThrow(RangeError);
  });
});

describe("bundles", () => {
  const entries = ["", "a", "bc"].map((text) => new TextEncoder().encode(text));

  test("have each entry behind its length", () => {
    const bytes = encodeEntryBundle(entries);
    expect(toHex(bytes)).toBe("0000" + "000161" + "00026263");
    expect(decodeEntryBundle(bytes, 3)).toEqual({ ok: true, entries });
  });

  test("the longest is as long as it may be", () => {
    const longest = encodeEntryBundle(new Array(256).fill(new Uint8Array(65_535).fill(7)));
    expect(longest.length).toBe(BUNDLE_BYTES_MAX);
    const decoded = decodeEntryBundle(longest, 256);
    expect(decoded.ok && decoded.entries.every(({ length }) => length === 65_535)).toBe(true);
    expect(TILE_BYTES_MAX).toBe(8192);
  });

  test("nothing longer, and no other number of entries, is written", () => {
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(RangeError);
    expect(() => encodeEntryBundle([])).toThrow(RangeError);
    expect(() => encodeEntryBundle(new Array(257).fill(new Uint8Array(0)))).toThrow(RangeError);
  });

  test.each([
    ["000161", 2, 3, "ends after 1 of 2 entries"],
    ["00016100", 2, 3, "ends after 1 of 2 entries"],
    ["0001610002", 2, 3, "entry 2 of 2 ends at byte 7 of 5"],
    ["0001610000", 1, 3, "2 bytes are left over after entry 1"],
    ["ffff", 1, 0, "entry 1 of 1 ends at byte 65537 of 2"],
  ])("%s is none of %d", (hex, count, offset, message) => {
    const bytes = Uint8Array.from(hex.match(/../g)!, (digits) => Number.parseInt(digits, 16));
    expect(decodeEntryBundle(bytes, count)).toMatchObject({ ok: false, offset, message });
  });
});
