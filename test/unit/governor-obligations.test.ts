/** Handlers of obligations: what they change, whom they tell, and what happens where they cannot. */
import { createHmac } from "node:crypto";
import { cap, redact } from "@polity/governor/obligations/change.ts";
import { handlersOf } from "@polity/governor/obligations/handler.ts";
import { log, notifyHandler, type WebhookPorts } from "@polity/governor/obligations/report.ts";
import type { Discharge, Discharger } from "@polity/governor/ports.ts";
import type { EntryBody } from "@polity/lineage/recorder.ts";
import type { Obligation } from "@polity/runtime/decision.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { unknownObligation } from "@polity/runtime/host-obligations.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { describe, expect, test } from "vitest";
import { lower } from "../../compiler/3-lower/lower.ts";
import { compiled } from "../support/compiled.ts";

const EXECUTION = "0190a5de-0000-7000-8000-000000000001";
const ABOUT: Discharge = {
  execution: EXECUTION,
  action: "pay",
  fields: {},
  outcome: null,
  id: "05".repeat(16),
  note: async () => undefined,
  signal: new AbortController().signal,
};

function due(name: string, given: Obligation["arguments"], when: Obligation["when"] = "before"): Obligation {
  return { name, when, arguments: given };
}

const run = (discharge: Discharger, one: Obligation, about: Partial<Discharge> = {}) =>
  Promise.resolve().then(() => discharge(one, { ...ABOUT, ...about }));

describe("redact", () => {
  const redacting = (fields: unknown, ...names: string[]) =>
    run(redact.discharge, due("redact", { fields: names }), { fields });

  test("takes fields out, in any depth, and leaves what was given as it was", async () => {
    const fields = { amount: 1, memo: "x", payee: { name: "n", id: "i" }, lines: [{ text: "t", no: 1 }] };
    const before = structuredClone(fields);
    expect(await redacting(fields, "memo", "payee.name", "lines.text")).toEqual({
      fields: { amount: 1, payee: { id: "i" }, lines: [{ no: 1 }] },
    });
    expect(fields).toEqual(before);
  });

  test("changes nothing where nothing is there, so that nothing is judged again", async () => {
    for (const names of [["memo"], ["amount.cents"], ["payee.name.first"]])
      expect(await redacting({ amount: 1, payee: { id: "i" } }, ...names)).toBeUndefined();
  });

  test("keeps a field that is called like a part of every object", async () => {
    const fields = JSON.parse('{"__proto__":1,"memo":2}') as unknown;
    const result = (await redacting(fields, "memo")) as { fields: object };
    expect(Object.keys(result.fields)).toEqual(["__proto__"]);
    expect(await redacting({}, "constructor")).toBeUndefined();
  });

  test("fails without names", async () => {
    await expect(run(redact.discharge, due("redact", {}))).rejects.toThrow("names no fields");
    await expect(redacting({}, "")).rejects.toThrow("no name");
  });
});

describe("cap", () => {
  const capping = (fields: unknown, field: string, at: string) =>
    run(cap.discharge, due("cap", { field, at }), { fields });

  test.each([
    [500, "100", 100],
    [500, "100.5", 100],
    [-1, "-1.5", -2],
    ["500.25", "100.5", "100.5"],
    ["0.0002", "0.0001", "0.0001"],
    [1.5, "1.25", "1.25"],
  ])("lowers %j at %s to %j", async (value, at, expected) => {
    expect(await capping({ amount: value, x: 1 }, "amount", at)).toEqual({
      fields: { amount: expected, x: 1 },
    });
  });

  test("lets pass what is not above, and what is not there", async () => {
    expect(await capping({ amount: 100 }, "amount", "100")).toBeUndefined();
    expect(await capping({ amount: "99.9999" }, "amount", "100")).toBeUndefined();
    expect(await capping({}, "amount", "100")).toBeUndefined();
  });

  test("fails where there is no number", async () => {
    await expect(capping({ amount: "many" }, "amount", "100")).rejects.toThrow("is no number");
    await expect(capping({ amount: 1 }, "amount", "x")).rejects.toThrow("says no number");
  });
});

describe("handlers", () => {
  const never = () => () => undefined;

  test("are what policies with std/obligations want, argument for argument", () => {
    const all = [redact, cap, log, notifyHandler(new Map(), { fetch, now: () => 0, sha256 })];
    const { known } = handlersOf(all, { wake: never, withinMs: 1000 });
    const checked = compiled(`polity 1
policy test.obliging version 1
import "std/obligations"
action pay { amount: int, memo: string? }
allow all on pay always
  oblige redact { fields: {"memo"} }
  oblige cap { field: "amount", at: 100 }
  oblige log { note: "paid" }
  oblige notify { service: "desk", message: "paid" }
`);
    const { manifest } = lower(checked, { compiler: "1", assembler: "1" });
    expect(manifest.obligations.map(({ name, when }) => `${name} ${when}`)).toEqual([
      "cap before",
      "log after",
      "notify after",
      "redact before",
    ]);
    expect(unknownObligation(manifest, known)).toBeNull();
    for (const { name } of known) {
      const others = known.filter((one) => one.name !== name);
      expect(unknownObligation(manifest, others)).toContain(name);
    }
  });

  test("have one name each", () => {
    expect(() => handlersOf([cap, cap], { wake: never, withinMs: 1 })).toThrow("two handlers of `cap`");
  });

  test("fail at their time, and end their clock otherwise", async () => {
    const rung: (() => void)[] = [];
    let ended = 0;
    const wake = (_: number, ring: () => void) => {
      rung.push(ring);
      return () => {
        ended += 1;
      };
    };
    const slow = {
      declaration: { name: "slow", arguments: {} },
      discharge: () => new Promise<void>(() => {}),
    };
    const { dischargers } = handlersOf([slow, cap], { wake, withinMs: 50 });
    const result = run(dischargers.slow!, due("slow", {}));
    await Promise.resolve();
    rung[0]!();
    await expect(result).rejects.toThrow("`slow` was not discharged within 50 ms");
    await run(dischargers.cap!, due("cap", { field: "x", at: "1" }));
    expect(ended).toBe(2);
  });
});

const obligation = due("notify", { message: "paid", service: "desk" }, "after");
const ended = { status: "succeeded", result: null };

describe("log", () => {
  test("writes what the policy says, and how it went", async () => {
    const notes: EntryBody[] = [];
    const note = async (body: EntryBody) => notes.push(body);
    const { discharge } = log;
    const one = due("log", { note: "paid" }, "after");
    await run(discharge, one, { note, outcome: { status: "failed", result: null } });
    await run(discharge, one, { note, outcome: ended });
    const event = { kind: "event", name: "log", event: "paid", digest: null };
    expect(notes).toEqual([
      { ...event, phase: "failed" },
      { ...event, phase: "ok" },
    ]);
    await expect(run(discharge, due("log", {}))).rejects.toThrow("says nothing");
  });
});

describe("notify", () => {
  const secret = new Uint8Array(32).fill(7);

  function notifying(answer: () => Response, url = "https://desk.example.com/hook") {
    const sent: { url: string; init: RequestInit }[] = [];
    const ports: WebhookPorts = {
      fetch: (async (to: string, init: RequestInit) => {
        sent.push({ url: to, init });
        return answer();
      }) as typeof fetch,
      now: () => 1_795_000_000_999,
      sha256,
    };
    const { discharge } = notifyHandler(new Map([["desk", { url, secret }]]), ports);
    return { discharge, sent };
  }

  const one = obligation;

  test("posts what Standard Webhooks can verify, and follows nobody elsewhere", async () => {
    const { discharge, sent } = notifying(() => new Response("fine"));
    await run(discharge, one, { outcome: { status: "succeeded", result: 1 } });
    const [{ url, init }] = sent as [(typeof sent)[number]];
    expect(url).toBe("https://desk.example.com/hook");
    expect(init).toMatchObject({ method: "POST", redirect: "error" });
    const id = `msg_${"05".repeat(16)}`;
    const status = "succeeded";
    expect(init.body).toBe(
      canonicalJson({ action: "pay", execution: EXECUTION, id, message: "paid", status }),
    );
    const mac = createHmac("sha256", secret).update(`${id}.1795000000.${init.body as string}`);
    expect(init.headers).toMatchObject({
      "webhook-id": id,
      "webhook-timestamp": "1795000000",
      "webhook-signature": `v1,${mac.digest("base64")}`,
    });
  });

  test("is one attempt, whose failure is the obligation's", async () => {
    const { discharge, sent } = notifying(() => new Response(null, { status: 500 }));
    await expect(run(discharge, { ...one, when: "before" })).rejects.toThrow("answered 500");
    await expect(run(discharge, one)).rejects.toThrow("answered 500");
    expect(sent).toHaveLength(2);
    expect(new Set(sent.map(({ init }) => init.body)).size).toBe(1);
  });

  test("knows no service but those that the host names", async () => {
    const { discharge, sent } = notifying(() => new Response());
    await expect(run(discharge, due("notify", { message: "", service: "toString" }))).rejects.toThrow(
      'this host knows no service "toString"',
    );
    const long = due("notify", { message: "x".repeat(20_000), service: "desk" });
    await expect(run(discharge, long)).rejects.toThrow("too long");
    expect(sent).toEqual([]);
  });

  test.each(["http://desk.example.com/", "https://u:p@desk.example.com/", "file:///etc", "desk", ""])(
    "is not sent to %s",
    (url) => {
      expect(() => notifying(() => new Response(), url)).toThrow("not https, nor http to this machine");
    },
  );

  test.each(["http://localhost:8080/", "http://127.0.0.1/", "http://[::1]/x"])("may be sent to %s", (url) => {
    expect(() => notifying(() => new Response(), url)).not.toThrow();
  });
});
