/**
 * A disk whose power may go at any moment. It remembers which bytes and names are durable, that is, were
 * synced, and which are not. What is left after a power failure are the durable ones and any part of the
 * others: sectors in any order, names of any folder, lengths with or without the bytes that belong there.
 * Real file systems promise more; a log that survives this one needs none of it.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Random } from "../../test/support/random.ts";
import type { Event } from "./recorded.ts";

const SECTOR = 512;

/** Content by sector; what is missing is zero. */
interface Content {
  readonly sectors: Map<number, Buffer>;
  size: number;
}

type Change =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "resize"; readonly size: number };

interface File {
  readonly kind: "file";
  readonly now: Content;
  readonly durable: Content;
  /** With the number of the event that made them. */
  pending: { readonly event: number; readonly change: Change }[];
}

interface Folder {
  readonly kind: "folder";
  readonly now: Map<string, Node>;
  readonly durable: Map<string, Node>;
  pending: { readonly event: number; readonly change: Naming }[];
}

type Node = File | Folder;

/** A name is given to a node, or taken away; a move does both at once. */
interface Naming {
  readonly give: { readonly name: string; readonly node: Node } | null;
  readonly take: string | null;
}

interface Handle {
  readonly node: Node;
  position: number;
}

export interface LossyDisk {
  readonly root: Folder;
  readonly handles: Map<number, Handle>;
  readonly base: string;
  event: number;
}

/** How much of what was not synced is left. */
export type Loss = "nothing-left" | "all-left" | "beginning-left" | "some-left";

/** Everything below `base` is durable. */
export function lossyDisk(base: string): LossyDisk {
  return { root: folderFrom(base), handles: new Map(), base, event: 0 };
}

function folderFrom(path: string): Folder {
  const names = new Map<string, Node>();
  for (const name of readdirSync(path)) {
    const inner = join(path, name);
    names.set(name, statSync(inner).isDirectory() ? folderFrom(inner) : fileFrom(readFileSync(inner)));
  }
  return { kind: "folder", now: names, durable: new Map(names), pending: [] };
}

function fileFrom(bytes: Buffer): File {
  const file: File = { kind: "file", now: empty(), durable: empty(), pending: [] };
  for (const content of [file.now, file.durable]) put(content, 0, bytes);
  return file;
}

function empty(): Content {
  return { sectors: new Map(), size: 0 };
}

function put(
  content: Content,
  at: number,
  bytes: Buffer,
  wanted: (sector: number) => boolean = () => true,
): void {
  for (let done = 0; done < bytes.length; ) {
    const sector = Math.floor((at + done) / SECTOR);
    const inside = (at + done) % SECTOR;
    const part = bytes.subarray(done, done + SECTOR - inside);
    done += part.length;
    if (!wanted(sector)) continue;
    const old = content.sectors.get(sector) ?? Buffer.alloc(SECTOR);
    const fresh = Buffer.from(old);
    fresh.set(part, inside);
    content.sectors.set(sector, fresh);
    content.size = Math.max(content.size, at + done);
  }
}

function resize(content: Content, size: number): void {
  if (size < content.size) {
    for (const sector of [...content.sectors.keys()]) {
      const kept = size - sector * SECTOR;
      if (kept <= 0) content.sectors.delete(sector);
      else if (kept < SECTOR)
        content.sectors.set(sector, Buffer.from(content.sectors.get(sector)!).fill(0, kept));
    }
  }
  content.size = size;
}

/** Throws where the event cannot have happened on this disk: then the recording is wrong. */
export function apply(disk: LossyDisk, event: Event): void {
  disk.event += 1;
  const { kind } = event;
  if (kind === "said") return;
  if (kind === "open") open(disk, event);
  else if (kind === "close") disk.handles.delete(event.fd);
  else if (kind === "rename" || kind === "link") move(disk, event);
  else if (kind === "remove") name(disk, event.path, { give: null, take: base(event.path) });
  else if (kind === "folder") make(disk, event.path);
  else change(disk, event);
}

function base(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function find(disk: LossyDisk, path: string): Node | undefined {
  if (path === disk.base) return disk.root;
  let node: Node | undefined = disk.root;
  for (const part of path.slice(disk.base.length + 1).split("/")) {
    node = node?.kind === "folder" ? node.now.get(part) : undefined;
  }
  return node;
}

function folderOf(disk: LossyDisk, path: string): Folder {
  const folder = find(disk, dirname(path));
  if (folder?.kind !== "folder") throw new Error(`no folder for ${path}`);
  return folder;
}

function name(disk: LossyDisk, path: string, naming: Naming): void {
  const folder = folderOf(disk, path);
  rename(folder.now, naming);
  folder.pending.push({ event: disk.event, change: naming });
}

function rename(names: Map<string, Node>, { give, take }: Naming): void {
  if (take !== null) names.delete(take);
  if (give !== null) names.set(give.name, give.node);
}

function open(disk: LossyDisk, { fd, path, flags }: Extract<Event, { kind: "open" }>): void {
  let node = find(disk, path);
  if (node === undefined) {
    if (!flags.includes("O_CREAT")) throw new Error(`${path} was opened and is not there`);
    node = { kind: "file", now: empty(), durable: empty(), pending: [] };
    name(disk, path, { give: { name: base(path), node }, take: null });
  } else if (flags.includes("O_TRUNC") && node.kind === "file")
    alter(disk, node, { kind: "resize", size: 0 });
  disk.handles.set(fd, { node, position: 0 });
}

/** Within a folder a move is one step; between folders each has a step of its own. */
function move(disk: LossyDisk, { kind, from, to }: Extract<Event, { kind: "rename" | "link" }>): void {
  const node = find(disk, from);
  if (node === undefined) throw new Error(`${from} is not there`);
  const give = { name: base(to), node };
  const isMove = kind === "rename";
  const isInside = dirname(from) === dirname(to);
  name(disk, to, { give, take: isMove && isInside ? base(from) : null });
  if (isMove && !isInside) name(disk, from, { give: null, take: base(from) });
}

function make(disk: LossyDisk, path: string): void {
  const node: Folder = { kind: "folder", now: new Map(), durable: new Map(), pending: [] };
  name(disk, path, { give: { name: base(path), node }, take: null });
}

function alter(disk: LossyDisk, file: File, wanted: Change): void {
  if (wanted.kind === "write") put(file.now, wanted.at, wanted.bytes);
  else resize(file.now, wanted.size);
  file.pending.push({ event: disk.event, change: wanted });
}

function change(
  disk: LossyDisk,
  event: Extract<Event, { kind: "write" | "resize" | "allocate" | "sync" }>,
): void {
  const handle = disk.handles.get(event.fd);
  if (handle === undefined) throw new Error(`${event.kind} to a file that was not opened`);
  const { node } = handle;
  if (event.kind === "sync") sync(node, event.begun);
  else if (node.kind === "folder") throw new Error(`${event.kind} to a folder`);
  else if (event.kind === "write") {
    const at = event.at ?? handle.position;
    if (event.at === null) handle.position += event.bytes.length;
    alter(disk, node, { kind: "write", at, bytes: event.bytes });
  } else if (event.kind === "resize" || event.size > node.now.size) {
    alter(disk, node, { kind: "resize", size: event.size });
  }
}

/** Makes durable what had happened when the sync began. */
function sync(node: Node, begun: number): void {
  if (node.kind === "file") {
    for (const { change: made } of node.pending.filter(({ event }) => event <= begun))
      applyTo(node.durable, made);
    node.pending = node.pending.filter(({ event }) => event > begun);
  } else {
    for (const { change: made } of node.pending.filter(({ event }) => event <= begun))
      rename(node.durable, made);
    node.pending = node.pending.filter(({ event }) => event > begun);
  }
}

function applyTo(content: Content, made: Change, wanted?: (sector: number) => boolean): void {
  if (made.kind === "write") put(content, made.at, made.bytes, wanted);
  else resize(content, made.size);
}

/** The bytes that a file has now; null where there is no such file. */
export function currentBytes(disk: LossyDisk, path: string): Buffer | null {
  const node = find(disk, path);
  return node?.kind === "file" ? bytesOf(node.now) : null;
}

function bytesOf({ sectors, size }: Content): Buffer {
  const bytes = Buffer.alloc(size);
  for (const [sector, part] of sectors) {
    const at = sector * SECTOR;
    if (at < size) bytes.set(part.subarray(0, size - at), at);
  }
  return bytes;
}

/** Writes what is left after the power went now to a folder that is not there yet. */
export function writeRemains(disk: LossyDisk, to: string, loss: Loss, random: Random): void {
  writeFolder(disk.root, to, loss, random);
}

function kept<T>(pending: readonly T[], loss: Loss, random: Random): readonly T[] {
  if (loss === "nothing-left") return [];
  if (loss === "all-left") return pending;
  if (loss === "beginning-left") return pending.slice(0, random.below(pending.length + 1));
  return pending.filter(() => random.below(2) === 0);
}

function writeFolder(folder: Folder, to: string, loss: Loss, random: Random): void {
  mkdirSync(to, { recursive: true });
  const names = new Map(folder.durable);
  for (const { change: made } of kept(folder.pending, loss, random)) rename(names, made);
  for (const [inner, node] of names) {
    if (node.kind === "folder") writeFolder(node, join(to, inner), loss, random);
    else writeContent(remainsOf(node, loss, random), join(to, inner));
  }
}

function remainsOf(file: File, loss: Loss, random: Random): Content {
  const content: Content = { sectors: new Map(file.durable.sectors), size: file.durable.size };
  const isTorn = loss === "some-left" || loss === "beginning-left";
  // Disks write 512 or 4,096 bytes at once.
  const sectors = random.below(2) === 0 ? 1 : 8;
  for (const { change: made } of kept(file.pending, loss, random)) {
    const lost = new Map<number, boolean>();
    const wanted = (sector: number) => {
      const unit = Math.floor(sector / sectors);
      if (!lost.has(unit)) lost.set(unit, isTorn && random.below(3) === 0);
      return lost.get(unit) === false;
    };
    applyTo(content, made, wanted);
    // The length may be there without the bytes.
    if (made.kind === "write" && random.below(2) === 0) {
      content.size = Math.max(content.size, made.at + made.bytes.length);
    }
  }
  return content;
}

/** Holes stay holes: files that were allocated are long. */
function writeContent({ sectors, size }: Content, path: string): void {
  writeFileSync(path, "");
  const fd = openSync(path, "r+");
  try {
    for (const [sector, bytes] of sectors) {
      const at = sector * SECTOR;
      if (at < size) writeSync(fd, bytes, 0, Math.min(SECTOR, size - at), at);
    }
  } finally {
    closeSync(fd);
  }
  truncateSync(path, size);
}
