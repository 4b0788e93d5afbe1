// What is read of a document that was looked at at the door. What is found goes into a cell: a slot that says
// whether it is there, the value's slot, and the bytes of a text, unescaped.
import { byteAt, widthAt } from "./document";
import { lengthOf, padded, textOf } from "./text";
import { membersOf, sizeOf } from "./value";

// Where the value begins to which the path leads; 0 where it leads nowhere.
function findValue(document: usize, path: usize): usize {
  let at = textOf(document);
  let step = membersOf(path);
  for (let i: u32 = 0, count = sizeOf(path); i < count; i++, step += 8) {
    if (load<u8>(at) != 0x7b) return 0;
    at += 1;
    let found: usize = 0;
    while (found == 0 && load<u8>(at) == 0x22) {
      const key = at;
      at = skipText(at) + 1;
      if (isKey(key, step)) {
        found = at;
      } else {
        at = skipValue(at);
        if (load<u8>(at) == 0x2c) at += 1;
      }
    }
    if (found == 0) return 0;
    at = found;
  }
  return at;
}

function isKey(key: usize, wanted: usize): bool {
  let p = key + 1;
  let q = textOf(wanted);
  const end = q + lengthOf(wanted);
  while (q < end) {
    if (load<u8>(p) == 0x22 || byteAt(p) != <u32>load<u8>(q)) return false;
    p += widthAt(p);
    q += 1;
  }
  return load<u8>(p) == 0x22;
}

function skipText(from: usize): usize {
  let at = from + 1;
  while (load<u8>(at) != 0x22) at += widthAt(at);
  return at + 1;
}

// Only within an object or array, so that something stands behind.
function skipValue(from: usize): usize {
  let at = from;
  let depth: u32 = 0;
  while (true) {
    const c = <u32>load<u8>(at);
    const closes = c == 0x7d || c == 0x5d;
    if (depth == 0 && (closes || c == 0x2c)) return at;
    if (c == 0x22) {
      at = skipText(at);
      continue;
    }
    if (c == 0x7b || c == 0x5b) depth += 1;
    else if (closes) depth -= 1;
    at += 1;
  }
}

function put(cell: usize, there: bool, value: i64): usize {
  store<u64>(cell, there ? 1 : 0);
  store<i64>(cell, there ? value : 0, 8);
  return cell;
}

export function documentText(document: usize, path: usize, cell: usize): usize {
  const from = findValue(document, path);
  if (from == 0 || load<u8>(from) != 0x22) return put(cell, false, 0);
  const start = cell + 16;
  let to = start;
  for (let at = from + 1; load<u8>(at) != 0x22; at += widthAt(at)) {
    store<u8>(to, <u8>byteAt(at));
    to += 1;
  }
  const length = <u32>(to - start);
  for (const end = start + padded(length); to < end; to += 1) store<u8>(to, 0);
  return put(cell, true, length == 0 ? 0 : 8 | (<i64>length << 32));
}

function isNumber(at: usize): bool {
  const c = <u32>load<u8>(at);
  return c == 0x2d || c - 0x30 <= 9;
}

// Of a number that was looked at.
function integerAt(from: usize): i64 {
  const isNegative = load<u8>(from) == 0x2d;
  let value: i64 = 0;
  for (let at = isNegative ? from + 1 : from; ; at += 1) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    value = value * 10 + <i64>digit;
  }
  return isNegative ? -value : value;
}

export function documentInt(document: usize, path: usize, cell: usize): usize {
  const from = findValue(document, path);
  return from != 0 && isNumber(from) ? put(cell, true, integerAt(from)) : put(cell, false, 0);
}

export function documentBool(document: usize, path: usize, cell: usize): usize {
  const from = findValue(document, path);
  const first = from == 0 ? 0 : <u32>load<u8>(from);
  return put(cell, first == 0x74 || first == 0x66, first == 0x74 ? 1 : 0);
}

// Anything but null.
export function documentHas(document: usize, path: usize, cell: usize): usize {
  const from = findValue(document, path);
  return put(cell, from != 0 && load<u8>(from) != 0x6e, 1);
}

export function documentSize(document: usize, path: usize, cell: usize): usize {
  const from = findValue(document, path);
  if (from == 0 || load<u8>(from) != 0x5b) return put(cell, false, 0);
  let count: i64 = 0;
  let at = from + 1;
  while (load<u8>(at) != 0x5d) {
    at = skipValue(at);
    count += 1;
    if (load<u8>(at) == 0x2c) at += 1;
  }
  return put(cell, true, count);
}

const LIMIT: u64 = 0x8000000000000000;

// An integer, or text `-?digits[.1-4 digits]` in its usual form; absent where it has no 64 bits.
export function documentDecimal(document: usize, path: usize, cell: usize): usize {
  const from = findValue(document, path);
  if (from == 0) return put(cell, false, 0);
  const isText = load<u8>(from) == 0x22;
  if (!isText && !isNumber(from)) return put(cell, false, 0);
  const isNegative = load<u8>(isText ? from + 1 : from) == 0x2d;
  let at = (isText ? from + 1 : from) + (isNegative ? 1 : 0);
  const digits = at;
  let value: u64 = 0;
  let fraction: i32 = -1;
  let fits = true;
  for (; ; at += 1) {
    const c = <u32>load<u8>(at);
    if (c == 0x2e && fraction < 0 && at > digits && isText) {
      fraction = 0;
      continue;
    }
    if (c - 0x30 > 9) break;
    fits = fits && value <= (LIMIT - (c - 0x30)) / 10;
    value = value * 10 + (c - 0x30);
    if (fraction >= 0) fraction += 1;
  }
  if (at == digits || fraction == 0 || fraction > 4) return put(cell, false, 0);
  if (isText && load<u8>(at) != 0x22) return put(cell, false, 0);
  if (load<u8>(digits) == 0x30 && at > digits + 1 && load<u8>(digits, 1) != 0x2e) return put(cell, false, 0);
  for (let more = fraction < 0 ? 0 : fraction; more < 4; more++) {
    fits = fits && value <= LIMIT / 10;
    value *= 10;
  }
  if (!fits || (isNegative && value == 0) || (!isNegative && value == LIMIT)) return put(cell, false, 0);
  return put(cell, true, isNegative ? -(<i64>value) : <i64>value);
}
