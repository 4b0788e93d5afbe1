// Sets against sets. Members ascend strictly: words as signed numbers (of entities, the addresses of their
// records, which lie in the order of their ids), texts by their bytes. So one walk through both is enough.
import { compareText } from "./text";
import { membersOf, sizeOf } from "./value";

// @ts-ignore: decorator
@inline export function countMembers(collection: usize): i64 {
  return <i64>sizeOf(collection);
}

// @ts-ignore: decorator
@inline function endOf(collection: usize): usize {
  return membersOf(collection) + (<usize>sizeOf(collection) << 3);
}

// Every member of `a` is one of `b`.
export function wordsWithin(a: usize, b: usize): bool {
  let q = membersOf(b);
  const end = endOf(b);
  for (let p = membersOf(a), last = endOf(a); p < last; p += 8) {
    const wanted = load<i64>(p);
    while (q < end && load<i64>(q) < wanted) q += 8;
    if (q >= end || load<i64>(q) != wanted) return false;
    q += 8;
  }
  return true;
}

// Some member of `a` is one of `b`.
export function wordsMeet(a: usize, b: usize): bool {
  let p = membersOf(a);
  let q = membersOf(b);
  const last = endOf(a);
  const end = endOf(b);
  while (p < last && q < end) {
    const left = load<i64>(p);
    const right = load<i64>(q);
    if (left == right) return true;
    if (left < right) p += 8;
    else q += 8;
  }
  return false;
}

export function textsWithin(a: usize, b: usize): bool {
  let q = membersOf(b);
  const end = endOf(b);
  for (let p = membersOf(a), last = endOf(a); p < last; p += 8) {
    let order = 1;
    while (q < end && order > 0) {
      order = compareText(p, q);
      q += 8;
    }
    if (order != 0) return false;
  }
  return true;
}

export function textsMeet(a: usize, b: usize): bool {
  let p = membersOf(a);
  let q = membersOf(b);
  const last = endOf(a);
  const end = endOf(b);
  while (p < last && q < end) {
    const order = compareText(p, q);
    if (order == 0) return true;
    if (order < 0) p += 8;
    else q += 8;
  }
  return false;
}
