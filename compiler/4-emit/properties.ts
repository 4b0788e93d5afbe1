/**
 * What every evaluator promises, read off its text form after assembling: it imports nothing, starts nothing,
 * computes no floating point, has no threads, no vectors unless it is built for them and then
 * none whose results may differ, calls only known functions, to a fixed depth.
 */

const FORBIDDEN: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\(import\b/, "an import"],
  [/\(start\b/, "a start function"],
  [/\bf(?:32|64)(?:x\d)?\b/, "floating point"],
  [/\.relaxed_/, "a relaxed vector instruction"],
  [/\batomic\b|\bshared\b/, "shared memory"],
  [/\bcall_indirect\b|\bcall_ref\b/, "an indirect call"],
];

/** The first promise that the module breaks; null where it keeps them all. */
export function brokenPromise(text: string, simd = false): string | null {
  // A policy's own words may stand in data.
  const wat = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  for (const [pattern, what] of FORBIDDEN) if (pattern.test(wat)) return what;
  if (!simd && /\bv128\b/.test(wat)) return "a vector instruction";
  if ((wat.match(/\bmemory\.grow\b/g) ?? []).length > 1) return "memory that grows in more than one place";
  return cycle(calls(wat));
}

/** Which function calls which, by name. */
function calls(wat: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let callees: string[] = [];
  for (const [, definition, callee] of wat.matchAll(/\(func (\$\S+)|\(call (\$[^\s)]+)/g)) {
    if (definition !== undefined) {
      callees = [];
      found.set(definition, callees);
    } else if (callee !== undefined) {
      callees.push(callee);
    }
  }
  return found;
}

/** Without recursion every function can be taken away once all that it calls are gone. */
function cycle(callees: ReadonlyMap<string, readonly string[]>): string | null {
  const left = new Map(callees);
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const [name, called] of left) {
      if (!called.some((callee) => left.has(callee))) left.delete(name);
    }
  }
  const [first] = left.keys();
  return first === undefined ? null : `recursion through ${first}`;
}
