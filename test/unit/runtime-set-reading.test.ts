/** A policy set reads a request once: an object that answers each reader anew convinces nobody. */
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Header } from "@polity/runtime/header.ts";
import { type Host, type HostSet, openSet } from "@polity/runtime/index.ts";
import { ownCopy } from "@polity/runtime/own-copy.ts";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

const SHARED = `entity Agent
entity Team
subject agent: Agent
action read { file: path, tags: list<string>? max 4, about: json? }
`;
const POLICY = `polity 1
policy reading.base version 1
${SHARED}allow all on read always
`;
const GUARD = `polity 1
guard reading.guard version 1
${SHARED}deny secrets on read when file.within("/etc")
`;
const FACTS = '{"entities":[{"type":"Agent","id":"a"}]}';
const HEADER: Header = {
  now: 0,
  policyFrom: 0,
  policyUntil: 0,
  factsUntil: 0,
  containment: { state: "free", readAt: 0 },
  trust: 0,
  approvals: [],
};

let hosts: readonly Host[] = [];
let set: HostSet;

beforeAll(async () => {
  hosts = await Promise.all([POLICY, GUARD].map(hostOf));
  const members = hosts.map((host, at) => ({ name: at === 0 ? "base" : "guard", host }));
  const opened = openSet(members);
  if (!opened.ok) throw new Error(opened.message);
  set = opened.set;
});

async function hostOf(text: string): Promise<Host> {
  const { value, diagnostics } = compile({ file: "a.pol", text });
  if (value === null) throw new Error(JSON.stringify(diagnostics));
  const { wasm } = await buildEvaluator(value);
  const loaded = await loadUnsigned(wasm, { facts: FACTS });
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded.host;
}

/** Shows every other reader a file that nobody minds. */
function shifty(get: (reads: number) => string): object {
  let reads = 0;
  return {
    agent: "a",
    get file() {
      reads += 1;
      return get(reads);
    },
  };
}

describe("one reading", () => {
  test.each([0, 1, 2, 3])("a getter that lies at reading %i is refused, and never called", (lie) => {
    let calls = 0;
    const fields = shifty((reads) => {
      calls += 1;
      return reads === lie ? "/tmp/x" : "/etc/passwd";
    });
    const decision = set.decide("read", fields, HEADER);
    expect(decision).toMatchObject({ verdict: "deny", code: "input.invalid" });
    expect(set.fieldsToExecute("read", fields, decision)).toBeNull();
    expect(calls).toBe(0);
  });

  test("a proxy is asked once, and what it said is executed", () => {
    for (let honest = 0; honest < 12; honest += 1) {
      let reads = 0;
      const target = { agent: "a", file: "/etc/passwd" };
      const lying = new Proxy(target, {
        getOwnPropertyDescriptor(own, name) {
          const property = Reflect.getOwnPropertyDescriptor(own, name);
          if (name !== "file" || property === undefined) return property;
          reads += 1;
          return { ...property, value: reads > honest ? "/etc/passwd" : "/tmp/x" };
        },
        get: (own, name) => (name === "file" && reads <= honest ? "/tmp/x" : Reflect.get(own, name)),
      });
      const decision = set.decide("read", lying, HEADER);
      const executed = set.fieldsToExecute("read", { agent: "a", file: "/tmp/x" }, decision);
      expect(executed).toEqual(honest === 0 ? null : { agent: "a", file: "/tmp/x" });
      expect(reads).toBe(1);
    }
  });

  test("what was changed after the decision is not executed", () => {
    const fields = { agent: "a", file: "/tmp//x", about: { to: "me" } };
    const decision = set.decide("read", fields, HEADER);
    expect(decision.verdict).toBe("allow");
    fields.about.to = "everybody";
    expect(set.fieldsToExecute("read", fields, decision)).toEqual({
      agent: "a",
      file: "/tmp/x",
      about: { to: "me" },
    });
    fields.file = "/etc/passwd";
    expect(set.fieldsToExecute("read", fields, decision)).toBeNull();
    expect(set.fieldsToExecute("read", fields, { ...decision })).toBeNull();
  });

  test("a header and entities are read once too", () => {
    let reads = 0;
    const header = {
      ...HEADER,
      get now() {
        reads += 1;
        return 0;
      },
    };
    expect(set.decide("read", { agent: "a", file: "/x" }, header)).toMatchObject({ code: "input.missing" });
    const entities = new Proxy([], {
      get() {
        reads += 1;
        throw new Error("boom");
      },
    });
    const asked = set.decide("read", { agent: "a", file: "/x" }, HEADER, entities);
    expect(asked).toMatchObject({ verdict: "deny", code: "input.invalid" });
    expect(reads).toBe(1);
  });
});

describe("a copy of own data", () => {
  test("is refused or taken as its original is, with the same code", () => {
    const cyclic: Record<string, unknown> = { agent: "a", file: "/x" };
    cyclic.about = cyclic;
    const holes = ["a"];
    holes.length = 3;
    const requests: readonly unknown[] = [
      { agent: "a", file: "/x", tags: ["a", "b"], about: { deep: [1, { x: null }] } },
      Object.assign(Object.create(null) as object, { agent: "a", file: "/x" }),
      { agent: "a", file: "/x", tags: holes },
      { agent: "a", file: "/x", tags: new Array(2 ** 30) },
      { agent: "a", file: "/x", tags: new Map() },
      { agent: "a", file: "/x", about: new Date(0) },
      { agent: "a", file: new String("/x") },
      Object.create({ agent: "a", file: "/x" }),
      JSON.parse('{"agent":"a","file":"/x","__proto__":{"file":"/y"}}'),
      JSON.parse('{"agent":"a","file":"/x","about":{"__proto__":{"a":1}}}'),
      Object.defineProperty({ agent: "a" }, "file", { value: "/x" }),
      cyclic,
      new Map([["file", "/x"]]),
      [],
      null,
      "text",
      () => {},
    ];
    for (const fields of requests) {
      const [alone] = hosts.map((host) => host.decide("read", fields, HEADER));
      const together = set.decide("read", fields, HEADER);
      expect([together.verdict, together.code]).toEqual([alone!.verdict, alone!.code]);
      expect(set.request("read", ownCopy(fields))).toEqual(hosts[0]!.request("read", fields));
    }
  });

  test("is bounded, and whatever throws is nothing", () => {
    const ownKeys = () => {
      throw new Error("boom");
    };
    expect(typeof ownCopy(new Proxy({}, { ownKeys }))).toBe("symbol");
    let deep: unknown = {};
    for (let at = 0; at < 5000; at += 1) deep = { deep };
    let depth = 0;
    let at = ownCopy(deep) as Record<string, unknown> | undefined;
    for (; at !== undefined; depth += 1) at = at.deep as typeof at;
    expect(depth).toBeLessThan(1002);
    let doubled: unknown = "x";
    for (let times = 0; times < 60; times += 1) doubled = { a: doubled, b: doubled };
    expect(ownCopy(doubled)).toBeTypeOf("object");
  });

  test("has the same JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => JSON.stringify(ownCopy(value)) === JSON.stringify(value)),
    );
  });
});
