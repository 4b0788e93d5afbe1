import { ownCopy } from "@polity/runtime/own-copy.ts";
import { expect, test } from "vitest";

test("names that every object inherits are data like any other", () => {
  const given = JSON.parse('{"b":1,"__proto__":{"x":1},"toString":"t","constructor":null,"a":[{"b":2},[]]}');
  const copy = ownCopy(given) as Record<string, unknown>;
  expect(JSON.stringify(copy)).toBe(JSON.stringify(given));
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  expect(Object.getOwnPropertyDescriptor(copy, "__proto__")?.value).toEqual({ x: 1 });
  expect(copy.a).not.toBe(given.a);
  given.a[0].b = 3;
  expect(copy.a).toEqual([{ b: 2 }, []]);
});

test("an accessor that somebody put on the prototype of everything is not called", () => {
  let calls = 0;
  const set = () => {
    calls += 1;
  };
  const accessor = { configurable: true, get: () => 7, set };
  Object.defineProperty(Object.prototype, "polluted", accessor);
  Object.defineProperty(Array.prototype, "0", accessor);
  try {
    const copy = ownCopy({ polluted: 1, list: [2] }) as { readonly list: unknown };
    expect(Object.getOwnPropertyDescriptor(copy, "polluted")?.value).toBe(1);
    expect(Object.getOwnPropertyDescriptor(copy.list, "0")?.value).toBe(2);
  } finally {
    Reflect.deleteProperty(Object.prototype, "polluted");
    Reflect.deleteProperty(Array.prototype, "0");
  }
  expect(calls).toBe(0);
});

test("accessors, holes and what is not listed stay what they are", () => {
  const given = Object.defineProperty(
    {
      get a() {
        throw new Error("called");
      },
      b: 1,
    },
    "hidden",
    { value: 2 },
  );
  const copy = ownCopy(given) as object;
  expect(Object.keys(copy)).toEqual(["a", "b"]);
  expect(Object.getOwnPropertyDescriptor(copy, "hidden")).toMatchObject({ value: 2, enumerable: false });
  expect(Object.getOwnPropertyDescriptor(copy, "a")?.get).toBeTypeOf("function");
  const list = [1, 2, 3];
  Reflect.deleteProperty(list, 1);
  const holes = ownCopy(list) as unknown[];
  expect([holes.length, 1 in holes, holes[2]]).toEqual([3, false, 3]);
});
