// Container images: `registry/repository[:tag][@sha256:…]`, the registry always named.
import { normaliseHost } from "./host";
import { bring, give, giveOptional, settle } from "./shaped";
import { bytesEqual, lengthOf, textOf } from "./text";
import { portOf } from "./url";

const COLON: u32 = 0x3a;
const SLASH: u32 = 0x2f;
const AT: u32 = 0x40;
// `localhost`, `docker.io`, `index.docker.io`.
const LOCALHOST: usize = memory.data<u8>([108, 111, 99, 97, 108, 104, 111, 115, 116]);
const INDEX: usize = memory.data<u8>([
  105, 110, 100, 101, 120, 46, 100, 111, 99, 107, 101, 114, 46, 105, 111,
]);
const DOCKER: usize = INDEX + 6;

// @ts-ignore: decorator
@inline function at(p: usize): u32 {
  return <u32>load<u8>(p);
}

// @ts-ignore: decorator
@inline function isSmall(c: u32): bool {
  return c - 0x61 < 26 || c - 0x30 < 10;
}

function find(p: usize, from: u32, end: u32, wanted: u32): u32 {
  let i = from;
  while (i < end && at(p + i) != wanted) i += 1;
  return i;
}

export function canonicalImage(slot: usize, by: usize): void {
  const p = bring(slot, by);
  settle(slot, p, normalise(p, lengthOf(slot)));
}

function normalise(p: usize, length: u32): u32 {
  let slash = find(p, 0, length, SLASH);
  if (slash == 0 || slash == length) return 0;
  const isBracketed = load<u8>(p) == 0x5b;
  const hostEnd = isBracketed ? find(p, 0, slash, 0x5d) + 1 : find(p, 0, slash, COLON);
  if (hostEnd > slash) return 0;
  const host = normaliseHost(p, hostEnd);
  const hasPort = hostEnd < slash;
  if (host == 0) return 0;
  if (hasPort && at(p + hostEnd) != COLON) return 0;
  if (hasPort && portOf(p + hostEnd + 1, slash - hostEnd - 1) == 0) return 0;
  if (!hasPort && !isBracketed && find(p, 0, host, 0x2e) == host && !isText(p, host, LOCALHOST, 9)) return 0;
  if (isText(p, host, INDEX, 15)) return 0;
  const gone = hostEnd - host;
  if (gone != 0) {
    for (let i = hostEnd; i < length; i++) store<u8>(p + i - gone, load<u8>(p + i));
    slash -= gone;
    length -= gone;
  }
  const nameEnd = find(p, slash + 1, length, AT);
  if (nameEnd != length && !isDigest(p + nameEnd + 1, length - nameEnd - 1)) return 0;
  const end = find(p, slash + 1, nameEnd, COLON);
  if (end != nameEnd && !isTag(p + end + 1, nameEnd - end - 1)) return 0;
  if (end > 255 || !isRepository(p + slash + 1, end - slash - 1)) return 0;
  if (isText(p, host, DOCKER, 9) && find(p, slash + 1, end, SLASH) == end) return 0;
  return length;
}

function isText(p: usize, length: u32, other: usize, bytes: u32): bool {
  return length == bytes && bytesEqual(p, other, bytes);
}

// `sha256:` and 64 digits, which are small.
function isDigest(p: usize, length: u32): bool {
  if (length != 71 || load<u32>(p) != 0x32616873 || load<u32>(p, 3) != 0x3a363532) return false;
  for (let i: u32 = 7; i < 71; i++) if (at(p + i) - 0x30 > 9 && at(p + i) - 0x61 > 5) return false;
  return true;
}

// 1 to 128 of `[A-Za-z0-9_.-]`, neither `.` nor `-` first.
function isTag(p: usize, length: u32): bool {
  if (length - 1 > 127) return false;
  for (let i: u32 = 0; i < length; i++) {
    const c = at(p + i);
    const isWord = isSmall(c | (c - 0x41 < 26 ? 0x20 : 0)) || c == 0x5f;
    if (!isWord && (i == 0 || (c != 0x2e && c != 0x2d))) return false;
  }
  return true;
}

// Components between `/`, of small letters and digits, and between those `.`, `_`, `__` or hyphens.
function isRepository(p: usize, length: u32): bool {
  let i: u32 = 0;
  while (true) {
    if (i == length || !isSmall(at(p + i))) return false;
    while (i < length && isSmall(at(p + i))) i += 1;
    if (i == length) return true;
    const c = at(p + i);
    i += 1;
    if (c == 0x5f && i < length && at(p + i) == 0x5f) i += 1;
    else if (c == 0x2d) while (i < length && at(p + i) == 0x2d) i += 1;
    else if (c != 0x5f && c != 0x2e && c != SLASH) return false;
  }
}

// ---- rules; what they read is canonical

function slashOf(image: usize): u32 {
  return find(textOf(image), 0, lengthOf(image), SLASH);
}

function repositoryEnd(image: usize): u32 {
  const p = textOf(image);
  const from = slashOf(image) + 1;
  return find(p, from, find(p, from, lengthOf(image), AT), COLON);
}

export function imageRegistry(image: usize, room: usize): usize {
  return give(room, textOf(image), slashOf(image));
}

export function imageRepository(image: usize, room: usize): usize {
  const from = slashOf(image) + 1;
  return give(room, textOf(image) + from, repositoryEnd(image) - from);
}

export function imageTag(image: usize, room: usize): usize {
  const p = textOf(image);
  const from = repositoryEnd(image);
  const end = find(p, from, lengthOf(image), AT);
  return giveOptional(room, p + from + 1, end == from ? 0 : end - from - 1);
}

export function imageDigest(image: usize, room: usize): usize {
  const p = textOf(image);
  const length = lengthOf(image);
  const from = find(p, 0, length, AT);
  return giveOptional(room, p + from + 1, from == length ? 0 : length - from - 1);
}
