import { Worker } from "node:worker_threads";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { decideMany, type StreamRequest } from "@polity/runtime/decide-many.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Host } from "@polity/runtime/host.ts";
import { emptyHost } from "@polity/runtime/index.ts";
import { type DecisionPool, openPool, type PoolAnswer, type PoolOptions } from "@polity/runtime/pool.ts";
import { outcomeOf } from "@polity/runtime/result.ts";
import { openShared, shareHost } from "@polity/runtime/share.ts";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { compiled } from "../support/compiled.ts";

const NOW = 1_795_000_000_000;
const TIMES = { now: NOW, policyFrom: NOW, policyUntil: NOW, factsUntil: NOW };
const HEADER: Header = { ...TIMES, containment: { state: "free", readAt: NOW }, trust: 0, approvals: [] };

const POLICY = `polity 1
policy test.pool version 1
entity Team
entity Agent in Team { limit: int 0..100 }
action pay { by: Agent, amount: int 0..1000 }
allow within on pay when by in Team::"payers" and amount <= by.limit
deny large on pay when amount > 500 because "{amount} is too much"
`;
const agents = [10, 20, 30].map((limit, at) => {
  return { type: "Agent", id: `a${at}`, attributes: { limit }, parents: [{ type: "Team", id: "payers" }] };
});
const FACTS = JSON.stringify({ entities: [{ type: "Team", id: "payers" }, ...agents] });

let host: Host;
beforeAll(async () => {
  const loaded = await loadUnsigned((await buildEvaluator(compiled(POLICY))).wasm, { facts: FACTS });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  ({ host } = loaded);
});

function requests(count: number): StreamRequest[] {
  return Array.from({ length: count }, (_, at) => ({
    action: at % 7 === 6 ? "no such action" : "pay",
    fields: { by: `a${at % 4}`, amount: (at * 13) % 600 },
  }));
}

const plainly = (all: readonly StreamRequest[]) =>
  all.map(({ action, fields }) => outcomeOf(host.decide(action, fields, HEADER)));

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of stream) found.push(one);
  return found;
}

describe("decideMany", () => {
  test("answers each request in its order, of arrays and of streams", async () => {
    const asked = requests(50);
    async function* stream() {
      yield* asked;
    }
    for (const source of [asked, stream()]) {
      expect((await all(decideMany(host, source, HEADER))).map(outcomeOf)).toEqual(plainly(asked));
    }
  });

  test("takes a request when its decision is wanted, and tells the source when no more are", async () => {
    let [taken, isEnded] = [0, false];
    async function* stream() {
      try {
        for (const request of requests(50)) {
          taken += 1;
          yield request;
        }
      } finally {
        isEnded = true;
      }
    }
    for await (const decision of decideMany(host, stream(), HEADER)) {
      expect(decision.verdict).toBe("allow");
      break;
    }
    expect([taken, isEnded]).toEqual([1, true]);
  });

  test("a header of the request's own, or one that is made for each", async () => {
    const request = { action: "pay", fields: { by: "a0", amount: 5 } };
    const stale = { ...HEADER, now: NOW + 1 };
    let made = 0;
    const make = () => {
      made += 1;
      return HEADER;
    };
    const decided = await all(decideMany(host, [request, { ...request, header: stale }, request], make));
    expect(decided.map(({ code }) => code)).toEqual(["rule", "policy.stale", "rule"]);
    expect(made).toBe(2);
  });

  test("what is no request is denied, and what the source throws is thrown", async () => {
    const broken = {
      get action(): string {
        throw new Error("no");
      },
    };
    const odd = [null, 1, "pay", { fields: {} }, [], broken];
    const decided = await all(decideMany(host, odd as unknown as StreamRequest[], HEADER));
    expect(decided.map(({ verdict, code }) => `${verdict} ${code}`)).toEqual(
      odd.map(() => "deny input.unknown_action"),
    );
    async function* failing(): AsyncGenerator<StreamRequest> {
      yield* requests(1);
      throw new Error("the source is broken");
    }
    await expect(all(decideMany(host, failing(), HEADER))).rejects.toThrow("the source is broken");
  });
});

describe("a shared evaluator", () => {
  test("decides as the host that shared it, and has its names", async () => {
    const loaded = await openShared(structuredClone(shareHost(host)!));
    if (!loaded.ok) throw new Error(loaded.message);
    const { evaluator, facts, validity, manifest } = loaded.host;
    expect([evaluator, facts, validity]).toEqual([host.evaluator, host.facts, host.validity]);
    expect(manifest).toEqual(host.manifest);
    const asked = requests(50);
    expect((await all(decideMany(loaded.host, asked, HEADER))).map(outcomeOf)).toEqual(plainly(asked));
  });

  test("facts travel as shared memory, and what is written there later changes nothing", async () => {
    const shared = shareHost(host)!;
    expect(shared.block.buffer).toBeInstanceOf(SharedArrayBuffer);
    const loaded = await openShared(shared);
    if (!loaded.ok) throw new Error(loaded.message);
    shared.block.fill(0xff);
    expect(loaded.host.decide("pay", { by: "a0", amount: 5 }, HEADER).verdict).toBe("allow");
    expect(await openShared(shared)).toMatchObject({ ok: false, code: "facts.invalid" });
  });

  test("takes no other evaluator, and is nothing where nothing is loaded", async () => {
    const loaded = await openShared(shareHost(host)!);
    if (!loaded.ok) throw new Error(loaded.message);
    const { wasm } = await buildEvaluator(compiled(POLICY));
    expect(await loaded.host.replace({ wasm })).toMatchObject({ ok: false, code: "trust.invalid" });
    expect(shareHost(emptyHost({ keys: [], name: "test.pool" } as never))).toBe(null);
    expect(shareHost({ ...host })).toBe(null);
    const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const shared = shareHost(host)!;
    expect(await openShared({ ...shared, module: empty })).toMatchObject({ code: "load.manifest" });
    expect(await openShared(null as never)).toMatchObject({ ok: false });
  });
});

const FILE = new URL("../support/decide-thread.ts", import.meta.url);
const pools: DecisionPool[] = [];
let started = 0;
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});

function open(options: Partial<PoolOptions> = {}, file = FILE): DecisionPool {
  const start: PoolOptions["start"] = ({ hear, gone }) => {
    started += 1;
    const worker = new Worker(file);
    worker.on("message", hear).on("error", () => undefined);
    worker.on("exit", gone);
    return { send: (message) => worker.postMessage(message), end: () => void worker.terminate() };
  };
  const pool = openPool(shareHost(host)!, { threads: 2, start, ...options });
  pools.push(pool);
  return pool;
}

const shown = (answer: PoolAnswer) => (answer.ok ? outcomeOf(answer.decision) : answer.code);

describe("a pool of threads", () => {
  test("answers as the host does, in order, and what it answers is frozen", async () => {
    const pool = open({ batchMax: 8 });
    const asked = requests(300);
    const answers = await all(pool.decideMany(asked, HEADER));
    expect(answers.map(shown)).toEqual(plainly(asked));
    for (const answer of answers)
      expect(answer.ok && Object.isFrozen(answer.decision.explained.reasons)).toBe(true);
    const { threads, waiting } = pool.state();
    // The other thread may still be starting.
    expect([threads === 1 || threads === 2, waiting]).toEqual([true, 0]);
    const decisions = new Set(answers.map((answer) => answer.ok && answer.decision));
    // Those of rules without values come again as the same object, at most two before from each thread.
    expect(decisions.size).toBeLessThan(asked.length / 2);
  });

  test("does not hold back what is decided while the source waits", async () => {
    const pool = open();
    let release: () => void = () => undefined;
    const later = new Promise<void>((done) => {
      release = done;
    });
    async function* stream() {
      yield* requests(2);
      await later;
      yield* requests(1);
    }
    const answers = pool.decideMany(stream(), HEADER);
    expect((await answers.next()).done).toBe(false);
    expect((await answers.next()).done).toBe(false);
    release();
    expect((await answers.next()).done).toBe(false);
    expect((await answers.next()).done).toBe(true);
  });

  test("is full at its bound, closed after closing, and says so", async () => {
    const pool = open({ waitingMax: 3 });
    const fields = { by: "a0", amount: 5 };
    const answers = Array.from({ length: 5 }, () => pool.ask("pay", fields, HEADER));
    expect((await Promise.all(answers)).map((answer) => (answer.ok ? "ok" : answer.code))).toEqual([
      ...["ok", "ok", "ok"],
      ...["pool.full", "pool.full"],
    ]);
    const last = pool.ask("pay", fields, HEADER);
    pool.close();
    expect(await last).toMatchObject({ ok: true, decision: { verdict: "deny", code: "host.not_ready" } });
    expect(await pool.ask("pay", fields, HEADER)).toMatchObject({ ok: false, code: "pool.closed" });
  });

  test("what cannot be sent is denied, and keeps nothing else from being asked", async () => {
    const pool = open();
    const [good, bad, other] = await Promise.all([
      pool.ask("pay", { by: "a0", amount: 5 }, HEADER),
      pool.ask("pay", { by: "a0", amount: () => 5 }, HEADER),
      pool.ask("pay", { by: "a1", amount: 5 }, HEADER),
    ]);
    expect([good, bad, other].map((answer) => answer?.ok && answer.decision.code)).toEqual([
      ...["rule", "input.invalid", "rule"],
    ]);
  });

  test("a thread that ends denies what it was asked, and another takes its place", async () => {
    started = 0;
    const pool = open({ threads: 1, batchMax: 2 });
    expect(shown(await pool.ask("pay", { by: "a0", amount: 5 }, HEADER))).toMatchObject({ verdict: "allow" });
    const answers = await Promise.all([
      pool.ask("end this thread", {}, HEADER),
      pool.ask("pay", { by: "a0", amount: 5 }, HEADER),
      ...Array.from({ length: 6 }, () => pool.ask("pay", { by: "a0", amount: 5 }, HEADER)),
    ]);
    const codes = answers.map((answer) => (answer.ok ? answer.decision.code : answer.code));
    expect(codes.slice(0, 2)).toEqual(["host.trap", "host.trap"]);
    expect(codes.slice(4)).toEqual(["rule", "rule", "rule", "rule"]);
    expect(started).toBe(2);
    expect(pool.state()).toEqual({ threads: 1, waiting: 0 });
  });

  test("where no thread can be started, everything is denied", async () => {
    started = 0;
    const pool = open({ threads: 2 }, new URL("./no-such-file.ts", import.meta.url));
    const fields = { by: "a0", amount: 5 };
    expect(shown(await pool.ask("pay", fields, HEADER))).toMatchObject({ code: "host.not_ready" });
    expect(shown(await pool.ask("pay", fields, HEADER))).toMatchObject({ code: "host.not_ready" });
    expect(started).toBe(6);
    const throwing = openPool(shareHost(host)!, {
      threads: 1,
      start: () => {
        throw new Error("no threads here");
      },
    });
    expect(shown(await throwing.ask("pay", fields, HEADER))).toMatchObject({ code: "host.not_ready" });
  });

  test("a thread that refuses the evaluator counts as one that cannot be started", async () => {
    const shared = { ...shareHost(host)!, tag: new Uint8Array(3) };
    const pool = openPool(shared, {
      threads: 1,
      start: ({ hear, gone }) => {
        const worker = new Worker(FILE);
        worker.on("message", hear).on("error", gone).on("exit", gone);
        return { send: (message) => worker.postMessage(message), end: () => void worker.terminate() };
      },
    });
    pools.push(pool);
    const answer = shown(await pool.ask("pay", { by: "a0", amount: 5 }, HEADER));
    expect(answer).toMatchObject({ verdict: "deny" });
  });
});
