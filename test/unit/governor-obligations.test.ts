/** Handlers of obligations: what they change, whom they tell, and what happens where they cannot. */
import { createHmac } from "node:crypto";
import { cap, redact } from "@polity/governor/obligations/change.ts";
import { handlersOf } from "@polity/governor/obligations/handler.ts";
import { logHandler, notifyHandler, type WebhookPorts } from "@polity/governor/obligations/report.ts";
import {
  type Note,
  obligationDigest,
  openTracker,
  outstandingOf,
  TRACKER_LIMITS,
} from "@polity/governor/obligations/tracked.ts";
import type { Discharge, Discharger } from "@polity/governor/ports.ts";
import type { Entry } from "@polity/lineage/entry.ts";
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
    const note: Note = async () => undefined;
    const tracker = openTracker({ note, wake: never, sha256 });
    const ports = { fetch, now: () => 0, random: () => new Uint8Array(16), sha256 };
    const all = [redact, cap, logHandler(note), notifyHandler(new Map(), ports, tracker)];
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

/** A log in memory, and a clock whose every pause is over at once. */
function desk() {
  const notes: EntryBody[] = [];
  const pauses: number[] = [];
  const note: Note = async (body) => {
    notes.push(body);
  };
  const wake = (afterMs: number, ring: () => void) => {
    pauses.push(afterMs);
    queueMicrotask(ring);
    return () => undefined;
  };
  return { notes, pauses, note, wake, tracker: openTracker({ note, wake, sha256 }) };
}

describe("what is tracked", () => {
  const obligation = due("notify", { message: "paid", service: "desk" }, "after");

  test("is tried again with growing pauses until it is done", async () => {
    const { notes, pauses, tracker } = desk();
    let left = 3;
    const attempt = async () => {
      left -= 1;
      if (left > 0) throw new Error("not now");
    };
    await tracker.track({ execution: EXECUTION, obligation, attempt });
    expect(tracker.open()).toBe(1);
    await tracker.idle();
    expect(pauses).toEqual([1000, 2000]);
    const digest = obligationDigest(EXECUTION, obligation, sha256);
    const event = { kind: "event", name: "notify", event: "obligation", digest };
    expect(notes).toEqual([
      { ...event, phase: "released" },
      { ...event, phase: "ok" },
    ]);
    expect(tracker.open()).toBe(0);
  });

  test("is given up after so many attempts, and the log says so", async () => {
    const { notes, pauses, tracker } = desk();
    await tracker.track({ execution: EXECUTION, obligation, attempt: () => Promise.reject(new Error("no")) });
    await tracker.idle();
    expect(notes.at(-1)).toMatchObject({ phase: "failed" });
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
  });

  test("is not begun where that cannot be written down, or too many are open", async () => {
    const { wake } = desk();
    let made = 0;
    const attempt = async () => {
      made += 1;
    };
    const note: Note = () => Promise.reject(new Error("log full"));
    const stopped = openTracker({ note, wake, sha256 });
    await expect(stopped.track({ execution: EXECUTION, obligation, attempt })).rejects.toThrow("log full");
    const none = openTracker({ note, wake, sha256 }, { ...TRACKER_LIMITS, openMax: 0 });
    await expect(none.track({ execution: EXECUTION, obligation, attempt })).rejects.toThrow("0 obligations");
    expect(made).toBe(0);
  });

  test("is open after a restart as often as it was begun and not ended", () => {
    const digest = obligationDigest(EXECUTION, obligation, sha256);
    const json = canonicalJson(obligation.arguments);
    const decision = {
      kind: "decision",
      execution: EXECUTION,
      obligations: [
        { name: "notify", phase: "after", arguments: json },
        { name: "cap", phase: "before", arguments: "{}" },
      ],
    };
    const event = (phase: string) => ({
      ...{ kind: "event", execution: EXECUTION, name: "notify", event: "obligation", digest, phase },
    });
    const open = (...entries: object[]) => outstandingOf(entries as Entry[], sha256);
    expect(open(decision)).toEqual([]);
    expect(open(decision, event("released"))).toEqual([{ execution: EXECUTION, obligation }]);
    expect(open(decision, event("released"), event("ok"))).toEqual([]);
    expect(open(decision, event("released"), event("failed"), event("released"))).toHaveLength(1);
    expect(open(decision, decision, event("released"), event("released"))).toHaveLength(2);
    expect(open({ ...decision, execution: null }, event("released"))).toEqual([]);
  });
});

describe("log", () => {
  test("writes what the policy says, and how it went", async () => {
    const { notes, note } = desk();
    const { discharge } = logHandler(note);
    const one = due("log", { note: "paid" }, "after");
    await run(discharge, one, { outcome: { status: "failed", result: null } });
    await run(discharge, one, { outcome: { status: "succeeded", result: null } });
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
    const { tracker, notes } = desk();
    const sent: { url: string; init: RequestInit }[] = [];
    const ports: WebhookPorts = {
      fetch: (async (to: string, init: RequestInit) => {
        sent.push({ url: to, init });
        return answer();
      }) as typeof fetch,
      now: () => 1_795_000_000_999,
      random: (bytes) => new Uint8Array(bytes).fill(5),
      sha256,
    };
    const { discharge } = notifyHandler(new Map([["desk", { url, secret }]]), ports, tracker);
    return { discharge, sent, tracker, notes };
  }

  const one = due("notify", { message: "paid", service: "desk" }, "after");

  test("posts what Standard Webhooks can verify, and follows nobody elsewhere", async () => {
    const { discharge, sent, tracker } = notifying(() => new Response("fine"));
    await run(discharge, one, { outcome: { status: "succeeded", result: 1 } });
    await tracker.idle();
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

  test("says the same to each attempt, so that a service can tell", async () => {
    let left = 3;
    const { discharge, sent, tracker, notes } = notifying(() => {
      left -= 1;
      return new Response(null, { status: left > 0 ? 503 : 204 });
    });
    await run(discharge, one);
    await tracker.idle();
    expect(new Set(sent.map(({ init }) => init.body)).size).toBe(1);
    expect(sent).toHaveLength(3);
    expect(notes.at(-1)).toMatchObject({ phase: "ok" });
  });

  test("that is due before is one attempt, whose failure is the obligation's", async () => {
    const { discharge, sent } = notifying(() => new Response(null, { status: 500 }));
    await expect(run(discharge, { ...one, when: "before" })).rejects.toThrow("answered 500");
    expect(sent).toHaveLength(1);
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
