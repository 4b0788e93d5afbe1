// URLs: `scheme://host[:port]/path[?query]`, whose canonical form every other reader leaves as it is.
import { INVALID } from "./codes";
import { decodeText } from "./decode";
import { normaliseHost } from "./host";
import { base, cursor, refuse, shift, take } from "./memory";
import { bring, give, giveOptional, settle } from "./shaped";
import { byteFrom, move, splat, zeroLanes } from "./scan";
import { idWord, lengthOf, queryWord, textOf } from "./text";

const COLON: u32 = 0x3a;
const SLASH: u32 = 0x2f;
const QUESTION: u32 = 0x3f;
const DOT: u32 = 0x2e;

// A missing path becomes `/`: text that fills its words is followed by another one.
export function decodeUrlText(p: usize, bytesMax: u32): void {
  decodeText(p, bytesMax);
  const length = lengthOf(p + shift);
  if (length == 0 || (length & 7) != 0) return;
  const room = base + cursor;
  if (take(cursor, 8) && load<u64>(room) != 0) refuse(INVALID);
}

export function canonicalUrl(slot: usize, by: usize): void {
  const p = bring(slot, by);
  const length = lengthOf(slot);
  if (length != 0 && (length & 7) == 0) store<u64>(p + length, 0);
  settle(slot, p, normalise(p, length));
}

// @ts-ignore: decorator
@inline function at(p: usize): u32 {
  return <u32>load<u8>(p);
}

// Whether the character is one of those whose bits are set, below 64 and from there on.
// @ts-ignore: decorator
@inline function isOneOf(c: u32, low: u64, high: u64): bool {
  return c < 128 && (((c < 64 ? low : high) >> <u64>(c & 63)) & 1) != 0;
}

// @ts-ignore: decorator
@inline function isUnreserved(c: u32): bool {
  return isOneOf(c, 0x03ff600000000000, 0x47fffffe87fffffe);
}

// RFC 3986, section 3.3, without `/`.
// @ts-ignore: decorator
@inline function isOfPath(c: u32): bool {
  return isOneOf(c, 0x2fff7fd200000000, 0x47fffffe87ffffff);
}

// RFC 3986, section 3.4, without `'`, which some readers encode, and with `[` and `]`.
// @ts-ignore: decorator
@inline function isOfQuery(c: u32): bool {
  return isOneOf(c, 0xafffff5200000000, 0x47fffffeafffffff);
}

// Works where the text stands; the answer is its length, 0: it is no URL. It grows by one byte at most.
function normalise(p: usize, length: u32): u32 {
  const scheme = normaliseScheme(p, length);
  if (scheme == 0) return 0;
  const host = scheme + 3;
  let end = host;
  while (end < length && at(p + end) != SLASH && at(p + end) != QUESTION) end += 1;
  let hostEnd = host;
  if (host < end && load<u8>(p + host) == 0x5b) {
    while (hostEnd < end && load<u8>(p + hostEnd) != 0x5d) hostEnd += 1;
    if (hostEnd == end) return 0;
    hostEnd += 1;
  } else {
    while (hostEnd < end && at(p + hostEnd) != COLON) hostEnd += 1;
  }
  const hostBytes = normaliseHost(p + host, hostEnd - host);
  if (hostBytes == 0) return 0;
  const usual = usualPort(p, scheme);
  let out = host + hostBytes;
  if (hostEnd == end) {
    if (usual == 0) return 0;
  } else {
    if (at(p + hostEnd) != COLON) return 0;
    const port = portOf(p + hostEnd + 1, end - hostEnd - 1);
    if (port == 0) return 0;
    if (port != usual) {
      for (let i = hostEnd; i < end; i++, out++) store<u8>(p + out, load<u8>(p + i));
    }
  }
  return normaliseRest(p, end, length, out);
}

// Folds the scheme and answers its length; 0 where there is none, or none that names a host.
function normaliseScheme(p: usize, length: u32): u32 {
  let n: u32 = 0;
  while (n < length && at(p + n) != COLON) {
    const c = at(p + n);
    const isLetter = (c | 0x20) - 0x61 < 26;
    const isOther = c - 0x30 < 10 || c == 0x2b || c == 0x2d || c == DOT;
    if (!isLetter && (n == 0 || !isOther)) return 0;
    if (isLetter) store<u8>(p + n, <u8>(c | 0x20));
    n += 1;
  }
  if (n == 0 || n + 3 > length || at(p + n + 1) != SLASH || at(p + n + 2) != SLASH) return 0;
  return n == 4 && load<u32>(p) == 0x656c6966 ? 0 : n;
}

// Of http, https, ws, wss and ftp; 0 for any other scheme.
function usualPort(p: usize, scheme: u32): u32 {
  if (scheme == 2) return load<u16>(p) == 0x7377 ? 80 : 0;
  if (scheme == 3) {
    const word = <u32>load<u16>(p) | (at(p + 2) << 16);
    return word == 0x737377 ? 443 : word == 0x707466 ? 21 : 0;
  }
  if (scheme > 5 || scheme < 4 || load<u32>(p) != 0x70747468) return 0;
  return scheme == 4 ? 80 : at(p + 4) == 0x73 ? 443 : 0;
}

// 0: not a port.
export function portOf(p: usize, digits: u32): u32 {
  if (digits - 1 > 4 || load<u8>(p) == 0x30) return 0;
  let port: u32 = 0;
  for (let i: u32 = 0; i < digits; i++) {
    const digit = at(p + i) - 0x30;
    if (digit > 9) return 0;
    port = port * 10 + digit;
  }
  return port > 65535 ? 0 : port;
}

// Path and query, which begin at `from` and are written from `to` on.
function normaliseRest(p: usize, from: u32, length: u32, to: u32): u32 {
  let query = from;
  let out = to;
  if (from == length || at(p + from) == QUESTION) {
    if (out == from) {
      // All that follows moves on by one byte, for which there is room.
      for (let i = length; i > from; i--) store<u8>(p + i, load<u8>(p + i - 1));
      length += 1;
      query += 1;
    }
    store<u8>(p + out, <u8>SLASH);
    out += 1;
  } else {
    query = <u32>(byteFrom(p + from, p + length, QUESTION) - p);
    out = normalisePath(p, from, query, to);
    if (out == 0) return 0;
  }
  if (query + 1 >= length) return out;
  store<u8>(p + out, <u8>QUESTION);
  return normaliseText(p, query + 1, length, out + 1, false);
}

// How many bytes of a path from the slash at `i` on stay as they are: up to a slash.
function plainBytes(p: usize, i: u32, end: u32): u32 {
  let from = i;
  let carried: u64 = 0;
  while (from + 8 <= end) {
    const word = load<u64>(p + from);
    const slashes = zeroLanes(word ^ splat(SLASH));
    const odd = ((slashes << 8) | carried) & (slashes | zeroLanes(word ^ splat(DOT)));
    if (odd != 0 || !idWord(word)) break;
    carried = slashes >> 56;
    from += 8;
  }
  if (from == i) return 0;
  do {
    from -= 1;
  } while (at(p + from) != SLASH);
  return from - i;
}

// Segment by segment, to where the next byte is written; 0: it is no path, or others might read another one.
function normalisePath(p: usize, from: u32, end: u32, root: u32): u32 {
  let out = root;
  let i = from;
  while (i < end) {
    const plain = plainBytes(p, i, end);
    move(p + out, p + i, plain);
    i += plain;
    out += plain;
    const start = out;
    const next = <u32>(byteFrom(p + i + 1, p + end, SLASH) - p);
    const last = next == end;
    store<u8>(p + out, <u8>SLASH);
    out = i + 1 == next ? out + 1 : normaliseText(p, i + 1, next, out + 1, true);
    if (out == 0) return 0;
    const segment = p + start + 1;
    const bytes = out - start - 1;
    if (bytes == 0 && !last) return 0;
    const dots: u32 = bytes == 0 || at(segment) != DOT ? 0 : bytes > 1 && at(segment + 1) == DOT ? 2 : 1;
    if (dots != 0 && bytes > dots && load<u8>(segment + dots) == 0x3b) return 0;
    if (dots != 0 && bytes == dots) {
      let keep = start;
      if (dots == 2) {
        if (start == root) return 0;
        do {
          keep -= 1;
        } while (at(p + keep) != SLASH);
      }
      out = last ? keep + 1 : keep;
    }
    i = next;
  }
  return out;
}

// Characters that stay as they are in the middle of a path or of a query: most of what there is.
// @ts-ignore: decorator
@inline function plainWord(word: u64, ofPath: bool): bool {
  return ofPath ? idWord(word) : queryWord(word);
}

// Copies text of a path or a query: percent-encodings of unreserved characters are decoded, all others are in
// upper case. Answers where the next byte is written; 0: a character does not belong there.
function normaliseText(p: usize, from: u32, end: u32, to: u32, ofPath: bool): u32 {
  let out = to;
  let i = from;
  // Continuation bytes that must follow, and what the next of them may be.
  let wanted: u32 = 0;
  let least: u32 = 0;
  let most: u32 = 0;
  while (i < end) {
    if (wanted == 0) {
      while (i + 8 <= end && plainWord(load<u64>(p + i), ofPath)) {
        store<u64>(p + out, load<u64>(p + i));
        out += 8;
        i += 8;
      }
      if (i == end) break;
    }
    const c = at(p + i);
    if (c != 0x25) {
      if (wanted != 0 || !(ofPath ? isOfPath(c) : isOfQuery(c))) return 0;
      store<u8>(p + out, <u8>c);
      out += 1;
      i += 1;
      continue;
    }
    if (i + 2 >= end) return 0;
    const high = hexDigit(at(p + i + 1));
    const low = hexDigit(at(p + i + 2));
    if ((high | low) > 15) return 0;
    const byte = (high << 4) | low;
    i += 3;
    if (ofPath) {
      if (wanted != 0) {
        if (byte < least || byte > most) return 0;
        wanted -= 1;
        least = 0x80;
        most = 0xbf;
      } else if (byte >= 0x80) {
        // Well-formed UTF-8 (Unicode 3.9, table 3-7).
        if (byte < 0xc2 || byte > 0xf4) return 0;
        wanted = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        least = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
        most = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
      } else if (byte < 0x20 || byte == 0x7f) {
        return 0;
      } else if (byte == SLASH || byte == 0x5c || byte == 0x25 || byte == DOT) {
        return 0;
      }
    }
    if (isUnreserved(byte)) {
      store<u8>(p + out, <u8>byte);
      out += 1;
    } else {
      store<u8>(p + out, 0x25);
      store<u8>(p + out, upperHex(high), 1);
      store<u8>(p + out, upperHex(low), 2);
      out += 3;
    }
  }
  return wanted == 0 ? out : 0;
}

// 16 and more: no digit.
// @ts-ignore: decorator
@inline function hexDigit(c: u32): u32 {
  const digit = c - 0x30;
  if (digit < 10) return digit;
  const letter = (c | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 16;
}

// @ts-ignore: decorator
@inline function upperHex(digit: u32): u8 {
  return <u8>(digit < 10 ? 0x30 + digit : 0x37 + digit);
}

// ---- rules; what they read is canonical

// Where the host begins.
function hostAt(p: usize): u32 {
  let i: u32 = 0;
  while (at(p + i) != COLON) i += 1;
  return i + 3;
}

// Where the host ends that begins there.
function hostEndOf(p: usize, host: u32): u32 {
  let i = host;
  if (load<u8>(p + i) == 0x5b) while (load<u8>(p + i) != 0x5d) i += 1;
  while (at(p + i) != COLON && at(p + i) != SLASH) i += 1;
  return i;
}

export function urlScheme(url: usize, room: usize): usize {
  const p = textOf(url);
  return give(room, p, hostAt(p) - 3);
}

export function urlHost(url: usize, room: usize): usize {
  const p = textOf(url);
  const host = hostAt(p);
  return give(room, p + host, hostEndOf(p, host) - host);
}

export function urlPort(url: usize, room: usize): usize {
  const p = textOf(url);
  const host = hostAt(p);
  const from = hostEndOf(p, host);
  let end = from;
  while (at(p + end) != SLASH) end += 1;
  store<i64>(room, <i64>(end == from ? usualPort(p, host - 3) : portOf(p + from + 1, end - from - 1)));
  return room;
}

// Without a `/` at its end, as a path.
export function urlPath(url: usize, room: usize): usize {
  const p = textOf(url);
  const length = lengthOf(url);
  let from = hostEndOf(p, hostAt(p));
  while (at(p + from) != SLASH) from += 1;
  let end = <u32>(byteFrom(p + from, p + length, QUESTION) - p);
  if (end - from > 1 && at(p + end - 1) == SLASH) end -= 1;
  return give(room, p + from, end - from);
}

export function urlQuery(url: usize, room: usize): usize {
  const p = textOf(url);
  const length = lengthOf(url);
  const from = <u32>(byteFrom(p, p + length, QUESTION) - p);
  return giveOptional(room, p + from + 1, from == length ? 0 : length - from - 1);
}
