// Mail addresses: a dot-atom, `@`, and the name of a host.
import { normaliseName } from "./host";
import { bring, give, settle } from "./shaped";
import { lengthOf, textOf } from "./text";

// RFC 5322, section 3.2.3, without `!` and `%`, by which old relays were told another way.
// @ts-ignore: decorator
@inline function isOfAtom(c: u32): bool {
  const set: u64 = c < 64 ? 0xa3ffacd800000000 : 0x7fffffffc7fffffe;
  return c < 128 && ((set >> <u64>(c & 63)) & 1) != 0;
}

// Bytes before the `@`; 0: no dot-atom stands there.
function localBytes(p: usize, length: u32): u32 {
  let start: u32 = 0;
  for (let i: u32 = 0; i < length; i++) {
    const c = <u32>load<u8>(p + i);
    if (c == 0x40 || c == 0x2e) {
      if (i == start) return 0;
      if (c == 0x40) return i;
      start = i + 1;
    } else if (!isOfAtom(c)) return 0;
  }
  return 0;
}

export function canonicalEmail(slot: usize, by: usize): void {
  const p = bring(slot, by);
  const length = lengthOf(slot);
  const local = localBytes(p, length);
  const domain = local - 1 > 63 ? 0 : normaliseName(p + local + 1, length - local - 1);
  const bytes = local + 1 + domain;
  settle(slot, p, domain == 0 || bytes > 254 ? 0 : bytes);
}

export function emailLocal(email: usize, room: usize): usize {
  const p = textOf(email);
  return give(room, p, localBytes(p, lengthOf(email)));
}

export function emailDomain(email: usize, room: usize): usize {
  const p = textOf(email);
  const from = localBytes(p, lengthOf(email)) + 1;
  return give(room, p + from, lengthOf(email) - from);
}
