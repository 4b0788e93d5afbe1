import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Host } from "@polity/runtime/host.ts";
import { encodeManifest } from "@polity/runtime/manifest-codec.ts";
import { type Decision, outcomeOf } from "@polity/runtime/result.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { DO, STUB_MANIFEST, stubEvaluator, withManifest, withSource } from "../support/stub-evaluator.ts";

const NOW = 1_795_000_000_000;

function headerTo(todo: number): Header {
  const times = { now: NOW, policyFrom: NOW, policyUntil: NOW, factsUntil: NOW };
  return { ...times, containment: { state: "free", readAt: NOW }, trust: todo, approvals: [] };
}

async function open(wasm: Uint8Array): Promise<Host> {
  const loaded = await loadUnsigned(wasm, { facts: '{"entities":[{"type":"Team","id":"t"}]}' });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  return loaded.host;
}

let wasm: Uint8Array;
beforeAll(async () => {
  wasm = await stubEvaluator();
});

describe("decisions", () => {
  test("a permit, and that one rule costs no arrays", async () => {
    const host = await open(wasm);
    const decision = host.decide("go", { s: "x" }, headerTo(DO.allow));
    expect(outcomeOf(decision)).toEqual({
      verdict: "allow",
      code: "rule",
      granted: true,
      rules: ["a"],
      errors: [],
      reasons: [],
      notes: [],
      obligations: [],
    });
    const again = host.decide("go", { s: "y" }, headerTo(DO.allow));
    expect(again.rules).toBe(decision.rules);
    expect(again.explained).toBe(decision.explained);
  });

  test("values become text, escaped", async () => {
    const host = await open(wasm);
    const decision = host.decide("go", { s: "é\n" }, headerTo(DO.denyWithText));
    expect(decision.reasons).toEqual(["s is é\\u{a}"]);
    expect(decision.explained.reasons).toEqual([
      { rule: "b", parts: ["s is ", { kind: "text", text: "é\n" }] },
    ]);
    expect(host.decide("go", { s: "other" }, headerTo(DO.denyWithText)).reasons).toEqual(["s is other"]);
    expect(decision.reasons).toEqual(["s is é\\u{a}"]);
  });

  test("a hold that has its approvals is reported and gives no reason", async () => {
    const host = await open(wasm);
    const decision = host.decide("go", { s: "x" }, headerTo(DO.heldByOneOfTwo));
    expect(decision).toMatchObject({ verdict: "hold", rules: ["a", "h1", "h2"], reasons: ["two"] });
  });

  test("what no rule is asked about", async () => {
    const host = await open(wasm);
    expect(host.decide("gone", {}, headerTo(1))).toMatchObject({
      verdict: "deny",
      code: "input.unknown_action",
      rules: [],
    });
    expect(host.decide("go", { s: 5 }, headerTo(1)).code).toBe("input.invalid");
    expect(host.decide("go", {}, headerTo(1)).code).toBe("input.missing");
    expect(host.decide(5 as unknown as string, {}, headerTo(1)).code).toBe("input.unknown_action");
    expect(host.decide("go", { s: "" }, null as unknown as Header).code).toBe("input.invalid");
    expect(host.request("gone", {})).toEqual({ ok: false, code: "input.unknown_action", path: "" });
    expect(host.fieldsToExecute("gone", {}, host.decide("go", {}, headerTo(1)))).toBeNull();
  });

  test("an approver of a type that the policy does not know is an unknown entity", async () => {
    const host = await open(wasm);
    const approval = {
      request: `sha256:${"0".repeat(64)}`,
      approver: { type: "Ghost", id: "g" },
      askedAt: NOW,
      givenAt: NOW,
    };
    const header = { ...headerTo(DO.allow), approvals: [approval] };
    expect(host.decide("go", { s: "x" }, header)).toMatchObject({ verdict: "deny", code: "entity.unknown" });
    expect(host.decide("go", { s: "x" }, headerTo(DO.allow)).verdict).toBe("allow");
  });

  test("a request that asks while it is being read is not answered", async () => {
    const host = await open(wasm);
    const inner: string[] = [];
    const fields = {
      get s() {
        inner.push(host.decide("go", { s: "inner" }, headerTo(DO.allow)).code);
        return "outer";
      },
    };
    expect(host.decide("go", fields, headerTo(DO.denyWithText)).reasons).toEqual(["s is outer"]);
    expect(inner).toEqual(["host.not_ready"]);
  });
});

describe("a guard", () => {
  const guard = {
    ...STUB_MANIFEST,
    guard: true as const,
    rules: STUB_MANIFEST.rules.map((rule) =>
      rule.name === "a" ? { ...rule, verdict: "deny" as const } : rule,
    ),
  };
  const passing = (source: string) =>
    source
      .replace("case 14: write(1, 0, 1)", "case 14: write(1, 0, 2)")
      .replace("write(2, 1, 1)", "write(2, 0, 1)");

  test("alone permits nothing and lets nothing wait, whatever it lets pass", async () => {
    const host = await open(await withSource(passing, guard));
    const ask = (todo: number) => {
      const [answer, decision] = [host.answer, host.decide].map((by) => by("go", { s: "x" }, headerTo(todo)));
      expect(host.fieldsToExecute("go", { s: "x" }, answer as Decision)).toBeNull();
      return { answer, decision };
    };
    const passed = ask(DO.notGranted);
    expect(passed.answer).toMatchObject({ verdict: "allow", code: "no_rule", granted: false });
    expect(passed.decision).toMatchObject({ verdict: "deny", code: "no_rule", granted: false, paths: [] });
    const held = ask(DO.heldByOneOfTwo);
    expect(held.answer).toMatchObject({ verdict: "hold", code: "rule", reasons: ["two"] });
    expect(held.decision).toMatchObject({
      verdict: "deny",
      code: "no_rule",
      reasons: [],
      rules: ["a", "h1", "h2"],
    });
    expect(held.decision?.explained.reasons).toEqual([]);
    const denied = ask(DO.denyWithText);
    expect(denied.decision).toEqual(denied.answer);
  });

  test("that says it grants, or that a rule of it permits, is not believed", async () => {
    const granting = await open(await withManifest(encodeManifest(guard)));
    for (const todo of [DO.allow, DO.notGranted, DO.heldByOneOfTwo]) {
      for (const ask of [granting.answer, granting.decide]) {
        expect(ask("go", { s: "x" }, headerTo(todo))).toMatchObject({ verdict: "deny", code: "host.trap" });
        await granting.ready();
      }
    }
  });
});

describe("an instance that breaks", () => {
  const broken = Object.entries(DO).filter(([, todo]) => todo >= 10);

  test.each(broken)("%s: denied, dropped, and the spare goes on", async (_, todo) => {
    const host = await open(wasm);
    const decision = host.decide("go", { s: "x" }, headerTo(todo));
    expect(decision).toMatchObject({ verdict: "deny", code: "host.trap", granted: false });
    expect(host.decide("go", { s: "x" }, headerTo(DO.allow)).verdict).toBe("allow");
  });

  test("until there is another instance, nothing is decided", async () => {
    const host = await open(wasm);
    const codes = [1, 2, 3].map(() => host.decide("go", { s: "x" }, headerTo(DO.trap)).code);
    expect(codes).toEqual(["host.trap", "host.trap", "host.not_ready"]);
    expect(host.decide("go", { s: "x" }, headerTo(DO.allow))).toMatchObject({
      verdict: "deny",
      code: "host.not_ready",
    });
    await host.ready();
    expect(host.decide("go", { s: "x" }, headerTo(DO.allow)).verdict).toBe("allow");
    for (let round = 0; round < 20; round += 1) {
      expect(host.decide("go", { s: "x" }, headerTo(DO.trap)).code).toBe("host.trap");
      await host.ready();
    }
  });

  test("without a spare it is so after the first", async () => {
    const facts = '{"entities":[{"type":"Team","id":"t"}]}';
    const loaded = await loadUnsigned(wasm, { facts, spare: false });
    if (!loaded.ok) throw new Error(loaded.message);
    const { host } = loaded;
    for (let round = 0; round < 5; round += 1) {
      const codes = [1, 2].map(() => host.decide("go", { s: "x" }, headerTo(DO.trap)).code);
      expect(codes).toEqual(["host.trap", "host.not_ready"]);
      await host.ready();
      expect(host.decide("go", { s: "x" }, headerTo(DO.allow)).verdict).toBe("allow");
    }
  });

  test("the state of a dropped instance is gone with it", async () => {
    const host = await open(wasm);
    host.decide("go", { s: "secret" }, headerTo(DO.denyWithText));
    host.decide("go", { s: "x" }, headerTo(DO.trap));
    expect(host.decide("go", { s: "" }, headerTo(DO.denyWithText)).reasons).toEqual(["s is "]);
  });
});

describe("replacing", () => {
  test("facts, evaluator, both; a refused one changes nothing", async () => {
    const host = await open(wasm);
    const before = [host.evaluator, host.facts, host.manifest];
    expect(await host.replace({ facts: "{" })).toMatchObject({ ok: false, code: "facts.invalid", check: 31 });
    expect(await host.replace({ wasm: wasm.subarray(1) })).toMatchObject({
      ok: false,
      code: "load.not_wasm",
    });
    expect(await host.replace({ wasm, expect: "sha256:00" })).toMatchObject({
      ok: false,
      code: "load.digest",
    });
    expect([host.evaluator, host.facts, host.manifest]).toEqual(before);
    expect(host.decide("go", { s: "x" }, headerTo(DO.allow)).verdict).toBe("allow");

    expect(await host.replace({ facts: '{"entities":[]}' })).toEqual({ ok: true });
    expect(host.facts).not.toBe(before[1]);
    expect(host.evaluator).toBe(before[0]);
    const next = await withSource((source) =>
      source.replace("default: return 1;", "default: write(3, 0, 2); return 3;").replace("fire(0, 0);", ""),
    );
    const facts = host.facts;
    expect(await host.replace({ wasm: next })).toEqual({ ok: true });
    expect(host.facts).toBe(facts);
    expect(host.evaluator).not.toBe(before[0]);
    expect(host.decide("go", { s: "x" }, headerTo(DO.allow))).toMatchObject({
      verdict: "deny",
      code: "no_rule",
      rules: [],
    });
  });

  test("several take their turns, and bytes that change later change nothing", async () => {
    const host = await open(wasm);
    const bytes = new TextEncoder().encode('{"entities":[{"type":"Team","id":"u"}]}');
    const all = [host.replace({ facts: bytes }), host.replace({ wasm }), host.replace({ facts: "[" })];
    bytes.fill(0);
    expect((await Promise.all(all)).map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(host.manifest).toEqual(STUB_MANIFEST);
    const { createHash } = process.getBuiltinModule("node:crypto");
    const digest = createHash("sha256").update('{"entities":[{"type":"Team","id":"u"}]}').digest("hex");
    expect(host.facts).toBe(`sha256:${digest}`);
  });

  test("decisions go on while it is prepared", async () => {
    const host = await open(wasm);
    let isDone = false;
    const replaced = host.replace({ facts: '{"entities":[]}' }).then(() => {
      isDone = true;
    });
    let decided = 0;
    while (!isDone) {
      expect(host.decide("go", { s: "x" }, headerTo(DO.allow)).verdict).toBe("allow");
      decided += 1;
      await Promise.resolve();
    }
    await replaced;
    expect(decided).toBeGreaterThan(0);
  });
});

test("the host's own SHA-256 is used", async () => {
  const { createHash } = process.getBuiltinModule("node:crypto");
  let calls = 0;
  const sha256 = (bytes: Uint8Array) => {
    calls += 1;
    return new Uint8Array(createHash("sha256").update(bytes).digest());
  };
  const loaded = await loadUnsigned(wasm, { sha256 });
  const plain = await open(wasm);
  expect(loaded.ok && loaded.host.evaluator).toBe(plain.evaluator);
  expect(calls).toBeGreaterThan(2);
});
