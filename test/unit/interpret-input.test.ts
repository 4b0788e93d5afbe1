import { describe, expect, test } from "vitest";
import { type Ask, asking, HEADER, NOW } from "../support/asking.ts";

const ENTITIES = [{ type: "User", id: "u" }];

/** The code for one field of this type; `rule` where the value is taken. */
function codeOf(type: string, value: unknown): string {
  return fieldAsking(type)({ x: value }).code;
}

function fieldAsking(type: string): Ask {
  return asking(
    `polity 1
policy test.input version 1
enum Color { red, green }
record Part { size: int 0..9, name: string? max 3 }
entity User
action act { x: ${type} }
allow all on act always
`,
    ENTITIES,
  );
}

describe("values", () => {
  test.each([
    ["bool", true, "rule"],
    ["bool", "true", "input.invalid"],
    ["bool", 1, "input.invalid"],
    ["bool", null, "input.invalid"],
    ["bool", undefined, "input.invalid"],
    ["int", 5, "rule"],
    ["int", 5n, "rule"],
    ["int", "5", "rule"],
    ["int", -0, "input.invalid"],
    ["int", Number.NaN, "input.invalid"],
    ["int", 2 ** 53, "input.invalid"],
    ["int", 2n ** 53n + 1n, "rule"],
    ["int", 2n ** 63n, "input.out_of_range"],
    ["int 0..9", 10, "input.out_of_range"],
    ["int 0..9", "-1", "input.out_of_range"],
    ["decimal 0.5..1", "0.4999", "input.out_of_range"],
    ["decimal 0.5..1", 0.5, "rule"],
    ["decimal", 1n, "input.invalid"],
    ["decimal", "1e3", "input.invalid"],
    ["timestamp", "0000-01-01T00:00:00Z", "input.out_of_range"],
    ["timestamp", NOW, "input.invalid"],
    ["duration", "11574074d1h46m40s1ms", "input.out_of_range"],
    ["duration", "11574074d1h46m40s", "rule"],
    ["string max 3", "é1", "rule"],
    ["string max 3", "éé", "input.too_large"],
    ["string max 3", "\ud800", "input.invalid"],
    ["string id", "a b", "input.invalid"],
    ["string id", "", "input.invalid"],
    ["string", "", "rule"],
    ["path max 5", "/a/b/c", "input.too_large"],
    ["path", "/a/../..", "input.invalid"],
    ["path", "a", "input.invalid"],
    ["Color", "red", "rule"],
    ["Color", "Red", "input.invalid"],
    ["Color", 0, "input.invalid"],
    ["User", "u", "rule"],
    ["User", "v", "entity.unknown"],
    ["User", "", "input.invalid"],
    ["User", "v".repeat(257), "input.too_large"],
    ["User?", "v", "entity.unknown"],
    ["int?", null, "input.invalid"],
    ["set<int>", [3, 1, "2"], "rule"],
    ["set<int>", [1, "1"], "input.invalid"],
    ["set<decimal>", ["1", 1], "input.invalid"],
    ["set<path>", ["/a", "/a"], "input.invalid"],
    ["set<path>", ["/a", "/a/"], "input.invalid"],
    ["set<path>", ["/a", "/.."], "input.invalid"],
    ["list<int>", [1, 1], "rule"],
    ["list<int>", { length: 0 }, "input.invalid"],
    ["list<int>", Object.assign([1], { length: 2 }), "input.invalid"],
    ["list<int> max 2", [1, 2, 3], "input.too_large"],
    ["list<int> max 2", [null, 2, 3], "input.too_large"],
    ["list<int> min 2", ["x"], "input.out_of_range"],
    ["list<User>", ["u", "v"], "entity.unknown"],
    ["Part", { size: 1 }, "rule"],
    ["Part", { size: 1, name: "abc" }, "rule"],
    ["Part", { size: 1, name: "abcd" }, "input.too_large"],
    ["Part", { size: 1, other: 1 }, "input.unknown_field"],
    ["Part", { name: "abcd" }, "input.too_large"],
    ["Part", { name: "abc" }, "input.missing"],
    ["Part", [], "input.invalid"],
    ["Part", Object.create({ size: 1 }), "input.invalid"],
    ["Part", Object.assign(Object.create(null), { size: 1 }), "rule"],
    ["Part", new Map([["size", 1]]), "input.invalid"],
    ["list<Part>", [{ size: 1 }, { size: 10 }], "input.out_of_range"],
  ] as const)("%s of %o gives %s", (type, value, code) => {
    expect(codeOf(type, value)).toBe(code);
  });

  test("nobody looks into an array of billions of holes", () => {
    expect(codeOf("list<int> max 2", new Array(2 ** 32 - 1))).toBe("input.too_large");
  });

  test("an optional field may be left out, another may not", () => {
    expect(fieldAsking("int?")({}).code).toBe("rule");
    expect(fieldAsking("int")({}).code).toBe("input.missing");
  });

  test("unknown fields come before everything, fields by name, the action first of all", () => {
    const ask = asking(`polity 1
policy test.order version 1
action act { b: int, a: int 0..1 }
allow all on act always
`);
    expect(ask({ c: 1, a: 5 }).code).toBe("input.unknown_field");
    expect(ask({ b: null, a: 5 }).code).toBe("input.out_of_range");
    expect(ask({ b: null }).code).toBe("input.missing");
    expect(ask({ c: 1 }, HEADER, "other").code).toBe("input.unknown_action");
    expect(ask({ A: 1, b: 1 }).code).toBe("input.unknown_field");
  });

  test("a decimal beyond 2^53 arrives as text", () => {
    const ask = fieldAsking("decimal");
    expect(ask({ x: 2 ** 53 - 1 }).code).toBe("input.out_of_range");
    expect(ask({ x: 2 ** 53 }).code).toBe("input.invalid");
    expect(ask({ x: "9007199254740992" }).code).toBe("input.out_of_range");
  });

  test("only own enumerable data properties count", () => {
    const ask = fieldAsking("int");
    expect(ask(Object.create({ x: 1 })).code).toBe("input.invalid");
    expect(ask(Object.defineProperty({}, "x", { value: 1, enumerable: false })).code).toBe("input.missing");
    const calls: string[] = [];
    const getter = Object.defineProperty({}, "x", { get: () => calls.push("called"), enumerable: true });
    expect(ask(getter).code).toBe("input.invalid");
    expect(calls).toEqual([]);
    expect(ask(JSON.parse('{"x": 1, "__proto__": {"y": 1}}')).code).toBe("input.unknown_field");
    expect(ask({ x: 1, [Symbol("y")]: 1 }).code).toBe("rule");
    // Whatever it inherits from, what is its own counts; without anything of its own it must be plain.
    expect(ask(Object.assign(new Date(0), { x: 1 })).code).toBe("rule");
    for (const fields of [null, undefined, 1, "x", [], () => 1, new Map([["x", 1]])]) {
      expect(ask(fields).code).toBe("input.invalid");
    }
  });

  test("a proxy that throws is a bad request", () => {
    const thrower = () => {
      throw new Error("no");
    };
    const ask = fieldAsking("list<int>");
    expect(ask(new Proxy({ x: [1] }, { ownKeys: thrower })).code).toBe("input.invalid");
    expect(ask(new Proxy({ x: [1] }, { getPrototypeOf: thrower })).code).toBe("input.invalid");
    expect(ask({ x: new Proxy([1], { getOwnPropertyDescriptor: thrower }) }).code).toBe("input.invalid");
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    expect(ask({ x: proxy }).code).toBe("input.invalid");
  });
});

describe("the header", () => {
  const ask = fieldAsking("path");
  const code = (change: Record<string, unknown>, fields: unknown = { x: "/a" }) =>
    ask(fields, { ...HEADER, ...change }).code;
  const without = (name: string) =>
    ask({ x: "/a" }, Object.fromEntries(Object.entries(HEADER).filter(([key]) => key !== name))).code;

  test.each(["now", "policyFrom", "policyUntil", "factsUntil", "containment", "trust", "approvals"])(
    "without %s is missing it",
    (name) => {
      expect(without(name)).toBe("input.missing");
      expect(code({ [name]: null })).toBe("input.invalid");
      expect(code({ [name]: undefined })).toBe("input.invalid");
    },
  );

  test.each(["now", "policyFrom", "policyUntil", "factsUntil"])(
    "%s is an integer of milliseconds",
    (name) => {
      for (const wrong of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "0", 0n, -0, new Date()]) {
        expect(code({ [name]: wrong })).toBe("input.invalid");
      }
      expect(code({ [name]: -62_135_596_800_001 })).toBe("input.out_of_range");
      expect(code({ [name]: 253_402_300_800_000 })).toBe("input.out_of_range");
    },
  );

  test("trust is an integer from 0 to 1000", () => {
    expect(code({ trust: 0 })).toBe("rule");
    expect(code({ trust: 1_000 })).toBe("rule");
    expect(code({ trust: 1_001 })).toBe("input.out_of_range");
    expect(code({ trust: -1 })).toBe("input.out_of_range");
    expect(code({ trust: 0.5 })).toBe("input.invalid");
    expect(code({ trust: "500" })).toBe("input.invalid");
  });

  test("containment is one of three states, and when it was read", () => {
    expect(code({ containment: { state: "Free", readAt: NOW } })).toBe("input.invalid");
    expect(code({ containment: { readAt: NOW } })).toBe("input.missing");
    expect(code({ containment: { state: "free" } })).toBe("input.missing");
    expect(code({ containment: "free" })).toBe("input.invalid");
    expect(code({ containment: { state: "quarantined", readAt: NOW } })).toBe("subject.quarantined");
    expect(code({ containment: { state: "terminated", readAt: NOW } })).toBe("subject.terminated");
  });

  test("what it has beyond that is ignored", () => {
    expect(code({ extra: 1 })).toBe("rule");
  });

  test("is judged after the fields and before paths are parsed", () => {
    expect(code({ trust: 1_001 }, { x: "a" })).toBe("input.out_of_range");
    expect(code({ trust: 1_001 }, { x: 1 })).toBe("input.invalid");
    expect(code({ policyUntil: NOW - 1 }, { x: "a" })).toBe("input.invalid");
  });

  test.each([null, undefined, 1, [], "x"])("%o is no header", (header) => {
    expect(ask({ x: "/a" }, header === undefined ? Symbol("none") : header).code).toBe("input.invalid");
  });
});

describe("times", () => {
  const at = (ms: string) => Number(new Date(ms));
  const ask = asking(`polity 1
policy test.times version 1
valid 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z
containment within 30s
action act {}
allow all on act always
`);
  const code = (change: Partial<typeof HEADER>) => ask({}, { ...HEADER, ...change }).code;
  const current = (now: number) => ({
    now,
    policyFrom: now,
    policyUntil: now,
    factsUntil: now,
    containment: { state: "free", readAt: now } as const,
  });

  test("the policy holds from its first moment on and until before its last", () => {
    expect(code(current(at("2026-01-01T00:00:00Z")))).toBe("rule");
    expect(code(current(at("2026-01-01T00:00:00Z") - 1))).toBe("policy.expired");
    expect(code(current(at("2027-01-01T00:00:00Z") - 1))).toBe("rule");
    expect(code(current(at("2027-01-01T00:00:00Z")))).toBe("policy.expired");
  });

  test("what is known must be current", () => {
    expect(code({ policyFrom: NOW })).toBe("rule");
    expect(code({ policyFrom: NOW + 1 })).toBe("policy.stale");
    expect(code({ policyUntil: NOW - 1 })).toBe("policy.stale");
    expect(code({ factsUntil: NOW - 1 })).toBe("facts.stale");
    expect(code({ containment: { state: "free", readAt: NOW - 29_999 } })).toBe("rule");
    expect(code({ containment: { state: "free", readAt: NOW - 30_000 } })).toBe("containment.stale");
    expect(code({ containment: { state: "free", readAt: NOW + 1 } })).toBe("containment.stale");
    expect(code({ containment: { state: "terminated", readAt: NOW + 1 } })).toBe("containment.stale");
  });
});
