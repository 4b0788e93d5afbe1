/**
 * Brings durable entries into tiles, behind whoever waits for their acknowledgement. What is not in a full
 * tile yet is in memory, which has a bound: then the writer waits.
 */
import { encodeEntryBundle, partialTiles, TILE_WIDTH, type Tile, tilePath } from "../tiles.ts";
import type { TreeEdge } from "../tree-edge.ts";
import { BACKLOG_BYTES_MAX } from "./limits.ts";
import type { TileFile, TileFiles } from "./tile-files.ts";

export interface Integrator {
  /** Durable entries, in order, with their leaf hashes. */
  readonly take: (body: Uint8Array, leaf: Uint8Array) => void;
  readonly edge: TreeEdge;
  /** Entries in full bundles that are durable. */
  readonly integrated: () => number;
  /** Bytes of entries that are in no durable full bundle. */
  readonly backlogBytes: () => number;
  /** Resolves once the backlog is within a bound, usually the one of appending. */
  readonly roomy: (bytesMax?: number) => Promise<void>;
  /** The partial tiles and bundle of the present size, and what becomes of them. */
  readonly partials: () => readonly TileFile[];
  /**
   * Resolves once all tiles that are full now are durable, however many follow. Rejects with what a write
   * failed with.
   */
  readonly settled: () => Promise<void>;
  /** Goes on after a failure that left nothing behind, as of a full disk that has room again. */
  readonly resume: () => void;
  /** Writes tiles from now on; until then only where somebody waits for them. */
  readonly begin: () => void;
  /** An entry that is in no durable bundle; null where it is in one, or not there. */
  readonly entry: (index: number) => Uint8Array | null;
  /** Hashes of a tile as far as they are not on the disk yet; null where they are. */
  readonly tile: (level: number, index: number) => Uint8Array | null;
}

interface State {
  readonly edge: TreeEdge;
  readonly files: TileFiles;
  /** Entries from `first` on, which is where a bundle begins. */
  readonly bodies: Uint8Array[];
  first: number;
  bytes: number;
  /** Full tiles that are not durable yet, by path, in the order in which they became full. */
  readonly pending: Map<string, TileFile>;
  /** Files that were full since the beginning, and those of them that are durable. */
  full: number;
  durable: number;
  failure: unknown;
  running: Promise<void> | null;
  waiting: (() => void)[];
  isHeld: boolean;
  /** What was found when the log was opened, as long as some of it is left: nobody waits for that. */
  foundBytes: number;
  readonly onFailure: (error: unknown) => void;
}

/** Files that are made before their names are made durable. */
const FILES_TOGETHER = 64;

export function makeIntegrator(
  edge: TreeEdge,
  tail: readonly Uint8Array[],
  files: TileFiles,
  onFailure: (error: unknown) => void,
): Integrator {
  const state: State = {
    edge,
    files,
    bodies: [...tail],
    first: edge.size - tail.length,
    bytes: tail.reduce((sum, body) => sum + body.length, 0),
    pending: new Map(),
    full: 0,
    durable: 0,
    failure: undefined,
    running: null,
    waiting: [],
    isHeld: true,
    foundBytes: 0,
    onFailure,
  };
  return {
    edge,
    integrated: () => state.first,
    backlogBytes: () => state.bytes,
    take(body, leaf) {
      state.bodies.push(body);
      state.bytes += body.length;
      const full = edge.append(leaf);
      if (full.length === 0) return;
      const from = edge.size - TILE_WIDTH - state.first;
      const index = edge.size / TILE_WIDTH - 1;
      const bundle: Tile = { level: "entries", index, width: TILE_WIDTH };
      addPending(state, bundle, encodeEntryBundle(state.bodies.slice(from, from + TILE_WIDTH)));
      for (const { level, index: at, hashes } of full) {
        addPending(state, { level, index: at, width: TILE_WIDTH }, hashes);
      }
      if (!state.isHeld) run(state);
    },
    async roomy(bytesMax = BACKLOG_BYTES_MAX + state.foundBytes) {
      if (state.bytes > bytesMax) begin(state);
      while (state.bytes > bytesMax && state.failure === undefined && state.running !== null) {
        await new Promise<void>((resolve) => state.waiting.push(resolve));
      }
      if (state.failure !== undefined) throw state.failure;
    },
    partials: () => partialsOf(state),
    async settled() {
      begin(state);
      const target = state.full;
      while (state.durable < target && state.failure === undefined) {
        await new Promise<void>((resolve) => state.waiting.push(resolve));
      }
      if (state.failure !== undefined) throw state.failure;
    },
    resume() {
      state.failure = undefined;
      begin(state);
    },
    begin() {
      state.foundBytes = state.bytes;
      begin(state);
    },
    entry: (index) => (index < state.first ? null : (state.bodies[index - state.first] ?? null)),
    tile(level, index) {
      const pending = state.pending.get(tilePath({ level, index, width: TILE_WIDTH }));
      if (pending !== undefined) return pending.bytes;
      const isLast = index === Math.floor(edge.size / TILE_WIDTH ** (level + 1));
      return isLast ? edge.partial(level) : null;
    },
  };
}

function addPending(state: State, tile: Tile, bytes: Uint8Array): void {
  state.pending.set(tilePath(tile), { tile, bytes });
  state.full += 1;
}

function partialsOf({ edge, bodies, first }: State): readonly TileFile[] {
  const files: TileFile[] = partialTiles(edge.size).map((tile) => ({
    tile,
    bytes: edge.partial(tile.level as number),
  }));
  const width = edge.size % TILE_WIDTH;
  if (width === 0) return files;
  const from = edge.size - width - first;
  const tile: Tile = { level: "entries", index: (edge.size - width) / TILE_WIDTH, width };
  return [...files, { tile, bytes: encodeEntryBundle(bodies.slice(from, from + width)) }];
}

function begin(state: State): void {
  state.isHeld = false;
  if (state.pending.size > 0) run(state);
}

function run(state: State): void {
  if (state.running !== null || state.failure !== undefined) return;
  state.running = drain(state)
    .catch((error: unknown) => {
      state.failure = error ?? new Error("tiles could not be written");
      state.onFailure(error);
    })
    .finally(() => {
      state.running = null;
      wake(state);
      // What became full while the last names were made durable.
      if (state.pending.size > 0) run(state);
    });
}

async function drain(state: State): Promise<void> {
  while (state.pending.size > 0) {
    const batch = [...state.pending.entries()].slice(0, FILES_TOGETHER);
    await state.files.write(batch.map(([, file]) => file));
    for (const [path, { tile }] of batch) {
      state.pending.delete(path);
      state.durable += 1;
      if (tile.level === "entries") dropBundle(state);
    }
    wake(state);
  }
}

/** The oldest bundle is durable: its entries can be read from there. */
function dropBundle(state: State): void {
  for (const body of state.bodies.splice(0, TILE_WIDTH)) state.bytes -= body.length;
  state.first += TILE_WIDTH;
  state.foundBytes = Math.min(state.foundBytes, state.bytes);
}

function wake(state: State): void {
  for (const resolve of state.waiting.splice(0)) resolve();
}
