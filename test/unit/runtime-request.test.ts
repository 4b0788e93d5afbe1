import { canonicalFields } from "@polity/runtime/canonical-fields.ts";
import { withPaths } from "@polity/runtime/execute.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { parseJson } from "@polity/runtime/json.ts";
import type { Type, Types } from "@polity/runtime/layout.ts";
import { type ActionPlan, makePlanner } from "@polity/runtime/plan.ts";
import { canonicalRequest } from "@polity/runtime/request.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryManifest, layOut } from "../support/arbitrary-manifest.ts";
import { fieldsValue } from "../support/arbitrary-value.ts";

const TYPES: Types = {
  enums: new Map([["Zone", ["us", "eu"]]]),
  records: new Map([["Move", [{ name: "from", type: { kind: "path", bytesMax: 90 } }]]]),
  entities: new Map(),
};
const INT: Type = { kind: "int", min: -(2n ** 63n), max: 2n ** 63n - 1n };

function planFor(fields: Readonly<Record<string, Type>>): ActionPlan {
  const sorted = Object.keys(fields).sort();
  const action = layOut(
    "go",
    sorted.map((name) => ({ name, type: fields[name]!, read: true })),
    TYPES,
  );
  return makePlanner(TYPES).action(action, 0);
}

describe("canonical requests", () => {
  test("each type in its one form", () => {
    const plan = planFor({
      amount: { ...INT, kind: "decimal" },
      big: INT,
      int: INT,
      left_out: { kind: "optional", of: INT },
      move: { kind: "record", name: "Move" },
      set: { kind: "set", of: { kind: "enum", name: "Zone" }, min: 0, max: 9 },
      string: { kind: "string", id: false, bytesMax: 90 },
      time: { kind: "timestamp" },
      wait: { kind: "duration" },
    });
    const fields = {
      wait: "1h1ms",
      time: "2026-11-03T10:00:00.050Z",
      string: 'a"\n\u2028é',
      set: ["eu", "us"],
      move: { from: "/a//b/../" },
      int: "12",
      big: "-9007199254740992",
      amount: 2.5,
    };
    const request = canonicalRequest(plan, fields, sha256);
    expect(request).toMatchObject({
      ok: true,
      json:
        '{"action":"go","fields":{"amount":"2.5","big":"-9007199254740992","int":12,' +
        '"move":{"from":"/a//b/../"},"set":["us","eu"],"string":"a\\"\\n\u2028é",' +
        '"time":"2026-11-03T10:00:00.050Z","wait":"3600001ms"}}',
    });
    const { createHash } = process.getBuiltinModule("node:crypto");
    if (request.ok)
      expect(request.digest).toBe(`sha256:${createHash("sha256").update(request.json).digest("hex")}`);
  });

  test("digests are equal exactly where the declared fields are", () => {
    const made = arbitraryManifest.chain((manifest) => {
      const value = fieldsValue(manifest.actions[0]!.fields, manifest.types);
      return fc.tuple(fc.constant(manifest), value, value);
    });
    fc.assert(
      fc.property(made, ([{ actions, types }, one, other]) => {
        const plan = makePlanner(types).action(actions[0]!, 0);
        const a = canonicalRequest(plan, one, sha256);
        const b = canonicalRequest(plan, other, sha256);
        if (!a.ok || !b.ok) return;
        expect(a.digest === b.digest).toBe(a.json === b.json);
        // The canonical fields mean the same again.
        const parsed = parseJson(a.json);
        const { fields } = (parsed.ok ? parsed.value : null) as { fields: unknown };
        expect(canonicalRequest(plan, fields, sha256)).toEqual(a);
      }),
      { numRuns: 300, seed: 21 },
    );
  });

  test("a refusal says where", () => {
    const list: Type = { kind: "list", of: { kind: "record", name: "Move" }, min: 0, max: 3 };
    const plan = planFor({ moves: list, n: INT });
    const at = (fields: unknown) => canonicalFields(plan, fields);
    expect(at({ n: 1, moves: [{ from: "/a" }, { from: 5 }] })).toEqual({
      ok: false,
      code: "input.invalid",
      path: "moves[1].from",
    });
    expect(at({ n: 1, moves: [{}] })).toEqual({ ok: false, code: "input.missing", path: "moves[0].from" });
    expect(at({ n: 1, moves: [], z: 1, y: 1 })).toEqual({
      ok: false,
      code: "input.unknown_field",
      path: "y",
    });
    expect(at({ moves: [] })).toEqual({ ok: false, code: "input.missing", path: "n" });
    expect(at({ n: 2n ** 63n, moves: [] })).toEqual({ ok: false, code: "input.out_of_range", path: "n" });
    expect(at(null)).toEqual({ ok: false, code: "input.invalid", path: "" });
    let called = false;
    const getter = {
      moves: [],
      get n() {
        called = true;
        return 1;
      },
    };
    expect(at(getter)).toEqual({ ok: false, code: "input.invalid", path: "n" });
    expect(called).toBe(false);
  });
});

test("what is executed has the evaluator's paths and is else the same", () => {
  const path: Type = { kind: "path", bytesMax: 90 };
  const plan = planFor({
    many: { kind: "list", of: { kind: "record", name: "Move" }, min: 0, max: 9 },
    maybe: { kind: "optional", of: path },
    n: INT,
    one: path,
    some: { kind: "set", of: path, min: 0, max: 9 },
  });
  const fields = { n: "5", one: "/x/", some: ["/c/.", "/b//"], many: [{ from: "/m/../n" }] };
  const paths = ["/n", "/x", "/b", "/c"];
  expect(withPaths(plan, fields, paths)).toEqual({
    n: "5",
    one: "/x",
    some: ["/c", "/b"],
    many: [{ from: "/n" }],
  });
  expect(fields.one).toBe("/x/");
  expect(withPaths(plan, { ...fields, maybe: "/y" }, paths)).toBeNull();
  expect(withPaths(plan, { ...fields, some: [] }, paths)).toBeNull();
  expect(withPaths(plan, { ...fields, one: "/other" }, paths)).toBeNull();
  expect(withPaths(plan, { ...fields, one: "/../x" }, paths)).toBeNull();
});
