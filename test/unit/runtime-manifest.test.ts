import { sha256 } from "@polity/runtime/hash.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import type { Types } from "@polity/runtime/layout.ts";
import { decodeManifest, encodeManifest, layoutTag } from "@polity/runtime/manifest-codec.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryManifest, layOut, manifestOf } from "../support/arbitrary-manifest.ts";

const NO_TYPES: Types = { enums: new Map(), records: new Map(), entities: new Map() };

describe("manifest", () => {
  test("what is written is read back, and is the only text for it", () => {
    fc.assert(
      fc.property(arbitraryManifest, (manifest) => {
        const text = encodeManifest(manifest);
        const decoded = decodeManifest(text);
        expect(decoded).toEqual({ ok: true, manifest });
        if (decoded.ok) expect(encodeManifest(decoded.manifest)).toBe(text);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test("the tag covers the layout and nothing else", () => {
    fc.assert(
      fc.property(arbitraryManifest, ({ types, subject, actions, others, layoutTag: tag }) => {
        expect(layoutTag(types, subject, actions, sha256, others)).toBe(tag);
        const renamed = actions.map((action) => ({ ...action, name: "gone" }));
        expect(layoutTag(types, subject, renamed, sha256, others)).not.toBe(tag);
      }),
      { numRuns: 50, seed: 2 },
    );
  });

  test("a changed, dropped or added member is refused or means something else", () => {
    fc.assert(
      fc.property(
        arbitraryManifest,
        fc.nat(),
        fc.constantFrom("", " ", "0", "x", '"', "null"),
        (made, at, put) => {
          const text = encodeManifest(made);
          const cut = at % text.length;
          const changed = text.slice(0, cut) + put + text.slice(cut + 1);
          const decoded = decodeManifest(changed);
          if (decoded.ok) expect(encodeManifest(decoded.manifest)).toBe(changed);
          else expect(decoded.message).toBeTruthy();
        },
      ),
      { numRuns: 500, seed: 3 },
    );
  });
});

describe("a hostile manifest", () => {
  const good = JSON.parse(encodeManifest(manifestOf(NO_TYPES, [layOut("go", [], NO_TYPES)]))) as Record<
    string,
    never
  >;

  function decodeWith(layout: object): string {
    const decoded = decodeManifest(canonicalJson({ ...good, layout: { ...(good.layout ?? {}), ...layout } }));
    return decoded.ok ? "" : decoded.message;
  }

  test("the untouched one is fine", () => expect(decodeWith({})).toBe(""));

  test("a guard says so, and only then, and never allows", () => {
    const say = (more: object) => decodeManifest(canonicalJson({ ...good, ...more }));
    expect(say({ guard: true })).toMatchObject({ ok: true, manifest: { guard: true } });
    expect(say({ guard: false })).toEqual({ ok: false, message: "not in canonical form" });
    expect(say({ guard: 1 })).toEqual({ ok: false, message: "guard: not a boolean" });
    const told = { because: null, note: null, absent_ok: [], actions: ["go"], line: 1, column: 1 };
    const rules = [{ name: "r", verdict: "allow", ...told }];
    expect(say({ rules }).ok).toBe(true);
    expect(say({ rules, guard: true })).toEqual({ ok: false, message: "rules: a guard has no allow" });
  });

  test("memory that does not follow from what is in it", () => {
    const limits: object = good.limits ?? {};
    const say = (more: object) => {
      const decoded = decodeManifest(canonicalJson({ ...good, limits: { ...limits, ...more } }));
      return decoded.ok ? "" : decoded.message;
    };
    expect(say({})).toBe("");
    expect(say({ memory_bytes_max: 1 << 20 })).toBe("limits.memory_bytes_max: not the 25296896 that follow");
    expect(say({ static_bytes: 1 })).toBe("limits.memory_bytes_max: not the 25231360 that follow");
    expect(say({ facts_bytes_max: 32, memory_bytes_max: 3 * 65_536 })).toBe("");
    expect(say({ static_bytes: -1 })).toContain("limits.static_bytes");
    expect(say({ static_bytes: 2 ** 32 })).toContain("limits.memory_bytes_max");
  });

  test("without sources, which no compiler writes", () => {
    expect(decodeManifest(canonicalJson({ ...good, sources: [] }))).toEqual({
      ok: false,
      message: "sources: none",
    });
  });

  test("entity literals in another order, or twice", () => {
    const entities = [
      { attributes: [], groups: [], name: "A" },
      { attributes: [], groups: [], name: "B" },
    ];
    const layout = { ...(good.layout ?? {}), entities };
    const say = (...literals: readonly (readonly [string, string])[]) => {
      const entity_literals = literals.map(([type, id]) => ({ type, id }));
      const decoded = decodeManifest(canonicalJson({ ...good, layout, entity_literals }));
      return decoded.ok ? "" : decoded.message;
    };
    // U+FB00 comes before astral characters in UTF-8 and behind them in UTF-16.
    expect(say(["A", "a"], ["A", "ﬀ"], ["A", "😀"], ["B", "a"])).toBe("");
    expect(say(["A", "😀"], ["A", "ﬀ"])).toBe("entity_literals: A ﬀ is not in order");
    expect(say(["B", "a"], ["A", "b"])).toBe("entity_literals: A b is not in order");
    expect(say(["A", "a"], ["A", "a"])).toBe("entity_literals: A a is not in order");
  });

  test("a record that contains itself", () => {
    const of = { kind: "record", name: "R" };
    const type = { kind: "list", of, min: 0, max: 1 };
    expect(decodeWith({ records: [{ name: "R", fields: [{ name: "r", type: of }] }] })).toContain(
      "contains itself",
    );
    expect(decodeWith({ records: [{ name: "R", fields: [{ name: "r", type }] }] })).toContain(
      "contains itself",
    );
  });

  test("records that double at every level are refused at once", () => {
    const records = [];
    for (let at = 10; at < 42; at += 1) {
      const type =
        at === 41
          ? { kind: "bool" }
          : { kind: "list", of: { kind: "record", name: `R${at + 1}` }, min: 0, max: 1 };
      records.push({
        name: `R${at}`,
        fields: [
          { name: "a", type },
          { name: "b", type },
        ],
      });
    }
    expect(decodeWith({ records })).toContain("too large");
  });

  test("names that are not there", () => {
    const field = (type: object) => ({
      fields: [{ name: "f", offset: null, type }],
      fixed_bytes: 0,
      name: "go",
    });
    for (const kind of ["enum", "record", "entity"]) {
      expect(decodeWith({ actions: [field({ kind, name: "__proto__" })] })).toContain("unknown");
    }
  });

  test("shapes that the language does not have", () => {
    const bool = { kind: "bool" };
    const list = (of: object) => ({ kind: "list", of, min: 0, max: 1 });
    const optional = (of: object) => ({ kind: "optional", of });
    const action = (type: object) => ({
      fields: [{ name: "f", offset: null, type }],
      fixed_bytes: 0,
      name: "go",
    });
    for (const type of [
      list(list(bool)),
      list(optional(bool)),
      optional(optional(bool)),
      { kind: "float" },
      null,
      3,
    ]) {
      expect(decodeWith({ actions: [action(type as object)] })).not.toBe("");
    }
    expect(decodeWith({ actions: [{ ...action(bool), fixed_bytes: 8 }] })).toContain("fixed bytes");
  });

  test("text that is not a manifest", () => {
    for (const text of ["", "null", "[]", "{}", '{"abi":{}}', '{"abi":1,"abi":1}', '"'.repeat(70)]) {
      expect(decodeManifest(text).ok).toBe(false);
    }
  });
});
